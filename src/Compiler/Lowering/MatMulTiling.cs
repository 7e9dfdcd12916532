namespace GraphCompiler.Lowering;

/// <summary>
/// How a matrix product is cut up: tiles of so many rows and vectors, whose sums stay in registers over the whole inner axis, in blocks of rows
/// that share each panel of the right matrix while it is in the cache.
/// </summary>
/// <param name="Heights">Rows of a tile: the usual height first, then the heights that what is left over is made up of, descending.</param>
/// <param name="Vectors">Vectors of a tile.</param>
/// <param name="EdgeVectors">Vectors of the last, partial panel; 0 if there is none.</param>
/// <param name="Lanes">Elements of a vector.</param>
/// <param name="BlockRows">Rows of a block: a multiple of the usual height, unless there is just one block.</param>
internal sealed record MatMulTiling(EquatableArray<int> Heights, int Vectors, int EdgeVectors, int Lanes, Dim BlockRows)
{
    // What the rows of a block may take of the second-level cache; a panel of the right matrix and the results take the rest.
    private const long BlockBytes = 256 * 1024;
    private const long MostBlockRows = 128;

    // What any number of rows below the usual height is made up of, in at most three tiles or so.
    private static readonly int[] Remainders = [7, 4, 2, 1];

    // With an epilogue in each tile, fewer kinds of tiles keep the kernel within what the JIT inlines.
    private static readonly int[] FewRemainders = [4, 1];

    // For products that are small anyway.
    private static readonly int[] FewHeights = [4, 1];

    public int Height => Heights[0];

    public int Columns => Vectors * Lanes;

    public static MatMulTiling Of(MatMulProblem problem, VectorWidth width, bool fewRows = false)
    {
        int lanes = Math.Max(1, width.Bits() / 8 / problem.Type.Size());
        long? columns = (problem.N.Constant + lanes - 1) / lanes;

        // 32 registers hold 28 sums, two vectors of the right matrix and a broadcast; 16 hold 12 sums.
        (int sums, int vectors) = width switch
        {
            VectorWidth.Bits512 => (28, 2),
            VectorWidth.Scalar => (4, 4),
            _ => (12, 2),
        };
        if (problem.M.Constant is > 0 and <= 8 and var few && width == VectorWidth.Bits512)
        {
            vectors = Math.Min(16, sums / (int)few);
        }

        vectors = (int)Math.Max(1, Math.Min(vectors, columns ?? vectors));
        int tallest = width == VectorWidth.Scalar ? 4 : Math.Min(14, sums / vectors);
        int[] heights = fewRows && problem.M.Constant is null ? FewHeights : HeightsFor(problem.M.Constant, tallest, problem.Epilogue is null ? Remainders : FewRemainders);
        int panel = vectors * lanes;
        int edge = problem.N.Constant is { } n ? (int)(((n % panel) + lanes - 1) / lanes) : vectors;
        return new MatMulTiling([.. heights], vectors, edge, lanes, RowsOf(problem, heights[0]));
    }

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

    private static Dim RowsOf(MatMulProblem problem, int height)
    {
        long most = problem.K.Constant is { } k ? Math.Clamp(BlockBytes / Math.Max(1, k * problem.Type.Size()), height, MostBlockRows) : MostBlockRows / 2;
        long rows = Math.Max(1, most / height) * height;
        return problem.M.Constant is { } m && m <= rows ? Math.Max(1, m) : rows;
    }
}
