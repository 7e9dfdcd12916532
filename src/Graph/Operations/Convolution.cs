using GraphCompiler.Batching;
using GraphCompiler.Differentiation;

namespace GraphCompiler.Operations;

/// <summary>What is added around an axis, of zeros; what is cut off if negative.</summary>
internal readonly record struct Margin(Dim Before, Dim After)
{
    public static EquatableArray<Margin> None(int axes) => [.. Enumerable.Repeat(new Margin(0, 0), axes)];
}

/// <summary>
/// Weighted sums over windows, [N, C, S…] with [O, C/Groups, K…] → [N, O, P…], and a bias [O] added if it is there: a product of matrices with the windows as columns; where each channel is
/// by itself, elementwise work on the taps of a window. Its derivatives by either input are <see cref="ConvolutionTransposeOp"/> and such a product.
/// </summary>
/// <param name="Stride">From a window to the next, along each spatial axis.</param>
/// <param name="Dilation">From an element of a window to the next, along each spatial axis.</param>
/// <param name="Groups">Groups of channels.</param>
/// <param name="Margins">What is added around each spatial axis of the input.</param>
internal sealed record ConvolutionOp(EquatableArray<long> Stride, EquatableArray<long> Dilation, int Groups, EquatableArray<Margin> Margins) : CompositeOp
{
    // Taps of a window that are written out one by one where each channel is by itself: more make an expression that is too long.
    private const long MostTaps = 27;

    // Outputs of a channel that is by itself from which their gradients are a product: they fill vectors.
    private const long ManyOutputs = 8;

    public override string Name => "Convolution";

    public override Node[] Expand(IReadOnlyList<Node> inputs)
    {
        if (inputs.Count == 3)
        {
            // What computes convolutions whole finds the bias among the work on their results.
            return [ConvolutionShape.WithBias(Node.Create(this, inputs[0], inputs[1]), inputs)];
        }

        (Node x, Node weight) = (Padded(inputs[0]), inputs[1]);
        var shape = new ConvolutionShape(this, x.Shape, weight.Shape);
        bool isShort = shape.IsByChannel && weight.Shape.Skip(2).Aggregate(Dim.Of(1), (n, d) => n * d).Constant <= MostTaps;
        return [isShort ? Taps(shape, x, weight) : Product(shape, x, weight)];
    }

    public override NodeType[] Infer(TypeContext context)
    {
        (Node x, Node weight) = (context.Inputs[0], context.Inputs[1]);
        context.RequireSameTypes();
        context.RequireNumber();
        ConvolutionShape.Require(context, Stride.Count, Groups, x, weight);
        var shape = new ConvolutionShape(this, PaddedShape(x.Shape), weight.Shape);
        context.RequireSame(x.Shape[1], weight.Shape[1] * Groups, $"{x.Shape} has {InvariantText.Count(x.Shape[1], "channel")}, and the weight {weight.Shape} is for {weight.Shape[1]} in each of {Groups} groups.");
        foreach (Window window in shape.Windows)
        {
            Dim size = shape.Input[window.Axis];
            context.RequireAtLeast(size, window.Reach, $"the kernel spans {InvariantText.Count(window.Reach, "element")} along axis {window.Axis}, more than the {size} of the padded input.");
        }

        return [ConvolutionShape.WithBias(context, Shape.Of([x.Shape[0], weight.Shape[0], .. shape.Positions]))];
    }

