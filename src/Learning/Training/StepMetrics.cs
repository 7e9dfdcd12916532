namespace GraphCompiler.Learning.Training;

/// <summary>
/// The metrics of a step's batch, in memory that is used again: of each shard the parts. Those whose parts grow with a batch, as scores do, are left out: their totals would grow with the epoch.
/// </summary>
internal sealed class StepMetrics
{
    private readonly IReadOnlyList<Metric> metrics;
    private readonly double[][][][] parts;
    private readonly bool[] isThere;

    /// <summary>Memory for the metrics of some shards.</summary>
    public StepMetrics(IReadOnlyList<Metric> metrics, int shards)
    {
        this.metrics = metrics;
        parts = [.. Enumerable.Range(0, shards).Select(_ => metrics.Select(m => m.Parts.Select(p => new double[SizeOf(p)]).ToArray()).ToArray())];
        isThere = new bool[shards];
    }

    /// <summary>The metrics that are measured in training.</summary>
    public static IReadOnlyList<Metric> In(IReadOnlyList<Metric> metrics) => [.. metrics.Where(m => m.Parts.All(p => p.Shape.All(d => d.IsConstant)))];

    /// <summary>Begins to measure.</summary>
    public MetricTotal[] Begin() => [.. metrics.Select(m => m.Begin())];

    /// <summary>What the metrics are by some totals.</summary>
    public IReadOnlyDictionary<string, MetricTotal> Named(IReadOnlyList<MetricTotal> totals) => metrics.Select((m, i) => (m.Name, Total: totals[i])).ToDictionary(m => m.Name, m => m.Total);

    /// <summary>Forgets the step before.</summary>
    public void Clear() => isThere.AsSpan().Clear();

    /// <summary>Where a graph writes the parts of a shard, behind its other outputs.</summary>
    public void Give(int shard, Span<Destination> destinations)
    {
        isThere[shard] = true;
        int next = 0;
        foreach (double[][] metric in parts[shard])
        {
            foreach (double[] part in metric)
            {
                destinations[next++] = part;
            }
        }
    }

    /// <summary>Adds the step to totals, shard by shard.</summary>
    public void AddTo(MetricTotal[] totals)
    {
        for (int shard = 0; shard < parts.Length; shard++)
        {
            for (int metric = 0; metric < totals.Length && isThere[shard]; metric++)
            {
                totals[metric].Add(parts[shard][metric]);
            }
        }
    }

    private static int SizeOf(Node part) => checked((int)part.Shape.Aggregate(1L, (size, axis) => size * axis.Constant!.Value));
}
