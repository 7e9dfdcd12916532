namespace GraphCompiler.Kernels.Products;

/// <summary>How the left matrix is read.</summary>
internal enum LeftAccess
{
    InPlace,

    /// <summary>From a copy whose rows lie where they do not fight for the cache.</summary>
    Spread,

    /// <summary>From a copy in panels.</summary>
    Packed,
}

/// <summary>One way to compute a product.</summary>
/// <param name="IsDots">Whether every element is a sum along the inner axis, in lanes; otherwise tiles.</param>
/// <param name="PacksRight">Whether the right matrix is read from a copy in panels.</param>
/// <param name="Left">How the left matrix is read.</param>
internal sealed record MatMulVariant(bool IsDots, bool PacksRight, LeftAccess Left)
{
    /// <summary>Whether the right matrix is packed block by block, inside the kernel that multiplies it.</summary>
    public bool PacksInside { get; init; }

    /// <summary>The number of rows below which this is the way; null for any number.</summary>
    public int? Below { get; init; }

    /// <summary>The number of rows from which this is the way; null for any number.</summary>
    public int? From { get; init; }

    /// <summary>Whether it is for one row only.</summary>
    public bool IsOneRow => From == 1 && Below == 2;
}

/// <summary>
/// The ways to compute a product, one for each range of row counts that calls for its own. Register tiles read either matrix in place where its rows
/// are dense and do not fight for the cache, else packed into panels. Few rows of a transposed right matrix are sums along the inner axis instead.
/// </summary>
/// <param name="Problem">The product, or its transpose.</param>
/// <param name="Variants">The ways.</param>
internal sealed record MatMulChoice(MatMulProblem Problem, IReadOnlyList<MatMulVariant> Variants)
{
    // Rows from which tiles over packed panels beat dot products, and from which packing costs less than reading scattered rows so often.
    private const int ManyRows = 16;
    private const int RowsToPack = 40;

    // Rows from which a panel that the first-level cache does not keep is worth a copy wherever its rows lie, and bytes of such a panel: the processor
    // foresees reads from the second level if they go from front to back.
    private const int RowsToPackLongPanels = 128;
    private const int LongPanelBytes = 1 << 14;

    // Elements of the right matrix from which one row is worth a kernel of its own, with as many sums side by side as there are registers.
    private const long ElementsForOneRow = 1 << 15;

    // Columns from which packing the left matrix costs less than cache sets that its rows fight for.
    private const int ManyColumns = 256;

    // Rows this far apart share their sets in a first-level cache of 64 sets.
    private const int SetBytes = 4096;

    // A second-level cache of 1 MB in 8 ways holds this over the distance between rows: as many rows as fit without displacing each other.
    private const long CacheBytes = 1 << 20;

    /// <summary>Whether every way reads the right matrix from a copy, and so may compute it on the way.</summary>
    public bool AlwaysCopiesRight => Variants.All(v => v.PacksRight);

    /// <summary>Whether every way reads the left matrix from a copy, and so may compute it on the way.</summary>
    public bool AlwaysCopiesLeft => Variants.All(v => v.Left != LeftAccess.InPlace);

    /// <summary>Whether the right matrix's panels are made once and for all.</summary>
    public bool KeepsRight { get; private init; }

    /// <summary>Whether the product has one column; it is computed as one row of its transpose where that can be read.</summary>
    public bool IsColumn { get; private init; }

    public static MatMulChoice Of(MatMulProblem problem, Materialization materialization, VectorWidth width)
    {
        if (problem.Windows is not null)
        {
            return new MatMulChoice(problem, [new MatMulVariant(IsDots: false, PacksRight: false, LeftAccess.Packed)]);
        }

        if (problem.A.Joined is not null || problem.B.Joined is not null)
        {
            return new MatMulChoice(problem, [OfJoined(problem, TileSize.Of(problem, width).Columns)]) { IsColumn = problem.N.Constant == 1 };
        }

        bool isColumn = problem.N.Constant == 1;
        if (isColumn)
        {
            // One column is one row of the transposed product, and its results lie just as densely.
            problem = problem.Transposed();
        }

        int panel = TileSize.Of(problem, width).Columns;
        bool keeps = IsWorthKeeping(problem, materialization, panel);
        MatMulVariant[] variants = VariantsOf(problem, panel, keeps);
        return new MatMulChoice(problem, IsWorthOneRow(problem, panel) ? [OneRow, .. variants.Select(v => v with { From = v.From ?? 2 })] : variants) { KeepsRight = keeps, IsColumn = isColumn };
    }

