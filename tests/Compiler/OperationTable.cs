using GraphCompiler.Operations;

namespace GraphCompiler.Tests.Compiler;

/// <summary>How an input of a row lies in memory: as itself, or as a view that the compiler must read through.</summary>
public enum Layout
{
    /// <summary>As itself.</summary>
    Dense,

    /// <summary>The axes in reverse order.</summary>
    Permuted,

    /// <summary>A part of a longer last axis.</summary>
    Sliced,

    /// <summary>Every second element of a longer last axis.</summary>
    Strided,

    /// <summary>The first axis repeated.</summary>
    Broadcast,
}

/// <summary>An operation, how to build it and how close a compiled result must come.</summary>
/// <param name="Op">The operation the row stands for.</param>
/// <param name="DTypes">The dtypes it is run for.</param>
/// <param name="Build">Builds it from inputs; N is the size that varies.</param>
internal sealed record OperationRow(Type Op, DType[] DTypes, Func<InputMaker, Node> Build)
{
    /// <summary>Tells rows of one operation apart.</summary>
    public string Variant { get; init; } = string.Empty;

    /// <summary>Units in the last place; 0 is exact.</summary>
    public double Ulps { get; init; }

    /// <summary>The magnitude below which errors are absolute, from N: the sum of the magnitudes that a reduction adds up.</summary>
    public Func<long, double> Floor { get; init; } = _ => 0;

    /// <summary>Whether NaN, infinities and zeros of both signs are among the inputs.</summary>
    public bool Specials { get; init; } = true;

    /// <summary>Half the width of the interval that numbers come from.</summary>
    public double Range { get; init; } = 4;

    /// <summary>Whether numbers are at least 0.1.</summary>
    public bool Positive { get; init; }

    /// <summary>The smallest N.</summary>
    public long Least { get; init; }

    /// <summary>Whether its gradient, on finite inputs, is compared too.</summary>
    public bool HasGradient { get; init; } = true;

    public override string ToString() => $"{Op.Name[..^2]}{Variant}";

    /// <summary>What an input is given.</summary>
    /// <param name="node">The input.</param>
    /// <param name="bound">The exclusive bound of indices; null for numbers.</param>
    /// <param name="size">N.</param>
    /// <param name="random">Where numbers come from.</param>
    /// <param name="tame">Whether numbers are positive and finite, so that gradients can be compared.</param>
    public TensorValue Contents(Node node, long? bound, long size, Random random, bool tame)
    {
        long[] shape = node.Shape.Evaluate(_ => size);
        long count = TensorValue.CountOf(shape);
        double[] specials = [0, -0.0, 1, -1, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 0.5, 2.5, -2.5, 1e-20, 1e20];
        double Number()
        {
            double number = ((random.NextDouble() * 2) - 1) * Range;
            return Specials && !tame && !Positive && random.Next(8) == 0 ? specials[random.Next(specials.Length)]
                : Positive || tame ? 0.1 + Math.Abs(number)
                : number;
        }

        long[] extremes = node.DType == DType.Int32 ? [int.MinValue, int.MaxValue, 0, -1] : [long.MinValue, long.MaxValue, 0, -1];
        long Whole() => bound is { } b ? random.NextInt64(b)
            : node.DType == DType.Bool ? random.Next(2)
            : Specials && random.Next(8) == 0 ? extremes[random.Next(4)]
            : random.Next(-7, 8);
        return node.DType.IsFloat()
            ? TensorValue.OfReals(node.DType, shape, [.. Enumerable.Range(0, (int)count).Select(_ => Number())])
            : TensorValue.OfIntegers(node.DType, shape, [.. Enumerable.Range(0, (int)count).Select(_ => Whole())]);
    }
}

/// <summary>Makes the inputs of a row, in a layout.</summary>
internal sealed class InputMaker(DType dtype, Dim n, Layout layout, bool requiresGrad)
{
    /// <summary>The inputs, with the exclusive bound of indices or 0 for numbers.</summary>
    public List<(Node Node, Dim? Bound)> Inputs { get; } = [];

    /// <summary>The float inputs as the operation sees them.</summary>
    public List<Node> Floats { get; } = [];

    public DType DType => dtype;

    public Dim N => n;

    public Node X(Shape shape) => Of(dtype, shape);

    public Node Bools(Shape shape) => Of(DType.Bool, shape);

    public Node Indices(DType type, Shape shape, Dim bound)
    {
        Node node = Ops.Placeholder(new NodeType(type, shape), $"i{Inputs.Count}", false);
        Inputs.Add((node, bound));
        return node;
    }

    private Node Of(DType type, Shape shape)
    {
        int last = shape.Rank - 1;
        Node node = shape.Rank == 0 ? Leaf(type, shape) : layout switch
        {
            Layout.Permuted => Ops.Permute(Leaf(type, Shape.Of(shape.Reverse())), [.. Enumerable.Range(0, shape.Rank).Reverse()]),
            Layout.Sliced => Ops.Slice(Leaf(type, shape.With(last, shape[last] + 3)), last, 1, shape[last] + 1),
            Layout.Strided => Strided(type, shape, last),
            Layout.Broadcast => Ops.BroadcastTo(Leaf(type, shape.With(0, 1)), shape),
            _ => Leaf(type, shape),
        };
        if (node.DType.IsFloat())
        {
            Floats.Add(node);
        }

        return node;
    }

    private Node Strided(DType type, Shape shape, int last)
    {
        IEnumerable<SliceRange> ranges = shape.Select((d, i) => i == last ? new SliceRange(1, d, 2) : new SliceRange(0, d, 1));
        return Node.Create(new SliceOp(ranges.ToEquatableArray()), Leaf(type, shape.With(last, (shape[last] * 2) + 1)));
    }

    private Node Leaf(DType type, Shape shape)
    {
        Node node = Ops.Placeholder(new NodeType(type, shape), $"x{Inputs.Count}", requiresGrad && type.IsFloat());
        Inputs.Add((node, null));
        return node;
    }
}

/// <summary>A row an operation.</summary>
internal static class OperationTable
{
    private static readonly DType[] Floats = [DType.Float32, DType.Float64];
    private static readonly DType[] Numbers = [DType.Float32, DType.Float64, DType.Int32, DType.Int64];
    private static readonly DType[] All = [.. Numbers, DType.Bool];
    private static readonly DType[] Bits = [DType.Int32, DType.Int64, DType.Bool];
    private static readonly DType[] Single = [DType.Float32];

