using GraphCompiler.Learning.Training;

namespace GraphCompiler.Learning;

/// <summary>What an epoch of training was.</summary>
public sealed class Epoch
{
    internal Epoch(int number, long step, EpochSums steps, Evaluation? validation, bool isBest, TimeSpan duration)
    {
        (Number, Step, Training, Validation, IsBest, Duration) = (number, step, steps.Evaluation, validation, isBest, duration);
        (GradientNorm, LargestGradientNorm, Spikes, LearningRate) = (steps.GradientNorm, steps.LargestGradientNorm, steps.Spikes, steps.LearningRate);
    }

    /// <summary>Its number, the first being 0.</summary>
    public int Number { get; }

    /// <summary>How many steps were made until its end, in all.</summary>
    public long Step { get; }

    /// <summary>The mean loss of its batches, each before its step; that of <see cref="Training"/>.</summary>
    public double Loss => Training.Loss;

    /// <summary>What they count for, as a rule the number of examples.</summary>
    public double Weight => Training.Weight;

    /// <summary>
    /// What its batches were measured to be, each before its step and as the model is in training, with dropout. Metrics that keep all scores, <see cref="Metric.Auc"/>, are not among
    /// its own; one that is new since the epoch was interrupted counts from there.
    /// </summary>
    public Evaluation Training { get; }

    /// <summary>The mean of the norms of all gradients together, before they were clipped.</summary>
    public double GradientNorm { get; }

    /// <summary>The largest of them.</summary>
    public double LargestGradientNorm { get; }

    /// <summary>How many of its losses were spikes: six deviations and more above the mean of those before, see <see cref="StepReport.Spike"/>.</summary>
    public int Spikes { get; }

    /// <summary>The learning rate of the first group, as the last step took it.</summary>
    public double LearningRate { get; }

    /// <summary>What the model was measured to be after it; null if nothing was given to measure.</summary>
    public Evaluation? Validation { get; }

    /// <summary>Whether the model is better than after all epochs before: by the loss of <see cref="Validation"/>, or by its own where there is none.</summary>
    public bool IsBest { get; }

    /// <summary>How long it took; of an epoch that was gone on with, its last part.</summary>
    public TimeSpan Duration { get; }
}
