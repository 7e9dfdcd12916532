using GraphCompiler.Operations;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GradientChecking.GradientCase;

namespace GraphCompiler.Tests.GradientChecking;

/// <summary>Rows for functions that do not work element by element, each at a size of 0, at sizes of 1, and of a view that is not contiguous.</summary>
internal static class EdgeCases
{
    private static readonly Shape NoRows = [0, 3];
    private static readonly Shape One = [1, 1];
    private static readonly Shape Matrix = [3, 4];

    /// <summary>A function that gives its input back is no row. To directions x is added: of a single number they are 1 and their slopes rounding alone.</summary>
    public static IEnumerable<GradientCase> All => ((IEnumerable<GradientCase>)[.. OfMatrices, .. OfImages, .. OfBatches]).Where(r => r.Op != typeof(InputOp));

    private static IEnumerable<GradientCase> OfMatrices => new (string Name, Func<Node, Node> Apply)[]
    {
        ("Sum", x => Sum(x, 0)), ("Mean", x => Mean(x, 1)), ("Prod", x => Prod(x, 0)), ("Max", x => Max(x, 1)), ("Min", x => Min(x, 1)), ("MaxWithIndex", x => MaxWithIndex(x, -1).Values),
        ("Variance", x => Variance(x, 1, correction: 0)), ("LogSumExp", x => LogSumExp(x, 1)), ("Norm", x => Norm(x, 2, 1)), ("Norm 0.5", x => Norm(x, 0.5, 0)), ("NaNMean", x => NaNMean(x, 1)),
        ("Softmax", x => Softmax(x, 0)), ("LogSoftmax", x => LogSoftmax(x)), ("Softmin", x => Softmin(x)),
        ("CumulativeSum", x => CumulativeSum(x, 0)), ("CumulativeProduct", x => CumulativeProduct(x, 0)), ("CumulativeMax", x => CumulativeMax(x, 0).Values), ("CumulativeMin", x => CumulativeMin(x, 1).Values),
        ("LogCumulativeSumExp", x => LogCumulativeSumExp(x, 0)), ("CumulativeScan", x => CumulativeScan(x, 1, (double a, double b) => (a * b) + b)), ("LinearRecurrence", x => LinearRecurrence(x, x, 0)),
        ("Sort", x => Sort(x, 0).Values), ("TopK", x => TopK(x, 1).Values), ("KthValue", x => KthValue(x, 1, 1).Values), ("MedianWithIndex", x => MedianWithIndex(x, 1).Values),
        ("MatMul", x => MatMul(x, Transpose(x))), ("Einsum", x => Einsum("ij,kj->ik", x, x)), ("TensorDot", x => TensorDot(x, x, [0], [0])), ("Kronecker", x => Kronecker(x, x)), ("Inner", x => Inner(x, x)),
        ("Linear", x => Linear(x, Full([2, x.Shape[1]], 0.5, DType.Float64))), ("Addmm", x => Addmm(x, MatMul(x, Transpose(x)), x, 2, 3)), ("CDist", x => CDist(x, x + 2)),
        ("CosineSimilarity", x => CosineSimilarity(x, x * x) + Sum(x, 1)), ("PairwiseDistance", x => PairwiseDistance(x, x * 3)), ("Normalize", x => Normalize(x, 3)), ("Dist", x => Dist(x, x * 2)),
        ("LayerNorm", x => LayerNorm(x, epsilon: 0.1)), ("RmsNorm", x => RmsNorm(x, epsilon: 0.1)), ("WeightNorm", x => WeightNorm(x + 1, Full([x.Shape[0]], 2, DType.Float64)) + x), ("LocalResponseNorm", x => LocalResponseNorm(x, 2)),
        ("CrossEntropy", x => CrossEntropy(x, Zeros([x.Shape[0]], DType.Int64), LossReduction.Sum)), ("NllLoss", x => NllLoss(x, Zeros([x.Shape[0]], DType.Int64), LossReduction.None)),
        ("MultiMarginLoss", x => MultiMarginLoss(x, Zeros([x.Shape[0]], DType.Int64), margin: 5, reduction: LossReduction.Sum)), ("MultiLabelMarginLoss", x => MultiLabelMarginLoss(x * 0.1, ZerosLike(Cast(x, DType.Int64)), LossReduction.None)),
        ("MultiLabelSoftMarginLoss", x => MultiLabelSoftMarginLoss(x, x * x, reduction: LossReduction.None)), ("GaussianNllLoss", x => GaussianNllLoss(x, x * x, x, reduction: LossReduction.Sum)),
        ("Take", x => Take(x, Arange(x.Shape[0]))), ("Gather", x => Gather(x, 1, ZerosLike(Cast(x, DType.Int64)))), ("ScatterAdd", x => ScatterAdd(x, 1, ZerosLike(Cast(x, DType.Int64)), x * x)),
        ("Scatter", x => Scatter(x, 1, ZerosLike(Cast(x, DType.Int64)), x * x)), ("IndexAdd", x => IndexAdd(x, 0, Arange(x.Shape[0]), x * x)), ("MaskedSelect", x => MaskedSelect(x, x > 0.9, 3).Values),
        ("Concat", x => Concat([x, x * x])), ("Stack", x => Stack([x, x * x], 1)), ("Tile", x => Tile(x, 2, 2) * 3), ("RepeatInterleave", x => RepeatInterleave(x, 2)), ("Roll", x => Roll(x, 1, 1)), ("Flip", x => Flip(x)),
        ("Tril", x => Tril(x)), ("Diagonal", x => Diagonal(x)), ("DiagEmbed", x => DiagEmbed(x)), ("Pad", x => Pad(x, [(0, 1), (2, 0)])), ("Slice", x => Slice(x, 1, 0, 1)), ("Windows", x => Windows(x, 1, 1)), ("Diff", x => Diff(x, 1, 1)), ("Trapezoid", x => Trapezoid(x)),
    }.SelectMany(f => Edges(f.Name, f.Apply, NoRows, One, Matrix));

