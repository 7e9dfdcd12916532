namespace GraphCompiler.Learning.Training;

/// <summary>What the steps of an epoch add up to.</summary>
internal sealed class EpochSums(StepMetrics metrics)
{
    private readonly MetricTotal[] totals = metrics.Begin();
    private long steps;
    private double sum;
    private double norms;
    private double largest;

    /// <summary>Whether nobody waits for the epoch's report any more.</summary>
    public bool IsReported { get; set; }

    /// <summary>What the losses count for.</summary>
    public double Weight { get; private set; }

    public double Loss => sum / Weight;

    public double GradientNorm => norms / steps;

    public double LargestGradientNorm => largest;

    public int Spikes { get; private set; }

    /// <summary>That of the last step.</summary>
    public double LearningRate { get; private set; }

    /// <summary>The epoch by its steps.</summary>
    public Evaluation Evaluation => new(Loss, Weight, metrics.Named(totals));

    /// <summary>Adds the last step.</summary>
    public void Add(in StepReport step)
    {
        steps++;
        sum += step.Loss * step.Weight;
        Weight += step.Weight;
        norms += step.GradientNorm;
        largest = Math.Max(largest, step.GradientNorm);
        Spikes += step.Spike >= LossTrend.Spike ? 1 : 0;
        LearningRate = step.LearningRate;
        metrics.AddTo(totals);
    }

    /// <summary>What is kept of it.</summary>
    public EpochTotals ToTotals() => new(IsReported, steps, sum, Weight, norms, largest, Spikes, LearningRate, metrics.Named(totals).ToDictionary(m => m.Key, m => m.Value.Sums!));

    /// <summary>Goes on from what was kept. A metric of which nothing was counts from here on.</summary>
    public static EpochSums Of(StepMetrics metrics, EpochTotals kept)
    {
        var made = new EpochSums(metrics)
        {
            IsReported = kept.IsReported,
            steps = kept.Steps,
            sum = kept.Sum,
            Weight = kept.Weight,
            norms = kept.GradientNorm,
            largest = kept.LargestGradientNorm,
            Spikes = kept.Spikes,
            LearningRate = kept.LearningRate,
        };
        foreach ((string name, MetricTotal total) in metrics.Named(made.totals))
        {
            if (kept.Metrics.TryGetValue(name, out double[][]? sums) && sums?.Contains(null) == false)
            {
                total.Sums = sums;
            }
        }

        return made;
    }
}
