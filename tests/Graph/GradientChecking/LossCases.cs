using GraphCompiler.Operations;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GradientChecking.GradientCase;

namespace GraphCompiler.Tests.GradientChecking;

/// <summary>Rows for losses and normalisation: away from their kinks, over symbols, views, and every way to reduce and weigh.</summary>
internal static class LossCases
{
    private static readonly Node Classes = Constant(new long[] { 2, 0, 2 });

    public static IEnumerable<GradientCase> All => [.. Losses, .. OfClasses, .. Distances, .. Normalisations];

    private static IEnumerable<GradientCase> Losses =>
    [
        .. Pairs(nameof(MeanSquaredError), MeanSquaredError), .. Pairs(nameof(L1Loss), (x, y, r) => L1Loss(x + 3, y, r)), .. Pairs(nameof(SmoothL1Loss), (x, y, r) => SmoothL1Loss(x, y, 5, r)),
        .. Pairs(nameof(HuberLoss), (x, y, r) => HuberLoss(x + 3, y, 0.7, r)), .. Pairs(nameof(SoftMarginLoss), SoftMarginLoss),
        .. Pairs(nameof(BinaryCrossEntropy), (x, y, r) => BinaryCrossEntropy(x * 0.4, y * 0.4, null, r)),
        .. Pairs(nameof(BinaryCrossEntropyWithLogits), (x, y, r) => BinaryCrossEntropyWithLogits(x - 1, y, null, null, r)),
        .. Pairs(nameof(KLDivLoss), (x, y, r) => KLDivLoss(x, y, r == LossReduction.Sum, r)), .. Pairs(nameof(PoissonNllLoss), (x, y, r) => PoissonNllLoss(x, y + 1, r == LossReduction.Sum, full: true, reduction: r)),
        .. Pairs(nameof(HingeEmbeddingLoss), (x, y, r) => HingeEmbeddingLoss(x, Sign(y - 0.9), 3, r)),
        Row(nameof(KLDivLoss), "of a batch", x => KLDivLoss(x[0], x[1], reduction: LossReduction.BatchMean), In(["N", 2]), In(["N", 2])),
        Row(nameof(KLDivLoss), "at the target 0", x => KLDivLoss(x[0], Constant(new double[] { 0, 1 })), At(-1, -2)),
        Row(nameof(BinaryCrossEntropyWithLogits), "weighted", x => BinaryCrossEntropyWithLogits(x[0], x[1], x[2], x[3]), In([2, 3], -1, 1), In([2, 3]), In([3]), In([3])),
        Row(nameof(BinaryCrossEntropyWithLogits), "large", x => BinaryCrossEntropyWithLogits(x[0], Constant(new double[] { 1, 0, 1 })), At(0, 40, -40)),
        Row(nameof(BinaryCrossEntropy), "weighted", x => BinaryCrossEntropy(x[0], x[1], x[2]), In([2, 3], 0.2, 0.8), In([2, 3]), In([1, 3])),
        Row(nameof(SmoothL1Loss), "as L1", x => SmoothL1Loss(x[0], x[1], 0), In([3]), In([3], 3, 4)),
        Row(nameof(GaussianNllLoss), "of a variance each", x => GaussianNllLoss(x[0], x[1], x[2], full: true), In(["N", 2]), In(["N", 2]), In(["N", 2])),
        Row(nameof(GaussianNllLoss), "of a variance a row", x => GaussianNllLoss(x[0], x[1], x[2]), In([2, 3]), In([2, 3]), In([2])),
        Row(nameof(GaussianNllLoss), "of a variance that broadcasts", x => GaussianNllLoss(x[0], x[1], x[2]), In([2, 3]), In([2, 3]), In([2, 1])),
    ];

