using GraphCompiler.Operations;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GradientChecking.GradientCase;

namespace GraphCompiler.Tests.GradientChecking;

/// <summary>Rows for linear algebra. Matrices are made regular in the row itself, so that differences stay within what the operation takes.</summary>
internal static class LinearAlgebraCases
{
    public static IEnumerable<GradientCase> All =>
    [
        .. Squares<CholeskyOp>("cholesky", x => Cholesky(Definite(x))),
        Row<CholeskyOp>("cholesky upper", x => Cholesky(Definite(x[0]), upper: true), In([3, 3])),
        .. from upper in (bool[])[false, true]
           from left in (bool[])[false, true]
           from unit in (bool[])[false, true]
           from transposed in (bool[])[false, true]
           select Row<TriangularSolveOp>(
               $"triangular solve{(upper ? " upper" : string.Empty)}{(left ? string.Empty : " right")}{(unit ? " unit" : string.Empty)}{(transposed ? " transposed" : string.Empty)}",
               x => TriangularSolve(Regular(x[0]), x[1], upper, left, unit, transposed), In([2, 2]), In(left ? [2, 3] : [3, 2])),
        Row<TriangularSolveOp>("triangular solve broadcast", x => TriangularSolve(Regular(x[0]), x[1]), In([2, 1, 2, 2]), In([2, 2, 1])),
        Row<TriangularSolveOp>("triangular solve of nothing", x => TriangularSolve(Regular(x[0]), x[1]), In([0, 0]), In([0, 2])),
        .. Squares<LuOp>("lu", x => LUFactor(Regular(x)).Factors),
        Row<LuOp>("lu and the sign of its exchanges", x => LUFactor(Exchanged(Regular(x[0]))).Factors.Inputs[0] is var lu ? Output(lu, 0) * Reshape(Output(lu, 2), [2, 1, 1]) : x[0], In([2, 2, 2])),
        Row<LuOp>("lu with exchanges", x => LUFactor(Concat([Slice(Regular(x[0]), 0, 1), Slice(Regular(x[0]), 0, 0, 1)])).Factors, In([3, 3])),
        .. Squares<SolveOp>("solve", x => Solve(Regular(x), Slice(x, -1, 0, 1))),
        Row<SolveOp>("solve of vectors", x => Solve(Regular(x[0]), x[1]), In([2, 2, 2]), In([2, 2])),
        Row<SolveOp>("solve broadcast", x => Solve(Regular(x[0]), x[1]), In([2, 2]), In([2, 2, 1])),
        .. Squares<SolveOp>("inverse", x => Inverse(Regular(x))),
        Row<TriangularSolveOp>("cholesky solve", x => CholeskySolve(x[1], Cholesky(Definite(x[0]))), In([2, 2]), In([2, 3])),
        Row<TriangularSolveOp>("cholesky solve upper", x => CholeskySolve(x[1], Cholesky(Definite(x[0]), upper: true), upper: true), In([2, 2]), In([2, 3])),
        .. Squares<DetOp>("det", x => Det(Regular(x))),
        Row<DetOp>("det of a singular matrix", x => Det(Concat([x[0], x[0]])), In([1, 2])) with { Order = 1 },
        .. Squares<SlogDetOp>("slogdet", x => SlogDet(Regular(x)).LogAbsDet),
        Row<SlogDetOp>("slogdet and its sign", x => SlogDet(Exchanged(Regular(x[0]))) is var (sign, log) ? sign * log : x[0], In([2, 2, 2])),
        .. Squares<SlogDetOp>("logdet", x => LogDet(Definite(x))),
        .. from kind in Enum.GetValues<MatrixNormKind>() select Row<MulOp>($"ConditionNumber, {kind}", x => ConditionNumber(Regular(x[0]), kind) * 1, In([2, 3, 3])),
        Row<SumOp>("VecDot", x => VecDot(x[0], x[1], 0), In([3, 2]), In([3, 1])), Row<NormOp>("PDist", x => PDist(x[0]), In(["N", 2])), Row<NormOp>("PDist 3", x => PDist(x[0], 3), In([3, 2])),
        .. Squares<MatrixExpOp>("matrix exponential", x => MatrixExp(x)),
        .. Squares<SolveOp>("matrix power -2", x => MatrixPower(Regular(x), -2)),
        Row<MatMulOp>("matrix power 5", x => MatrixPower(x[0], 5), In([2, 2])),
        Row<QrOp>("qr q", x => QR(Regular(x[0])).Q, In([3, 3])),
        Row<QrOp>("qr r of a symbol", x => QR(Regular(x[0])).R, In(["N", "N"])),
        Row<QrOp>("qr tall", x => QR(Regular(x[0])).Q * 2 + Sum(QR(Regular(x[0])).R), In([2, 4, 2])),
        Row<QrOp>("qr wide", x => MatMul(QR(Regular(x[0])).Q, Square(QR(Regular(x[0])).R)), In([2, 4])),
        Row<QrOp>("least squares", x => LeastSquares(Regular(x[0]), x[1]), In([4, 2]), In([4])),
        Row<QrOp>("least squares wide", x => LeastSquares(Regular(x[0]), x[1]), In([2, 3]), In([2, 2])),
        .. Squares<EighOp>("eigvalsh", x => EighValues(Apart(x))),
        .. Squares<EighOp>("eigh", x => Eigh(Apart(x)).Vectors),
        .. Squares<SvdOp>("svdvals", x => SvdValues(Apart(x))),
        Row<SvdOp>("svdvals of a square that is not symmetric", x => SvdValues(NotSymmetric(x[0])), In([3, 3])),
        .. from n in (int[])[2, 3] select Row<SvdOp>($"svd u of {n} rows that are not symmetric", x => Svd(NotSymmetric(x[0])).U, In([n, n])),
        .. from n in (int[])[2, 3] select Row<SvdOp>($"svd vh of {n} rows that are not symmetric", x => Svd(NotSymmetric(x[0])).Vh, In([n, n])),
        Row<SvdOp>("svd u", x => Svd(Apart(x[0])).U, In([4, 2])),
        Row<SvdOp>("svd vh", x => Svd(Apart(x[0])).Vh, In([2, 3])),
        Row<SvdOp>("svd of a symbol", x => Svd(Apart(x[0])).Vh, In(["N", "M"])),
        Row<PInvOp>("pinv", x => PInv(Regular(x[0])), In([3, 2])),
        Row<PInvOp>("pinv wide", x => PInv(Regular(x[0])), In([2, 3])),
        .. from kind in Enum.GetValues<MatrixNormKind>() select Row<SumOp>($"matrix norm {kind}", x => MatrixNorm(Apart(x[0]), kind) + Sum(x[0]), In([2, 3, 2])),
    ];