    public static IReadOnlyList<OperationRow> Rows { get; } =
    [
        // One number to one: what rounds once is exact, functions come within a few units of the interpreter's.
        Unary<NegOp>(Numbers, Ops.Neg),
        Unary<AbsOp>(Numbers, Ops.Abs),
        Unary<SignOp>(Numbers, Ops.Sign),
        Unary<FloorOp>(Floats, Ops.Floor),
        Unary<ExpOp>(Floats, Ops.Exp, 4) with { Range = 80 },
        Unary<LogOp>(Floats, Ops.Log, 4),
        Unary<Log1POp>(Floats, Ops.Log1P, 4),
        Unary<SqrtOp>(Floats, Ops.Sqrt),
        Unary<ReciprocalOp>(Floats, Ops.Reciprocal),
        Unary<TanhOp>(Floats, Ops.Tanh, 4),
        Unary<SigmoidOp>(Floats, Ops.Sigmoid, 4),
        Unary<SinOp>(Floats, Ops.Sin, 4) with { Floor = _ => 1 },
        Unary<CosOp>(Floats, Ops.Cos, 4) with { Floor = _ => 1 },
        Unary<ErfOp>(Floats, Ops.Erf, 4),
        Unary<RoundOp>(Floats, Ops.Round),
        Unary<SignBitOp>(Floats, Ops.SignBit),
        Unary<Exp2Op>(Floats, Ops.Exp2, 4) with { Range = 100 },
        Unary<ExpM1Op>(Floats, Ops.ExpM1, 4) with { Range = 80 },
        Unary<ExpM1Op>(Floats, Ops.ExpM1, 4) with { Variant = " of small", Range = 1 },
        Unary<Log2Op>(Floats, Ops.Log2, 4),
        Unary<Log10Op>(Floats, Ops.Log10, 4),
        Unary<CbrtOp>(Floats, Ops.Cbrt, 4),
        Unary<SinhOp>(Floats, Ops.Sinh, 4),
        Unary<CoshOp>(Floats, Ops.Cosh, 4),
        Unary<AsinhOp>(Floats, Ops.Asinh, 4),
        Unary<AcoshOp>(Floats, x => Ops.Acosh(x + 3), 4),
        Unary<AtanhOp>(Floats, Ops.Atanh, 4) with { Range = 0.8 },
        Unary<TanOp>(Floats, Ops.Tan, 8) with { Specials = false },
        Unary<AsinOp>(Floats, Ops.Asin, 4) with { Range = 0.8 },
        Unary<AcosOp>(Floats, Ops.Acos, 4) with { Range = 0.8 },
        Unary<AtanOp>(Floats, Ops.Atan, 4),
        Unary<ErfcOp>(Floats, Ops.Erfc),
        Unary<NormalCdfOp>(Floats, Ops.NormalCdf, 16) with { Range = 9 },
        Unary<ErfInvOp>(Floats, Ops.ErfInv) with { Range = 0.8 },
        Unary<LogGammaOp>(Floats, Ops.LogGamma),
        Unary<PolygammaOp>(Floats, Ops.Digamma),
        Unary<PolygammaOp>(Floats, x => Ops.Polygamma(2, x)) with { Variant = " 2" },
        Unary<BesselI0Op>(Floats, Ops.BesselI0) with { Range = 20 },
        Unary<BesselI1Op>(Floats, Ops.BesselI1) with { Range = 20 },
        Unary<DetachOp>(All, Ops.Detach) with { HasGradient = false },
        Unary<NotOp>(Bits, Ops.BitwiseNot),
        .. from to in All select Unary<CastOp>(All, x => Ops.Cast(x, to)) with { Variant = $" to {to}", Range = 70, Ulps = 1, HasGradient = false },
        Unary<CastOp>(Floats, x => Ops.Cast(x, DType.Int32)) with { Variant = " saturating", Range = 1e10, HasGradient = false },
        Unary<CastOp>(Floats, x => Ops.Cast(x, DType.Int64)) with { Variant = " saturating to int64", Range = 1e20, HasGradient = false },

        // Two numbers to one.
        Binary<AddOp>(Numbers, Ops.Add),
        Binary<SubOp>(Numbers, Ops.Sub),
        Binary<MulOp>(Numbers, Ops.Mul),
        Binary<DivOp>(Numbers, Ops.Div) with { HasGradient = false },
        Binary<DivOp>(Floats, Ops.Div) with { Variant = " of positives", Positive = true, Specials = false },
        Binary<PowOp>(Numbers, Ops.Pow, 8) with { HasGradient = false },
        Binary<PowOp>(Floats, Ops.Pow, 8) with { Variant = " of positives", Positive = true, Specials = false },
        Unary<PowOp>(Numbers, x => Ops.Pow(x, 3), 4) with { Variant = " 3" },
        Unary<PowOp>(Floats, x => Ops.Pow(x, 0.5), 8) with { Variant = " 0.5", HasGradient = false },
        Unary<PowOp>(Floats, x => Ops.Pow(x, -2), 8) with { Variant = " -2", HasGradient = false, Floor = _ => 1e-30 },
        Binary<MaximumOp>(Numbers, Ops.Maximum),
        Binary<MinimumOp>(Numbers, Ops.Minimum),
        Binary<ScaleCotangentOp>(Floats, Ops.ScaleCotangent),
        Binary<FModOp>(Floats, Ops.FMod) with { HasGradient = false },
        Binary<FModOp>(Floats, Ops.Remainder) with { Variant = " of the sign of the divisor", HasGradient = false },
        Binary<FModOp>(Floats, Ops.FloorDivide) with { Variant = " in a quotient" },
        Binary<DivOp>([DType.Int32, DType.Int64], Ops.FMod) with { Variant = " in fmod" },
        Binary<DivOp>([DType.Int32, DType.Int64], Ops.Remainder) with { Variant = " in a remainder" },
        Binary<DivOp>(Numbers, Ops.TruncDivide) with { Variant = " truncated" },
        Binary<Atan2Op>(Floats, Ops.Atan2, 4),
        Binary<ShiftLeftOp>([DType.Int32, DType.Int64], Ops.ShiftLeft),
        Binary<ShiftRightOp>([DType.Int32, DType.Int64], Ops.ShiftRight),
        Unary<ShiftLeftOp>([DType.Int32, DType.Int64], x => Ops.ShiftLeft(x, Ops.Full(x.Shape, 3, x.DType))) with { Variant = " by 3" },
        Unary<ShiftRightOp>([DType.Int32, DType.Int64], x => Ops.ShiftRight(x, Ops.Full(x.Shape, 40, x.DType))) with { Variant = " by 40" },
        Binary<EqualOp>(All, Ops.Equal),
        Binary<NotEqualOp>(All, Ops.NotEqual),
        Binary<LessOp>(All, Ops.Less),
        Binary<LessEqualOp>(All, Ops.LessEqual),
        Binary<GreaterOp>(All, Ops.Greater),
        Binary<GreaterEqualOp>(All, Ops.GreaterEqual),
        Binary<AndOp>(Bits, Ops.BitwiseAnd),
        Binary<OrOp>(Bits, Ops.BitwiseOr),
        Binary<XorOp>(Bits, Ops.BitwiseXor),
        new OperationRow(typeof(WhereOp), All, c => Ops.Where(c.Bools([3, c.N]), c.X([3, c.N]), c.X([c.N]))),

        // Reductions: errors are measured against the magnitudes that are added up.
        .. Reduction(typeof(SumOp), Numbers, Ops.Sum, n => 4 * n, 8),
        .. Reduction(typeof(MaxOp), Numbers, Ops.Max, _ => 0, 0, least: 1, specials: true),
        .. Reduction(typeof(MinOp), Numbers, Ops.Min, _ => 0, 0, least: 1, specials: true),
        .. Reduction(typeof(ProdOp), Numbers, Ops.Prod, _ => 0, 400).Select(r => r with { Range = 1.3, HasGradient = r.Variant != " all" }),
        .. from axis in new[] { 0, 1 }
           select new OperationRow(typeof(ArgMaxOp), Numbers, c => Ops.ArgMax(c.X([c.N, 3]), axis)) { Variant = $" {axis}", Least = 1, Range = 2 },
        .. from axis in new[] { 0, 1 }
           select new OperationRow(typeof(ArgMinOp), Numbers, c => Ops.ArgMin(c.X([3, c.N]), axis)) { Variant = $" {axis}", Least = 1, Range = 2 },
        new OperationRow(typeof(ArgMaxOp), Single, c => Ops.ArgMax(c.X([2, c.N, 3]), [0, 2])) { Variant = " two axes", Least = 1, HasGradient = false },
        new OperationRow(typeof(SumOp), Numbers, c => Ops.Sum(c.X([c.N, 2, 3]), [0, 2])) { Variant = " of short runs", Ulps = 8, Floor = n => 12 * n, Specials = false },
        new OperationRow(typeof(MaxOp), Numbers, c => Ops.Max(c.X([c.N, 2, 19]), [0, 2])) { Variant = " of short runs", Least = 1 },
        new OperationRow(typeof(MaxOp), Single, c => Ops.MaxWithIndex(c.X([3, c.N]), 1).Values) { Variant = " with index", Least = 1 },

        // Scans: in order, so that what is infinite or NaN stays the same; a short axis with long rows, and a long one.
        .. Scan(typeof(CumulativeSumOp), Numbers, (c, shape, axis, reverse) => Ops.CumulativeSum(c.X(shape), axis, reverse), 8, n => 4 * (n + 8)),
        .. Scan(typeof(LinearRecurrenceOp), Numbers, (c, shape, axis, reverse) => Ops.LinearRecurrence(c.X(shape), c.X(shape), axis, reverse), 64, _ => 8, range: 0.9).Select(r => r with { Specials = false }),
        .. Scan(typeof(RecurrenceOp), Numbers, (c, shape, axis, reverse) => Ops.CumulativeProduct(c.X(shape), axis, reverse), 400, _ => 1, range: 1.1),
        .. Scan(typeof(RecurrenceOp), Floats, (c, shape, axis, reverse) => Ops.LogCumulativeSumExp(c.X(shape), axis, reverse), 64, _ => 4, " log sum"),
        .. Scan(typeof(RecurrenceOp), Floats, (c, shape, axis, reverse) => Ops.CumulativeScan(c.X(shape), axis, (double a, double b) => a > b ? (0.5 * a) + b : b - 0.25, reverse), 64, _ => 8, " lambda")
            .Select(r => r with { HasGradient = false }),
        .. Scan(typeof(CumulativeArgExtremumOp), Numbers, (c, shape, axis, reverse) => reverse ? Ops.CumulativeMax(c.X(shape), axis).Indices : Ops.CumulativeMin(c.X(shape), axis).Indices, 0, _ => 0, range: 2),
        new OperationRow(typeof(LinearRecurrenceOp), Floats, c => Ops.LinearRecurrence(c.X([c.N]), c.X([3, c.N]), 1)) { Variant = " of a broadcast", Ulps = 64, Floor = _ => 8, Range = 0.9, Specials = false },

        // Sorting.
        .. from axis in new[] { 0, 1, -1 }
           select new OperationRow(typeof(ArgSortOp), Numbers, c => Ops.ArgSort(c.X([3, c.N, 2]), axis, axis != 1)) { Variant = $" {axis}", Range = 3 },
        new OperationRow(typeof(ArgSortOp), Numbers, c => Ops.Sort(c.X([c.N])).Values) { Variant = " values" },
        new OperationRow(typeof(ArgSortOp), Single, c => Ops.TopK(c.X([3, c.N + 2]), 2, largest: false).Values) { Variant = " of the least" },
        new OperationRow(typeof(ArgSortOp), Numbers, c => Ops.MedianWithIndex(c.X([c.N, 3]), 0).Values) { Variant = " of a median", Least = 1 },
        new OperationRow(typeof(MedianOp), Floats, c => Ops.Median(c.X([3, c.N]))) { Least = 1 },
        .. from right in new[] { false, true }
           select new OperationRow(typeof(SearchSortedOp), Numbers, c => Ops.SearchSorted(Ops.Sort(c.X([2, c.N])).Values, c.X([2, 5]), right)) { Variant = right ? " right" : string.Empty, Range = 3 },
        new OperationRow(typeof(SearchSortedOp), Numbers, c => Ops.SearchSorted(c.X([7]), c.X([3, c.N]))) { Variant = " of one row", Specials = false },

        // Products.
        Contraction(" inner N", c => Ops.MatMul(c.X([3, c.N]), c.X([c.N, 5]))),
        Contraction(" rows N", c => Ops.MatMul(c.X([c.N, 4]), c.X([4, 3]))),
        Contraction(" columns N", c => Ops.MatMul(c.X([5, 4]), c.X([4, c.N]))),
        Contraction(" one column", c => Ops.MatMul(c.X([5, c.N]), c.X([c.N, 1]))),
        Contraction(" vectors", c => Ops.MatMul(c.X([c.N]), c.X([c.N]))),
        Contraction(" vector·matrix", c => Ops.MatMul(c.X([c.N]), c.X([c.N, 3]))),
        Contraction(" matrix·vector", c => Ops.MatMul(c.X([3, c.N]), c.X([c.N]))),
        Contraction(" batches", c => Ops.MatMul(c.X([2, 1, 3, c.N]), c.X([4, c.N, 2]))),
        Contraction(" batches, one matrix", c => Ops.MatMul(c.X([2, c.N, 3]), c.X([3, 2]))),
        Contraction(" transposed", c => Ops.MatMul(Ops.Transpose(c.X([4, c.N])), c.X([4, 6]))),
        Contraction(" by transposed", c => Ops.MatMul(c.X([c.N, 4]), Ops.Transpose(c.X([7, 4])))),

        // Factorisations, of matrices that are far from singular.
        Factorization<CholeskyOp>(string.Empty, c => Ops.Cholesky(Definite(c.X([c.N, c.N])))),
        Factorization<CholeskyOp>(" batches N", c => Ops.Cholesky(Definite(c.X([2, c.N, 3, 3])), upper: true)),
        Factorization<TriangularSolveOp>(string.Empty, c => Ops.TriangularSolve(Definite(c.X([c.N, c.N])), c.X([c.N, 3]))),
        Factorization<TriangularSolveOp>(" upper", c => Ops.TriangularSolve(Definite(c.X([2, c.N, c.N])), c.X([2, c.N, 3]), upper: true)),
        Factorization<TriangularSolveOp>(" unit", c => Ops.TriangularSolve(Definite(c.X([c.N, 3, 3])) * 0.1, c.X([3, 2]), unitTriangular: true)),
        Factorization<TriangularSolveOp>(" transposed", c => Ops.TriangularSolve(Definite(c.X([c.N, c.N])), c.X([c.N, 3]), transposed: true)),
        Factorization<TriangularSolveOp>(" right", c => Ops.TriangularSolve(Definite(c.X([4, 4])), c.X([c.N, 4]), left: false)),
        Factorization<LuOp>(string.Empty, c => Ops.LUFactor(Definite(c.X([c.N, c.N]))).Factors),
        Factorization<LuOp>(" permuted", c => Ops.LUFactor(Ops.Concat([Ops.Slice(Definite(c.X([c.N, 4, 4])), 1, 1), Ops.Slice(Definite(c.X([c.N, 4, 4])), 1, 0, 1)], 1)).Factors),
        Factorization<LuOp>(" rows", c => Ops.LUFactor(Ops.Concat([Ops.Slice(Definite(c.X([c.N, 4, 4])), 1, 1), Ops.Slice(Definite(c.X([c.N, 4, 4])), 1, 0, 1)], 1)).Rows) with { HasGradient = false },
        Factorization<QrOp>(string.Empty, c => Ops.QR(Definite(c.X([c.N, c.N]))).Q),
        Factorization<QrOp>(" R, tall", c => Ops.QR(Tall(c.X([c.N, 5, 3]))).R),
        Factorization<QrOp>(" wide", c => Product(Ops.QR(Ops.Transpose(Tall(c.X([c.N, 5, 3])))))),
        Factorization<EighOp>(string.Empty, c => Ops.EighValues(Definite(c.X([c.N, c.N])))) with { HasGradient = false },
        Factorization<EighOp>(" vectors", c => Ops.Eigh(Apart(c.X([c.N, 3, 3]))).Vectors),
        Factorization<SvdOp>(string.Empty, c => Ops.SvdValues(Definite(c.X([c.N, c.N])))) with { HasGradient = false },
        Factorization<SvdOp>(" U, tall", c => Ops.Svd(Tall(c.X([c.N, 5, 3]))).U),
        Factorization<SvdOp>(" V, wide", c => Ops.Svd(Ops.Transpose(Tall(c.X([c.N, 5, 3])))).Vh),
        Factorization<MatrixExpOp>(string.Empty, c => Ops.MatrixExp(Definite(c.X([c.N, 3, 3])) - 1)) with { Ulps = 1024, Floor = _ => 64 },
        Factorization<SolveOp>(string.Empty, c => Ops.Solve(Definite(c.X([c.N, c.N])), c.X([c.N, 2]))),
        Factorization<SolveOp>(" inverse", c => Ops.Inverse(Definite(c.X([c.N, 3, 3])))),
        Factorization<DetOp>(string.Empty, c => Ops.Det(Definite(c.X([c.N, 3, 3])))) with { Floor = _ => 64 },
        Factorization<SlogDetOp>(string.Empty, c => Ops.SlogDet(Definite(c.X([c.N, c.N]))).LogAbsDet) with { Floor = n => n + 8 },
        Factorization<PInvOp>(string.Empty, c => Ops.PInv(Tall(c.X([c.N, 5, 3])))),

        // Movement: exact.
        Movement<ReshapeOp>(" flatten", c => Ops.Flatten(c.X([3, c.N, 2]))),
        Movement<ReshapeOp>(" split", c => Ops.Reshape(c.X([3, c.N, 4]), [3, c.N, 2, 2])),
        Movement<ReshapeOp>(" of permuted", c => Ops.Flatten(Ops.Transpose(c.X([3, c.N])))),
        Movement<PermuteOp>(" 2 axes", c => Ops.Transpose(c.X([3, c.N]))),
        Movement<PermuteOp>(" 3 axes", c => Ops.Permute(c.X([3, c.N, 2]), 2, 0, 1)),
        Movement<BroadcastToOp>(string.Empty, c => Ops.BroadcastTo(c.X([3, 1, 2]), [2, 3, c.N, 2])),
        Movement<BroadcastToOp>(" rows", c => Ops.BroadcastTo(c.X([c.N]), [3, c.N])),
        Movement<SliceOp>(string.Empty, c => Ops.Slice(c.X([3, c.N + 4]), 1, 1, c.N + 2)),
        Movement<SliceOp>(" step", c => Ops.Slice(c.X([7, c.N]), 0, 1, 6, 2)),
        Movement<SliceOp>(" step in N", c => Ops.Slice(c.X([2, c.N + 5]), 1, 2, null, 3)),
        Movement<SliceOp>(" select", c => Ops.Select(c.X([3, c.N]), 0, -1)),
        new OperationRow(typeof(PadOp), All, c => Ops.Pad(c.X([3, c.N]), 1, 2, 1, 1)),
        new OperationRow(typeof(PadOp), Numbers, c => Ops.Pad(c.X([3, c.N]), 0, c.N, 1)) { Variant = " by N" },
        new OperationRow(typeof(PadOp), Numbers, c => Node.Create(new PadOp(EquatableArray.Create<PadRange>([new(1, 1, 0), new(1, 3, 2)]), [c.N + 2, 14], 7), c.X([c.N, 4]))) { Variant = " with gaps" },
        Movement<ConcatOp>(string.Empty, c => Ops.Concat([c.X([3, c.N]), c.X([3, 4]), c.X([3, c.N])], 1)),
        Movement<ConcatOp>(" rows", c => Ops.Concat([c.X([1, c.N]), c.X([3, c.N])])),
        Movement<ConcatOp>(" of one", c => Ops.Stack([.. Enumerable.Repeat(c.X([c.N]), 3)], 1)),

        Movement<FlipOp>(string.Empty, c => Ops.Flip(c.X([3, c.N]))),
        Movement<FlipOp>(" last", c => Ops.Flip(c.X([3, c.N]), 1)),
        Movement<FlipOp>(" first of three", c => Ops.Flip(c.X([3, 2, c.N]), [0])),
        Movement<FlipOp>(" flattened", c => Ops.Flatten(Ops.Flip(c.X([3, c.N, 2])))),
        Movement<FlipOp>(" with a step", c => Ops.Slice(Ops.Flip(c.X([7, c.N]), 0), 0, 1, 6, 2)),
        new OperationRow(typeof(FlipOp), Floats, c => Ops.Sum(Ops.Flip(c.X([c.N, 3])) * c.X([c.N, 3]), 0)) { Variant = " in a sum", Ulps = 8, Floor = n => 16 * n, Specials = false },
        Contraction(" of flipped", c => Ops.MatMul(Ops.Flip(c.X([5, c.N])), Ops.Flip(c.X([c.N, 4]), 0))),
        Movement<DiagonalOp>(string.Empty, c => Ops.Diagonal(c.X([c.N, c.N]))),
        Movement<DiagonalOp>(" above", c => Ops.Diagonal(c.X([3, c.N + 4, c.N + 4]), 2, 1, 2)),
        Movement<DiagonalOp>(" below, of rectangles", c => Ops.Diagonal(c.X([3, 7, c.N]), -1, 1, 0)),
        new OperationRow(typeof(WhereOp), All, c => Ops.DiagEmbed(c.X([2, c.N]), -1)) { Variant = " of diagonals" },
        new OperationRow(typeof(WhereOp), All, c => Ops.Tril(c.X([2, c.N, 5]), 1)) { Variant = " of a lower triangle" },
        Movement<ConcatOp>(" of a roll", c => Ops.Roll(c.X([3, c.N + 2]), -2, 1)),
        Movement<ReshapeOp>(" of a tile", c => Ops.Tile(c.X([3, c.N]), 2, 3)),
        Movement<ReshapeOp>(" of a tile by N", c => Ops.RepeatInterleave(c.X([3, 2]), c.N, 0)),
        .. WindowRows.Rows,
        .. PoolRows.Rows,
        .. LoopRows.Rows,
        .. FunctionRows.Rows,

        // Indexing.
        .. from type in new[] { DType.Int32, DType.Int64 }
           from row in Indexing(type)
           select row with { Variant = $"{row.Variant} {type}" },

        // Sources.
        new OperationRow(typeof(InputOp), All, c => c.X([3, c.N])),
        new OperationRow(typeof(ParameterOp), Single, c => Ops.Concat([Ops.Parameter("w", Tensors.Of(1f, 2f, 3f)), c.X([c.N])])),
        new OperationRow(typeof(ConstantOp), Single, c => Ops.Concat([Ops.Constant((float[])[1, -2, 3]), c.X([c.N])])),
        new OperationRow(typeof(ConstantOp), Numbers, c => c.X([3, c.N]) * Ops.Scalar(3, c.DType)) { Variant = " scalar" },
        new OperationRow(typeof(ConstantOp), Single, c => Ops.Constant(2.5f)) { Variant = " alone", HasGradient = false },
        new OperationRow(typeof(IotaOp), Numbers, c => c.X([3, c.N]) + Ops.Iota([3, c.N], 1, c.DType)),
        new OperationRow(typeof(IotaOp), Numbers, c => Ops.Concat([Ops.Iota([c.N, 2], 0, c.DType), c.X([c.N, 2])])) { Variant = " copied" },
        new OperationRow(typeof(DimValueOp), Numbers, c => c.X([3, c.N]) * Ops.DimValue((c.N * 2) + 1, c.DType)),
        new OperationRow(typeof(DimValueOp), Numbers, c => Ops.Concat([Ops.Reshape(Ops.DimValue(c.N, c.DType), [1]), c.X([c.N])])) { Variant = " copied" },
        new OperationRow(typeof(RandomStreamOp), Floats, c => Ops.Dropout(new Generator(3), c.X([3, c.N]), 0.5)),
        new OperationRow(typeof(RandomBitsOp), Floats, c => c.X([3, c.N]) + Ops.Uniform(new Generator(4), [3, c.N], c.DType)),
        new OperationRow(typeof(RandomBitsOp), Floats, c => Ops.Concat([Ops.Transpose(Ops.Uniform(new Generator(5), [2, c.N], c.DType)), c.X([c.N, 2])])) { Variant = " moved" },
        new OperationRow(typeof(RandomBitsOp), Floats, c => Ops.Softmax(c.X([3, c.N]) * Ops.Bernoulli(new Generator(6), 0.5, [3, c.N], c.DType), 1)) { Variant = " in rows", Ulps = 64, Floor = _ => 1, Specials = false, Least = 1 },
        new OperationRow(typeof(RandomBitsOp), Floats, c => c.X([3, c.N]) + Ops.Normal(new Generator(7), [3, c.N], c.DType)) { Variant = " of normal numbers", Ulps = 16, Floor = _ => 4 },
        new OperationRow(typeof(RandomBitsOp), Floats, c => Ops.MatMul(c.X([c.N, 5]), c.X([5, 7])) + Ops.Normal(new Generator(8), [c.N, 7], c.DType)) { Variant = " behind a product", Ulps = 64, Floor = _ => 16, Specials = false },
        new OperationRow(typeof(RandomBitsOp), Floats, c => Ops.MatMul(c.X([5, c.N]), Ops.Dropout(new Generator(9), c.X([c.N, 7]), 0.5))) { Variant = " before a product", Ulps = 64, Floor = n => 32 * n, Specials = false },
        new OperationRow(typeof(WithinOp), Floats, c => Ops.BroadcastTo(Node.Create(new WithinOp("Test", "a number is above 0", 0, double.PositiveInfinity), c.X([3, c.N])), [2, 3, c.N])) { Positive = true },
        new OperationRow(typeof(RandomGammaOp), Floats, c => Ops.Gamma(new Generator(11), c.X([3, c.N]), c.X([c.N]))) { Ulps = 1, Positive = true },
        new OperationRow(typeof(RandomGammaOp), Floats, c => Ops.Gamma(new Generator(12), Ops.Transpose(c.X([300, c.N]) * 0.3))) { Variant = " moved", Positive = true },
        new OperationRow(typeof(GammaSlopeOp), Floats, c => Node.Create(new GammaSlopeOp(1), c.X([3, c.N]), c.X([3, c.N]))) { Positive = true, Ulps = 1 },
        new OperationRow(typeof(GammaSlopeOp), Floats, c => Node.Create(new GammaSlopeOp(2), c.X([3, c.N]), c.X([3, c.N]))) { Variant = " again", Positive = true, HasGradient = false, Ulps = 1 },
        new OperationRow(typeof(RandomBitsOp), [DType.Int64], c => c.X([3, c.N]) + Ops.RandInt(new Generator(10), -3, 8, [3, c.N])) { Variant = " of integers" },

        // Composites.
        Unary<ReluOp>(Numbers, Ops.Relu),
        Unary<ClampOp>(Numbers, x => Ops.Clamp(x, -1, 2)),
        Unary<GeluOp>(Floats, x => Ops.Gelu(x), 16) with { Range = 9 },
        Unary<TanhGeluOp>(Floats, x => Ops.Gelu(x, approximate: true), 128),
        Unary<SiluOp>(Floats, Ops.Silu, 16) with { Range = 40 },
        Unary<MishOp>(Floats, Ops.Mish, 16) with { Range = 40 },
        Unary<SoftsignOp>(Floats, Ops.Softsign, 4),
        .. from order in (double[])[2, 3, 0.5, -1, -2.5]
           select new OperationRow(typeof(NormOp), Floats, c => Ops.Norm(c.X([3, c.N]), order, -1)) { Variant = $" of order {order}", Ulps = 64 },
        Unary<SoftplusOp>(Floats, Ops.Softplus, 8) with { Range = 40 },
        Unary<EluOp>(Floats, x => Ops.Elu(x, 1.3), 8),
        Unary<LogitOp>(Floats, x => Ops.Logit(x), 16) with { Range = 0.8 },
        Binary<LogAddExpOp>(Floats, Ops.LogAddExp, 16) with { Floor = _ => 1 },
        Binary<HypotOp>(Floats, Ops.Hypot, 4),
        .. OfFunctions(),
        Rows2(typeof(SoftmaxOp), x => Ops.Softmax(x, 1)) with { Least = 0 },
        Rows2(typeof(SoftmaxOp), x => Ops.Softmax(x, 0)) with { Variant = " columns", Least = 0 },
        Rows2(typeof(LogSoftmaxOp), x => Ops.LogSoftmax(x, 1)) with { Least = 0 },
        Rows2(typeof(LogSoftmaxOp), x => Ops.LogSoftmax(x, 0)) with { Variant = " columns" },
        Rows2(typeof(NormalizeOp), x => Ops.LayerNorm(x)) with { Floor = n => n + 4, Ulps = 64 },
        new OperationRow(typeof(CtcAlphaOp), Floats, c => Ops.CtcLoss(c.X([c.N, 3, 4]), c.Indices(DType.Int64, [3, 2], 4), c.Indices(DType.Int32, [3], c.N + 1), c.Indices(DType.Int64, [3], 3), 1, LossReduction.None, zeroInfinity: true)) { Ulps = 64, Floor = n => 16 + (8 * n), Specials = false, Least = 1 },
        new OperationRow(typeof(CtcPullbackOp), Floats, CtcPullback) { Ulps = 64, Floor = n => 16 + (8 * n), Specials = false, Least = 1, HasGradient = false },
        Rows2(typeof(RmsNormalizeOp), x => Ops.RmsNorm(x)) with { Floor = n => n + 4, Ulps = 64 },
        Rows2(typeof(NormalizeOp), x => Ops.BatchNormTraining(x)) with { Variant = " of a batch", Floor = n => n + 4, Ulps = 64 },
        new OperationRow(typeof(CrossEntropyOp), Floats, c => Ops.CrossEntropy(c.X([2, 5, c.N]), c.Indices(DType.Int64, [2, c.N], 5), labelSmoothing: 0.1)) { Variant = " of places", Ulps = 64, Floor = n => 8 + n, Specials = false, Least = 1 },
        new OperationRow(typeof(CrossEntropyOp), Floats, c => Ops.CrossEntropy(c.X([c.N, 5]), c.Indices(DType.Int64, [c.N], 5))) { Ulps = 64, Floor = _ => 8, Specials = false, Least = 1 },
        new OperationRow(typeof(CrossEntropyOp), Floats, c => Ops.CrossEntropy(c.X([3, c.N]), c.Indices(DType.Int32, [3], c.N), LossReduction.None)) { Variant = " classes N", Ulps = 64, Floor = n => 8 + n, Specials = false, Least = 1 },
        new OperationRow(typeof(ConditionOp), All, c => Ops.Select(c.X([3, c.N]), 1, 0)) { Least = 1 },
        new OperationRow(typeof(HostFunctionOp), Floats, c => HostFunctionTests.SignedSquare(c.X([3, c.N]))),
        new OperationRow(typeof(CallOp), Floats, c => Ops.Call("twice", [c.X([3, c.N])], x => x[0] + x[0])),
        new OperationRow(typeof(CheckpointOp), Floats, c => Ops.Checkpoint(x => x + x, c.X([3, c.N]))),
        new OperationRow(typeof(AfterOp), All, c => AfterOp.Create(c.X([3, c.N]), [c.X([2])])),
        new OperationRow(typeof(OutputOp), Floats, c => Ops.Call("both", [c.X([3, c.N]), c.X([3, c.N])], x => [x[0] + x[1], x[0] * x[1]])[1]),
        new OperationRow(typeof(SquaresAboutMeanOp), Floats, c => Ops.Variance(c.X([3, c.N]), 1)) { Variant = " variance", Ulps = 64, Floor = n => 16 * n, Specials = false, Least = 2 },
        new OperationRow(typeof(CentreOp), Floats, c => Node.Create(new CentreOp(EquatableArray.Create([1])), c.X([3, c.N]))) { Ulps = 64, Floor = n => 16 * n, Specials = false, Least = 1 },
    ];