    private static IEnumerable<GradientCase> OfClasses =>
    [
        Row<CrossEntropyOp>("cross-entropy weighted, smooth, with one ignored", x => CrossEntropy(x[0], Classes, LossReduction.Mean, x[1], 0, 0.2), In([3, 3], -1, 1), In([3])),
        Row<CrossEntropyOp>("cross-entropy of a symbol of places", x => CrossEntropy(x[0], Reshape(Classes, [1, 3]) * Reshape(Iota(["N"], 0), ["N", 1]) / 9, LossReduction.None), In(["N", 3, 3], -1, 1)),
        Row<CrossEntropyOp>("cross-entropy of one", x => CrossEntropy(x[0], Constant(1L), LossReduction.None, x[1], labelSmoothing: 0.3), In([3], -1, 1), In([3])),
        Row(nameof(CrossEntropy), "of probabilities", x => CrossEntropy(x[0], x[1], weight: x[2], labelSmoothing: 0.1), In(["N", 3, 2], -1, 1), In(["N", 3, 2]), In([3])),
        Row(nameof(CrossEntropy), "of probabilities of one", x => CrossEntropy(x[0], x[1], LossReduction.Sum), In([3], -1, 1), In([3])),
        Row(nameof(NllLoss), "weighted with one ignored", x => NllLoss(x[0], Classes, weight: x[1], ignoreIndex: 0), In([3, 3], -1, 1), In([3])),
        Row(nameof(NllLoss), "of places", x => NllLoss(x[0], Reshape(Classes, [1, 3]), LossReduction.None), In([1, 3, 3], -1, 1)),
        Row(nameof(MultiMarginLoss), "squared and weighted", x => MultiMarginLoss(x[0], Classes, 2, 5, x[1]), In([3, 3], -1, 1), In([3])),
        Row(nameof(MultiMarginLoss), "of one", x => MultiMarginLoss(x[0], Constant(0L), margin: 5, reduction: LossReduction.None), In([3], -1, 1)),
        Row(nameof(MultiLabelMarginLoss), "of several classes and none", x => MultiLabelMarginLoss(x[0], Reshape(Constant(new long[] { 2, 0, -1, 1, -1, 0, -1, 0, 1 }), [3, 3])), In([3, 3], -0.4, 0.4)),
        Row(nameof(MultiLabelMarginLoss), "of one", x => MultiLabelMarginLoss(x[0], Constant(new[] { 1, -1 }), LossReduction.None), In([2], -0.4, 0.4)),
        Row(nameof(MultiLabelSoftMarginLoss), "weighted", x => MultiLabelSoftMarginLoss(x[0], x[1], x[2], LossReduction.None), In(["N", 2], -1, 1), In(["N", 2]), In([2])),
    ];

    private static IEnumerable<GradientCase> Distances =>
    [
        Row(nameof(MarginRankingLoss), "where it counts", x => MarginRankingLoss(x[0], x[1], x[2], 9), In([2, 3]), In([2, 3]), In([2, 3])),
        Row(nameof(TripletMarginLoss), "of rows", x => TripletMarginLoss(x[0], x[1], x[2], 5), In(["N", 3]), In(["N", 3], 2, 3), In(["N", 3], -2, -1)),
        Row(nameof(TripletMarginLoss), "swapped, of cubes", x => TripletMarginLoss(x[0], x[1], x[2], 5, order: 3, swap: true), In([2, 3]), In([2, 3], 2, 3), In([2, 3], -4, -3)),
        Row(nameof(CosineEmbeddingLoss), "of both kinds", x => CosineEmbeddingLoss(x[0], x[1], Constant(new double[] { 1, -1 }), 0.1, LossReduction.None), In([2, 3]), In([2, 3])),
        Row(nameof(CosineSimilarity), "of broadcast rows", x => CosineSimilarity(x[0], x[1]), In(["N", 3]), In([1, 3])),
        Row(nameof(CosineSimilarity), "along the first axis", x => CosineSimilarity(x[0], Transpose(x[1]), 0), In([3, 2]), In([2, 3])),
        Row(nameof(PairwiseDistance), "of rows", x => PairwiseDistance(x[0], x[1]), In(["N", 2]), In(["N", 2], 3, 4)),
        Row(nameof(PairwiseDistance), "of sums", x => PairwiseDistance(x[0], x[1], 1, keepDims: true), In([2, 3]), In([3], 3, 4)),
        Row(nameof(Normalize), "of rows", x => Normalize(x[0]), In(["N", 3], -1, 1)),
        Row(nameof(Normalize), "by the largest", x => Normalize(x[0], double.PositiveInfinity, 0), At(0.3, -2, 1)),
        Row(nameof(Normalize), "by the least, of a symbol", x => Normalize(x[0], double.NegativeInfinity), In(["N", 3], 0.5, 2)),
        Row(nameof(Normalize), "by harmonic sums", x => Normalize(x[0], -1), In([2, 3], 0.5, 2)),
        Row(nameof(Normalize), "by how many there are", x => Normalize(x[0], 0), In([2, 3], 0.5, 2)),
        Row(nameof(PairwiseDistance), "of order -2", x => PairwiseDistance(x[0], x[1], -2), In(["N", 2]), In(["N", 2], 3, 4)),
        Row(nameof(PairwiseDistance), "of order -infinity", x => PairwiseDistance(x[0], x[1], double.NegativeInfinity), In([2, 2]), In([2, 2], 3, 4)),
        Row(nameof(PairwiseDistance), "of order 0.5", x => PairwiseDistance(x[0], x[1], 0.5), In([2, 2]), In([2, 2], 3, 4)),
        Row(nameof(Normalize), "by cubes along the first of two", x => Normalize(x[0], 3, -2), In([2, 3])),
    ];