    public override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        (Node x, Node weight) = (node.Inputs[0], node.Inputs[1]);
        return
        [
            x.RequiresGrad ? Node.Create(new ConvolutionTransposeOp(Stride, Dilation, Groups, Margins, [.. x.Shape.Skip(2)]), cotangents[0]!, weight) : null,
            weight.RequiresGrad ? WeightGradient(x, weight.Shape, cotangents[0]!) : null,
            .. ConvolutionShape.BiasGradient(node, cotangents[0]!),
        ];
    }

    public override Node?[] Pushforward(Node node, Node?[] tangents) => ConvolutionShape.Bilinear(this, node, tangents);

    public override Node[] Batch(BatchContext context) => ConvolutionShape.Batch(this, Groups, context, 0, factor => this with { Groups = Groups * factor });

    /// <summary>The gradient of a weight: sums over batch and positions of windows times the cotangent.</summary>
    internal Node WeightGradient(Node input, Shape weight, Node cotangent)
    {
        Node x = Padded(input);
        var shape = new ConvolutionShape(this, x.Shape, weight);
        int spatial = shape.Windows.Length;
        int groups = shape.Groups;
        Node windows = shape.WindowsOf(x);

        // [G, C/G, K…, N, P…], and [G, O/G, N, P…] of the cotangent.
        Node columns = Ops.Permute(windows, [1, 2, .. Enumerable.Range(3 + spatial, spatial), 0, .. Enumerable.Range(3, spatial)]);
        Node split = Ops.Reshape(cotangent, Shape.Of([cotangent.Shape[0], groups, shape.OutputsOfGroup, .. shape.Positions]));
        Node rows = Ops.Permute(split, [1, 2, 0, .. Enumerable.Range(3, spatial)]);
        if (shape.IsByChannel && !(shape.OutputsOfGroup.Constant >= ManyOutputs))
        {
            Node each = Ops.Reshape(rows, Shape.Of([groups, shape.OutputsOfGroup, .. Enumerable.Repeat(Dim.Of(1), spatial), .. rows.Shape.Skip(2)]));
            return Ops.Reshape(Ops.Sum(columns * each, [.. Enumerable.Range(2 + spatial, 1 + spatial)]), shape.Weight);
        }

        // [G, C/G·K…, N·P…] · [G, N·P…, O/G]: the windows are the left matrix, whose elements are read one by one, wherever they lie.
        Node a = Ops.Flatten(Ops.Flatten(columns, 2 + spatial, -1), 1, 1 + spatial);
        Node b = Ops.Transpose(Ops.Flatten(rows, 2, -1));
        return Ops.Reshape(Ops.Transpose(Node.Create(new MatMulOp(), a, b)), shape.Weight);
    }

    private Node Padded(Node x) => Ops.PadSpatial(x, [.. Margins.Select(m => m.Before)], [.. Margins.Select(m => m.After)], 0);

    private Shape PaddedShape(Shape x) => Shape.Of([.. x.Take(2), .. x.Skip(2).Select((size, i) => Margins[i].Before + size + Margins[i].After)]);

    private static Node Product(ConvolutionShape shape, Node x, Node weight)
    {
        int spatial = shape.Windows.Length;
        Node columns = Ops.Permute(shape.WindowsOf(x), [0, 1, 2, .. Enumerable.Range(3 + spatial, spatial), .. Enumerable.Range(3, spatial)]);
        Node b = Ops.Flatten(Ops.Flatten(columns, 3 + spatial, -1), 2, 2 + spatial);
        Node a = Ops.Reshape(weight, Shape.Of([shape.Groups, shape.OutputsOfGroup, b.Shape[2]]));
        Node product = Node.Create(new MatMulOp(), Ops.BroadcastTo(a, Shape.Of([x.Shape[0], .. a.Shape])), b);
        return Ops.Reshape(product, Shape.Of([x.Shape[0], weight.Shape[0], .. shape.Positions]));
    }

    private static Node Taps(ConvolutionShape shape, Node x, Node weight)
    {
        int spatial = shape.Windows.Length;
        Node sum = null!;
        Node inputs = Ops.Unsqueeze(x, 2);
        Node weights = Ops.Reshape(weight, Shape.Of([shape.Groups, shape.OutputsOfGroup, .. weight.Shape.Skip(2), .. Enumerable.Repeat(Dim.Of(1), spatial)]));
        long[] sizes = [.. weight.Shape.Skip(2).Select(d => d.Constant!.Value)];
        for (long tap = 0; tap < TensorValue.CountOf(sizes); tap++)
        {
            long[] at = EvaluationContext.Coordinates(tap, sizes);
            Node part = inputs;
            Node factor = weights;
            for (int i = 0; i < spatial; i++)
            {
                long start = at[i] * Dilation(i);
                IEnumerable<SliceRange> ranges = part.Shape.Select((d, axis) => axis == 3 + i ? new SliceRange(start, shape.Positions[i], shape.Windows[i].Stride) : new SliceRange(0, d, 1));
                part = Node.Create(new SliceOp([.. ranges]), part);
                factor = Ops.Select(factor, 2, at[i]);
            }

            Node product = part * factor;
            sum = sum is null ? product : sum + product;
        }

        return Ops.Reshape(sum, Shape.Of([x.Shape[0], weight.Shape[0], .. shape.Positions]));

        long Dilation(int i) => shape.Windows[i].Dilation;
    }
}

