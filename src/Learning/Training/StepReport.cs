namespace GraphCompiler.Learning;

/// <summary>What a step of training was.</summary>
public readonly record struct StepReport
{
    /// <summary>Its number, the first being 0.</summary>
    public long Step { get; internal init; }

    /// <summary>The loss of its batch before the step.</summary>
    public double Loss { get; internal init; }

    /// <summary>What the batch counts for, as a rule the number of its examples.</summary>
    public double Weight { get; internal init; }

    /// <summary>The Euclidean norm of all gradients together, before they were clipped.</summary>
    public double GradientNorm { get; internal init; }

    /// <summary>The learning rate of the first group, as the step took it.</summary>
    public double LearningRate { get; internal init; }

    /// <summary>By how many deviations the loss is above the mean of those before it, of the last ones above all; 0 for the first ten. From 6 on it is a spike.</summary>
    public double Spike { get; internal init; }

    /// <summary>How long it took, without the making of its batch.</summary>
    public TimeSpan Duration { get; internal init; }
}
