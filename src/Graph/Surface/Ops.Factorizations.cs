using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>
    /// The Cholesky factor of symmetric positive definite matrices: the lower triangular L with A = L·Lᵀ (or the upper Lᵀ). The lower triangle of A is read;
    /// the gradient is symmetric (Murray, 2016).
    /// </summary>
    /// <param name="a">Floats, […, N, N].</param>
    /// <param name="upper">Whether the upper factor Lᵀ is wanted.</param>
    /// <returns>[…, N, N]. A matrix that is not positive definite is an error when the graph runs; it names the matrix of the batch.</returns>
    public static Node Cholesky(Node a, bool upper = false)
    {
        Node factor = Create(new CholeskyOp(), NotNull(a));
        return upper ? Transpose(factor) : factor;
    }

    /// <summary>
    /// The X of T·X = B, or of X·T = B, for triangular matrices T (PyTorch's solve_triangular). Only the triangle is read. A zero on the diagonal divides as
    /// in IEEE arithmetic, without an error.
    /// </summary>
    /// <param name="a">Floats, […, N, N].</param>
    /// <param name="b">Floats of the same dtype, […, N, K], or […, K, N] if T stands on the right; leading axes broadcast.</param>
    /// <param name="upper">Whether T is the upper triangle of <paramref name="a"/>, else the lower.</param>
    /// <param name="left">Whether T stands on the left of X.</param>
    /// <param name="unitTriangular">Whether the diagonal counts as ones and is not read.</param>
    /// <param name="transposed">Whether the transpose of T is meant.</param>
    public static Node TriangularSolve(Node a, Node b, bool upper = false, bool left = true, bool unitTriangular = false, bool transposed = false)
    {
        if (!left)
        {
            return Transpose(TriangularSolve(a, Transpose(b), upper, left: true, unitTriangular, !transposed));
        }

        (a, b) = TogetherInBatch("TriangularSolve", a, b);
        TriangularForm form = (upper ? TriangularForm.Upper : 0) | (unitTriangular ? TriangularForm.Unit : 0) | (transposed ? TriangularForm.Transposed : 0);
        return Create(new TriangularSolveOp(form), a, b);
    }

    /// <summary>
    /// The factors of P·A = L·U with partial pivoting, packed: L without its unit diagonal lies below U. A singular matrix is factored too, with a zero on
    /// the diagonal of U. The gradient takes A to be regular.
    /// </summary>
    /// <param name="a">Floats, […, N, N].</param>
    /// <returns>
    /// The factors […, N, N], and which row of A each row of P·A is, int64 […, N] (PyTorch's pivots are the exchanges that lead there).
    /// </returns>
    public static (Node Factors, Node Rows) LUFactor(Node a)
    {
        Node lu = Create(new LuOp(MustBeRegular: false), NotNull(a));
        return (Output(lu, 0), Output(lu, 1));
    }

    /// <summary>
    /// The reduced factors of A = Q·R: Q with orthonormal columns, R upper triangular with a diagonal that is not negative, which makes them unique
    /// where A has full rank (LAPACK, and PyTorch with it, leaves signs as they fall). The gradient (Walter and Lehmann, 2018; of wide matrices
    /// Roberts and Roberts, 2020) takes the first K columns of A to be independent; it is not finite otherwise.
    /// </summary>
    /// <param name="a">Floats, […, M, N]; where symbols leave open which side is larger, M must be at least N.</param>
    /// <returns>Q […, M, K] and R […, K, N] with K = min(M, N).</returns>
    public static (Node Q, Node R) QR(Node a)
    {
        Node qr = Create(new QrOp(), NotNull(a));
        return (Output(qr, 0), Output(qr, 1));
    }

    /// <summary>
    /// The eigenvalues and eigenvectors of symmetric matrices, of which the lower triangle is read: A = V·diag w·Vᵀ. Each eigenvector's sign is such that the first of
    /// its large components is positive. The gradient (Giles, 2008) of what depends on the vectors holds differences of eigenvalues as divisors: it is
    /// not finite where two are equal, and inaccurate where two are close. That of the eigenvalues alone always is finite; at equal ones it is one of several.
    /// </summary>
    /// <param name="a">Floats, […, N, N]. NaN or infinity in it is an error when the graph runs; it names the matrix of the batch.</param>
    /// <returns>The eigenvalues […, N], ascending, and the eigenvectors […, N, N] as columns.</returns>
    public static (Node Values, Node Vectors) Eigh(Node a)
    {
        Node eigen = Create(new EighOp(), NotNull(a));
        return (Output(eigen, 0), Output(eigen, 1));
    }

    /// <summary>The eigenvalues of symmetric matrices, ascending; see <see cref="Eigh"/>. The second derivative depends on the vectors.</summary>
    /// <param name="a">Floats, […, N, N], of which the lower triangle is read.</param>
    /// <returns>[…, N].</returns>
    public static Node EighValues(Node a)
    {
        RequireMatrix("EighValues", a);
        return Eigh(a).Values;
    }

    /// <summary>
    /// The reduced singular value decomposition A = U·diag S·Vᵀ. The sign of each column of U is such that the first of its large components is positive;
    /// columns that belong to singular values of 0 are any that complete the others. The gradient (Giles, 2008; Townsend, 2016) of what depends on U or V
    /// holds differences of squared singular values as divisors, of rectangular matrices singular values too: it is not finite where two are equal or
    /// one is 0. That of the singular values alone always is finite.
    /// </summary>
    /// <param name="a">Floats, […, M, N]; where symbols leave open which side is larger, M must be at least N. NaN or infinity in it is an error when the graph runs.</param>
    /// <returns>U […, M, K], S […, K], descending, and Vᵀ […, K, N], with K = min(M, N).</returns>
    public static (Node U, Node S, Node Vh) Svd(Node a)
    {
        Node svd = Create(new SvdOp(), NotNull(a));
        return (Output(svd, 0), Output(svd, 1), Output(svd, 2));
    }

    /// <summary>The singular values, descending; see <see cref="Svd"/>. The second derivative depends on the vectors.</summary>
    /// <param name="a">Floats, […, M, N]; where symbols leave open which side is larger, M must be at least N.</param>
    /// <returns>[…, min(M, N)].</returns>
    public static Node SvdValues(Node a)
    {
        RequireMatrix("SvdValues", a);
        return Svd(a).S;
    }

    /// <summary>Two batches of matrices over their common batch axes.</summary>
    private static (Node A, Node B) TogetherInBatch(string op, Node a, Node b)
    {
        if (NotNull(a).Rank < 2 || NotNull(b).Rank < 2)
        {
            throw new ShapeException($"{op}: matrices are needed, not {a.Shape} and {b.Shape}. Inputs: {a.Describe()}, {b.Describe()}.");
        }

        Shape batch = Broadcasting.Join(op, Shape.Of(a.Shape.SkipLast(2)), Shape.Of(b.Shape.SkipLast(2)), a, b);
        return (BroadcastTo(a, Shape.Of([.. batch, .. a.Shape.TakeLast(2)])), BroadcastTo(b, Shape.Of([.. batch, .. b.Shape.TakeLast(2)])));
    }
}