/// <summary>
/// The transpose of <see cref="ConvolutionOp"/> in its input, [N, O, P…] with [O, C/Groups, K…] → [N, C, Sizes…]. Of stride 1 it is a convolution with the
/// weights turned round; of others a column for each position, added up as overlapping windows.
/// </summary>
/// <param name="Stride">The convolution's stride.</param>
/// <param name="Dilation">The convolution's dilation.</param>
/// <param name="Groups">Groups of channels.</param>
/// <param name="Margins">What the convolution adds around its input.</param>
/// <param name="Sizes">The sizes of the convolution's input, without margins.</param>
internal sealed record ConvolutionTransposeOp(
    EquatableArray<long> Stride, EquatableArray<long> Dilation, int Groups, EquatableArray<Margin> Margins, EquatableArray<Dim> Sizes) : CompositeOp
{
    // With fewer channels of the result than this, a convolution would copy more than it multiplies.
    private const long FewChannels = 8;

    public override string Name => "ConvolutionTranspose";

    public override Node[] Expand(IReadOnlyList<Node> inputs)
    {
        (Node x, Node weight) = (inputs[0], inputs[1]);
        return [ConvolutionShape.WithBias(CanTurn(weight.Shape) ? Turned(x, weight) : Spread(x, weight), inputs)];
    }

    /// <summary>A column of the weight for each position, added up as windows that overlap.</summary>
    private Node Spread(Node x, Node weight)
    {
        ConvolutionShape shape = ShapeOf(x, weight);
        int spatial = Stride.Count;
        Node rows = Ops.Reshape(x, Shape.Of([x.Shape[0], Groups, shape.OutputsOfGroup, .. x.Shape.Skip(2)]));
        Node windows;
        if (shape.IsByChannel && shape.OutputsOfGroup.Constant == 1)
        {
            Node each = Ops.Reshape(x, Shape.Of([.. x.Shape, .. Enumerable.Repeat(Dim.Of(1), spatial)]));
            windows = each * Ops.Reshape(weight, Shape.Of([weight.Shape[0], .. Enumerable.Repeat(Dim.Of(1), spatial), .. weight.Shape.Skip(2)]));
        }
        else
        {
            Dim column = weight.Shape.Skip(1).Aggregate(Dim.Of(1), (product, size) => product * size);
            Node a = Ops.Transpose(Ops.Reshape(weight, Shape.Of([Groups, shape.OutputsOfGroup, column])));
            Node columns = Node.Create(new MatMulOp(), Ops.BroadcastTo(a, Shape.Of([x.Shape[0], .. a.Shape])), Ops.Flatten(rows, 3, -1));
            Node split = Ops.Reshape(columns, Shape.Of([x.Shape[0], weight.Shape[1] * Groups, .. weight.Shape.Skip(2), .. x.Shape.Skip(2)]));
            windows = Ops.Permute(split, [0, 1, .. Enumerable.Range(2 + spatial, spatial), .. Enumerable.Range(2, spatial)]);
        }

        Node whole = Node.Create(new OverlapAddOp([.. shape.Windows], shape.Input), windows);
        for (int i = 0; i < spatial; i++)
        {
            (Dim before, Dim after) = (Margins[i].Before, Margins[i].After);
            whole = before.IsConstant && after.IsConstant ? Ops.Pad(whole, 2 + i, before * -1, after * -1) : Ops.Slice(whole, 2 + i, before, before + Sizes[i]);
        }

        return whole;
    }

    /// <summary>
    /// Whether a convolution computes this: of stride 1, with known signs of what it adds around its input, and enough channels to make up for looking at
    /// each element in many windows.
    /// </summary>
    private bool CanTurn(Shape weight) =>
        Stride.All(s => s == 1)
        && !(weight[1].Constant < FewChannels && weight[0].Constant != Groups)
        && Around(weight).All(m => (m.Before.IsConstant || Dim.AtLeast(m.Before, 0) == true) && (m.After.IsConstant || Dim.AtLeast(m.After, 0) == true));

    private Margin[] Around(Shape weight) =>
        [.. Margins.Select((m, i) => new Margin(((weight[2 + i] - 1) * Dilation[i]) - m.Before, ((weight[2 + i] - 1) * Dilation[i]) - m.After))];

    /// <summary>Every element of the result is a weighted sum over the positions that its windows have, in the opposite order.</summary>
    private Node Turned(Node x, Node weight)
    {
        int spatial = Stride.Count;
        Dim outputs = weight.Shape[0] / Groups;
        Node split = Ops.Reshape(weight, Shape.Of([Groups, outputs, .. weight.Shape.Skip(1)]));
        Node swapped = Ops.Transpose(Ops.Flip(split, [.. Enumerable.Range(3, spatial)]), 1, 2);
        Node turned = Ops.Reshape(swapped, Shape.Of([weight.Shape[1] * Groups, outputs, .. weight.Shape.Skip(2)]));

        // A convolution has at least one position along each axis; the result may have none.
        bool[] mayBeEmpty = [.. Sizes.Select(size => Dim.AtLeast(size, 1) != true)];
        Margin[] around = [.. Around(weight.Shape).Select((m, i) => mayBeEmpty[i] ? m with { After = m.After + 1 } : m)];
        Node result = Node.Create(new ConvolutionOp(Stride, Dilation, Groups, [.. around]), x, turned);
        for (int i = 0; i < spatial; i++)
        {
            result = mayBeEmpty[i] ? Ops.Slice(result, 2 + i, 0, Sizes[i]) : result;
        }

        return result;
    }

    public override NodeType[] Infer(TypeContext context)
    {
        (Node x, Node weight) = (context.Inputs[0], context.Inputs[1]);
        context.RequireSameTypes();
        context.RequireNumber();
        ConvolutionShape.Require(context, Stride.Count, Groups, x, weight);
        context.RequireSame(x.Shape[1], weight.Shape[0], $"{x.Shape} has {InvariantText.Count(x.Shape[1], "channel")}, and the weight {weight.Shape} is for {weight.Shape[0]}.");
        return [ConvolutionShape.WithBias(context, Shape.Of([x.Shape[0], weight.Shape[1] * Groups, .. Sizes]))];
    }

    public override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        (Node x, Node weight) = (node.Inputs[0], node.Inputs[1]);
        return
        [
            x.RequiresGrad ? Node.Create(Convolution, cotangents[0]!, weight) : null,
            weight.RequiresGrad ? Convolution.WeightGradient(cotangents[0]!, weight.Shape, x) : null,
            .. ConvolutionShape.BiasGradient(node, cotangents[0]!),
        ];
    }

    public override Node?[] Pushforward(Node node, Node?[] tangents) => ConvolutionShape.Bilinear(this, node, tangents);

    public override Node[] Batch(BatchContext context) => ConvolutionShape.Batch(this, Groups, context, 1, factor => this with { Groups = Groups * factor });

    private ConvolutionOp Convolution => new(Stride, Dilation, Groups, Margins);

    private ConvolutionShape ShapeOf(Node x, Node weight) =>
        new(Convolution, Shape.Of([x.Shape[0], weight.Shape[1] * Groups, .. Sizes.Select((size, i) => Margins[i].Before + size + Margins[i].After)]), weight.Shape);
}

