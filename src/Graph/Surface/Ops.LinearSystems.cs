using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>Which norm of a matrix.</summary>
public enum MatrixNormKind
{
    /// <summary>The square root of the sum of squares (PyTorch's 'fro').</summary>
    Frobenius,

    /// <summary>The sum of the singular values (PyTorch's 'nuc').</summary>
    Nuclear,

    /// <summary>The largest singular value (PyTorch's 2).</summary>
    Spectral,

    /// <summary>The smallest singular value (PyTorch's -2).</summary>
    SmallestSingularValue,

    /// <summary>The largest sum of magnitudes of a column (PyTorch's 1).</summary>
    LargestColumn,

    /// <summary>The largest sum of magnitudes of a row (PyTorch's infinity).</summary>
    LargestRow,
}

public static partial class Ops
{
    /// <summary>The X of A·X = B, by LU factors with partial pivoting. Gradients as in Giles, 2008.</summary>
    /// <param name="a">Floats, […, N, N]. A singular matrix is an error when the graph runs; it names the matrix of the batch.</param>
    /// <param name="b">Floats of the same dtype: […, N, K] over batch axes that broadcast, or vectors: [N], or A's shape without its last axis.</param>
    /// <returns>X, of the shape of <paramref name="b"/> with the common batch axes.</returns>
    public static Node Solve(Node a, Node b)
    {
        NotNull(a);
        NotNull(b);
        if (b.Rank == 1 || (b.Rank == a.Rank - 1 && b.Shape == Shape.Of(a.Shape.SkipLast(1))))
        {
            return Squeeze(Solve(a, Unsqueeze(b, -1)), -1);
        }

        (a, b) = TogetherInBatch("Solve", a, b);
        return Create(new SolveOp(Transposed: false), a, b);
    }

    /// <summary>The inverse of matrices, by LU factors. Where a product with the inverse is wanted, <see cref="Solve"/> is faster and more accurate.</summary>
    /// <param name="a">Floats, […, N, N]. A singular matrix is an error when the graph runs; it names the matrix of the batch.</param>
    /// <returns>[…, N, N].</returns>
    public static Node Inverse(Node a)
    {
        RequireMatrix("Inverse", a);
        return Create(new SolveOp(Transposed: false), a, Matrices.IdentityLike(a));
    }

    /// <summary>The X of A·X = B, given the Cholesky factor of A.</summary>
    /// <param name="b">Floats, […, N, K].</param>
    /// <param name="factor">The factor of A, […, N, N]: L with A = L·Lᵀ, or U with A = Uᵀ·U.</param>
    /// <param name="upper">Whether the factor is the upper one.</param>
    public static Node CholeskySolve(Node b, Node factor, bool upper = false)
    {
        RequireMatrix("CholeskySolve", b);
        RequireMatrix("CholeskySolve", factor);
        return TriangularSolve(factor, TriangularSolve(factor, b, upper, transposed: upper), upper, transposed: !upper);
    }

    /// <summary>
    /// The determinant, by LU factors. The gradient is the matrix of cofactors (Giles, 2008), also of singular matrices; the second derivative takes A to be regular.
    /// </summary>
    /// <param name="a">Floats, […, N, N].</param>
    /// <returns>[…]; 1 for N = 0.</returns>
    public static Node Det(Node a) => Create(new DetOp(), NotNull(a));

    /// <summary>
    /// The sign of the determinant and the logarithm of its magnitude, which neither overflow nor vanish; of a singular matrix 0 and −∞. The gradient,
    /// A⁻ᵀ, is an error there.
    /// </summary>
    /// <param name="a">Floats, […, N, N].</param>
    /// <returns>Two results […].</returns>
    public static (Node Sign, Node LogAbsDet) SlogDet(Node a)
    {
        Node both = Create(new SlogDetOp(), NotNull(a));
        return (Output(both, 0), Output(both, 1));
    }

    /// <summary>The logarithm of the determinant: NaN where that is negative, −∞ where it is 0; see <see cref="SlogDet"/>.</summary>
    /// <param name="a">Floats, […, N, N].</param>
    /// <returns>[…].</returns>
    public static Node LogDet(Node a)
    {
        RequireMatrix("LogDet", a);
        (Node sign, Node log) = SlogDet(a);
        return Where(sign < 0, double.NaN, log);
    }

