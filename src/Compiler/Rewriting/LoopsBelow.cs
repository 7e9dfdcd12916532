using GraphCompiler.Operations;

namespace GraphCompiler.Rewriting;

/// <summary>Which loops need which, as a bit each, and which of them wait for the seed, which early roots do not need.</summary>
internal sealed class LoopsBelow
{
    // Behind the loops stand the seed, and all early roots as one.
    private readonly ulong[][] needed;
    private readonly int seed;
    private readonly int early;

    /// <param name="roots">What is computed.</param>
    /// <param name="order">The nodes, each after its inputs.</param>
    /// <param name="loops">The loops among them, in order.</param>
    /// <param name="late">The input that comes with the backward part, if there is one: what the forward part computes does not need it.</param>
    public LoopsBelow(Node[] roots, IReadOnlyList<Node> order, Node[] loops, Node? late)
    {
        (seed, early) = (loops.Length, loops.Length + 1);
        needed = new ulong[loops.Length + 2][];
        Dictionary<Node, ulong[]> below = new(order.Count);
        int loop = 0;
        foreach (Node node in order)
        {
            // Most nodes need no other loops than one of their inputs does.
            ulong[] all = node == late ? Bit(seed) : [];
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

        needed[seed] = [];
        needed[early] = roots.Select(r => below[r]).Where(all => !Has(all, seed)).Aggregate((ulong[])[], Union);
    }

    /// <summary>Whether two loops can be one: neither needs the other, and nothing has to wait for the seed that did not.</summary>
    public bool CanJoin(int a, int b) => !Needs(a, b) && !Needs(b, a) && !(Needs(early, a) && Needs(b, seed)) && !(Needs(early, b) && Needs(a, seed));

    /// <summary>Makes one of two loops that can be: whatever needs one of them needs what both need.</summary>
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

    private bool Needs(int loop, int other) => Has(needed[loop], other);

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
