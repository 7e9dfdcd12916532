namespace GraphCompiler.Planning;

/// <summary>
/// The cheapest set of edges that separates a source from a sink, by Dinic's algorithm (Y. Dinitz, 1970): flow along shortest paths until none has
/// room left. Of several cheapest cuts it is the one nearest to the sink.
/// </summary>
internal sealed class MinimumCut(int nodes)
{
    /// <summary>The capacity of what must not be cut; sums of real capacities stay far below.</summary>
    public const long Unbounded = long.MaxValue / 4;

    private readonly List<int>[] edges = [.. Enumerable.Range(0, nodes).Select(_ => new List<int>())];

    // Edge e and its reverse e ^ 1: where it leads and what it still has room for.
    private readonly List<int> targets = [];
    private readonly List<long> room = [];
    private readonly int[] level = new int[nodes];
    private readonly int[] next = new int[nodes];

    public void AddEdge(int from, int to, long capacity)
    {
        edges[from].Add(targets.Count);
        targets.Add(to);
        room.Add(capacity);
        edges[to].Add(targets.Count);
        targets.Add(from);
        room.Add(0);
    }

    /// <summary>Whether each node is on the sink's side of the cut.</summary>
    public bool[] SinkSide(int source, int sink)
    {
        while (FindLevels(source, sink))
        {
            Array.Clear(next);
            while (Push(source, sink))
            {
            }
        }

        bool[] sinkSide = new bool[edges.Length];
        var pending = new Queue<int>([sink]);
        sinkSide[sink] = true;
        while (pending.TryDequeue(out int node))
        {
            foreach (int edge in edges[node])
            {
                // What still has room towards this node.
                int other = targets[edge];
                if (room[edge ^ 1] > 0 && !sinkSide[other])
                {
                    sinkSide[other] = true;
                    pending.Enqueue(other);
                }
            }
        }

        return sinkSide;
    }

    private bool FindLevels(int source, int sink)
    {
        Array.Fill(level, -1);
        level[source] = 0;
        var pending = new Queue<int>([source]);
        while (pending.TryDequeue(out int node))
        {
            foreach (int edge in edges[node])
            {
                if (room[edge] > 0 && level[targets[edge]] < 0)
                {
                    level[targets[edge]] = level[node] + 1;
                    pending.Enqueue(targets[edge]);
                }
            }
        }

        return level[sink] >= 0;
    }

    /// <summary>Sends flow along one path of rising levels; without recursion, for graphs are deep.</summary>
    private bool Push(int source, int sink)
    {
        var path = new Stack<int>();
        int node = source;
        while (node != sink)
        {
            if (next[node] < edges[node].Count)
            {
                int edge = edges[node][next[node]];
                if (room[edge] > 0 && level[targets[edge]] == level[node] + 1)
                {
                    path.Push(edge);
                    node = targets[edge];
                }
                else
                {
                    next[node]++;
                }
            }
            else if (path.TryPop(out int back))
            {
                // A dead end: the edge that led here is done with.
                node = targets[back ^ 1];
                next[node]++;
            }
            else
            {
                return false;
            }
        }

        long flow = path.Min(edge => room[edge]);
        foreach (int edge in path)
        {
            room[edge] -= flow;
            room[edge ^ 1] += flow;
        }

        return true;
    }
}
