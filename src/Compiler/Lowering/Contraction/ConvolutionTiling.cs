using GraphCompiler.Kernels.Products;

namespace GraphCompiler.Lowering.Contraction;

/// <summary>Neighbouring tiles of a row of positions that are the same code: each begins so many positions after the one before.</summary>
/// <param name="First">The position where the first begins.</param>
/// <param name="Count">How many they are.</param>
/// <param name="Width">Positions of a tile.</param>
internal sealed record ConvolutionTiles(long First, long Count, int Width)
{
    /// <summary>The position behind the last.</summary>
    public long End => First + (Count * Width);
}

/// <summary>
/// How a convolution is cut up: tiles of some positions of a row by some vectors of output channels, whose sums stay in registers over a block of input
/// channels; blocks of rows whose sums lie in a thread's memory until they are whole.
/// </summary>
/// <param name="Lanes">Elements of a vector.</param>
/// <param name="Vectors">Vectors of a tile.</param>
/// <param name="Tiles">The tiles of a row.</param>
/// <param name="BlockRows">Rows of positions of a block.</param>
/// <param name="BlockChannels">Input channels of a block: their products are one chain of additions.</param>
internal sealed record ConvolutionTiling(int Lanes, int Vectors, EquatableArray<ConvolutionTiles> Tiles, long BlockRows, long BlockChannels)
{
    // Products of a chain. It decides the order of additions, and therefore does not depend on the machine.
    private const long Chain = 192;

    // Sums of a block that wait in the first-level cache, or near it.
    private const long BlockBytes = 1 << 15;

    // Vectors of a tile, the best first, if they leave no more lanes idle than others.
    private static readonly int[] Preferred = [2, 3, 1];

    /// <summary>Output channels of a tile.</summary>
    public int Outputs => Lanes * Vectors;

    public static ConvolutionTiling Of(MatMulProblem problem, WholeConvolution windows, VectorWidth width)
    {
        int lanes = width.Bits() / 8 / problem.Type.Size();
        long all = (problem.M.Constant!.Value + lanes - 1) / lanes;
        int vectors = Preferred.MinBy(v => (all + v - 1) / v * v);

        // 32 registers hold the sums, the elements of an image that taps share, and the weights of a tap; 16 hold the sums.
        int most = Enumerable.Range(1, width == VectorWidth.Bits512 ? 14 : 12 / vectors).Last(w => w == 1 || width != VectorWidth.Bits512 || Registers(w) <= 32);
        long taps = windows.Rows.Taps * windows.Columns.Taps;
        long blocks = (windows.Channels * taps + Chain - 1) / Chain;
        long channels = Math.Max(1, (windows.Channels + blocks - 1) / blocks);
        long bytes = windows.Columns.Positions * lanes * vectors * problem.Type.Size();
        long rows = Math.Clamp(BlockBytes / bytes, 1, windows.Rows.Positions);
        long shares = (windows.Rows.Positions + rows - 1) / rows;
        return new ConvolutionTiling(lanes, vectors, TilesOf(windows.Columns, most), (windows.Rows.Positions + shares - 1) / shares, channels);

        long Registers(int w) => (w * vectors) + Math.Min(w * windows.Columns.Taps, ((w - 1) * windows.Columns.Stride) + windows.Columns.Taps) + vectors;
    }

    /// <summary>Tiles of about equal width. Those whose windows are all inside of the image are the same code.</summary>
    private static EquatableArray<ConvolutionTiles> TilesOf(WindowAxis axis, int most)
    {
        long count = (axis.Positions + most - 1) / most;
        int width = (int)((axis.Positions + count - 1) / count);
        List<ConvolutionTiles> tiles = [];
        for (long first = 0; first < axis.Positions; first += width)
        {
            var tile = new ConvolutionTiles(first, 1, (int)Math.Min(width, axis.Positions - first));
            if (tiles.Count > 0 && tiles[^1] is { } last && last.Width == tile.Width && IsInside(last) && IsInside(tile))
            {
                tiles[^1] = last with { Count = last.Count + 1 };
            }
            else
            {
                tiles.Add(tile);
            }
        }

        return [.. tiles];

        bool IsInside(ConvolutionTiles t) => axis.IsInside(axis.At(t.First, 0)) && axis.IsInside(axis.At(t.End - 1, axis.Taps - 1));
    }
}