    /// <summary>Functions that are several operations: what stands for each is its last one.</summary>
    private static IEnumerable<OperationRow> OfFunctions()
    {
        (string Name, DType[] Types, Func<Node, Node> Build, double Ulps)[] unary =
        [
            ("ceil", Floats, Ops.Ceil, 0), ("trunc", Floats, Ops.Trunc, 0), ("frac", Floats, Ops.Frac, 0), ("sinc", Floats, Ops.Sinc, 64), ("is NaN", Numbers, Ops.IsNaN, 0),
            ("is infinite", Numbers, Ops.IsInfinity, 0), ("is finite", Numbers, Ops.IsFinite, 0), ("NaN to number", Floats, x => Ops.NaNToNumber(x, 1, 2, null), 0),
            ("relu6", Floats, Ops.Relu6, 0), ("leaky relu", Floats, x => Ops.LeakyRelu(x), 0), ("silu", Floats, Ops.Silu, 8), ("mish", Floats, Ops.Mish, 32),
            ("selu", Floats, Ops.Selu, 8), ("celu", Floats, x => Ops.Celu(x, 0.7), 8), ("softplus of 2", Floats, x => Ops.Softplus(x, 2, 3), 16), ("log sigmoid", Floats, Ops.LogSigmoid, 8),
            ("softsign", Floats, Ops.Softsign, 1), ("hard tanh", Floats, x => Ops.HardTanh(x), 0), ("hard sigmoid", Floats, Ops.HardSigmoid, 1), ("hard swish", Floats, Ops.HardSwish, 2),
            ("hard shrink", Floats, x => Ops.HardShrink(x), 0), ("soft shrink", Floats, x => Ops.SoftShrink(x), 0), ("tanh shrink", Floats, Ops.TanhShrink, 64), ("threshold", Numbers, x => Ops.Threshold(x, 1, 5), 0),
        ];
        (string Name, DType[] Types, Func<Node, Node, Node> Build, double Ulps)[] binary =
        [
            ("fmax", Numbers, Ops.FMax, 0), ("fmin", Numbers, Ops.FMin, 0), ("copysign", Floats, Ops.CopySign, 0), ("lerp", Floats, (a, b) => Ops.Lerp(a, b, 0.3), 8),
            ("xlogy", Floats, Ops.XLogY, 8), ("xlog1py", Floats, Ops.XLog1PY, 8), ("is close", Floats, (a, b) => Ops.IsClose(a, b, 0.1, 0.1, true), 0), ("heaviside", Numbers, Ops.Heaviside, 0),
        ];
        foreach ((string name, DType[] types, Func<Node, Node> build, double ulps) in unary)
        {
            Type root = build(Ops.Placeholder(new NodeType(types[0], [2]), "x", false)).Op.GetType();
            yield return new OperationRow(root, types, c => build(c.X([3, c.N]))) { Variant = $" of {name}", Ulps = ulps, Floor = ulps < 16 ? _ => 0 : _ => 1 };
        }

        foreach ((string name, DType[] types, Func<Node, Node, Node> build, double ulps) in binary)
        {
            Type root = build(Ops.Placeholder(new NodeType(types[0], [2]), "x", false), Ops.Placeholder(new NodeType(types[0], [2]), "y", false)).Op.GetType();
            yield return new OperationRow(root, types, c => build(c.X([3, c.N]), c.X([3, c.N]))) { Variant = $" of {name}", Ulps = ulps, Floor = ulps < 16 ? _ => 0 : _ => 1 };
        }

        yield return new OperationRow(typeof(WhereOp), Floats, c => Ops.PRelu(c.X([c.N, 3]), c.X([3]))) { Variant = " of prelu" };
        yield return new OperationRow(typeof(MulOp), Floats, c => Ops.Glu(c.X([c.N, 6]))) { Variant = " of glu", Ulps = 8 };
        yield return new OperationRow(typeof(DivOp), Floats, c => Ops.LogAddExp2(c.X([3, c.N]), c.X([c.N]))) { Variant = " of logaddexp2", Ulps = 16, Floor = _ => 1 };
    }