    /// <summary>
    /// The X with the least |A·X − B|, by QR factors; for wide A, of all that solve it the shortest. A must have full rank: otherwise the result is not
    /// finite or useless, and PInv(A)·B is what is meant.
    /// </summary>
    /// <param name="a">Floats, […, M, N]; where symbols leave open which side is larger, M must be at least N.</param>
    /// <param name="b">Floats of the same dtype, […, M, K] over batch axes that broadcast, or a vector [M].</param>
    /// <returns>[…, N, K], or [N].</returns>
    public static Node LeastSquares(Node a, Node b)
    {
        RequireMatrix("LeastSquares", a);
        if (NotNull(b).Rank == 1)
        {
            return Squeeze(LeastSquares(a, Unsqueeze(b, -1)), -1);
        }

        if (b.Rank < 2 || Dim.Same(a.Shape[^2], b.Shape[^2]) == false)
        {
            throw new ShapeException($"LeastSquares: […, M, N] and right sides […, M, K] are needed, not {a.Shape} and {b.Shape}. Inputs: {a.Describe()}, {b.Describe()}.");
        }

        if (a.Shape[^1] != a.Shape[^2] && Dim.AtLeast(a.Shape[^1], a.Shape[^2]) == true)
        {
            (Node wideQ, Node wideR) = QR(Transpose(a));
            return MatMul(wideQ, TriangularSolve(wideR, b, upper: true, transposed: true));
        }

        (Node q, Node r) = QR(a);
        return TriangularSolve(r, MatMul(Transpose(q), b), upper: true);
    }

    /// <summary>
    /// The pseudo-inverse of Moore and Penrose, by singular values; those below a fraction of the largest count as 0. The gradient (Golub and Pereyra, 1973)
    /// takes the rank not to change.
    /// </summary>
    /// <param name="a">Floats, […, M, N]; where symbols leave open which side is larger, M must be at least N.</param>
    /// <param name="tolerance">The fraction; null for max(M, N) units in the last place, of symbolic sizes 64 units.</param>
    /// <returns>[…, N, M].</returns>
    public static Node PInv(Node a, double? tolerance = null)
    {
        RequireMatrix("PInv", a);
        double unit = a.DType.Row().Epsilon;
        long larger = a.Shape.TakeLast(2).Max(d => d.Constant ?? 64);
        return Create(new PInvOp(tolerance ?? (larger * unit)), a);
    }

    /// <summary>The exponential of square matrices, I + A + A²/2 + …, by scaling and squaring (Higham, 2005); NaN where A is not finite.</summary>
    /// <param name="a">Floats, […, N, N].</param>
    /// <returns>[…, N, N].</returns>
    public static Node MatrixExp(Node a) => Create(new MatrixExpOp(), NotNull(a));

    /// <summary>A whole power of square matrices, by repeated squaring; a negative one of the inverse.</summary>
    /// <param name="a">Floats, […, N, N].</param>
    /// <param name="power">The exponent; 0 gives identities.</param>
    /// <returns>[…, N, N].</returns>
    public static Node MatrixPower(Node a, int power)
    {
        RequireMatrix("MatrixPower", a);
        if (Dim.Same(a.Shape[^1], a.Shape[^2]) == false)
        {
            throw new ShapeException($"MatrixPower: square matrices […, N, N] are needed, not {a.Shape}. Input: {a.Describe()}.");
        }

        Node square = power < 0 ? Inverse(a) : a;
        Node? result = null;
        for (long rest = Math.Abs((long)power); rest > 0; rest >>= 1)
        {
            if ((rest & 1) == 1)
            {
                result = result is null ? square : MatMul(result, square);
            }

            square = rest > 1 ? MatMul(square, square) : square;
        }

        return result ?? Matrices.IdentityLike(a);
    }

