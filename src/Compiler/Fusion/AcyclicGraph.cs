namespace GraphCompiler.Fusion;

/// <summary>
/// A graph without cycles whose nodes are joined, a pair at a time, and that gets new edges, so that it stays without. Every cluster of joined nodes has a
/// rank above those of all that lead to it. So what lies between two clusters has a rank between theirs: a search looks at nothing else, and goes from both
/// ends in turn, for one side may be wide where the other is narrow. What a spanning forest of the nodes tells is not searched for. Where a change
/// calls for other ranks, the side that was searched to its end gives way; ranks are far apart, so that it does not go far.
/// (Ranks are labels as in Bender, Fineman, Gilbert and Tarjan, "A new approach to incremental cycle detection", 2016.)
/// </summary>
internal sealed class AcyclicGraph
{
    /// <summary>The distance of neighbouring ranks in the beginning.</summary>
    private const long Gap = 1L << 32;

    /// <summary>How far what is in the way moves beyond what it gave way to.</summary>
    private const long Step = Gap >> 10;

    private readonly List<int>[] readers;
    private readonly List<int>[] sources;
    private readonly int[] clusterOf;

    // Of each cluster, which has the number of one of its nodes.
    private readonly List<int>[] nodesOf;
    private readonly long[] rank;

    // The last search that has seen a cluster, from below and from above.
    private readonly int[] seenAbove;
    private readonly int[] seenBelow;
    private int searches;

    // A walk along readers, depth first, finds a node as number First, and what it finds below it up to number Last.
    private readonly int[] first;
    private readonly int[] last;

    /// <param name="readers">The nodes that each node leads to, all with higher numbers.</param>
    public AcyclicGraph(IEnumerable<IEnumerable<int>> readers)
    {
        this.readers = [.. readers.Select(r => r.ToList())];
        int count = this.readers.Length;
        sources = [.. this.readers.Select(_ => new List<int>())];
        clusterOf = new int[count];
        nodesOf = new List<int>[count];
        for (int node = 0; node < count; node++)
        {
            clusterOf[node] = node;
            nodesOf[node] = [node];
        }

        rank = new long[count];
        (seenAbove, seenBelow) = (new int[count], new int[count]);
        (first, last) = (new int[count], new int[count]);
        for (int node = 0; node < count; node++)
        {
            foreach (int reader in this.readers[node])
            {
                sources[reader].Add(node);
                rank[reader] = Math.Max(rank[reader], rank[node] + Gap);
            }
        }

        Span();
    }

    /// <summary>How many edges were looked at: the work that was done.</summary>
    public long Steps { get; private set; }

    /// <summary>Whether something leads from one node's cluster to the other's by way of a third.</summary>
    public bool HasDetour(int x, int y) => Search(clusterOf[x], clusterOf[y], countEdges: false) is null;

    /// <summary>Makes one cluster of those of two nodes, between which there must be no detour.</summary>
    public void Join(int x, int y)
    {
        (int a, int b) = (clusterOf[x], clusterOf[y]);
        if (a == b)
        {
            return;
        }

        Side side = Search(a, b, countEdges: false) ?? throw new InvalidOperationException("Something stands between what is to be joined.");
        (int whole, int part) = nodesOf[a].Count < nodesOf[b].Count ? (b, a) : (a, b);
        rank[whole] = rank[side.To];
        nodesOf[whole].AddRange(nodesOf[part]);
        foreach (int node in nodesOf[part])
        {
            clusterOf[node] = whole;
        }

        Push(whole, side.IsForward);
    }

    /// <summary>Whether one node's cluster leads to another's.</summary>
    public bool Leads(int from, int to) => clusterOf[from] == clusterOf[to] || (rank[clusterOf[from]] < rank[clusterOf[to]] && Search(clusterOf[from], clusterOf[to], countEdges: true) is null);

    /// <summary>Lets one node lead to another, which must not lead back to it.</summary>
    public void Lead(int from, int to)
    {
        (int a, int b) = (clusterOf[from], clusterOf[to]);
        if (rank[a] >= rank[b])
        {
            Side side = (a == b ? null : Search(b, a, countEdges: true)) ?? throw new InvalidOperationException("The edge would close a cycle.");
            rank[side.From] = rank[side.To] + (side.IsForward ? Step : -Step);
            Push(side.From, side.IsForward);
        }

        readers[from].Add(to);
        sources[to].Add(from);
    }

