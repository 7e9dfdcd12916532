using GraphCompiler.Operations;

namespace GraphCompiler.Rewriting;

/// <summary>Which loops need which, as a bit each.</summary>
internal sealed class LoopsBelow
{
    private readonly ulong[][] needed;

    /// <param name="order">The nodes, each after its inputs.</param>
    /// <param name="loops">The loops among them, in order.</param>
    public LoopsBelow(IReadOnlyList<Node> order, Node[] loops)
    {
        needed = new ulong[loops.Length][];
        Dictionary<Node, ulong[]> below = new(order.Count);
        int loop = 0;
        foreach (Node node in order)
        {
            // Most nodes need no other loops than one of their inputs does.
            ulong[] all = [];
            foreach (Node input in node.Inputs)
            {
                ulong[] other = below[input];
                all = Contains(all, other) ? all : Contains(other, all) ? other : Union(all, other);
            }

            if (node.Op is LoopOp)
            {
                needed[loop] = all;
                all = Union(all, Bit(loop++));
            }

            below.Add(node, all);
        }
    }

    /// <summary>Whether one loop needs another.</summary>
    public bool Needs(int loop, int other) => Has(needed[loop], other);

    /// <summary>Makes one of two loops, neither of which needs the other: whatever needs one of them needs what both need.</summary>
    public void Join(int a, int b)
    {
        ulong[] both = Union(needed[a], needed[b]);
        (needed[a], needed[b]) = (both, both);
        ulong[] above = Union(Union(both, Bit(a)), Bit(b));
        for (int loop = 0; loop < needed.Length; loop++)
        {
            if (Has(needed[loop], a) || Has(needed[loop], b))
            {
                needed[loop] = Union(needed[loop], above);
            }
        }
    }

    private static bool Has(ulong[] set, int loop) => loop / 64 < set.Length && (set[loop / 64] >> (loop % 64) & 1) != 0;

    private static ulong[] Bit(int loop)
    {
        ulong[] set = new ulong[(loop / 64) + 1];
        set[^1] = 1UL << (loop % 64);
        return set;
    }

    private static bool Contains(ulong[] set, ulong[] part)
    {
        for (int word = 0; word < part.Length; word++)
        {
            if ((part[word] & ~(word < set.Length ? set[word] : 0)) != 0)
            {
                return false;
            }
        }

        return true;
    }

    private static ulong[] Union(ulong[] a, ulong[] b)
    {
        ulong[] union = new ulong[Math.Max(a.Length, b.Length)];
        a.CopyTo(union, 0);
        for (int word = 0; word < b.Length; word++)
        {
            union[word] |= b[word];
        }

        return union;
    }
}