    private static Node CtcPullback(InputMaker c)
    {
        (Node x, Node targets, Node times, Node labels) = (c.X([c.N, 3, 4]), c.Indices(DType.Int64, [3, 2], 4), c.Indices(DType.Int64, [3], c.N + 1), c.Indices(DType.Int32, [3], 3));
        Node alpha = Node.Create(new CtcAlphaOp(1), x, targets, times, labels);
        return Node.Create(new CtcPullbackOp(1), c.X([c.N, 3, 5]), alpha, x, targets, times, labels);
    }

    private static OperationRow Factorization<TOp>(string variant, Func<InputMaker, Node> build)
        where TOp : Op => new(typeof(TOp), Floats, build) { Variant = variant, Ulps = 256, Floor = _ => 8, Specials = false, Range = 1 };

    private static Node Definite(Node x) => (Ops.MatMul(x, Ops.Transpose(x)) * 0.1) + (2 * Matrices.IdentityLike(x));

    /// <summary>Matrices of full rank whose singular values lie apart.</summary>
    private static Node Tall(Node x) => (0.2 * x) + (Matrices.IdentityLike(x) * (Ops.Iota(x.Shape, x.Rank - 1, x.DType) + 1));

    private static Node Apart(Node x) => Matrices.Symmetric(Tall(x));

