namespace GraphCompiler.Learning.Training;

/// <summary>A compiled step.</summary>
/// <param name="metrics">The metrics of the last step.</param>
internal abstract class StepProgram(StepMetrics metrics) : IDisposable
{
    /// <summary>The metrics of the last step.</summary>
    public StepMetrics Metrics => metrics;

    /// <summary>Makes a step. A failed one changes nothing.</summary>
    /// <param name="batch">A value for each input.</param>
    /// <param name="told">Where the outputs of a <see cref="TrainingStep"/> go.</param>
    public abstract void Run(ReadOnlySpan<Argument> batch, ReadOnlySpan<Destination> told);

    public abstract void Dispose();
}

/// <summary>A step of a whole batch, one graph.</summary>
internal sealed class WholeStep : StepProgram
{
    private readonly CompiledGraph graph;
    private readonly Destination[] destinations;

    /// <summary>A step by a graph.</summary>
    /// <param name="graph">The outputs of a step and, behind them, the parts of metrics.</param>
    /// <param name="metrics">The metrics.</param>
    public WholeStep(CompiledGraph graph, StepMetrics metrics)
        : base(metrics)
    {
        this.graph = graph;
        destinations = new Destination[graph.Graph.Outputs.Count];
    }

    public override void Run(ReadOnlySpan<Argument> batch, ReadOnlySpan<Destination> told)
    {
        told.CopyTo(destinations);
        Metrics.Give(0, destinations.AsSpan(told.Length));
        graph.Run(batch, destinations);
    }

    public override void Dispose() => graph.Dispose();
}

/// <summary>A step of a batch that is cut into shards: their terms, added as a tree, and a graph that makes the step of them.</summary>
/// <param name="lanes">What does the shards, each a range of them at once.</param>
/// <param name="update">The step, of the sum of all terms.</param>
/// <param name="cut">How batches are cut.</param>
/// <param name="pool">Memory for terms.</param>
/// <param name="random">Where the random numbers of a step begin: it has one counter a shard.</param>
/// <param name="shards">How many shards there are.</param>
/// <param name="metrics">The metrics.</param>
internal sealed class ShardedStep(ShardLane[] lanes, CompiledGraph update, BatchCut cut, ShardPool pool, Generator random, int shards, StepMetrics metrics) : StepProgram(metrics)
{
    private readonly ShardTree[] trees = [.. lanes.Select(_ => new ShardTree(pool))];

    public override void Run(ReadOnlySpan<Argument> batch, ReadOnlySpan<Destination> told)
    {
        nint rows = cut.RowsOf(batch);
        GeneratorState start = random.State;
        Metrics.Clear();
        try
        {
            if (lanes.Length == 1)
            {
                lanes[0].Run(batch, rows, 0, shards, shards, start, trees[0]);
            }
            else
            {
                RunAtOnce(batch.ToArray(), rows, start);
            }

            if (random.State != start)
            {
                throw new InvalidOperationException("The objective takes random numbers from the trainer's own generator, which cannot tell shards apart: take them from Pass.Current.Random, as layers do.");
            }

            for (int lane = 1; lane < trees.Length; lane++)
            {
                trees[0].Join(trees[lane]);
            }

            ShardSums all = trees[0].Finish();
            try
            {
                update.Run(all.Arguments, told);
            }
            finally
            {
                pool.Return(all);
            }
        }
        catch
        {
            random.State = start;
            throw;
        }
        finally
        {
            foreach (ShardTree tree in trees)
            {
                tree.Clear();
            }
        }

        random.State = start with { Position = unchecked(start.Position + (ulong)shards) };
    }

    public override void Dispose()
    {
        update.Dispose();
        foreach (ShardLane lane in lanes)
        {
            lane.Dispose();
        }
    }

    /// <summary>Each lane does its range, the first on this thread. Of several that fail the first is told, as if they had followed one another.</summary>
    private void RunAtOnce(Argument[] batch, nint rows, GeneratorState start)
    {
        Task[] others = [.. Enumerable.Range(1, lanes.Length - 1).Select(lane => Task.Run(() => Do(lane)))];
        try
        {
            Do(0);
        }
        finally
        {
            Task.WhenAll(others).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).Wait();
        }

        foreach (Task other in others)
        {
            other.GetAwaiter().GetResult();
        }

        void Do(int lane) => lanes[lane].Run(batch, rows, Begin(lane), Begin(lane + 1), shards, start, trees[lane]);

        int Begin(int lane) => (int)((long)shards * lane / lanes.Length);
    }
}
