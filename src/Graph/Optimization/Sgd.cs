namespace GraphCompiler;

/// <summary>
/// Stochastic gradient descent as in PyTorch: v ← μ·v + (1 − τ)·g, but v ← g at the first step; w ← w − η·v, or with Nesterov's momentum
/// w ← w − η·(g + μ·v); without momentum w ← w − η·g.
/// </summary>
/// <param name="learningRate">η; null for 0.001.</param>
public sealed class Sgd(Hyperparameter? learningRate = null) : Optimizer(learningRate ?? 1e-3)
{
    /// <summary>The momentum μ, in [0, 1).</summary>
    public Hyperparameter Momentum
    {
        get;
        init => field = value.Checked(Name, nameof(Momentum), 1);
    }

    /// <summary>τ: how much less than 1 of a gradient enters the momentum, from the second step on.</summary>
    public double Dampening { get; init; }

    /// <summary>Whether to look ahead; needs a momentum, without dampening.</summary>
    public bool Nesterov { get; init; }

    /// <inheritdoc/>
    protected override Node Step(Parameter parameter, Node gradient, OptimizerState state)
    {
        if (Nesterov && (Momentum.IsZero || Dampening != 0))
        {
            throw new InvalidOperationException("Nesterov's momentum needs a momentum above 0 and no dampening.");
        }

        Node step = gradient;
        if (!Momentum.IsZero)
        {
            Node momentum = Momentum.As(parameter.DType);
            Parameter velocity = state.Get("velocity");
            Node given = Dampening == 0 ? gradient : Ops.Cast(Ops.Where(state.CountSteps() > 1, Ops.Constant(1 - Dampening), 1), parameter.DType) * gradient;
            Node next = state.Update(velocity, (momentum * velocity) + given);
            step = Nesterov ? gradient + (momentum * next) : next;
        }

        return parameter - (LearningRate.As(parameter.DType) * step);
    }
}