    private static IEnumerable<GradientCase> Squares<TOp>(string name, Func<Node, Node> op, int order = 2)
        where TOp : Op =>
    [
        Row<TOp>(name, x => op(x[0]), In([3, 3])) with { Order = order },
        Row<TOp>($"{name} of a batch", x => op(x[0]), In([2, 2, 2])) with { Order = order },
        Row<TOp>($"{name} of a symbol", x => op(x[0]), In(["N", "N"])) with { Order = order },
        Row<TOp>($"{name} of one", x => op(x[0]), In([1, 1])) with { Order = order },
        Row<TOp>($"{name} of nothing", x => op(x[0]), In([0, 0])) with { Order = order },
        Row<TOp>($"{name} of a view", x => op(Transpose(x[0])), In([2, 2])) with { Order = order },
    ];

    private static Node Definite(Node x) => MatMul(x, Transpose(x)) + Matrices.IdentityLike(x);

    /// <summary>Rows that must be exchanged, and no small pivot.</summary>
    private static Node Regular(Node x) => x + (3 * Matrices.IdentityLike(x));

    /// <summary>The first of two with its rows exchanged.</summary>
    private static Node Exchanged(Node x) => Concat([Flip(Slice(x, 0, 0, 1), 1), Slice(x, 0, 1, 2)], 0);

    private static Node NotSymmetric(Node x) => (0.2 * x) + (Matrices.IdentityLike(x) * (Iota(x.Shape, 1, x.DType) + 1));

    /// <summary>Eigenvalues and singular values that lie apart.</summary>
    private static Node Apart(Node x)
    {
        Node y = (0.2 * x) + (Matrices.IdentityLike(x) * (Iota(x.Shape, x.Rank - 1, x.DType) + 1));
        return x.Shape[^1] == x.Shape[^2] ? Matrices.Symmetric(y) : y;
    }

    private static GradientCase Row<TOp>(string name, Func<Node[], Node> apply, params CaseInput[] inputs)
        where TOp : Op => new(name, typeof(TOp), apply, inputs);

    private static GradientCase Row<TOp>(string name, Func<Node[], Node> apply, GradientVerdict worst, params CaseInput[] inputs)
        where TOp : Op => new(name, typeof(TOp), apply, inputs, worst);
}
