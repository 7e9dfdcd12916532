using System.Globalization;

namespace GraphCompiler.Learning;

/// <summary>What a metric has measured so far.</summary>
public abstract class MetricTotal
{
    private protected MetricTotal()
    {
    }

    /// <summary>The metric of all that was added; NaN where nothing was.</summary>
    public abstract double Value { get; }

    /// <summary>How many batches were added.</summary>
    public int Batches { get; private set; }

    /// <summary>Sums by rows and columns, for a metric that is one of a table, as a confusion matrix is; null for others. Row-major.</summary>
    public virtual IReadOnlyList<double>? Table => null;

    /// <summary>All that it is of, to be kept and given back; null for one that keeps more than sums.</summary>
    internal virtual double[][]? Sums
    {
        get => null;
        set => throw new NotSupportedException($"{GetType().Name} is no sum.");
    }

    /// <summary>Adds what was measured of a batch.</summary>
    /// <param name="parts">The values of the metric's <see cref="Metric.Parts"/>, in order.</param>
    /// <exception cref="ArgumentException">Their number or sizes differ from those before.</exception>
    public void Add(params ReadOnlySpan<double[]> parts)
    {
        foreach (double[] part in parts)
        {
            ArgumentNullException.ThrowIfNull(part, nameof(parts));
        }

        Join(parts);
        Batches++;
    }

    /// <inheritdoc/>
    public override string ToString() => Value.ToString("G5", CultureInfo.InvariantCulture);

    private protected abstract void Join(ReadOnlySpan<double[]> parts);
}
