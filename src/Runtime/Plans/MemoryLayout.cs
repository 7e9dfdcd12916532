namespace GraphCompiler.Plans;

/// <summary>
/// Gives blocks of a workspace their offsets: blocks that are never in use at the same time may share memory. Best fit in several orders: the earliest
/// first, the latest first, and while that wastes memory, and blocks are so few that each may be held against all others, the largest first, and again with the
/// block that sticks out moved forward. The arrays are kept for the next binding.
/// </summary>
internal sealed class MemoryLayout
{
    // Attempts stop when so little is wasted, after so many, or when they have looked at so many pairs of blocks.
    private const double LittleWaste = 1.1;
    private const int MostAttempts = 100;
    private const long MostPairs = 1_000_000;

    // From here on blocks are placed in the order of time alone, each against what is in use then.
    private const int ManyBlocks = 2000;

    private readonly PlanBlock[] blocks;
    private readonly int threads;
    private readonly long[] sizes;
    private readonly long[] live;
    private readonly long[] tried;
    private readonly int[] order;
    private readonly int[] placed;
    private readonly FreeMemory free;
    private long pairs;

    // The blocks as they end, and backwards in time.
    private readonly int[] ends;
    private readonly int[] beginnings;

    // Made once: a method given as a comparison is a new object each time.
    private readonly Comparison<int> earliestFirst;
    private readonly Comparison<int> latestFirst;
    private readonly Comparison<int> largestFirst;

    /// <param name="blocks">The blocks.</param>
    /// <param name="threads">How many threads have each block that every thread has for itself.</param>
    public MemoryLayout(PlanBlock[] blocks, int threads = 1)
    {
        (this.blocks, this.threads) = (blocks, threads);
        sizes = new long[blocks.Length];
        tried = new long[blocks.Length];
        order = new int[blocks.Length];
        placed = new int[blocks.Length];
        live = new long[blocks.Length == 0 ? 1 : blocks.Max(b => b.Last) + 2];
        Offsets = new long[blocks.Length];
        free = new FreeMemory(blocks.Length);
        ends = [.. Enumerable.Range(0, blocks.Length).OrderBy(b => blocks[b].Last)];
        beginnings = [.. Enumerable.Range(0, blocks.Length).OrderByDescending(b => blocks[b].First)];
        earliestFirst = (x, y) => Compare(ByTime(x, y), BySize(x, y), x, y);
        latestFirst = (x, y) => Compare(blocks[y].Last.CompareTo(blocks[x].Last), BySize(x, y), x, y);
        largestFirst = (x, y) => Compare(BySize(x, y), ByTime(x, y), x, y);
    }

    /// <summary>Where each block begins, a multiple of the alignment.</summary>
    public long[] Offsets { get; }

    /// <summary>The size of the whole.</summary>
    public long Total { get; private set; }

    /// <summary>The most bytes in use at one time: no layout is smaller.</summary>
    public long Peak { get; private set; }

    /// <summary>How many gaps and pairs of blocks were looked at: the work that was done.</summary>
    public long Steps => free.Steps + pairs;

    /// <summary>Lays the blocks out for the current sizes.</summary>
    /// <exception cref="OverflowException">They do not fit into the address space.</exception>
    public void Place(ReadOnlySpan<long> planSizes)
    {
        long sum = 0;
        Array.Clear(live);
        for (int b = 0; b < blocks.Length; b++)
        {
            sizes[b] = checked(AlignedBuffer.RoundUp(planSizes[blocks[b].Bytes]) * (blocks[b].IsPerThread ? threads : 1));
            sum = checked(sum + sizes[b]);
            live[blocks[b].First] += sizes[b];
            live[blocks[b].Last + 1] -= sizes[b];
        }

        Peak = 0;
        long now = 0;
        foreach (long change in live)
        {
            now += change;
            Peak = Math.Max(Peak, now);
        }

        Total = long.MaxValue;
        Sort(earliestFirst);
        TryInTime(ends, isForward: true);
        Sort(latestFirst);
        TryInTime(beginnings, isForward: false);
        if (Total == Peak || blocks.Length > ManyBlocks)
        {
            return;
        }

        Sort(largestFirst);
        Try();
        long all = (long)blocks.Length * blocks.Length;
        for (int attempt = 1; attempt <= MostAttempts && attempt * all <= MostPairs && Total > LittleWaste * Peak; attempt++)
        {
            MoveForward(Topmost(), attempt);
            Try();
        }
    }

