using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>How a loss a sample becomes the result.</summary>
public enum LossReduction
{
    /// <summary>The mean over the samples.</summary>
    Mean,

    /// <summary>The sum over the samples.</summary>
    Sum,

    /// <summary>One loss a sample.</summary>
    None,
}

public static partial class Ops
{
    /// <summary>x cut to [low, high]; slope 1 at the ends.</summary>
    /// <param name="x">Numbers.</param>
    /// <param name="low">The lower end; −∞ for none.</param>
    /// <param name="high">The upper end; +∞ for none.</param>
    public static Node Clamp(Node x, double low = double.NegativeInfinity, double high = double.PositiveInfinity) =>
        Clamp(x, Bound(NotNull(x), low), Bound(x, high));

    /// <summary>x cut to [low, high]; slope 1 at the ends.</summary>
    /// <param name="x">Numbers.</param>
    /// <param name="low">The lower end, of x's dtype.</param>
    /// <param name="high">The upper end, of x's dtype; it wins where the two cross.</param>
    public static Node Clamp(Node x, Node low, Node high)
    {
        RequireNumber("Clamp", x);
        foreach (Node bound in (ReadOnlySpan<Node>)[NotNull(low), NotNull(high)])
        {
            if (bound.DType != x.DType)
            {
                throw new DTypeException($"Clamp: a bound is {bound.DType.Display()} and x is {x.DType.Display()}; nothing is promoted implicitly, use Cast. Inputs: {x.Describe()}, {low.Describe()}, {high.Describe()}.");
            }
        }

        return Node.Create(new ClampOp(), Broadcasting.Together("Clamp", x, low, high));
    }

    /// <summary>The cross-entropy −log softmax(logits)[class] of class indices.</summary>
    /// <param name="logits">Floats [N, C], or [C] for one sample.</param>
    /// <param name="classes">int32 or int64 [N], or [] for one sample, each in [0, C); another is an error when the graph runs.</param>
    /// <param name="reduction">The mean over the samples, their sum, or one loss a sample.</param>
    public static Node CrossEntropy(Node logits, Node classes, LossReduction reduction = LossReduction.Mean)
    {
        RequireFloat("CrossEntropy", logits);
        if (!NotNull(classes).DType.IsInteger())
        {
            throw new DTypeException($"CrossEntropy: class indices must be int32 or int64, not {classes.DType.Display()}. Inputs: {logits.Describe()}, {classes.Describe()}.");
        }

        if (logits.Rank == 1 && classes.Rank == 0)
        {
            return Reduce(CrossEntropy(Unsqueeze(logits, 0), Unsqueeze(classes, 0), LossReduction.None), LossReduction.Sum);
        }

        if (logits.Rank != 2 || classes.Rank != 1 || logits.Shape[0] != classes.Shape[0])
        {
            throw new ShapeException($"CrossEntropy: logits [N, C] and classes [N] are needed, with the same N.{Broadcasting.Declare(logits.Shape, classes.Shape)} Inputs: {logits.Describe()}, {classes.Describe()}.");
        }

        return Reduce(Node.Create(new CrossEntropyOp(), logits, classes), reduction);
    }

    /// <summary>The mean-squared error (x − y)².</summary>
    /// <param name="x">Floats.</param>
    /// <param name="y">Floats of the same dtype and shape.</param>
    /// <param name="reduction">The mean over all elements, their sum, or one loss an element.</param>
    public static Node MeanSquaredError(Node x, Node y, LossReduction reduction = LossReduction.Mean)
    {
        RequireFloat("MeanSquaredError", x);
        return NotNull(y).Shape == x.Shape
            ? Reduce(Square(x - y), reduction)
            : throw new ShapeException($"MeanSquaredError: the shapes {x.Shape} and {y.Shape} differ; broadcasting would average over pairs that do not belong together.{Broadcasting.Declare(x.Shape, y.Shape)} Inputs: {x.Describe()}, {y.Describe()}.");
    }

    /// <summary>(x − mean)/√(variance + ε) over trailing axes, then scaled and shifted (Ba, Kiros and Hinton, 2016).</summary>
    /// <param name="x">Floats.</param>
    /// <param name="weight">Scales of the shape of the trailing axes, or null for none.</param>
    /// <param name="bias">Shifts of the shape of the trailing axes, or null for none.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="axes">How many trailing axes to normalise over.</param>
    public static Node LayerNorm(Node x, Node? weight = null, Node? bias = null, double epsilon = 1e-5, int axes = 1)
    {
        RequireFloat("LayerNorm", x);
        if (axes < 1 || axes > x.Rank)
        {
            throw new ShapeException($"LayerNorm: {axes} trailing axes cannot be normalised over. Input: {x.Describe()}.");
        }

        Shape trailing = Shape.Of(x.Shape.TakeLast(axes));
        foreach (Node? affine in (ReadOnlySpan<Node?>)[weight, bias])
        {
            if (affine is not null && affine.Shape != trailing)
            {
                throw new ShapeException($"LayerNorm: weight and bias must have the shape {trailing} of the trailing axes, not {affine.Shape}. Input: {x.Describe()}.");
            }
        }

        Node normal = Node.Create(new NormalizeOp(Enumerable.Range(x.Rank - axes, axes).ToEquatableArray(), epsilon), x);
        Node scaled = weight is null ? normal : normal * weight;
        return bias is null ? scaled : scaled + bias;
    }

    /// <summary>A named function of nodes, kept whole in the graph; with a pullback of its own where the derivative of its parts will not do.</summary>
    /// <param name="name">The name, for messages and dumps.</param>
    /// <param name="inputs">What the function is applied to.</param>
    /// <param name="body">Builds the results from the inputs; called once, on placeholders; that it uses another leaf that requires a gradient is an error.</param>
    /// <param name="pullback">
    /// Given the inputs, the results and the cotangents of the results (null where nothing depends on one): the cotangents of the inputs, null for
    /// none. Without it, the body is differentiated.
    /// </param>
    /// <returns>A node; if the body has several results, take them with <see cref="Output"/>.</returns>
    public static Node Call(
        string name,
        IReadOnlyList<Node> inputs,
        Func<IReadOnlyList<Node>, IReadOnlyList<Node>> body,
        Func<IReadOnlyList<Node>, IReadOnlyList<Node>, IReadOnlyList<Node?>, IReadOnlyList<Node?>>? pullback = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(body);
        foreach (Node input in inputs)
        {
            ArgumentNullException.ThrowIfNull(input, nameof(inputs));
        }

        return Node.Create(new CallOp(Function.Trace(name, inputs, body), name, pullback), [.. inputs]);
    }

    /// <summary>One result of a node that has several.</summary>
    /// <param name="node">The node.</param>
    /// <param name="index">Which result, from 0.</param>
    public static Node Output(Node node, int index) =>
        NotNull(node).Results.Count == 1 && index == 0 ? node : Node.Create(new OutputOp(index), node);

    private static Node Reduce(Node losses, LossReduction reduction) => reduction switch
    {
        LossReduction.Mean => Mean(losses),
        LossReduction.Sum => Sum(losses),
        _ => losses,
    };

    private static Node Bound(Node x, double value) => x.DType.IsInteger() && double.IsInfinity(value)
        ? Constant(TensorValue.OfIntegers(x.DType, [], [value > 0 ? (x.DType == DType.Int32 ? int.MaxValue : long.MaxValue) : (x.DType == DType.Int32 ? int.MinValue : long.MinValue)]))
        : Scalar(value, x.DType);
}
