namespace GraphCompiler.Learning;

/// <summary>What a model is measured to be over some batches.</summary>
/// <param name="Loss">The mean loss, over all examples.</param>
/// <param name="Weight">What they count for, as a rule their number.</param>
/// <param name="Metrics">What each metric is, by its name.</param>
public sealed record Evaluation(double Loss, double Weight, IReadOnlyDictionary<string, MetricTotal> Metrics)
{
    /// <summary>The value of a metric.</summary>
    /// <param name="metric">Its name.</param>
    /// <exception cref="KeyNotFoundException">There is none of this name.</exception>
    public double this[string metric] => Metrics.TryGetValue(metric, out MetricTotal? total) ? total.Value
        : throw new KeyNotFoundException($"There is no metric '{metric}'; there are {(Metrics.Count == 0 ? "none" : string.Join(", ", Metrics.Keys.Select(k => $"'{k}'")))}.");
}
