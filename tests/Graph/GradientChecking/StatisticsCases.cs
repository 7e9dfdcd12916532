using GraphCompiler.Operations;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GradientChecking.GradientCase;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.GradientChecking;

/// <summary>Rows for norms, deviations, differences and integrals.</summary>
internal static class StatisticsCases
{
    public static IEnumerable<GradientCase> All =>
    [
        new GradientCase("centre", typeof(CentreOp), x => Node.Create(new CentreOp(EquatableArray.Create([1])), x[0]), [In([2, 3])]),
        .. Over<NormOp>("Norm 2", (x, axes) => Norm(x, 2, axes)), .. Over<SumOp>("Norm 1", (x, axes) => Norm(x, 1, axes)), .. Over<MaxOp>("Norm of infinity", (x, axes) => Norm(x, double.PositiveInfinity, axes)),
        .. Over<MinOp>("Norm of minus infinity", (x, axes) => Norm(x, double.NegativeInfinity, axes)), .. Over<NormOp>("Norm 3", (x, axes) => Norm(x, 3, axes)), .. Over<NormOp>("Norm 0.5", (x, axes) => Norm(x, 0.5, axes)),
        .. Over<NormOp>("Norm -2", (x, axes) => Norm(x, -2, axes)), .. Over<WhereOp>("StandardDeviation", (x, axes) => StandardDeviation(x, axes, correction: 0.5)),
        .. Over<LogOp>("LogSumExp", (x, axes) => LogSumExp(x, axes)), .. Over<SumOp>("NaNSum", (x, axes) => NaNSum(x, axes)), .. Over<DivOp>("NaNMean", (x, axes) => NaNMean(x, axes)),
        .. Over<SumOp>("Norm 0", (x, axes) => Norm(x, 0, axes)),
        Row<LogOp>("LogSumExp of nothing", x => LogSumExp(x[0], 1), In([0, 2])),
        Row<SumOp>("NaNMean beside NaN", x => NaNMean(Concat([x[0], Constant([double.NaN])])), At(1, 2, 4)),
        Row<NormOp>("Norm with zeros", x => Norm(x[0]), At(1, 0, -2)),
        Row<NormOp>("Norm 3 with zeros", x => Norm(x[0], 3), At(1, 0, -2)),
        Row<NormOp>("Norm at 0", x => Norm(x[0]), GradientVerdict.Kink, At(0, 0)),
        Row<MaxOp>("Norm of infinity at a tie", x => Norm(x[0], double.PositiveInfinity), GradientVerdict.Kink, At(1, -1)),
        Row<LogOp>("LogSumExp of large numbers", x => LogSumExp(x[0]), At(800, 799, -800)),
        Row<LogOp>("LogSumExp of scalars", x => LogSumExp(x[0]), In([])),
        Row<WhereOp>("StandardDeviation of a view", x => StandardDeviation(Transpose(x[0]), 0, keepDims: true), In(["N", 4])),
        Row<SubOp>("Diff", x => Diff(x[0]), In([2, 4])), Row<SubOp>("Diff twice along a symbol", x => Diff(x[0], 2, 0), In(["N", 2])),
        Row<SubOp>("Diff of one", x => Diff(x[0]), In([2, 1])),
        Row<SumOp>("Trapezoid", x => Trapezoid(x[0], 0.5, 0), In(["N", 2])), Row<SumOp>("Trapezoid at places", x => Trapezoid(x[0], x[1]), In([2, 3]), In([3])),
        Row<SumOp>("Trapezoid at broadcast places", x => Trapezoid(x[0], x[1], 0), In([3, 2]), In([3, 1])), Row<SumOp>("Trapezoid of one sample", x => Trapezoid(x[0]), In([2, 1])),
        .. Over<WhereOp>("Quantile", (x, axes) => Quantile(x, 0.3, axes)), .. Over<WhereOp>("NaNQuantile", (x, axes) => NaNQuantile(x, Vector(0.9, 0.1), axes)),
        .. Over<SumOp>("VarMean", (x, axes) => VarMean(x, axes, correction: 0.5).Variance), .. Over<SumOp>("StdMean", (x, axes) => StdMean(x, axes, correction: 0.5).Mean), .. Over<MinOp>("AMinMax", (x, axes) => AMinMax(x, axes).Min),
        .. from way in Enum.GetValues<QuantileInterpolation>() select Row<GatherOp>($"Quantile, {way}", x => Quantile(x[0], 0.4, 1, interpolation: way), In([2, 4])),
        Row<WhereOp>("Quantile of q", x => Quantile(x[0], x[1], 0, keepDims: true), In([4, 2]), At(0.2, 0.7)), Row<WhereOp>("Quantile of one", x => Quantile(x[0], 0.4), In([1, 1])), Row<WhereOp>("Quantile of no rows", x => Quantile(x[0], 0.4, 1), In([0, 2])),
        Row<WhereOp>("NaNQuantile beside NaN", x => NaNQuantile(Concat([Vector(double.NaN), x[0]]), 0.4), At(1, 2, 4)),
        Row<MedianOp>("NaNMedian", x => NaNMedian(Concat([x[0], Vector(double.NaN)])), At(1, 2, 4)), Row<GatherOp>("NaNMedianWithIndex", x => NaNMedianWithIndex(x[0], 0).Values, In(["N", 2])),
        Row<GatherOp>("Mode", x => Mode(x[0], 0).Values, In(["N", 2])),
        Row<MatMulOp>("Cov", x => Cov(x[0]), In([2, 4])), Row<MatMulOp>("Cov of weights", x => Cov(x[0], 0.5, Constant([1, 2, 0, 3]), x[1]), In([2, 4]), In([4])), Row<MatMulOp>("Cov of a vector", x => Cov(x[0], 0), In(["N"])),
        Row<MatMulOp>("CorrCoef", x => CorrCoef(x[0]), In([3, 5])),
        Row<ConcatOp>("NumericalGradient", x => NumericalGradient(x[0], 0.5, 0), In(["N", 2])), Row<ConcatOp>("NumericalGradient of edges of order 2", x => NumericalGradient(x[0], 0.5, 1, 2), In([2, 4])),
        Row<ConcatOp>("NumericalGradient at places", x => NumericalGradient(x[0], x[1] + Iota([4], 0, DType.Float64), 1, 2), In([2, 4]), In([4], 0.3, 0.6)), Row<ConcatOp>("NumericalGradient of two", x => NumericalGradient(x[0], Vector(1, 3)), In([2, 2])),
        Row<CumulativeSumOp>("CumulativeTrapezoid", x => CumulativeTrapezoid(x[0], 0.5, 0), In(["N", 2])), Row<CumulativeSumOp>("CumulativeTrapezoid at places", x => CumulativeTrapezoid(x[0], x[1]), In([2, 3]), In([3])),
        Row<NormOp>("Dist", x => Dist(x[0], x[1]), In([2, 3]), In([3], 2, 3)), Row<SumOp>("Dist 1", x => Dist(x[0], x[1], 1), In([3]), In([3], 2, 3)),
        Row<WhereOp>("CDist", x => CDist(x[0], x[1]), In(["N", 3]), In([2, 3], 2, 3)), Row<NormOp>("CDist 3 of batches", x => CDist(x[0], x[1], 3), In([2, 1, 2, 3]), In([2, 2, 3], 2, 3)),
    ];

    private static IEnumerable<GradientCase> Over<TOp>(string name, Func<Node, Axes, Node> op) =>
        new (Shape, Axes)[] { ([2, 3], Axes.All), (["N", 2], 0), ([2, 3, 2], new[] { 0, -1 }) }
            .Select(p => new GradientCase($"{name} of {p.Item1} along {p.Item2}", typeof(TOp), x => op(x[0], p.Item2), [In(p.Item1)]));

    private static GradientCase Row<TOp>(string name, Func<Node[], Node> apply, params CaseInput[] inputs) => Row<TOp>(name, apply, GradientVerdict.Passed, inputs);

    private static GradientCase Row<TOp>(string name, Func<Node[], Node> apply, GradientVerdict worst, params CaseInput[] inputs) =>
        new(name, typeof(TOp), apply, inputs, worst);
}
