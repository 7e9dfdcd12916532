using GraphCompiler.Operations;

namespace GraphCompiler.Tests.Compiler;

/// <summary>Rows of the table for functions that are several operations: resizing and sampling, padding, products with something added, losses.</summary>
internal static class FunctionRows
{
    private static readonly DType[] Floats = [DType.Float32, DType.Float64];
    private static readonly DType[] Numbers = [.. Floats, DType.Int32, DType.Int64];
    private static readonly DType[] All = [.. Numbers, DType.Bool];
    private static readonly DType[] Single = [DType.Float32];

    public static IEnumerable<OperationRow> Rows =>
    [
        new(typeof(TakeOp), All, c => Ops.Resize(c.X([1, 2, c.N + 1]), [5])) { Variant = " of a resize" },
        new(typeof(BroadcastToOp), Single, c => Ops.Resize(c.X([1, 2, c.N + 1]), [(c.N + 1) * 3])) { Variant = " of a resize" },
        Sampled<TakeOp>(" of a linear resize", Floats, c => Ops.Resize(c.X([1, 2, 3, c.N + 1]), [5, 7], ResizeMode.Linear)),
        Sampled<TakeOp>(" of a linear resize, corners aligned", Single, c => Ops.Resize(c.X([1, 1, 2, 3, c.N + 1]), [2, 5, c.N + 2], ResizeMode.Linear, alignCorners: true)),
        Sampled<TakeOp>(" of a cubic resize", Floats, c => Ops.Resize(c.X([1, 2, c.N + 1]), [9], ResizeMode.Cubic)),
        Sampled<TakeOp>(" of a resize by a fraction", Single, c => Ops.ResizeBy(c.X([1, 1, c.N + 2]), 1.5, ResizeMode.Linear)),
        .. from way in ((ResizeMode Mode, GridPadding Padding)[])
               [(ResizeMode.Nearest, GridPadding.Border), (ResizeMode.Linear, GridPadding.Zeros), (ResizeMode.Linear, GridPadding.Reflection), (ResizeMode.Cubic, GridPadding.Zeros)]
           select Sampled<GatherOp>(
               $" of a grid, {way.Mode}, {way.Padding}", way.Padding == GridPadding.Zeros ? Floats : Single, c => Ops.GridSample(c.X([1, 2, 3, c.N + 2]), c.X([1, 2, c.N, 2]) * 0.3, way.Mode, way.Padding)),
        Sampled<GatherOp>(" of a grid of three axes", Single, c => Ops.GridSample(c.X([1, 1, 2, 3, c.N + 1]), c.X([1, 1, 2, c.N, 3]) * 0.3, alignCorners: true)),
        new(typeof(PadOp), All, c => Ops.Pad(c.X([2, 3, c.N + 1]), [(1, 0), (2, 1)], value: 1)) { Variant = " of two axes" },
        .. from mode in (PaddingMode[])[PaddingMode.Reflect, PaddingMode.Replicate, PaddingMode.Circular]
           select new OperationRow(typeof(TakeOp), mode == PaddingMode.Reflect ? All : Single, c => Ops.Pad(c.X([2, 3, c.N + 3]), [(1, 2), (2, 1)], mode)) { Variant = $" of {mode} padding" },
        new(typeof(NamedOp), Numbers, c => Ops.Linear(c.X([2, c.N, 4]), c.X([3, 4]), c.X([3]))) { Ulps = 8, Floor = n => 64 * (n + 4), Specials = false },
        Product(" added", c => Ops.Addmm(c.X([c.N]), c.X([3, 4]), c.X([4, c.N]), 2, 3)),
        Product(" of a batch, added", c => Ops.Addbmm(c.X([1, 5]), c.X([c.N, 3, 4]), c.X([c.N, 4, 5]), beta: 0)),
        new(typeof(MulOp), Floats, c => Ops.WeightNorm(c.X([c.N, 3]) + 5, c.X([c.N]))) { Variant = " of a weight norm", Ulps = 32, Floor = _ => 4, Specials = false },
        new(typeof(SumOp), Floats, c => Ops.MultiLabelMarginLoss(c.X([c.N, 4]), c.Indices(DType.Int64, [c.N, 4], 4) - 1, LossReduction.None)) { Variant = " of a multi-label margin", Ulps = 64, Floor = _ => 40, Specials = false },
        new(typeof(GatherOp), Single, c => Ops.AdaptiveMaxPool2DWithIndices(c.X([1, 2, 5, c.N + 1]), (2, 3)).Indices) { Variant = " of an adaptive pool's positions", Specials = false },
        new(typeof(MaxOp), Floats, c => Ops.LogSumExp(c.X([3, c.N]), 1)) { Variant = " of nothing, too", Ulps = 32, Floor = n => 8 + n, Specials = false },
        .. from toward in (double[])[double.NegativeInfinity, 0.75]
           select new OperationRow(typeof(NextAfterOp), Floats, c => Ops.NextAfter(c.X([3, c.N]), Ops.Full([], toward, c.DType))) { Variant = $" {toward}" },
        new(typeof(WhereOp), Floats, c => Ops.Round(c.X([3, c.N]), 2)) { Variant = " of decimals" },
        new(typeof(Exp2Op), Floats, c => Ops.Frexp(c.X([3, c.N])).Mantissa) { Variant = " of a mantissa" },
        new(typeof(ClampOp), Floats, c => Ops.Ldexp(c.X([3, c.N]), c.Indices(DType.Int32, [c.N], 200) - 100)) { Variant = " of an exponent" },
        new(typeof(ClampOp), Numbers, c => Ops.ClampMin(c.X([3, c.N]), c.X([c.N]))) { Variant = " of the lower end" },
        new(typeof(RecurrenceOp), Numbers, c => Ops.Vander(c.X([2, c.N]), 4)) { Variant = " of powers", Ulps = 4, Floor = _ => 64 },
        .. from way in Enum.GetValues<QuantileInterpolation>()
           select new OperationRow(typeof(ArgSortOp), Floats, c => Ops.Quantile(c.X([3, c.N]), 0.3, 1, interpolation: way)) { Variant = $" of a quantile, {way}", Least = 1, Ulps = 2 },
        new(typeof(ArgSortOp), Floats, c => Ops.NaNQuantile(c.X([c.N, 3]), Ops.Full([2], 0.7, c.DType), 0)) { Variant = " of quantiles beside NaN", Least = 1, Ulps = 2 },
        new(typeof(ArgSortOp), Floats, c => Ops.NaNMedianWithIndex(c.X([c.N, 3]), 0).Values) { Variant = " of a median beside NaN", Least = 1 },
        new(typeof(ArgSortOp), Numbers, c => Ops.Mode(Ops.TruncDivide(c.X([3, c.N]), Ops.Full([], 2, c.DType))).Values) { Variant = " of a mode", Least = 1 },
        new(typeof(CentreOp), Floats, c => Ops.Cov(c.X([3, c.N]))) { Variant = " of covariances", Ulps = 64, Floor = n => 16 * n, Specials = false, Least = 2 },
        new(typeof(MatMulOp), Floats, c => Ops.Cov(c.X([3, c.N]), 0, weights: c.X([c.N]))) { Variant = " of weighted covariances", Ulps = 64, Floor = n => 16 * n, Positive = true, Least = 2 },
        new(typeof(ConcatOp), Floats, c => Ops.NumericalGradient(c.X([2, c.N + 3]), 0.5, edgeOrder: 2)) { Variant = " of slopes", Ulps = 16, Floor = _ => 16, Specials = false },
        new(typeof(SearchSortedOp), Numbers, c => Ops.IsIn(c.X([3, c.N]), c.X([c.N]))) { Variant = " of a set", Range = 3 },
        .. from reduction in Enum.GetValues<ScatterReduction>()
           select new OperationRow(reduction is ScatterReduction.Sum or ScatterReduction.Mean ? typeof(IndexAddOp) : typeof(ScatterOp), Numbers, c => Ops.SegmentReduce(c.X([c.N, 3]), c.Indices(DType.Int32, [c.N], 4), 4, reduction))
               { Variant = $" of segments, {reduction}", Ulps = 64, Floor = n => 4 * (n + 4), Specials = false, Range = 1.3, HasGradient = reduction != ScatterReduction.Prod },
        new(typeof(ScatterOp), Numbers, c => Ops.IndexReduce(c.X([2, 5]), 1, c.Indices(DType.Int64, [c.N], 5), c.X([2, c.N]), ScatterReduction.Max)) { Variant = " largest slices", Specials = false },
        new(typeof(WhereOp), All, c => Ops.DiagonalScatter(c.X([c.N, c.N + 2]), c.X([c.N]), 1)) { Variant = " of a diagonal" },
        new(typeof(ConcatOp), All, c => Ops.BlockDiag(c.X([2, c.N]), c.X([c.N, 3]))) { Variant = " of blocks" },
        new(typeof(NonZeroOp), Floats, c => Ops.PDist(c.X([c.N, 3]))) { Variant = " of pairs", Ulps = 64 },
        new(typeof(SumOp), Numbers, c => Ops.VecDot(c.X([3, c.N]), c.X([c.N]))) { Variant = " of products of vectors", Ulps = 8, Floor = n => 16 * (n + 4), Specials = false },
        new(typeof(DivOp), Floats, c => Ops.Resize(c.X([1, 2, c.N + 1]), [5], ResizeMode.Area)) { Variant = " of areas", Ulps = 8, Floor = _ => 4, Specials = false },
        new(typeof(IncompleteGammaOp), Floats, c => Ops.RegularizedGammaP(c.X([3, c.N]), c.X([c.N]))) { Positive = true, Ulps = 1 },
        new(typeof(IncompleteGammaOp), Floats, c => Ops.RegularizedGammaQ(c.X([3, c.N]), c.X([3, c.N]) * 3)) { Variant = " above", Positive = true, Ulps = 1 },
        new(typeof(MedianOp), [DType.Int32, DType.Int64], c => Ops.Median(c.X([3, c.N]))) { Variant = " of integers", Least = 1 },
    ];

    private static OperationRow Sampled<TOp>(string variant, DType[] types, Func<InputMaker, Node> build)
        where TOp : Op => new(typeof(TOp), types, build) { Variant = variant, Ulps = 64, Floor = _ => 40, Specials = false };

    private static OperationRow Product(string variant, Func<InputMaker, Node> build) =>
        new(typeof(MatMulOp), Numbers, build) { Variant = variant, Ulps = 8, Floor = n => 64 * (n + 4), Specials = false };
}