    /// <summary>The same with elementwise work on the root.</summary>
    /// <param name="further">The work.</param>
    /// <param name="stored">What lies in memory afterwards: results of the work, and perhaps the root.</param>
    public MatMulChoice With(Epilogue further, IReadOnlyList<Node> stored) => this with
    {
        Problem = Problem with
        {
            Further = further.Leaving([.. stored.Where(n => n != Problem.Root)]),
            KeepsRoot = stored.Contains(Problem.Root),
            Roots = stored,
        },
    };

    private static readonly MatMulVariant OneRow = new(IsDots: false, PacksRight: false, LeftAccess.InPlace) { From = 1, Below = 2 };

    /// <summary>A left matrix whose axes are several axes each is read in place, element by element; a right one is packed block by block.</summary>
    private static MatMulVariant OfJoined(MatMulProblem problem, int panel) => problem.B.Joined is not null
        ? new MatMulVariant(IsDots: false, PacksRight: true, LeftOf(problem, panel)) { PacksInside = true }
        : new MatMulVariant(IsDots: false, PacksRight: problem.B.Column.Constant != 1 || !(problem.N.Constant <= panel || RowsFit(problem)), LeftAccess.InPlace);

    /// <summary>Whether a product of any number of rows is large and reads its right matrix along the rows, in place.</summary>
    private static bool IsWorthOneRow(MatMulProblem problem, int panel) =>
        !problem.M.IsConstant && problem.N.Constant > panel && problem.N.Constant * problem.K.Constant >= ElementsForOneRow
        && problem.B is { Column.Constant: 1, Prologue: null } && problem.A.Prologue is null;

    private static MatMulVariant[] VariantsOf(MatMulProblem problem, int panel, bool keepsRight)
    {
        LeftAccess left = LeftOf(problem, panel);
        var packed = new MatMulVariant(IsDots: false, PacksRight: true, left);
        var inPlace = new MatMulVariant(IsDots: false, PacksRight: false, left);
        bool rowsLieDense = problem.B.Column.Constant == 1;
        if (keepsRight || (!rowsLieDense && problem.B.Row.Constant != 1))
        {
            return [packed];
        }

        if (rowsLieDense && (problem.N.Constant <= panel || (RowsFit(problem) && !IsLong(problem, panel))))
        {
            return [inPlace];
        }

        int many = rowsLieDense ? RowsToPack : ManyRows;
        MatMulVariant few = rowsLieDense ? inPlace : new MatMulVariant(IsDots: true, PacksRight: false, LeftAccess.InPlace);
        return problem.M.Constant is { } rows ? [rows < many ? few : packed] : [few with { Below = many }, packed with { From = many }];
    }

    /// <summary>With one panel the left matrix is read just once, wherever it lies.</summary>
    private static LeftAccess LeftOf(MatMulProblem problem, int panel)
    {
        if (problem.N.Constant <= panel || problem.M.Constant < ManyRows || (problem.A.Column.Constant == 1 && !RowsCollide(problem)))
        {
            return LeftAccess.InPlace;
        }

        bool isDense = problem.A.Column.Constant == 1 && problem.A.LiesAlongRows && problem.A.Row.IsConstant && problem.K.IsConstant;
        return isDense ? LeftAccess.Spread : LeftAccess.Packed;
    }

    /// <summary>
    /// Whether the right matrix is packed once and for all: panels are read from front to back, whatever the number of rows. Few rows read it just
    /// once, and as well where it lies.
    /// </summary>
    private static bool IsWorthKeeping(MatMulProblem problem, Materialization materialization, int panel) =>
        problem.B.Sources.All(materialization.IsLasting)
        && !(problem.M.Constant < ManyRows)
        && problem.N.IsConstant && problem.K.IsConstant && problem.B.Offset.IsConstant
        && problem.B.Row.IsConstant && problem.B.Column.IsConstant
        && !(problem.B.Column.Constant == 1 && problem.N.Constant <= panel);

    /// <summary>Whether a panel's part of each row of the right matrix stays in the cache although the rows lie apart.</summary>
    private static bool RowsFit(MatMulProblem problem)
    {
        long stride = (problem.B.Row.Constant ?? 0) * problem.B.Source.DType.Size();
        return stride > 0 && problem.K.Constant * (stride & -stride) <= CacheBytes;
    }

    /// <summary>Whether many rows go through panels that are read from the second-level cache each time.</summary>
    private static bool IsLong(MatMulProblem problem, int panel) =>
        problem.M.Constant >= RowsToPackLongPanels && problem.K.Constant * panel * problem.Type.Size() > LongPanelBytes;

    /// <summary>Whether the rows of a tile fall into the same cache sets, or may: then packing them is worth a pass over the matrix.</summary>
    private static bool RowsCollide(MatMulProblem problem) =>
        !(problem.N.Constant < ManyColumns) && (problem.A.Row.Constant is not { } stride || (stride * problem.A.Source.DType.Size()) % SetBytes == 0);
}
