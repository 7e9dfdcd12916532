using System.Globalization;
using GraphCompiler.Operations;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Operations;

/// <summary>Functions that are written as others bear their names and attributes in graphs, and are to the bit what their parts are, derivatives too.</summary>
internal sealed class CompositeTests
{
    private static readonly Input<double> X = Input<double>("x", ["N", 4, 6], requiresGrad: true);


    private static readonly Generator Draws = new(4);

    private static readonly (string Text, Node Node)[] Table =
    [
        ("Relu6()", Relu6(X)),
        ("LeakyRelu(Slope = 0.2)", LeakyRelu(X, 0.2)),
        ("PRelu(Axis = 1)", PRelu(X, New(4))),
        ("PRelu()", PRelu(X, New())),
        ("Softplus(Beta = 2, Threshold = 3)", Softplus(X, 2, 3)),
        ("LogSigmoid()", LogSigmoid(X)),
        ("HardTanh(Low = -0.5, High = 2)", HardTanh(X, -0.5, 2)),
        ("HardSigmoid()", HardSigmoid(X)),
        ("HardSwish()", HardSwish(X)),
        ("HardShrink(Edge = 0.5)", HardShrink(X)),
        ("SoftShrink(Edge = 0.5)", SoftShrink(X)),
        ("TanhShrink()", TanhShrink(X)),
        ("Threshold(Threshold = 0.1, Value = -1)", Threshold(X, 0.1, -1)),
        ("Glu(Axis = 2)", Glu(X)),
        ("LayerNorm(Epsilon = 0.1, TrailingAxes = 1)", LayerNorm(X, New(6), New(6), 0.1)),
        ("LayerNorm(Epsilon = 1E-05, TrailingAxes = 2, Given = [0, 2])", LayerNorm(X, bias: New(4, 6), trailingAxes: 2)),
        ("RmsNorm(Epsilon = 0.1, TrailingAxes = 1)", RmsNorm(X, New(6), 0.1)),
        ("BatchNorm(Epsilon = 1E-05)", BatchNorm(X, New(4), Square(New(4)))),
        ("BatchNorm(Epsilon = 1E-05, Given = [0, 1, 2, 4])", BatchNorm(X, New(4), Square(New(4)), bias: New(4))),
        ("BatchNormTraining(Epsilon = 1E-05)", BatchNormTraining(X, New(4), New(4))),
        ("BatchNormTraining(Momentum = 0.1, Epsilon = 1E-05)", BatchNormTraining(X, New(4), Square(New(4)), New(4), null).Result),
        ("GroupNorm(Groups = 2, Epsilon = 1E-05)", GroupNorm(X, 2, New(4), New(4))),
        ("InstanceNorm(Epsilon = 0.1, Given = [0, 2])", InstanceNorm(X, bias: New(4), epsilon: 0.1)),
        ("ScaledDotProductAttention(Causal = True, Scale = 0.5, GroupedHeads = False, Dropout = 0)", ScaledDotProductAttention(X, New(5, 6), New(5, 3), New(4, 5), causal: true, scale: 0.5)),
        ("ScaledDotProductAttention(Causal = False, GroupedHeads = False, Dropout = 0.3, Given = [0, 1, 2, 4])", ScaledDotProductAttention(X, New(5, 6), New(5, 3), dropout: 0.3, generator: Draws)),
        ("MultiHeadAttention(Heads = 2, Causal = False, BatchFirst = True, AverageWeights = True, Dropout = 0, Given = [0, 1, 2, 3, 5, 6])", MultiHeadAttention(X, X, X, 2, New(18, 6), null, New(6, 6), New(6), batchFirst: true).Result),
        ("Dropout(P = 0.3)", Dropout(Draws, X, 0.3)),
        ("Dropout()", Dropout(Draws, X, Constant(0.3))),
        ("Dropout1D(P = 0.3)", Dropout1D(Draws, X, 0.3)),
        ("AlphaDropout(P = 0.3)", AlphaDropout(Draws, X, 0.3)),
        ("LocalResponseNorm(Size = 3, Alpha = 0.5, Beta = 0.75, K = 1)", LocalResponseNorm(X, 3, 0.5)),
        ("WeightNorm(Axis = 1)", WeightNorm(X, New(4), 1)),
        ("MeanSquaredError(Reduction = Sum)", MeanSquaredError(X, Sin(X), LossReduction.Sum)),
        ("L1Loss(Reduction = Mean)", L1Loss(X, Sin(X))),
        ("SmoothL1Loss(Beta = 0.5, Reduction = None)", SmoothL1Loss(X, Sin(X), 0.5, LossReduction.None)),
        ("HuberLoss(Delta = 0.5, Reduction = Mean)", HuberLoss(X, Sin(X), 0.5)),
        ("SoftMarginLoss(Reduction = Mean)", SoftMarginLoss(X, Sin(X))),
        ("BinaryCrossEntropyWithLogits(Reduction = Mean, Given = [0, 1, 3])", BinaryCrossEntropyWithLogits(X, Sigmoid(X), positiveWeight: New(6))),
        ("CrossEntropy(Reduction = Mean, LabelSmoothing = 0)", CrossEntropy(X, Sigmoid(X))),
        ("CrossEntropy(Reduction = Sum, IgnoreIndex = 3, LabelSmoothing = 0.1)", CrossEntropy(X, ArgMax(Sin(X), 1), LossReduction.Sum, New(4), 3, 0.1)),
        ("NllLoss(Reduction = Mean)", NllLoss(X, ArgMax(Sin(X), 1), weight: New(4))),
        ("Resize(Size = [9], Mode = Cubic, AlignCorners = False)", Resize(X, [9], ResizeMode.Cubic)),
        ("ResizeBy(Scale = 1.5, Mode = Linear, AlignCorners = True)", ResizeBy(X, 1.5, ResizeMode.Linear, alignCorners: true)),
        ("GridSample(Mode = Linear, Padding = Border, AlignCorners = False)", GridSample(Unsqueeze(X, 1), Reshape(Sin(X), ["N", 4, 3, 2]), padding: GridPadding.Border)),
        ("AffineGrid(Size = [3, 5], AlignCorners = False)", AffineGrid(X[.., 1..3, 2..5], [3, 5])),
        ("PixelShuffle(Factor = 2)", PixelShuffle(Unsqueeze(X, -1), 2)),
        ("PixelUnshuffle(Factor = 2)", PixelUnshuffle(X, 2)),
        ("AvgPool(Axes = [2], Windows = [3], Strides = [2], Dilations = [1], Lows = [1], Highs = [1], CountedLows = [0], CountedHighs = [0], Divisor = 0)", AvgPool1D(X, 3, 2, 1, countIncludePad: false)),
        ("WeightNorm()", WeightNorm(X, New(), null)),
    ];

