namespace GraphCompiler.Plans;

/// <summary>
/// Memory without an end, in which parts are taken and given back: of the gaps between what is taken the smallest that suffices, the first of several. Gaps are in
/// a tree by size whose shape is that of a heap by arbitrary but fixed ranks (Seidel and Aragon, "Randomized search trees", 1996), so each takes logarithmic time.
/// </summary>
internal sealed class FreeMemory
{
    private const int None = -1;

    // A part that was taken, or the gap where it was: a gap has the number of one of the parts that it took the place of, behind those of all parts.
    private readonly int parts;
    private readonly long[] start;
    private readonly long[] size;

    // Its neighbours in memory, and below it in the tree.
    private readonly int[] before;
    private readonly int[] after;
    private readonly int[] smaller;
    private readonly int[] larger;
    private int last;
    private int root;

    /// <param name="parts">How many parts there are.</param>
    public FreeMemory(int parts)
    {
        this.parts = parts;
        (start, size) = (new long[2 * parts], new long[2 * parts]);
        (before, after, smaller, larger) = (new int[2 * parts], new int[2 * parts], new int[2 * parts], new int[2 * parts]);
        Clear();
    }

    /// <summary>How many gaps were looked at: the work that was done.</summary>
    public long Steps { get; private set; }

    /// <summary>Gives all back.</summary>
    public void Clear() => (last, root) = (None, None);

    /// <summary>Takes a part.</summary>
    /// <returns>Where it begins.</returns>
    public long Take(int part, long bytes)
    {
        size[part] = bytes;
        int gap = Smallest(bytes);
        if (gap == None)
        {
            start[part] = last == None ? 0 : start[last] + size[last];
            Link(last, part);
            Link(part, None);
            return start[part];
        }

        Remove(ref root, gap);
        start[part] = start[gap];
        Link(before[gap], part);
        if (size[gap] == bytes)
        {
            Link(part, after[gap]);
        }
        else
        {
            (start[gap], size[gap]) = (start[gap] + bytes, size[gap] - bytes);
            Link(part, gap);
            Insert(ref root, gap);
        }

        return start[part];
    }

    /// <summary>Gives a part back, which becomes one gap with those beside it; what is at the end is none.</summary>
    public void Free(int part)
    {
        (int first, int next) = (before[part], after[part]);
        (int gap, long begin, long end) = (parts + part, start[part], start[part] + size[part]);
        if (IsGap(first))
        {
            Remove(ref root, first);
            (begin, first) = (start[first], before[first]);
        }

        if (IsGap(next))
        {
            Remove(ref root, next);
            (end, next) = (start[next] + size[next], after[next]);
        }

        if (next == None)
        {
            Link(first, None);
            return;
        }

        (start[gap], size[gap]) = (begin, end - begin);
        Link(first, gap);
        Link(gap, next);
        Insert(ref root, gap);
    }

    private bool IsGap(int each) => each >= parts;

    private void Link(int first, int second)
    {
        if (first != None)
        {
            after[first] = second;
        }

        if (second == None)
        {
            last = first;
        }
        else
        {
            before[second] = first;
        }
    }

    private int Smallest(long bytes)
    {
        int best = None;
        for (int each = root; each != None; each = size[each] >= bytes ? smaller[each] : larger[each])
        {
            Steps++;
            best = size[each] >= bytes ? each : best;
        }

        return best;
    }

    private bool IsSmaller(int x, int y) => size[x] != size[y] ? size[x] < size[y] : start[x] < start[y];

    private static uint RankOf(int gap) => (uint)gap * 2654435761;

    private void Insert(ref int tree, int gap)
    {
        Steps++;
        if (tree == None || RankOf(tree) < RankOf(gap))
        {
            (smaller[gap], larger[gap]) = Split(tree, gap);
            tree = gap;
        }
        else
        {
            Insert(ref IsSmaller(gap, tree) ? ref smaller[tree] : ref larger[tree], gap);
        }
    }

    private void Remove(ref int tree, int gap)
    {
        Steps++;
        if (tree == gap)
        {
            tree = Join(smaller[gap], larger[gap]);
        }
        else
        {
            Remove(ref IsSmaller(gap, tree) ? ref smaller[tree] : ref larger[tree], gap);
        }
    }

    private (int Smaller, int Larger) Split(int tree, int gap)
    {
        if (tree == None)
        {
            return (None, None);
        }

        Steps++;
        if (IsSmaller(tree, gap))
        {
            (larger[tree], int rest) = Split(larger[tree], gap);
            return (tree, rest);
        }

        (int first, smaller[tree]) = Split(smaller[tree], gap);
        return (first, tree);
    }

    private int Join(int first, int second)
    {
        if (first == None || second == None)
        {
            return first == None ? second : first;
        }

        Steps++;
        if (RankOf(first) > RankOf(second))
        {
            larger[first] = Join(larger[first], second);
            return first;
        }

        smaller[second] = Join(first, smaller[second]);
        return second;
    }
}