    private static IEnumerable<GradientCase> OfImages => new (string Name, Func<Node, Node> Apply)[]
    {
        ("MaxPool1D", x => MaxPool1D(x, 2, 1)), ("AvgPool1D", x => AvgPool1D(x, 2, 1)), ("LpPool1D", x => LpPool1D(x, 2, 2, 1)), ("AdaptiveAvgPool1D", x => AdaptiveAvgPool1D(x, 2)), ("AdaptiveMaxPool1D", x => AdaptiveMaxPool1D(x, 2)),
        ("Conv1D", x => Conv1D(x, Full([2, x.Shape[1], 2], 0.5, DType.Float64))), ("ConvTranspose1D", x => ConvTranspose1D(x, Full([x.Shape[1], 1, 2], 0.5, DType.Float64), stride: 2)),
        ("Resize", x => Resize(x, [5])), ("Resize, linear", x => Resize(x, [5], ResizeMode.Linear)), ("Resize, cubic", x => Resize(x, [4], ResizeMode.Cubic)), ("Unfold", x => Unfold(x, 2)),
        ("Pad, reflected", x => Pad(x, [(1, 1)], PaddingMode.Reflect)), ("Pad, circular", x => Pad(x, [(1, 1)], PaddingMode.Circular)),
        ("InstanceNorm", x => InstanceNorm(x, epsilon: 0.1)), ("GroupNorm", x => GroupNorm(x, 1, epsilon: 0.1)), ("BatchNorm", x => BatchNorm(x, Zeros([x.Shape[1]], DType.Float64), Ones([x.Shape[1]], DType.Float64))),
    }.SelectMany(f => Edges(f.Name, f.Apply, [0, 2, 3], [1, 1, 2], [2, 4, 3]));

    private static IEnumerable<GradientCase> OfBatches => new (string Name, Func<Node, Node> Apply)[]
    {
        ("Bmm", x => Bmm(x, Transpose(x))), ("Baddbmm", x => Baddbmm(Full([1], 1, DType.Float64), x, Transpose(x))), ("Addbmm", x => Addbmm(Full([1], 1, DType.Float64), x, Transpose(x))),
        ("ScaledDotProductAttention", x => ScaledDotProductAttention(x, x * 0.5, x)), ("ScaledDotProductAttention, causal", x => ScaledDotProductAttention(x, x, x, causal: true)),
    }.SelectMany(f => (GradientCase[])[.. Edges(f.Name, f.Apply, [0, 2, 3], [1, 1, 1], [2, 2, 3]), Row(f.Name, "of no rows", f.Apply, In([2, 0, 3]))]);

    private static IEnumerable<GradientCase> Edges(string name, Func<Node, Node> apply, Shape zero, Shape one, Shape given) =>
    [
        Row(name, $"of {zero}", apply, In(zero)),
        Row(name, $"of {one}", apply, In(one)),
        Row(name, "of a transposed slice", x => apply(Slice(Transpose(x), -1, 0, null, 2)), In(given)),
    ];

    private static GradientCase Row(string name, string what, Func<Node, Node> apply, CaseInput input)
    {
        // A function of several operations is known by its last one.
        Node probe = Placeholder(new NodeType(DType.Float64, input.Shape), "x0", requiresGrad: true);
        return new($"{name} {what}", apply(probe).Op.GetType(), x => apply(x[0]), [input]);
    }
}