    /// <summary>A norm of matrices. Norms of singular values have the gradient of the first of several largest ones; that of a zero matrix is 0 for Frobenius' norm.</summary>
    /// <param name="a">Floats, […, M, N]; of symbolic sizes, norms of singular values need M at least N.</param>
    /// <param name="kind">Which norm.</param>
    /// <returns>[…].</returns>
    public static Node MatrixNorm(Node a, MatrixNormKind kind = MatrixNormKind.Frobenius)
    {
        RequireMatrix("MatrixNorm", a);
        return kind switch
        {
            MatrixNormKind.Frobenius => Root(Sum(Square(a), [-2, -1])),
            MatrixNormKind.Nuclear => Sum(SvdValues(a), -1),
            MatrixNormKind.Spectral => Select(SvdValues(a), -1, 0),
            MatrixNormKind.SmallestSingularValue => Select(SvdValues(a), -1, -1),
            MatrixNormKind.LargestColumn => Max(Sum(Abs(a), -2), -1),
            MatrixNormKind.LargestRow => Max(Sum(Abs(a), -1), -1),
            _ => throw InvariantText.OutOfRange(nameof(kind), kind, "There is no such norm."),
        };

        // The slope at 0 is 0, as PyTorch has it.
        static Node Root(Node x) => Where(Equal(x, 0), 0, Sqrt(Where(Equal(x, 0), 1, x)));
    }

    /// <summary>
    /// The number of singular values above a tolerance, as int64: the larger of the absolute one and the relative one times the largest singular value. No gradient.
    /// </summary>
    /// <param name="a">Floats, […, M, N]; of symbolic sizes, M at least N.</param>
    /// <param name="absolute">The absolute tolerance, at least 0; 0 by default.</param>
    /// <param name="relative">The relative tolerance, at least 0; by default, if no absolute one is given, max(M, N) units in the last place of 1, else 0.</param>
    /// <returns>[…].</returns>
    public static Node MatrixRank(Node a, double? absolute = null, double? relative = null)
    {
        RequireMatrix("MatrixRank", a);
        RequireAtLeast(absolute ?? 0, 0, nameof(absolute));
        RequireAtLeast(relative ?? 0, 0, nameof(relative));
        Node values = Detach(SvdValues(a));
        Node share = relative is { } given ? Scalar(given, a.DType)
            : absolute > 0 ? Scalar(0, a.DType)
            : Maximum(DimValue(a.Shape[^2], a.DType), DimValue(a.Shape[^1], a.DType)) * a.DType.OfFloat(Math.ScaleB(1, -23), Math.ScaleB(1, -52));
        Node tolerance = Maximum(Scalar(absolute ?? 0, a.DType), share * Largest(values, -1));
        return Sum(Cast(values > tolerance, DType.Int64), -1);
    }

    /// <summary>How much a matrix may enlarge relative errors: its norm times that of its inverse. By singular values, ∞ of a singular matrix.</summary>
    /// <param name="a">Floats, […, M, N], square unless the norm is of the largest or smallest singular value; of symbolic sizes, M at least N.</param>
    /// <param name="kind">Which norm; for others than these two a singular matrix is an error when the graph runs.</param>
    /// <returns>[…].</returns>
    public static Node ConditionNumber(Node a, MatrixNormKind kind = MatrixNormKind.Spectral)
    {
        RequireMatrix("ConditionNumber", a);
        if (kind is MatrixNormKind.Spectral or MatrixNormKind.SmallestSingularValue)
        {
            Node values = SvdValues(a);
            (Node largest, Node smallest) = (Select(values, -1, 0), Select(values, -1, -1));
            return kind == MatrixNormKind.Spectral ? largest / smallest : smallest / largest;
        }

        if (Dim.Same(a.Shape[^2], a.Shape[^1]) == false)
        {
            throw new ShapeException($"ConditionNumber: square matrices are needed for the norm {kind}, not {a.Shape}. Input: {a.Describe()}.");
        }

        return MatrixNorm(a, kind) * MatrixNorm(Inverse(a), kind);
    }

    private static void RequireMatrix(string op, Node a)
    {
        if (NotNull(a).Rank < 2)
        {
            throw new ShapeException($"{op}: matrices […, M, N] are needed, not {a.Shape}. Input: {a.Describe()}.");
        }

        if (!a.DType.IsFloat())
        {
            throw new DTypeException($"{op}: it takes float32 or float64, not {a.DType.Display()}; use Cast. Input: {a.Describe()}.");
        }
    }
}