    private static Parameter<double> New(params ReadOnlySpan<int> shape) => shape.IsEmpty ? Parameter("p", 0.7) : Parameter("p", new Generator(1).Normal<double>(shape));

    private static IEnumerable<TestCaseData> Cases() => Table.Select(row => new TestCaseData(row.Text, row.Node).SetArgDisplayNames(row.Text));

    [TestCaseSource(nameof(Cases))]
    public void A_function_is_one_node_and_to_the_bit_its_parts(string text, Node node)
    {
        node = node.Op is OutputOp ? node.Inputs[0] : node;
        string attributes = string.Join(", ", node.Attributes.Select(a => string.Create(CultureInfo.InvariantCulture, $"{a.Name} = {a.Value}")));
        Assert.That((node.IsComposite, $"{node.Operation}({attributes})"), Is.EqualTo((true, text)));

        NodeList parts = node.Expand();
        Assert.That(parts.Select(p => p.Results[0]), Is.EqualTo(node.Results));
        Assert.That(GraphWalk.TopologicalOrder(parts, node.Inputs.Contains).Except(node.Inputs).Where(p => p.Op.IsLeaf), Is.Empty, "what is not given");
        Node[] leaves = [.. GraphWalk.TopologicalOrder(node.Inputs).OfType<Leaf>().Where(l => l.RequiresGrad)];
        (double[][] values, double[] second) = Computed(Outputs(node), leaves);
        (double[][] valuesOfParts, double[] secondOfParts) = Computed(parts, leaves);
        Assert.That(values, Is.EqualTo(valuesOfParts));
        Assert.That(second, Is.EqualTo(secondOfParts).Within(1e-12 * Math.Max(1, secondOfParts.Max(Math.Abs))), "a second derivative, whose sums may have another order");
    }

    /// <summary>Results, gradients and tangents; and a gradient of a gradient.</summary>
    private static (double[][] Values, double[] Second) Computed(NodeList results, Node[] targets)
    {
        NodeList slopes = Gradients(results.Select(r => Sum(Sin(r))).Aggregate((a, b) => a + b), targets);
        NodeList tangents = Jvp(results, targets, [.. targets.Select(t => Cos(t))]);
        Node curvature = Gradients(Sum(Square(slopes[0])), targets, Unreached.Zeros)[0];
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([X], [.. results, .. slopes, .. tangents, curvature]);
        Draws.State = new Generator(4).State;
        RunResults values = graph.Run(new Generator(5).Normal<double>(2, 4, 6));
        double[][] arrays = [.. Enumerable.Range(0, values.Count).Select(i => values.GetArray<double>(i))];
        return (arrays[..^1], arrays[^1]);
    }

    [Test]
    public void Functions_that_stable_forms_are_found_by_are_written_out()
    {
        Node far = 1000 * X;
        foreach (Node loss in (Node[])[Sum(-Log(Softmin(far, 1))), BinaryCrossEntropy(Sigmoid(far), 0 * X)])
        {
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([X], Gradients(loss, X)[0]);
            Assert.That(graph.Run(new Generator(5).Normal<double>(2, 4, 6)).GetArray<double>(), Has.All.Matches<double>(double.IsFinite).And.Some.Not.Zero);
        }
    }

    [Test]
    public void Attributes_tell_functions_apart()
    {
        Assert.That(LeakyRelu(X, 0.0).Op, Is.EqualTo(LeakyRelu(New(4), 0.0).Op).And.Not.EqualTo(LeakyRelu(X, -0.0).Op));
        Assert.That(LeakyRelu(X, 0.0).Op.GetHashCode(), Is.EqualTo(LeakyRelu(New(4), 0.0).Op.GetHashCode()));
        Assert.That(AvgPool1D(X, 3, 4, Padding.Of((0, 1))).Op, Is.Not.EqualTo(AvgPool1D(X, 3, 4, ceilMode: true).Op), "what is beyond the padding does not count");
        Assert.That(HardSigmoid(X).Op, Is.Not.EqualTo(HardSwish(X).Op));
        Assert.That(new NodeAttribute("Slope", 0.0), Is.Not.EqualTo(new NodeAttribute("Slope", -0.0)));
    }
}