    /// <summary>One side of two clusters, searched as far as the rank of the other; null if it leads there.</summary>
    private Side? Search(int a, int b, bool countEdges)
    {
        (int low, int high) = rank[a] <= rank[b] ? (a, b) : (b, a);
        searches++;
        seenAbove[a] = seenAbove[b] = seenBelow[a] = seenBelow[b] = searches;
        var above = new Side(this, low, high, isForward: true, countEdges);
        var below = new Side(this, high, low, isForward: false, countEdges);
        while (true)
        {
            bool leadsUp = above.LooksOn();
            if (above.IsSearched)
            {
                return above;
            }

            bool leadsDown = below.LooksOn();
            if (below.IsSearched)
            {
                return below;
            }

            if (leadsUp || leadsDown)
            {
                return null;
            }
        }
    }

    /// <summary>Gives what lies on one side of a cluster ranks on that side, where it has not.</summary>
    private void Push(int cluster, bool isForward)
    {
        List<int>[] next = isForward ? readers : sources;
        var pending = new Queue<int>();
        pending.Enqueue(cluster);
        while (pending.TryDequeue(out int each))
        {
            foreach (int node in nodesOf[each])
            {
                foreach (int neighbour in next[node])
                {
                    Steps++;
                    int other = clusterOf[neighbour];
                    if (other != each && !IsBeyond(other, each, isForward))
                    {
                        rank[other] = rank[each] + (isForward ? Step : -Step);
                        pending.Enqueue(other);
                    }
                }
            }
        }
    }

    private bool IsBeyond(int cluster, int other, bool isForward) => isForward ? rank[cluster] > rank[other] : rank[cluster] < rank[other];

    private bool IsBelow(int node, int root) => first[root] <= first[node] && first[node] <= last[root];

    private void Span()
    {
        int count = 0;
        var stack = new Stack<(int Node, int Next)>();
        for (int root = 0; root < readers.Length; root++)
        {
            Enter(root);
            while (stack.TryPop(out (int Node, int Next) top))
            {
                if (top.Next == readers[top.Node].Count)
                {
                    last[top.Node] = count;
                    continue;
                }

                stack.Push((top.Node, top.Next + 1));
                Enter(readers[top.Node][top.Next]);
            }
        }

        void Enter(int node)
        {
            if (first[node] == 0)
            {
                first[node] = ++count;
                stack.Push((node, 0));
            }
        }
    }

    /// <summary>What lies beyond one of two clusters, on the way to the other, as far as it has been searched: up to the rank of the other.</summary>
    private sealed class Side(AcyclicGraph graph, int from, int to, bool isForward, bool countEdges)
    {
        private readonly List<int>[] next = isForward ? graph.readers : graph.sources;
        private readonly int[] seen = isForward ? graph.seenAbove : graph.seenBelow;
        private readonly Queue<int> pending = new();

        // Where it looks: an edge of a node of a cluster.
        private int cluster = from;
        private int node;
        private int edge;

        public int From { get; } = from;

        public int To => to;

        public bool IsForward => isForward;

        /// <summary>Whether there is no more to look at.</summary>
        public bool IsSearched { get; private set; }

        /// <summary>Looks at one more edge: whether it leads to the other cluster, on a detour or by an edge that counts.</summary>
        public bool LooksOn()
        {
            while (node == graph.nodesOf[cluster].Count || edge == next[graph.nodesOf[cluster][node]].Count)
            {
                if (node < graph.nodesOf[cluster].Count)
                {
                    (node, edge) = (node + 1, 0);
                }
                else if (pending.TryDequeue(out cluster))
                {
                    node = 0;
                }
                else
                {
                    IsSearched = true;
                    return false;
                }
            }

            graph.Steps++;
            int neighbour = next[graph.nodesOf[cluster][node]][edge++];
            int other = graph.clusterOf[neighbour];
            if (graph.IsBeyond(other, to, isForward) || seen[other] == graph.searches)
            {
                return other == to && (countEdges || cluster != From);
            }

            seen[other] = graph.searches;
            pending.Enqueue(other);
            return graph.nodesOf[to].Exists(n => isForward ? graph.IsBelow(n, neighbour) : graph.IsBelow(neighbour, n));
        }
    }
}
