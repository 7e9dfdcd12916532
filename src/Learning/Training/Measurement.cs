namespace GraphCompiler.Learning;

/// <summary>A model being measured, batch by batch.</summary>
public sealed class Measurement
{
    private readonly CompiledGraph graph;
    private readonly IReadOnlyList<Metric> metrics;
    private readonly MetricTotal[] totals;
    private double sum;
    private double weight;

    internal Measurement(CompiledGraph graph, IReadOnlyList<Metric> metrics)
    {
        (this.graph, this.metrics) = (graph, metrics);
        totals = [.. metrics.Select(m => m.Begin())];
    }

    /// <summary>What was measured so far. Of nothing the loss is NaN.</summary>
    public Evaluation Result => new(sum / weight, weight, metrics.Select((m, i) => (m.Name, Total: totals[i])).ToDictionary(m => m.Name, m => m.Total));

    /// <summary>Adds a batch.</summary>
    /// <param name="batch">A value for each input of the trainer.</param>
    public void Add(params ReadOnlySpan<Argument> batch)
    {
        RunResults results = graph.Run(batch);
        double[][][] parts = new double[metrics.Count][][];
        int next = 2;
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i] = new double[metrics[i].Parts.Count][];
            for (int j = 0; j < parts[i].Length; j++)
            {
                parts[i][j] = results.Get<double>(next++).ToArray();
            }
        }

        for (int i = 0; i < parts.Length; i++)
        {
            totals[i].Add(parts[i]);
        }

        sum += results.Scalar<double>(0);
        weight += results.Scalar<double>(1);
    }
}