    private static IEnumerable<GradientCase> Normalisations =>
    [
        Row<RmsNormalizeOp>("RMS norm", x => RmsNorm(x[0], x[1]), In(["N", 4], -1, 1), In([4])),
        Row<RmsNormalizeOp>("RMS norm over two axes of zeros and others", x => RmsNorm(x[0] * Constant(new double[] { 0, 1 }), epsilon: 0.1, trailingAxes: 2), In([2, 2, 2])),
        Row(nameof(BatchNorm), "at inference", x => BatchNorm(x[0], x[1], x[2], x[3], x[4]), In(["N", 2, 2]), In([2]), In([2]), In([2]), In([2])),
        Row<NormalizeOp>("batch norm", x => BatchNormTraining(x[0], x[1], x[2]), In(["N", 2], -1, 1), In([2]), In([2])),
        Row<ConditionOp>("batch norm", x => BatchNormTraining(x[0]), In(["N", 2], -1, 1)),
        Row<NormalizeOp>("batch norm of places", x => BatchNormTraining(x[0], x[1], x[2], null, null).Result, In([2, 2, 3], -1, 1), In([2]), In([2])),
        Row<NormalizeOp>("group norm", x => GroupNorm(x[0], 2, x[1], x[2]), In(["N", 4, 2], -1, 1), In([4]), In([4])),
        Row<NormalizeOp>("group norm without places", x => GroupNorm(x[0], 1), In([2, 4], -1, 1)),
        Row<NormalizeOp>("instance norm", x => InstanceNorm(x[0], x[1], x[2]), In([2, 2, "N"], -1, 1), In([2]), In([2])),
        Row(nameof(WeightNorm), "of rows", x => WeightNorm(x[0], x[1]), In(["N", 2]), In(["N"])),
        Row(nameof(WeightNorm), "along another axis of a view", x => WeightNorm(Permute(x[0], 2, 1, 0), x[1], 1), In([2, 3, 1]), In([1, 3, 1])),
        Row(nameof(WeightNorm), "of the whole", x => WeightNorm(x[0], x[1], null), In([2, 2]), In([])),
        Row(nameof(LocalResponseNorm), "of three", x => LocalResponseNorm(x[0], 3, 0.5), In(["N", 4, 2])),
        Row(nameof(LocalResponseNorm), "of two of a symbol of channels", x => LocalResponseNorm(x[0], 2, 0.5, 0.5, 2), In([2, "N"])),
    ];

    private static IEnumerable<GradientCase> Pairs(string name, Func<Node, Node, LossReduction, Node> loss) =>
    [
        Row(name, "mean", x => loss(x[0], x[1], LossReduction.Mean), In(["N", 2]), In(["N", 2])),
        Row(name, "sum of views", x => loss(Transpose(x[0]), Slice(x[1], 0, 0, 3, 2), LossReduction.Sum), In([3, 2]), In([3, 3])),
        Row(name, "of nothing", x => loss(x[0], x[1], LossReduction.None), In([0, 2]), In([0, 2])),
    ];

    private static GradientCase Row<TOp>(string name, Func<Node[], Node> apply, params CaseInput[] inputs) => new(name, typeof(TOp), apply, inputs);

    private static GradientCase Row(string name, string what, Func<Node[], Node> apply, params CaseInput[] inputs)
    {
        // A function of several operations is known by its last one.
        Node[] probes = [.. inputs.Select((i, k) => Placeholder(new NodeType(DType.Float64, i.Shape), $"x{k}", requiresGrad: true))];
        return new($"{name} {what}", apply(probes).Op.GetType(), apply, inputs);
    }
}
