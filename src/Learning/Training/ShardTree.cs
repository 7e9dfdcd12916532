namespace GraphCompiler.Learning.Training;

/// <summary>
/// Adds up the terms of shards as a balanced tree over their numbers, whatever part of them it is given: a node of level k is of 2^k shards from a multiple of 2^k on, the sum of its two
/// halves. So trees of neighbouring ranges, computed by whomever, join to the same bits as one.
/// </summary>
/// <param name="pool">Where memory for terms is from.</param>
internal sealed class ShardTree(ShardPool pool)
{
    /// <summary>Nodes whose other half is not there yet, in the order of their shards. A node of shards without rows has no terms.</summary>
    private readonly List<(int Start, int Level, ShardSums? Sums)> nodes = [];

    /// <summary>Adds the terms of the next shard; null if it has no rows.</summary>
    public void Add(int shard, ShardSums? sums) => Add(shard, 0, sums);

    /// <summary>Takes over what a tree of the shards that come next has.</summary>
    public void Join(ShardTree next)
    {
        foreach ((int start, int level, ShardSums? sums) in next.nodes)
        {
            Add(start, level, sums);
        }

        next.nodes.Clear();
    }

    /// <summary>The terms of all shards; what is missing to a power of two has none.</summary>
    public ShardSums Finish()
    {
        ShardSums? all = null;
        for (int i = nodes.Count - 1; i >= 0; i--)
        {
            all = Sum(nodes[i].Sums, all);
        }

        nodes.Clear();
        return all ?? throw new InvalidOperationException("No shard has terms.");
    }

    /// <summary>Forgets what it was given.</summary>
    public void Clear()
    {
        foreach ((_, _, ShardSums? sums) in nodes)
        {
            pool.Return(sums);
        }

        nodes.Clear();
    }

    private void Add(int start, int level, ShardSums? sums)
    {
        while (nodes is [.., (var left, var leftLevel, var first)] && leftLevel == level && left + (1 << level) == start && (left >> level) % 2 == 0)
        {
            nodes.RemoveAt(nodes.Count - 1);
            (start, level, sums) = (left, level + 1, Sum(first, sums));
        }

        nodes.Add((start, level, sums));
    }

    private ShardSums? Sum(ShardSums? left, ShardSums? right)
    {
        if (left is not null && right is not null)
        {
            left.Add(right);
            pool.Return(right);
        }

        return left ?? right;
    }
}

/// <summary>Memory for the terms of shards, which is used again.</summary>
/// <param name="terms">The terms.</param>
internal sealed class ShardPool(IReadOnlyList<Node> terms)
{
    private readonly Stack<ShardSums> free = [];

    public ShardSums Take()
    {
        lock (free)
        {
            return free.TryPop(out ShardSums? sums) ? sums : new ShardSums(terms);
        }
    }

    public void Return(ShardSums? sums)
    {
        lock (free)
        {
            if (sums is not null)
            {
                free.Push(sums);
            }
        }
    }
}