    private static Node Product((Node Q, Node R) qr) => Ops.MatMul(qr.Q, qr.R * 0.5) + Ops.MatMul(qr.Q, Ops.Square(qr.R));

    private static OperationRow Unary<TOp>(DType[] types, Func<Node, Node> op, double ulps = 0)
        where TOp : Op => new(typeof(TOp), types, c => op(c.X([3, c.N]))) { Ulps = ulps };

    private static OperationRow Binary<TOp>(DType[] types, Func<Node, Node, Node> op, double ulps = 0)
        where TOp : Op => new(typeof(TOp), types, c => op(c.X([3, c.N]), c.X([3, c.N]))) { Ulps = ulps };

    private static OperationRow Movement<TOp>(string variant, Func<InputMaker, Node> build)
        where TOp : Op => new(typeof(TOp), All, build) { Variant = variant };

    private static OperationRow Contraction(string variant, Func<InputMaker, Node> build) =>
        new(typeof(MatMulOp), Numbers, build) { Variant = variant, Ulps = 4, Floor = n => 16 * (n + 4), Specials = false };

    private static OperationRow Rows2(Type op, Func<Node, Node> build) =>
        new(op, Floats, c => build(c.X([3, c.N]))) { Ulps = 32, Floor = n => 8 + n, Specials = false, Least = 1 };

