using System.Globalization;

namespace GraphCompiler.Learning;

/// <summary>What a model is measured to be over some batches.</summary>
public sealed class Evaluation
{
    internal Evaluation(double loss, double weight, IReadOnlyDictionary<string, MetricTotal> metrics) => (Loss, Weight, Metrics) = (loss, weight, metrics);

    /// <summary>The mean loss, over all examples; NaN if there were none.</summary>
    public double Loss { get; }

    /// <summary>What they count for, as a rule their number.</summary>
    public double Weight { get; }

    /// <summary>What each metric is, by its name.</summary>
    public IReadOnlyDictionary<string, MetricTotal> Metrics { get; }

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", Metrics.Select(m => $"{m.Key} {m.Value}").Prepend(string.Create(CultureInfo.InvariantCulture, $"loss {Loss:G5}")));

    /// <summary>The value of a metric.</summary>
    /// <param name="metric">Its name.</param>
    /// <exception cref="KeyNotFoundException">There is none of this name.</exception>
    public double this[string metric] => Metrics.TryGetValue(metric, out MetricTotal? total) ? total.Value
        : throw new KeyNotFoundException($"There is no metric '{metric}'; there are {(Metrics.Count == 0 ? "none" : string.Join(", ", Metrics.Keys.Select(k => $"'{k}'")))}.");
}
