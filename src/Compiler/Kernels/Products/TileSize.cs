namespace GraphCompiler.Kernels.Products;

/// <summary>How large the tiles of a product are, whose sums stay in registers.</summary>
/// <param name="Lanes">Elements of a vector.</param>
/// <param name="Vectors">Vectors of a tile.</param>
/// <param name="Tallest">The most rows of a tile.</param>
internal readonly record struct TileSize(int Lanes, int Vectors, int Tallest)
{
    // Vectors of a tile whose height is given.
    private const int MostVectors = 8;

    /// <summary>The columns of a tile, and of a panel of the right matrix.</summary>
    public int Columns => Vectors * Lanes;

    public static TileSize Of(MatMulProblem problem, VectorWidth width)
    {
        int lanes = Math.Max(1, width.Bits() / 8 / problem.Type.Size());
        long? columns = (problem.N.Constant + lanes - 1) / lanes;

        // 32 registers hold 28 sums, two vectors of the right matrix and a broadcast; 16 hold 12 sums. Of short vectors a tile has more side by side, for
        // else there would be a broadcast for every two products: 32 hold 24 sums of them, four of the right matrix and a broadcast.
        int registers = width.Registers();
        (int sums, int vectors) = (width, registers) switch
        {
            (VectorWidth.Scalar, _) => (4, 4),
            (VectorWidth.Bits128, 32) => (24, 4),
            (_, 32) => (28, 2),
            _ => (12, 2),
        };
        if (problem.M.Constant is > 0 and <= 8 and var few && width != VectorWidth.Scalar && registers == 32)
        {
            vectors = Math.Min(16, sums / (int)few);
        }

        if (problem.A.Joined is { } joined)
        {
            int height = JoinedAxes.HeightOf(joined.Rows, width == VectorWidth.Scalar ? 4 : sums / 2);
            long most = sums / height;
            long each = columns is > 0 and { } c ? (c + ((c + most - 1) / most) - 1) / ((c + most - 1) / most) : most;
            return new TileSize(lanes, (int)Math.Min(each, MostVectors), height);
        }

        vectors = (int)Math.Max(1, Math.Min(vectors, columns ?? vectors));
        return new TileSize(lanes, vectors, width == VectorWidth.Scalar ? 4 : Math.Min(14, sums / vectors));
    }
}