/// <summary>The sizes of a convolution of a padded input.</summary>
internal sealed class ConvolutionShape(ConvolutionOp op, Shape input, Shape weight)
{
    public Shape Input => input;

    public Shape Weight => weight;

    public int Groups => op.Groups;

    public Dim OutputsOfGroup => weight[0] / op.Groups;

    /// <summary>Whether no sum runs over channels.</summary>
    public bool IsByChannel => weight[1].Constant == 1;

    public Window[] Windows { get; } = [.. Enumerable.Range(0, op.Stride.Count).Select(i => new Window(2 + i, weight[2 + i], op.Stride[i], op.Dilation[i]))];

    public Dim[] Positions => [.. Windows.Select(w => w.Positions(input[w.Axis]))];

    /// <summary>The windows of an input, [N, G, C/G, P…, K…].</summary>
    public Node WindowsOf(Node x) =>
        Ops.Reshape(Node.Create(new WindowsOp([.. Windows]), x), Shape.Of([x.Shape[0], Groups, weight[1], .. Positions, .. weight.Skip(2)]));

    public static void Require(TypeContext context, int spatial, int groups, Node x, Node weight)
    {
        if (x.Rank != spatial + 2 || weight.Rank != spatial + 2)
        {
            throw context.BadShape($"the input and the weight must have {spatial + 2} axes, not {x.Shape} and {weight.Shape}.");
        }

        if (groups < 1)
        {
            throw context.BadShape($"there must be at least 1 group, not {groups}.");
        }

        context.RequireSame(
            (weight.Shape[0] / groups) * groups, weight.Shape[0], $"the first axis of the weight {weight.Shape}, {InvariantText.Count(weight.Shape[0], "channel")}, is no multiple of {groups} groups.");
    }

