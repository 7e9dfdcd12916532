namespace GraphCompiler.Threading;

/// <summary>
/// Hands out the chunks of a job. Each thread has a share of its own, of neighbouring chunks, and takes from the shares of others when that is used up.
/// In the next job of as many threads it has the same share: the kernels of a plan read what others wrote, and what a thread wrote itself is in the
/// cache of its core.
/// </summary>
internal sealed class ChunkShares
{
    // Counters lie two cache lines apart, for processors fetch pairs.
    private const int Stride = 16;

    private long[] next = new long[2 * Stride];
    private int shares;
    private long chunks;
    private long limit;

    /// <summary>A new job, for so many threads; nobody takes meanwhile.</summary>
    public void Open(long chunksOfJob, int threads)
    {
        (chunks, shares, limit) = (chunksOfJob, threads, chunksOfJob);
        if (next.Length < (shares + 1) * Stride)
        {
            next = new long[(shares + 1) * Stride];
        }

        for (int share = 0; share < shares; share++)
        {
            next[(share + 1) * Stride] = Begin(share);
        }
    }

    /// <summary>Takes a chunk, or −1 if none is left.</summary>
    /// <param name="home">The thread's own share.</param>
    /// <param name="away">How many shares the thread has seen used up, 0 at first.</param>
    public long Take(int home, ref int away)
    {
        for (; away < shares; away++)
        {
            int share = (home + away) % shares;
            ref long counter = ref next[(share + 1) * Stride];
            long end = Math.Min(Begin(share + 1), Volatile.Read(ref limit));
            if (Volatile.Read(ref counter) < end && Interlocked.Increment(ref counter) - 1 is var chunk && chunk < end)
            {
                return chunk;
            }
        }

        return -1;
    }

    /// <summary>Chunks from this one on are not handed out any more; all before it still are, so that the lowest failure is found.</summary>
    public void EndAt(long chunk)
    {
        long seen = Volatile.Read(ref limit);
        while (chunk < seen && Interlocked.CompareExchange(ref limit, chunk, seen) is var found && found != seen)
        {
            seen = found;
        }
    }

    private long Begin(int share) => share * chunks / shares;
}
