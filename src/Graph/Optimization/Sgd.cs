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
        init => field = value.Checked(GetType().Name, nameof(Momentum), 1);
    }

    /// <summary>τ: how much less than 1 of a gradient enters the momentum, from the second step on.</summary>
    public double Dampening { get; init; }

    /// <summary>Whether to look ahead; needs a momentum, without dampening.</summary>
    public bool Nesterov { get; init; }

    private protected override void Step(IReadOnlyList<(Parameter Parameter, Node Gradient)> pairs, List<Update> updates)
    {
        if (Nesterov && (Momentum.IsZero || Dampening != 0))
        {
            throw new InvalidOperationException("Nesterov's momentum needs a momentum above 0 and no dampening.");
        }

        Node? share = null;
        if (!Momentum.IsZero && Dampening != 0)
        {
            share = Ops.Where(CountSteps(updates) > 1, Ops.Constant(1 - Dampening), 1);
        }

        foreach ((Parameter w, Node g) in pairs)
        {
            Node step = g;
            if (!Momentum.IsZero)
            {
                Node momentum = Momentum.As(w.DType);
                Parameter velocity = State(w, "velocity");
                Node next = (momentum * velocity) + (share is null ? g : Ops.Cast(share, w.DType) * g);
                updates.Add((velocity, next));
                step = Nesterov ? g + (momentum * next) : next;
            }

            updates.Add((w, w - (LearningRate.As(w.DType) * step)));
        }
    }
}
