using GraphCompiler.Loops;

namespace GraphCompiler.Lowering.Contraction;

/// <summary>
/// Matrix products. Register tiles read either matrix in place where its rows are dense and do not fight for the cache, else packed into panels.
/// Few rows of a transposed right matrix are sums along the inner axis instead. If the number of rows decides and is a symbol, there are kernels
/// for few and for many, and each looks whether the number is its own.
/// </summary>
internal static class LowerMatMul
{
    // Rows from which tiles over packed panels beat dot products, and from which packing costs less than reading scattered rows so often.
    private const int ManyRows = 16;
    private const int RowsToPack = 40;

    // Columns from which packing the left matrix costs less than cache sets that its rows fight for.
    private const int ManyColumns = 256;

    // Rows this far apart share their sets in a first-level cache of 64 sets.
    private const int SetBytes = 4096;

    // A second-level cache of 1 MB in 8 ways holds this over the distance between rows: as many rows as fit without displacing each other.
    private const long CacheBytes = 1 << 20;

    public static IReadOnlyList<LoweredKernel> Run(Node root, IMaterialization materialization, VectorWidth width)
    {
        MatMulProblem problem = MatMulProblem.Of(root, materialization);
        if (problem.N.Constant == 1)
        {
            // One column is one row of the transposed product, and its results lie just as densely.
            problem = problem.Transposed();
        }

        bool rowsLieDense = problem.B.Column.Constant == 1;
        if (IsWorthKeeping(problem, materialization, width))
        {
            return Tiles(problem, width, packRight: true, when: null);
        }

        if (!rowsLieDense && problem.B.Row.Constant != 1)
        {
            return Tiles(problem, width, packRight: true, when: null);
        }

        if (rowsLieDense && (problem.N.Constant <= MatMulTiling.Of(problem, width).Columns || RowsFit(problem)))
        {
            return Tiles(problem, width, packRight: false, when: null);
        }

        int many = rowsLieDense ? RowsToPack : ManyRows;
        LoweredKernel[] FewRows(Func<KernelBuilder, LoopValue>? when) =>
            rowsLieDense ? Tiles(problem, width, packRight: false, when) : [DotProducts.Build(problem, when)];
        return problem.M.Constant is not { } rows
            ? [
                .. FewRows(kernel => LoopMath.Less(kernel.Size(problem.M), LoopMath.Int(many))),
                .. Tiles(problem, width, packRight: true, kernel => LoopMath.AtLeast(kernel.Size(problem.M), LoopMath.Int(many))),
            ]
            : rows < many ? FewRows(when: null) : Tiles(problem, width, packRight: true, when: null);
    }

    /// <summary>
    /// Whether the right matrix is packed once and for all: panels are read from front to back, whatever the number of rows. Few rows read it just
    /// once, and as well where it lies.
    /// </summary>
    private static bool IsWorthKeeping(MatMulProblem problem, IMaterialization materialization, VectorWidth width) =>
        materialization.IsLasting(problem.B.Source)
        && !(problem.M.Constant < ManyRows)
        && problem.N.IsConstant && problem.K.IsConstant && problem.B.Offset.IsConstant
        && problem.B.Row.IsConstant && problem.B.Column.IsConstant
        && !(problem.B.Column.Constant == 1 && problem.N.Constant <= MatMulTiling.Of(problem, width).Columns);

    /// <summary>One kernel for any number of rows that is meant for few: less code, nothing packed. Null if neither matrix's elements lie in order.</summary>
    public static LoweredKernel? FewRows(Node root, IMaterialization materialization, VectorWidth width)
    {
        MatMulProblem problem = MatMulProblem.Of(root, materialization);
        problem = problem.N.Constant == 1 ? problem.Transposed() : problem;
        MatMulTiling tiling = MatMulTiling.Of(problem, width, fewRows: true);
        return problem.B.Column.Constant == 1 ? MatMulKernel.Build(problem, tiling, LeftPanels.InPlace(problem.A), RightPanels.InPlace(problem.B, tiling.Columns))
            : problem.B.Row.Constant == 1 ? DotProducts.Build(problem, when: null)
            : null;
    }

    private static LoweredKernel[] Tiles(MatMulProblem problem, VectorWidth width, bool packRight, Func<KernelBuilder, LoopValue>? when)
    {
        MatMulTiling tiling = MatMulTiling.Of(problem, width);
        List<LoweredKernel> kernels = [];
        bool onePanel = problem.N.Constant <= tiling.Columns;
        RightPanels right = RightPanels.InPlace(problem.B, tiling.Columns);
        if (packRight)
        {
            (LoweredKernel pack, right) = PackPanels.Right(problem, tiling, when);
            kernels.Add(pack);
        }

        // With one panel the left matrix is read just once, wherever it lies.
        LeftPanels left = LeftPanels.InPlace(problem.A);
        if (!onePanel && !(problem.M.Constant < ManyRows) && (problem.A.Column.Constant != 1 || RowsCollide(problem)))
        {
            (LoweredKernel pack, left) = problem.A.Column.Constant == 1 && problem.A.Row.IsConstant && problem.K.IsConstant
                ? SpreadRows.Left(problem, when)
                : PackPanels.Left(problem, tiling, when);
            kernels.Add(pack);
        }

        kernels.Add(MatMulKernel.Build(problem, tiling, left, right, when));
        return [.. kernels];
    }

    /// <summary>Whether a panel's part of each row of the right matrix stays in the cache although the rows lie apart.</summary>
    private static bool RowsFit(MatMulProblem problem)
    {
        long stride = (problem.B.Row.Constant ?? 0) * problem.Type.Size();
        return stride > 0 && problem.K.Constant * (stride & -stride) <= CacheBytes;
    }

    /// <summary>Whether the rows of a tile fall into the same cache sets, or may: then packing them is worth a pass over the matrix.</summary>
    private static bool RowsCollide(MatMulProblem problem) =>
        !(problem.N.Constant < ManyColumns) && (problem.A.Row.Constant is not { } stride || (stride * problem.Type.Size()) % SetBytes == 0);
}
