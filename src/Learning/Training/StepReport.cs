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
}
