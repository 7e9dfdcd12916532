using System.Runtime.InteropServices;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler;

/// <summary>
/// What an operation asks of a size is refused at the line that makes it where the size is a number, and at the call that binds it where it is a symbol:
/// with the operation, the input and the size, and nothing has changed.
/// </summary>
[Parallelizable(ParallelScope.All)]
[Category("Foundation")]
internal sealed class SizesWhenBoundTests
{
    /// <param name="Name">The operation, as the message begins.</param>
    /// <param name="Shape">The input's shape, with the size in question.</param>
    /// <param name="Make">What asks.</param>
    /// <param name="Bad">A size that it refuses.</param>
    /// <param name="Good">A size that it takes.</param>
    private sealed record Row(string Name, Func<Dim, Shape> Shape, Func<Node, Node> Make, long Bad, long Good)
    {
        public string Variant { get; init; } = string.Empty;
    }

    private static readonly Row[] Rows =
    [
        new("BatchNormTraining", n => [n, 3], x => BatchNormTraining(x), 1, 2),
        new("BatchNormTraining", n => [n, 3, 1], x => BatchNormTraining(x, Zeros([3]), Ones([3]), null, null).RunningVariance, 1, 2) { Variant = "statistics" },
        new("BatchNormTraining", n => [1, 3, n], x => BatchNormTraining(x), 0, 2) { Variant = "places" },
        new("InstanceNorm", n => [2, 3, n], x => InstanceNorm(x), 1, 2),
        new("Norm", n => [n], x => Norm(x, double.PositiveInfinity), 0, 1),
        new("Norm", n => [n, 2], x => Norm(x, double.NegativeInfinity, 0), 0, 1) { Variant = "least" },
        new("Diff", n => [n], x => Diff(x, 3), 2, 3),
        new("Trapezoid", n => [2, n], x => Trapezoid(x), 0, 1),
        new("Trapezoid", n => [2, n], x => Trapezoid(x, Iota(x.Shape, 1, DType.Float32)), 0, 1) { Variant = "places" },
        new("Max", n => [n], x => x.Max(), 0, 1),
        new("Min", n => [2, n], x => x.Min(1), 0, 1),
        new("ArgMax", n => [2, n], x => ArgMax(x, 1), 0, 1),
        new("ArgMin", n => [2, n], x => ArgMin(x, 1), 0, 1),
        new("Median", n => [n], Median, 0, 1),
        new("MedianWithIndex", n => [n], x => MedianWithIndex(x, 0).Values, 0, 1),
        new("TopK", n => [n], x => TopK(x, 3).Values, 2, 3),
        new("KthValue", n => [n], x => KthValue(x, 3).Values, 2, 3),
        new("Multinomial", n => [n], x => Multinomial(new Generator(1), Exp(x), 3), 2, 3),
        new("Resize", n => [1, 1, n], x => Resize(x, [4]), 0, 3),
        new("Resize", n => [1, 1, n], x => Resize(x, [4], ResizeMode.Linear), 0, 3) { Variant = "linear" },
        new("ResizeBy", n => [1, 1, n], x => ResizeBy(x, 0.5), 1, 2),
        new("Conv1D", n => [1, 2, n], x => Conv1D(x, Ones([3, 2, 4])), 3, 4),
        new("Conv1D", n => [1, n, 4], x => Conv1D(x, Ones([3, 2, 4])), 3, 2) { Variant = "channels" },
        new("Conv1D", n => [n, 1, 2], w => Conv1D(Ones([1, 2, 4]), w, groups: 2), 3, 4) { Variant = "groups" },
        new("Conv1D", n => [1, 1, n], x => Conv1D(x, Ones([1, 1, 1]), padding: 2, paddingMode: PaddingMode.Reflect), 2, 3) { Variant = "reflect" },
        new("Conv1D", n => [1, 1, n], x => Conv1D(x, Ones([1, 1, 1]), padding: 2, paddingMode: PaddingMode.Circular), 1, 2) { Variant = "circular" },
        new("Pad", n => [n], x => Pad(x, [(2, 1)], PaddingMode.Reflect), 2, 3) { Variant = "reflect" },
        new("Pad", n => [n], x => Pad(x, [(2, 1)], PaddingMode.Replicate), 0, 1) { Variant = "replicate" },
        new("Pad", n => [n], x => Pad(x, [(-2, -1)]), 2, 3) { Variant = "taken away by Pad" },
        new("ConvTranspose1D", n => [1, 2, n], x => ConvTranspose1D(x, Ones([2, 3, 2])), 0, 1),
        new("ConvTranspose1D", n => [1, 2, n], x => ConvTranspose1D(x, Ones([2, 3, 2]), padding: 2), 2, 4) { Variant = "nothing left" },
        new("MaxPool1D", n => [1, 2, n], x => MaxPool1D(x, 3), 2, 3),
        new("AvgPool1D", n => [1, 2, n], x => AvgPool1D(x, 3), 2, 3),
        new("AvgPool1D", n => [1, 2, n], x => AvgPool1D(x, 2, padding: 1), 0, 1) { Variant = "of padding alone" },
        new("AdaptiveAvgPool1D", n => [1, 2, n], x => AdaptiveAvgPool1D(x, 1), 0, 1),
        new("AdaptiveAvgPool1D", n => [1, 2, n], x => AdaptiveAvgPool1D(x, 2), 0, 3) { Variant = "uneven" },
        new("AdaptiveMaxPool1D", n => [1, 2, n], x => AdaptiveMaxPool1D(x, 2), 0, 3),
        new("MaxWithIndex", n => [2, n], x => MaxWithIndex(x, -1).Values, 0, 1),
        new("MinWithIndex", n => [n, 2], x => MinWithIndex(x, 0).Values, 0, 1),
        new("Split", n => [n], x => Split(x, [x.Shape[0] - 3, 3])[0], 2, 4) { Variant = "a part below nothing" },
        new("ConvTranspose1D", n => [1, n, 4], x => ConvTranspose1D(x, Ones([2, 3, 2])), 3, 2) { Variant = "channels" },
        new("Conv2D", n => [2, 5, n], x => Conv2D(x, Ones([3, 2, 4, 4])), 3, 4) { Variant = "alone" },
        new("Conv1D", n => [1, 2, n], w => Conv1D(Ones([1, 2, 4]), w), 5, 4) { Variant = "kernel" },
        new("Unfold", n => [1, 2, n], x => Unfold(x, 3, dilation: 2, padding: 1), 2, 3),
        new("Fold", n => [1, 8, n], x => Fold(x, [4, 5], 2), 11, 12),
        new("DimValue", n => [n, 0], x => DimValue(x.Shape[0] * (1L << 30), DType.Int32), 2, 1),
        new("Iota", n => [n, 0], x => Iota([x.Shape[0] * (1L << 20)], 0, DType.Int32)[^1], 1L << 12, 4),
        new("Windows", n => [n], x => Windows(x, 0, 3), 2, 3),
        new("Embedding", n => [n, 2], t => Embedding(Constant([0]), t, 2), 2, 3),
        new("Embedding", n => [n, 2], t => Embedding(Constant([0]), t, -3), 2, 3) { Variant = "from the end" },
        new("EmbeddingBag", n => [n, 2], t => EmbeddingBag(Constant([0]).Reshape([1, 1]), t, paddingIndex: 2), 2, 3),
        new("GridSample", n => [1, 1, n, 2], x => GridSample(x, Zeros([1, 2, 2, 2])), 0, 1),
        new("Glu", n => [2, n], x => Glu(x), 3, 4),
        new("Narrow", n => [n], x => Narrow(x, 0, 3, 0), 2, 3),
        new("Narrow", n => [n], x => Narrow(x, 0, -3, 0), 2, 3) { Variant = "from the end" },
        new("Narrow", n => [n], x => Narrow(x, 0, 1, 2), 2, 3) { Variant = "some" },
        new("Select", n => [n], x => Select(x, 0, 2), 2, 3),
        new("At", n => [2, n], x => x[0, ^3], 2, 3),
        new("SelectScatter", n => [n], x => SelectScatter(x, Constant(1f), 0, 2), 2, 3),
        new("Split", n => [n], x => Split(x, [1, 2])[1], 2, 3),
        new("Reshape", n => [n], x => x.Reshape([2, -1]), 3, 4),
        new("PixelShuffle", n => [1, n, 1, 1], x => PixelShuffle(x, 2), 3, 4),
        new("PixelUnshuffle", n => [1, 1, n, 2], x => PixelUnshuffle(x, 2), 3, 4),
        new("BroadcastTo", n => [n], x => BroadcastTo(x.Sum(), [x.Shape[0] - 3]), 2, 4),
        new("Full", n => [n], x => Full([x.Shape[0] - 3], 1), 2, 4),
        new("Iota", n => [n], x => Iota([x.Shape[0] - 3], 0), 2, 4),
        new("CtcLoss", n => [2, 1, n], x => CtcLoss(x, Constant([1]).Reshape([1, 1]), Constant([2]), Constant([1]), blank: 2), 2, 3),
        new("QR", n => [n, 3], x => QR(x).R, 2, 3),
    ];

