using GraphCompiler.Kernels.Products;

namespace GraphCompiler.Lowering.Contraction;

/// <summary>
/// How a matrix product is cut up: tiles of so many rows and vectors, whose sums stay in registers over a block of the inner axis; blocks of rows
/// that share each panel of the right matrix while it is in the cache; groups of panels, so that there are enough blocks to share out.
/// </summary>
/// <param name="Heights">Rows of a tile: the usual height first, then the heights that what is left over is made up of, descending.</param>
/// <param name="Vectors">Vectors of a tile.</param>
/// <param name="EdgeVectors">Vectors of the last, partial panel; 0 if there is none.</param>
/// <param name="Lanes">Elements of a vector.</param>
/// <param name="BlockRows">Rows of a block: a multiple of the usual height, unless there is just one block.</param>
/// <param name="GroupPanels">Panels of the right matrix that a block goes through.</param>
/// <param name="BlockInner">Elements of the inner axis that a block's tiles go through before the next ones; null for all of them.</param>
/// <param name="Chain">Products that are added up in a register before their sum goes to memory; null for all of a block's.</param>
/// <param name="FinishesInTiles">Whether there is an epilogue, and tiles do it; otherwise it is done over blocks.</param>
internal sealed record MatMulTiling(
    EquatableArray<int> Heights, int Vectors, int EdgeVectors, int Lanes, Dim BlockRows, long GroupPanels, long? BlockInner, long? Chain, bool FinishesInTiles)
{
    /// <summary>
    /// A row's part in a block of the inner axis. It decides the order of additions, and therefore does not depend on the machine. Shorter blocks
    /// would fit the first-level cache, and cost more by the sums' way to memory and back than that saves.
    /// </summary>
    private const int InnerBytes = 4096;

    /// <summary>As many products as surely make one chain, about as many as the chains of longer sums have, and as many as the chains of a span have in all.</summary>
    public const long ShortChain = 256;
    private const long LongChain = 192;
    private const long InnerOfSpan = 4096;

    // So many products are one span.
    private const long LongSpan = 8192;

    // A block is worth handing to another thread from about here; a product of less is one block.
    private const long BlockOperations = 600_000;

    // A block of rows that is not the only one is read from further away for every group of panels: no fewer columns than that is worth.
    private const long ColumnsOfManyBlocks = 256;
    private const long ManyBlocks = 8;
    private const long ColumnsOfUnknownRows = 128;

    // A block whose results other work goes on with: bytes of it, and columns that it may span.
    private const long FinishedBytes = 1 << 18;
    private const long MostColumnsToFinish = 8192;

    // A block that is packed inside: the part of the second-level cache that it may take.
    private const int PackedParts = 4;

    // Rows that are worth another copy of what is packed inside, where there are too few blocks for threads otherwise.
    private const long LeastRowsOfShare = 128;

    // What the code that packs may count in KernelSize: no kernel of the convolutions that were looked at was over the limit.
    private const int SizeOfPacking = 120;

    // What it counts that a sum is made of chains.
    private const double SizeOfChain = 4;

    // What a symbolic size counts as.
    private const long Nominal = 64;
    private const long MostBlockRows = 256;

    // Enough to make reading a panel again for each block cheap, few enough that a batch of a hundred is work for several threads.
    private const long TilesOfUnknownRows = 5;

    // What any number of rows below the usual height is made up of, in at most three tiles or so.
    private static readonly int[] Remainders = [7, 4, 2, 1];

    // Where there is more to a kernel than such tiles, or an addition of products is two instructions, fewer kinds of them keep the kernel within what the
    // JIT inlines.
    private static readonly int[] FewRemainders = [4, 1];

    // For products that are small anyway.
    private static readonly int[] FewHeights = [4, 1];

    public int Height => Heights[0];

    public int Columns => Vectors * Lanes;

    public long GroupColumns => GroupPanels * Columns;

    /// <summary>Elements of the inner axis, whole blocks, whose chains are added in order; null for all of them.</summary>
    public long? Span { get; private init; }

    /// <summary>Whether neighbouring blocks of rows that one thread has are done as one, for all of them need the same copy of the right matrix.</summary>
    public bool JoinsBlocks { get; private init; }

    /// <summary>The distance between rows of a block that is packed inside: a whole number of vectors, and an odd one, so that rows do not share cache sets.</summary>
    public long PackedApart => ((GroupColumns / Lanes) | 1) * Lanes;

    public static MatMulTiling Of(MatMulProblem problem, VectorWidth width, bool fewRows = false)
    {
        (int lanes, int vectors, int tallest) = TileSize.Of(problem, width);
        bool packsInside = problem.B.Joined is not null;
        bool isJoined = packsInside || problem.A.Joined is not null;
        long? inner = fewRows ? null : isJoined && !problem.K.IsConstant ? InnerBytes / problem.Type.Size() : InnerOf(problem);
        long? chain = ChainOf(problem, inner);
        int panel = vectors * lanes;
        int edge = problem.N.Constant is { } n ? (int)(((n % panel) + lanes - 1) / lanes) : vectors;
        bool isMore = problem.Further is not null || !problem.Type.IsFloat();

        // Sixteen registers hold the sums, what is multiplied, and masks for an edge of any width; numbers of an epilogue would go to the stack.
        bool isTight = width != VectorWidth.Scalar && width.Registers() == 16 && !problem.N.IsConstant && problem.Epilogue is { HasNumbers: true };
        bool canFinish = !isTight && problem.Epilogue is { IsCheap: true };
        isMore |= chain is not null;
        int[] heights = Heights(isFew: canFinish || isMore);
        bool finishes = canFinish && SizeOf(heights, problem.Epilogue!.SizeInTiles) <= Emit.KernelSize.Most;
        if (canFinish && !finishes)
        {
            heights = Heights(isFew: isMore);
        }

        if (!finishes && SizeOf(heights, 0) > Emit.KernelSize.Most)
        {
            heights = Heights(isFew: true);
        }

        // The rows of a joined left matrix are few, and lie closely: two blocks at least, for threads.
        Dim rows = problem.A.Joined is not null ? Math.Min(MostBlockRows / tallest, Math.Max(1, ((problem.M.Constant!.Value / tallest) + 1) / 2)) * tallest
            : RowsOf(problem, heights[0], inner);
        long panels = packsInside ? PackedPanelsOf(problem, inner, panel) : PanelsOf(problem, rows, panel);
        if (!packsInside && problem.Further is not null && problem.N.Constant is > 0 and <= MostColumnsToFinish and var whole)
        {
            // What is read and written beside the product comes from memory: in whole rows, one after the other, as many as stay in the cache.
            panels = (whole + panel - 1) / panel;
            long most = Math.Max(1, FinishedBytes / (whole * problem.Type.Size()) / heights[0]) * heights[0];
            rows = rows.Constant is { } given ? Math.Min(given, most) : most;
        }

        bool joins = false;
        if (packsInside && problem.M.Constant is { } all)
        {
            rows = SharedRowsOf(problem, heights[0], panels * panel);
            joins = rows != Math.Max(1, all);
        }

        return new MatMulTiling([.. heights], vectors, edge, lanes, rows, panels, inner, chain, finishes) { JoinsBlocks = joins, Span = SpanOf(problem, inner) };

        int[] Heights(bool isFew) => problem.A.Joined is not null ? [tallest] : fewRows && problem.M.Constant is null ? FewHeights : HeightsFor(problem.M.Constant, tallest, isFew ? FewRemainders : Remainders);

        double SizeOf(int[] each, double epilogue) =>
            SizeOfBatches(problem) + (each.Sum() * ((problem.N.Constant < panel ? 0 : vectors) + edge) * (SizeOfSum(problem) + (chain is null ? 0 : SizeOfChain) + epilogue));
    }

    /// <summary>What the code of a tile's sum counts in <see cref="Emit.KernelSize"/>, without an epilogue, as measured: strides that are known cost less.</summary>
    private static double SizeOfSum(MatMulProblem problem) => !problem.N.IsConstant ? 10.5 : !problem.M.IsConstant ? 8.5 : 7.5;

    private static double SizeOfBatches(MatMulProblem problem) =>
        (problem.Batch.All(size => size.Constant == 1) ? 0 : 110) + (problem.B.Joined is null ? 0 : SizeOfPacking);

    private static int[] HeightsFor(long? rows, int tallest, int[] remainders)
    {
        if (rows is { } m)
        {
            // Tiles of about equal height.
            long tiles = Math.Max(1, (m + tallest - 1) / tallest);
            int height = (int)Math.Max(1, (m + tiles - 1) / tiles);
            return m % height == 0 ? [height] : [height, (int)(m % height)];
        }

        return [tallest, .. remainders.Where(h => h < tallest)];
    }

    /// <summary>
    /// Blocks of about equal length; an axis that is not much longer than one block is one. One of unknown length, mostly a batch, has longer blocks: most
    /// are one.
    /// </summary>
    private static long? InnerOf(MatMulProblem problem)
    {
        long most = InnerBytes / problem.Type.Size();
        if (problem.K.Constant is not { } k)
        {
            return problem.Type.IsFloat() ? InnerOfSpan : null;
        }

        if (k < 2 * most)
        {
            return null;
        }

        long blocks = (k + most - 1) / most;
        return ((k + blocks - 1) / blocks + 15) / 16 * 16;
    }

    /// <summary>
    /// Chains of about equal length. They decide how far errors grow: a sum of n products is off by no more than (b + log₂(n/b)) units of the sum of their
    /// magnitudes, with b of at most 256.
    /// </summary>
    private static long? ChainOf(MatMulProblem problem, long? inner)
    {
        if (!problem.Type.IsFloat())
        {
            return inner;
        }

        if (problem.K.Constant <= ShortChain)
        {
            return null;
        }

        // Where tensors are small, the axis is not as long as a span.
        long length = inner ?? problem.K.Constant ?? LongChain;
        long chains = (length + LongChain - 1) / LongChain;
        return (length + chains - 1) / chains;
    }

    private static long? SpanOf(MatMulProblem problem, long? inner) =>
        inner is not { } block || problem.K.Constant <= LongSpan || !problem.Type.IsFloat() ? null : Math.Max(1, InnerOfSpan / block) * block;

    /// <summary>As many rows as take a quarter of the second-level cache; panels and sums take the rest.</summary>
    private static Dim RowsOf(MatMulProblem problem, int height, long? inner)
    {
        long bytes = Math.Max(1, inner ?? problem.K.Constant ?? InnerBytes / problem.Type.Size()) * problem.Type.Size();
        long most = Math.Max(1, Math.Clamp(CacheSizes.Level2 / 4 / bytes, height, MostBlockRows) / height) * height;
        if (problem.M.Constant is not { } m)
        {
            return Math.Min(most, TilesOfUnknownRows * height);
        }

        if (m <= most)
        {
            return Math.Max(1, m);
        }

        long blocks = (m + most - 1) / most;
        return (((m + blocks - 1) / blocks) + height - 1) / height * height;
    }

    /// <summary>As many panels as the cache holds of a block that is packed inside, in groups of about equal size.</summary>
    private static long PackedPanelsOf(MatMulProblem problem, long? inner, int panel)
    {
        long most = Math.Max(1, CacheSizes.Level2 / PackedParts / (panel * problem.Type.Size() * Math.Max(1, inner ?? problem.K.Constant!.Value)));
        if (problem.N.Constant is not { } n)
        {
            return most;
        }

        long all = Math.Max(1, (n + panel - 1) / panel);
        long groups = (all + most - 1) / most;
        return (all + groups - 1) / groups;
    }

    /// <summary>
    /// All rows, for what is packed inside is packed for all of them at once. Where there are few matrices and groups of columns for threads, fewer rows: the
    /// more shares, the fewer there are.
    /// </summary>
    private static Dim SharedRowsOf(MatMulProblem problem, int height, long groupColumns)
    {
        long rows = Math.Max(1, problem.M.Constant!.Value);
        long most = rows / LeastRowsOfShare;
        if (most < 2)
        {
            return rows;
        }

        // As many shares as there may be for one block, and from twice as many blocks on just one.
        Dim blocks = problem.Batch.ElementCount * ((problem.N + (groupColumns - 1)) / groupColumns);
        Dim shares = (Dim.Of(2 * (most - 1)) / (blocks + 1)) + 1;
        long tiles = (rows + height - 1) / height;
        return shares.Constant == 1 ? rows : (tiles + shares - 1) / shares * height;
    }

    private static long PanelsOf(MatMulProblem problem, Dim blockRows, int panel)
    {
        long rows = Math.Max(1, problem.M.Constant is null ? Nominal : blockRows.Constant!.Value);
        long operations = 2 * rows * panel * Math.Max(1, problem.K.Constant ?? Nominal);
        long blocks = problem.M.Constant is { } m ? (m + rows - 1) / rows : 0;
        long columns = problem.M.Constant is null ? ColumnsOfUnknownRows : blocks > 1 ? ColumnsOfManyBlocks * Math.Min(blocks, ManyBlocks) / ManyBlocks : 1;
        long panels = Math.Max((BlockOperations + operations - 1) / operations, (columns + panel - 1) / panel);
        if (problem.N.Constant is not { } n)
        {
            return panels;
        }

        // Groups of about equal size.
        long all = Math.Max(1, (n + panel - 1) / panel);
        long groups = Math.Max(1, all / panels);
        return (all + groups - 1) / groups;
    }
}
