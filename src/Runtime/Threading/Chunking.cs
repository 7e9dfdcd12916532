namespace GraphCompiler.Threading;

/// <summary>
/// How the range of a kernel is cut into chunks that threads share: by its size and its work alone, never by the number of threads. Work is
/// nanoseconds of one thread, as estimated.
/// </summary>
internal sealed record Chunking
{
    public static Chunking Default { get; } = new();

    /// <summary>Cuts whatever can be cut, however small: for tests.</summary>
    public static Chunking Finest { get; } = new() { LeastWork = 0, LeastWorkToWake = 0, ChunkWork = 0, MostChunks = int.MaxValue, Alignment = 1 };

    /// <summary>A kernel with less work than this is not worth sharing, even with threads that are awake.</summary>
    public double LeastWork { get; init; } = 15_000;

    /// <summary>A kernel with less work than this is not worth waking a thread for.</summary>
    public double LeastWorkToWake { get; init; } = 40_000;

    /// <summary>The work of a chunk: enough that taking one costs next to nothing, little enough that threads finish together.</summary>
    public double ChunkWork { get; init; } = 5_000;

    /// <summary>The most chunks: a few for each core of a large machine.</summary>
    public int MostChunks { get; init; } = 64;

    /// <summary>
    /// Elements that a chunk of a vector loop is a multiple of: its vectors are whole, unrolled ones too, and neighbours share no cache line.
    /// </summary>
    public int Alignment { get; init; } = 64;

    /// <summary>The size of a chunk; 0 if the range stays whole.</summary>
    /// <param name="range">The size of the range.</param>
    /// <param name="work">The work of all of it.</param>
    /// <param name="isVector">Whether the range is that of a vector loop.</param>
    public long Chunk(long range, double work, bool isVector)
    {
        if (range < 2 || work < LeastWork)
        {
            return 0;
        }

        double chunks = Math.Clamp(Math.Max(1, work) / ChunkWork, 2, MostChunks);
        long size = Math.Max(1, (long)Math.Ceiling(range / chunks));
        size = isVector ? (size + Alignment - 1) / Alignment * Alignment : size;
        return size < range ? size : 0;
    }
}