    public static Node?[] Bilinear(Op op, Node node, Node?[] tangents)
    {
        Node? left = tangents[0] is { } x ? Node.Create(op, x, node.Inputs[1]) : null;
        Node? right = tangents[1] is { } weight ? Node.Create(op, node.Inputs[0], weight) : null;
        Node? product = left is null ? right : right is null ? left : left + right;
        return [tangents.Length == 2 || tangents[2] is not { } bias ? product : product is null ? Ops.BroadcastTo(Along(bias, node.Rank), node.Shape) : product + Along(bias, node.Rank)];
    }

    /// <summary>
    /// Examples that share the weight are more of the batch, those that share the input alone give more channels, and those that share neither are groups of channels. Where nobody knows how many
    /// groups that makes, the parts are batched.
    /// </summary>
    /// <param name="op">The operation.</param>
    /// <param name="groups">Its groups.</param>
    /// <param name="context">The examples.</param>
    /// <param name="outputs">The axis of the weight that makes channels of the result.</param>
    /// <param name="grouped">The operation with more groups, by a factor.</param>
    public static Node[] Batch(CompositeOp op, int groups, BatchContext context, int outputs, Func<int, CompositeOp> grouped)
    {
        Shape shape = context.Node.Shape;
        bool hasBias = context.Inputs.Count == 3;
        if (!context.IsBatched(1) && !(hasBias && context.IsBatched(2)))
        {
            return [context.Split(context.Create(op, [context.Merged(0, 0), .. context.Inputs[1..]]), 0)];
        }

        Node result;
        if (!context.IsBatched(1))
        {
            result = context.IsBatched(0) ? context.Split(context.Create(op, context.Merged(0, 0), context.Inputs[1]), 0) : context.Create(op, context.Inputs[0], context.Inputs[1]);
        }
        else if (!context.IsBatched(0))
        {
            // [N, G, B, outputs of a group, P…]
            Node weight = context.Inputs[1];
            Shape own = context.Node.Inputs[1].Shape;
            Dim each = shape[1] / groups;
            if (outputs == 0)
            {
                weight = Ops.MoveAxis(Ops.Reshape(weight, Shape.Of([context.Size, groups, each, .. own.Skip(1)])), 0, 1);
                weight = Ops.Reshape(weight, own.With(0, own[0] * context.Size));
            }
            else
            {
                weight = context.Merged(1, 1);
            }

            Node all = Ops.Reshape(context.Create(op, context.Inputs[0], weight), Shape.Of([shape[0], groups, context.Size, each, .. shape.Skip(2)]));
            result = Ops.Reshape(Ops.MoveAxis(all, 2, 0), context.Batched(shape));
        }
        else if (context.Size.Constant is >= 1 and var factor && factor * groups <= int.MaxValue)
        {
            result = context.Split(context.Create(grouped((int)factor), context.Merged(0, 1), context.Merged(1, 0)), 1);
        }
        else
        {
            return context.Expanded(op.Expand(context.Node, context.Node.Inputs));
        }

        if (hasBias)
        {
            Node bias = context.Inputs[2];
            result += context.IsBatched(2) ? Ops.Reshape(bias, Shape.Of([context.Size, 1, bias.Shape[1], .. Enumerable.Repeat(Dim.Of(1), shape.Rank - 2)])) : Along(bias, shape.Rank);
        }

        return [result];
    }

    /// <summary>A result and the bias, if there is one.</summary>
    public static Node WithBias(Node result, IReadOnlyList<Node> inputs) => inputs.Count == 2 ? result : result + Along(inputs[2], result.Rank);

    /// <summary>The type of a result, to whose channels the bias is added if there is one.</summary>
    public static NodeType WithBias(TypeContext context, Shape result)
    {
        if (context.Inputs.Count == 3)
        {
            Shape along = Shape.Of([context.Inputs[2].Shape[0], .. Enumerable.Repeat(Dim.Of(1), result.Rank - 2)]);
            result = Broadcasting.Join("the bias", result, along, [.. context.Inputs]);
        }

        return new NodeType(context.Inputs[0].DType, result);
    }

    /// <summary>The cotangent of the bias, if there is one.</summary>
    public static Node?[] BiasGradient(Node node, Node cotangent) => node.Inputs.Count == 2 ? []
        : ReverseMode.PullWithin([Ops.BroadcastTo(Along(node.Inputs[2], node.Rank), node.Shape)], [cotangent], [node.Inputs[2]]);

    private static Node Along(Node bias, int rank) => Ops.Reshape(bias, Shape.Of([bias.Shape[0], .. Enumerable.Repeat(Dim.Of(1), rank - 2)]));
}
