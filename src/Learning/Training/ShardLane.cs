namespace GraphCompiler.Learning.Training;

/// <summary>
/// Does shards of a batch, one after the other: a graph of its own, with random numbers that depend on the step and the shard alone. Several lanes, in one process or many, do a step
/// together, each a range of shards.
/// </summary>
/// <param name="graph">The terms of a part of a batch.</param>
/// <param name="random">Where the graph takes random numbers from, and nobody else.</param>
/// <param name="cut">How batches are cut.</param>
/// <param name="pool">Memory for terms.</param>
/// <param name="metrics">Memory for metrics.</param>
internal sealed class ShardLane(CompiledGraph graph, Generator random, BatchCut cut, ShardPool pool, StepMetrics metrics) : IDisposable
{
    private readonly Argument[] part = new Argument[cut.Count];
    private readonly Destination[] destinations = new Destination[graph.Graph.Outputs.Count];

    /// <summary>Does some shards of a batch.</summary>
    /// <param name="batch">The whole batch.</param>
    /// <param name="rows">How many rows it has.</param>
    /// <param name="first">The first shard.</param>
    /// <param name="end">The shard after the last.</param>
    /// <param name="shards">How many the batch is cut into.</param>
    /// <param name="start">Where the random numbers of the step begin: each shard has one counter.</param>
    /// <param name="tree">Takes what the shards give.</param>
    public void Run(ReadOnlySpan<Argument> batch, nint rows, int first, int end, int shards, GeneratorState start, ShardTree tree)
    {
        for (int shard = first; shard < end; shard++)
        {
            nint begin = (nint)((long)rows * shard / shards);
            nint count = (nint)((long)rows * (shard + 1) / shards) - begin;
            if (count == 0 && (rows > 0 || shard > 0))
            {
                tree.Add(shard, null);
                continue;
            }

            random.State = start with { Position = unchecked(start.Position + (ulong)shard) };
            cut.Take(batch, begin, count, rows, part);
            ShardSums sums = pool.Take();
            sums.Destinations.CopyTo(destinations);
            metrics.Give(shard, destinations.AsSpan(sums.Destinations.Length));
            graph.Run(batch.Length == part.Length ? part : batch, destinations);
            sums.Begin();
            tree.Add(shard, sums);
        }

        part.AsSpan().Clear();
    }

    public void Dispose() => graph.Dispose();
}