    private static IEnumerable<OperationRow> Reduction(Type op, DType[] types, Func<Node, Axes, bool, Node> build, Func<long, double> floor, double ulps, long least = 0, bool specials = false) =>
        from r in new (string Name, Func<InputMaker, Node> Build)[]
        {
            (" last", c => build(c.X([3, c.N]), 1, false)),
            (" first", c => build(c.X([c.N, 3]), 0, true)),
            (" first of wide", c => build(c.X([4, c.N]), 0, false)),
            (" middle", c => build(c.X([2, c.N, 3]), 1, false)),
            (" outer two", c => build(c.X([2, 3, c.N]), [0, 2], false)),
            (" all", c => build(c.X([3, c.N]), default, false)),
            (" of expression", c => build(c.X([3, c.N]) + c.X([c.N]), 1, false)),
        }
        select new OperationRow(op, types, r.Build) { Variant = r.Name, Ulps = ulps, Floor = n => 3 * floor(n), Specials = specials, Least = least };

    private static IEnumerable<OperationRow> Scan(
        Type op, DType[] types, Func<InputMaker, Shape, int, bool, Node> build, double ulps, Func<long, double> floor, string name = "", double range = 4) =>
        from r in new (string Name, Func<Dim, Shape> Shape, int Axis, bool Reverse)[]
        {
            (" last", n => [3, n], 1, false),
            (" first", n => [n, 7], 0, true),
            (" of wide", n => [5, n], 0, false),
            (" middle", n => [2, n, 3], -2, true),
            (" alone", n => [n], 0, true),
            (" of one", n => [n, 1], 1, false),
        }
        select new OperationRow(op, types, c => build(c, r.Shape(c.N), r.Axis, r.Reverse)) { Variant = name + r.Name, Ulps = ulps, Floor = floor, Range = range };