    // Of sizes that are numbers these take what is there.
    private static readonly Row[] Cut =
    [
        new("At", n => [n], x => x[2..5], 3, 5),
        new("At", n => [3, n], x => x[1.., 2..5], 3, 5) { Variant = "of an axis behind another" },
        new("At", n => [n, 3], x => x[2..5, 1..], 3, 5) { Variant = "of an axis before another" },
        new("At", n => [n, 3], x => x[AxisIndex.Every(2, 1, 5), Constant((long[])[0, 2])], 3, 4) { Variant = "with indices" },
        new("SliceScatter", n => [n], x => SliceScatter(x, Ones([3]), 0, 2, 5), 4, 5),
        new("SliceScatter", n => [n], x => SliceScatter(x, Ones([3]), 0, 1, 7, 2), 5, 6) { Variant = "in steps" },
        new("Roll", n => [n], x => Roll(x, 3), 2, 3),
        new("Roll", n => [n, 2], x => Roll(x, -3, 0), 2, 3) { Variant = "back" },
        new("Sort", n => [0, n], x => Sort(Zeros([0, x.Shape[1] * (1L << 30)])).Values, 2, 0),
        new("TopK", n => [0, n], x => TopK(Zeros([0, x.Shape[1] * (1L << 30)]), 0).Values, 2, 0) { Variant = "too long" },
    ];