    private static int Compare(int first, int second, int x, int y) => first != 0 ? first : second != 0 ? second : x.CompareTo(y);

    private int BySize(int x, int y) => sizes[y].CompareTo(sizes[x]);

    private int ByTime(int x, int y) => blocks[x].First.CompareTo(blocks[y].First);

    private void Sort(Comparison<int> comparison)
    {
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        order.AsSpan().Sort(comparison);
    }

    private int Topmost()
    {
        int topmost = 0;
        for (int b = 1; b < blocks.Length; b++)
        {
            topmost = tried[b] + sizes[b] > tried[topmost] + sizes[topmost] ? b : topmost;
        }

        return topmost;
    }

    /// <summary>Gives a block an earlier turn: which one differs from attempt to attempt, lest the same orders come round again.</summary>
    private void MoveForward(int block, int attempt)
    {
        int at = Array.IndexOf(order, block);
        int to = at == 0 ? 0 : (int)((uint)(attempt * 2654435761) % (uint)at);
        Array.Copy(order, to, order, to + 1, at - to);
        order[to] = block;
    }

    /// <summary>Places the blocks in the current order, that of time or backwards: what has ended makes room for what begins.</summary>
    private void TryInTime(int[] ends, bool isForward)
    {
        long total = 0;
        int ended = 0;
        free.Clear();
        foreach (int block in order)
        {
            for (; isForward ? blocks[ends[ended]].Last < blocks[block].First : blocks[ends[ended]].First > blocks[block].Last; ended++)
            {
                if (sizes[ends[ended]] > 0)
                {
                    free.Free(ends[ended]);
                }
            }

            tried[block] = sizes[block] > 0 ? free.Take(block, sizes[block]) : 0;
            total = Math.Max(total, tried[block] + sizes[block]);
        }

        Keep(total);
    }

    /// <summary>Places the blocks in the current order.</summary>
    private void Try()
    {
        long total = 0;
        for (int count = 0; count < order.Length; count++)
        {
            int block = order[count];
            tried[block] = BestFit(block, count);
            total = Math.Max(total, tried[block] + sizes[block]);

            // What is placed stays in the order of offsets.
            int at = count;
            for (; at > 0 && tried[placed[at - 1]] > tried[block]; at--)
            {
                placed[at] = placed[at - 1];
            }

            placed[at] = block;
        }

        Keep(total);
    }

    /// <summary>Keeps what was tried if it is the best yet.</summary>
    private void Keep(long total)
    {
        if (total < Total)
        {
            Total = total;
            tried.CopyTo(Offsets, 0);
        }
    }

    /// <summary>The smallest gap that the block fits into between those in use at its time, or behind the last of them.</summary>
    private long BestFit(int block, int count)
    {
        (int first, int last, long size) = (blocks[block].First, blocks[block].Last, sizes[block]);
        long end = 0;
        long best = -1;
        long bestGap = long.MaxValue;
        pairs += count;
        for (int i = 0; i < count; i++)
        {
            int other = placed[i];
            if (blocks[other].First > last || blocks[other].Last < first)
            {
                continue;
            }

            long gap = tried[other] - end;
            if (gap >= size && gap < bestGap)
            {
                (best, bestGap) = (end, gap);
            }

            end = Math.Max(end, tried[other] + sizes[other]);
        }

        return best >= 0 ? best : end;
    }
}
