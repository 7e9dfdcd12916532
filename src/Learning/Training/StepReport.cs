namespace GraphCompiler.Learning;

/// <summary>What a step of training was.</summary>
/// <param name="Step">Its number, the first being 0.</param>
/// <param name="Loss">The loss of its batch before the step.</param>
/// <param name="Weight">What the batch counts for, as a rule the number of its examples.</param>
/// <param name="GradientNorm">The Euclidean norm of all gradients together, before they were clipped.</param>
public readonly record struct StepReport(long Step, double Loss, double Weight, double GradientNorm);