    // What is made of several nodes and bears one name.
    private static readonly string[] Composed =
        ["Narrow", "Select", "At", "SelectScatter", "Split", "Reshape", "TopK", "KthValue", "Median", "MedianWithIndex", "MaxWithIndex", "MinWithIndex", "Pad", "Diff", "Glu", "PixelShuffle", "PixelUnshuffle"];

    private static IEnumerable<TestCaseData> NamedCases() =>
        Cut.Concat(Rows.Where(r => Composed.Contains(r.Name) && r.Variant is not ("reflect" or "replicate")))
            .Select(r => new TestCaseData((object)r).SetArgDisplayNames(r.Name + (r.Variant.Length == 0 ? string.Empty : $", {r.Variant}")));

    [TestCaseSource(nameof(NamedCases))]
    public void TheFunctionAsksUnderTheUsersName(object given)
    {
        var row = (Row)given;
        Input<float> x = Input("x", row.Shape("N"));
        Node y = row.Make(x);
        Fails(y, $"{row.Name}: ");
        Fails(y.Named("mine", "model"), $"{row.Name} 'model/mine': ");
        Fails(y.Named("other").Named("mine") * 2, $"{row.Name} 'mine': ");

        void Fails(Node node, string start)
        {
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], node);
            Assert.That(() => graph.Run(Of(row.Shape(row.Good))), Throws.Nothing);
            Assert.That(() => graph.Run(Of(row.Shape(row.Bad))), Throws.TypeOf<BindingException>().With.Message.StartsWith(start));
        }
    }

    // A constant size of these is judged by another rule, whose message is its own.
    private static readonly string[] OtherwiseConstant = ["QR", "CtcLoss", "DimValue"];

    private static IEnumerable<TestCaseData> Cases() =>
        Rows.Select((r, i) => new TestCaseData(i).SetArgDisplayNames(r.Name + (r.Variant.Length == 0 ? string.Empty : $", {r.Variant}")));

    [TestCaseSource(nameof(Cases))]
    public void ASymbolIsJudgedAsANumberIs(int number)
    {
        Row row = Rows[number];
        if (!OtherwiseConstant.Contains(row.Name))
        {
            Exception? made = Assert.Catch<Exception>(() => row.Make(Input("x", row.Shape(row.Bad))));
            Assert.That(made, Is.TypeOf<ShapeException>(), made!.Message);
        }

        Assert.That(() => row.Make(Input("x", row.Shape(row.Good))), Throws.Nothing);

        Input<float> x = Input("x", row.Shape("N"));
        Parameter<float> p = Parameter("p", 1f);
        Node y = row.Make(x);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], [y], [(p, p + Cast(y, DType.Float32).Sum())]);
        graph.Run(Of(row.Shape(row.Good)));
        byte[] before = MemoryMarshal.AsBytes(p.Values).ToArray();
        BindingException bound = Assert.Throws<BindingException>(() => graph.Run(Of(row.Shape(row.Bad))))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(bound.Message, Does.StartWith(row.Name));
            Assert.That(bound.Message, Does.Contain("'x'").Or.Contain("Inputs: ").Or.Not.Contain("Inputs"), "the input");
            Assert.That(bound.Message, Does.Contain("With these arguments").And.Match($@"\b(N|is) .*{row.Bad}|is -?\d+"), "the size");
            Assert.That(MemoryMarshal.AsBytes(p.Values).ToArray(), Is.EqualTo(before));
        }

        Assert.That(() => graph.Run(Of(row.Shape(row.Good))), Throws.Nothing);
    }

    [Test]
    public void TheLastOf2To31PositionsFitsIntoInt32()
    {
        Input<float> x = Input("x", ["N", 0]);
        Node last = Iota([x.Shape[0] * (1L << 20)], 0, DType.Int32)[^1];
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], last, new CompileOptions { Verify = false });
        Assert.That(graph.Run(Of([1L << 11, 0])).GetArray<int>(), Is.EqualTo((int[])[int.MaxValue]));
        using CompiledGraph verified = GraphCompiler.Compiler.Compile([x], last, new CompileOptions { Verify = true });
        Assert.That(
            () => verified.Run(Of([1L << 11, 0])),
            Throws.TypeOf<SizeException>().With.Message.StartsWith("Interpreted, Iota").And.Message.Contains("2147483648 elements").And.Message.Contains("more elements than an array may hold"));
    }

    /// <summary>The last batch of an epoch may be one sample: running statistics stay what they were.</summary>
    [Test]
    public void ABatchOfOneLeavesRunningStatisticsAsTheyWere()
    {
        Input<float> x = Input("x", ["N", 3]);
        Parameter<float> mean = Parameter("mean", Tensors.Zeros<float>(3), requiresGrad: false);
        Parameter<float> variance = Parameter("variance", Tensors.Ones<float>(3), requiresGrad: false);
        (Node result, Node newMean, Node newVariance) = BatchNormTraining(x, mean, variance, null, null);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], [result], [(mean, newMean), (variance, newVariance)]);
        graph.Run(new float[] { 1, 2, 3, 3, 2, 1 });
        float[] means = mean.Values.ToArray();
        float[] variances = variance.Values.ToArray();
        Assert.That(
            () => graph.Run(new float[] { 1, 2, 3 }),
            Throws.TypeOf<BindingException>().With.Message.StartsWith("BatchNormTraining: more than one number a channel").And.Message.Contains("'x' float32[N, 3]").And.Message.Contains("N is 1; N ≥ 2 is needed"));
        Assert.That(mean.Values.ToArray(), Is.EqualTo(means));
        Assert.That(variance.Values.ToArray(), Is.EqualTo(variances).And.All.Matches<float>(float.IsFinite));
    }

    private static Argument Of(Shape shape) => Tensors.Full([.. shape.Select(d => (int)d.Constant!.Value)], 0.5f);
}
