namespace GraphCompiler;

/// <summary>Short forms of the two most used optimisers; the others, and more of what these can do, are <see cref="Optimizer"/>s.</summary>
public static class Optimizers
{
    /// <summary>The updates of <see cref="GraphCompiler.Sgd"/> that make a loss smaller.</summary>
    /// <param name="loss">What is minimised: a node of one element that requires a gradient.</param>
    /// <param name="parameters">What is trained.</param>
    /// <param name="learningRate">η, a number or a scalar node.</param>
    /// <param name="momentum">μ, in [0, 1).</param>
    /// <param name="nesterov">Whether to look ahead; needs a momentum.</param>
    /// <param name="weightDecay">λ: adds λ·w to the gradient.</param>
    /// <returns>Parameters and their new values, to be compiled with <c>updates:</c>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside its range.</exception>
    public static IReadOnlyList<Update> Sgd(
        Node loss, IReadOnlyList<Parameter> parameters, Hyperparameter learningRate, double momentum = 0, bool nesterov = false, double weightDecay = 0) =>
        new Sgd(learningRate)
        {
            Momentum = Optimizer.Factor(momentum, nameof(momentum)),
            Nesterov = nesterov,
            WeightDecay = Optimizer.NotNegative(weightDecay, nameof(weightDecay)),
        }.Minimize(loss, parameters);

    /// <summary>The updates of <see cref="GraphCompiler.Adam"/> that make a loss smaller.</summary>
    /// <param name="loss">What is minimised: a node of one element that requires a gradient.</param>
    /// <param name="parameters">What is trained.</param>
    /// <param name="learningRate">η, a number or a scalar node; null for 0.001.</param>
    /// <param name="beta1">β₁, in [0, 1).</param>
    /// <param name="beta2">β₂, in [0, 1).</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="weightDecay">λ: adds λ·w to the gradient.</param>
    /// <returns>Parameters and their new values, to be compiled with <c>updates:</c>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside its range.</exception>
    public static IReadOnlyList<Update> Adam(
        Node loss,
        IReadOnlyList<Parameter> parameters,
        Hyperparameter? learningRate = null,
        double beta1 = 0.9,
        double beta2 = 0.999,
        double epsilon = 1e-8,
        double weightDecay = 0) =>
        new Adam(learningRate)
        {
            Beta1 = Optimizer.Factor(beta1, nameof(beta1)),
            Beta2 = Optimizer.Factor(beta2, nameof(beta2)),
            Epsilon = Optimizer.NotNegative(epsilon, nameof(epsilon)),
            WeightDecay = Optimizer.NotNegative(weightDecay, nameof(weightDecay)),
        }.Minimize(loss, parameters);
}