    private static IEnumerable<OperationRow> Indexing(DType type) =>
    [
        new(typeof(TakeOp), All, c => Ops.Take(c.X([5, c.N]), c.Indices(type, [4], 5))),
        new(typeof(TakeOp), Single, c => Ops.Take(c.X([3, c.N, 2]), c.Indices(type, [2, 2], c.N), 1)) { Variant = " inner", Least = 1 },
        new(typeof(TakeOp), Single, c => Ops.Take(c.X([3, 5]), c.Indices(type, [c.N], 5), 1)) { Variant = " last" },
        new(typeof(TakeOp), Single, c => Ops.Take(c.X([5, c.N]), c.Indices(type, [], 5))) { Variant = " scalar" },
        new(typeof(GatherOp), All, c => Ops.Gather(c.X([3, c.N]), 1, c.Indices(type, [3, 4], c.N))) { Least = 1 },
        new(typeof(GatherOp), Single, c => Ops.Gather(c.X([5, c.N]), 0, c.Indices(type, [2, c.N], 5))) { Variant = " first" },
        new(typeof(IndexAddOp), Numbers, c => Ops.IndexAdd(c.X([5, c.N]), 0, c.Indices(type, [7], 5), c.X([7, c.N]))) { Specials = false, Ulps = 8, Floor = _ => 16 },
        new(typeof(IndexAddOp), Single, c => Ops.IndexAdd(c.X([3, 5]), 1, c.Indices(type, [c.N], 5), c.X([3, c.N]))) { Variant = " last", Specials = false, Ulps = 8, Floor = n => 4 * (n + 4) },
        new(typeof(ScatterAddOp), Numbers, c => Ops.ScatterAdd(c.X([3, 5]), 1, c.Indices(type, [3, c.N], 5), c.X([3, c.N]))) { Specials = false, Ulps = 8, Floor = n => 4 * (n + 4) },
        new(typeof(ScatterOp), All, c => Ops.Scatter(c.X([3, 5]), 1, c.Indices(type, [3, c.N], 5), c.X([3, c.N]))),
        new(typeof(ScatterOp), Numbers, c => Ops.ScatterReduce(c.X([3, 5]), 1, c.Indices(type, [3, c.N], 5), c.X([3, c.N]), ScatterReduction.Max)) { Variant = " largest", Specials = false },
        new(typeof(ScatterOp), Numbers, c => Ops.ScatterReduce(c.X([5, c.N]), 0, c.Indices(type, [7, c.N], 5), c.X([7, c.N]), ScatterReduction.Min, false)) { Variant = " smallest", Specials = false },
        new(typeof(ScatterOp), Numbers, c => Ops.ScatterReduce(c.X([5, c.N]), 0, c.Indices(type, [7, c.N], 5), c.X([7, c.N]), ScatterReduction.Prod)) { Variant = " product", Specials = false, Range = 1.3, Ulps = 64, Floor = _ => 16, HasGradient = false },
        new(typeof(ScatterOp), Floats, c => Ops.ScatterReduce(c.X([5, c.N]), 0, c.Indices(type, [7, c.N], 5), c.X([7, c.N]), ScatterReduction.Prod)) { Variant = " product of positives", Specials = false, Positive = true, Range = 1.3, Ulps = 64, Floor = _ => 64 },
        new(typeof(NonZeroOp), [DType.Bool], c => Ops.NonZero(c.Bools([3, c.N]), c.N + 1).Indices) { Variant = $" {type}" },
        new(typeof(ScatterAddOp), Single, c => Ops.ScatterAdd(c.X([5, c.N]), 0, c.Indices(type, [2, c.N], 5), c.X([2, c.N]))) { Variant = " first", Specials = false, Ulps = 8, Floor = n => 4 * (n + 4) },
    ];
}
