namespace GraphCompiler;

/// <summary>Steps divided by the root of the sum of all squares so far: s ← s + g²; w ← w − η/(1 + (t − 1)·δ)·g/(√s + ε) (Duchi et al., 2011).</summary>
/// <param name="learningRate">η; null for 0.01.</param>
public sealed class Adagrad(Hyperparameter? learningRate = null) : Optimizer(learningRate ?? 1e-2)
{
    /// <summary>δ, at least 0: how fast the learning rate falls.</summary>
    public double LearningRateDecay
    {
        get;
        init => field = NotNegative(value, nameof(LearningRateDecay));
    }

    /// <summary>What the sum of squares starts at, at least 0.</summary>
    public double InitialSum
    {
        get;
        init => field = NotNegative(value, nameof(InitialSum));
    }

    /// <summary>ε, at least 0.</summary>
    public double Epsilon
    {
        get;
        init => field = NotNegative(value, nameof(Epsilon));
    }

    = 1e-10;

    /// <inheritdoc/>
    protected override Node Step(Parameter parameter, Node gradient, OptimizerState state)
    {
        DType type = parameter.DType;
        Parameter sum = state.Get("sum", InitialSum);
        Node next = state.Update(sum, sum + (gradient * gradient));
        Node rate = LearningRateDecay == 0
            ? LearningRate.As(type)
            : Ops.Cast(LearningRate.As(DType.Float64) / (1 + ((state.CountSteps() - 1) * LearningRateDecay)), type);
        return parameter - (rate * gradient / (Ops.Sqrt(next) + Epsilon));
    }
}

/// <summary>
/// Steps as large as steps have been: v ← ρ·v + (1 − ρ)·g²; Δ = √(d + ε)/√(v + ε)·g; d ← ρ·d + (1 − ρ)·Δ²; w ← w − η·Δ (Zeiler, 2012).
/// </summary>
/// <param name="learningRate">η; null for 1.</param>
public sealed class Adadelta(Hyperparameter? learningRate = null) : Optimizer(learningRate ?? 1)
{
    /// <summary>ρ, in [0, 1): how much of the averages stays at each step.</summary>
    public double Rho
    {
        get;
        init => field = Factor(value, nameof(Rho));
    }

    = 0.9;

    /// <summary>ε, at least 0.</summary>
    public double Epsilon
    {
        get;
        init => field = NotNegative(value, nameof(Epsilon));
    }

    = 1e-6;

    /// <inheritdoc/>
    protected override Node Step(Parameter parameter, Node gradient, OptimizerState state)
    {
        Node square = state.Average("square", Rho, gradient * gradient);
        Parameter steps = state.Get("stepSquare");
        Node step = Ops.Sqrt(steps + Epsilon) / Ops.Sqrt(square + Epsilon) * gradient;
        state.Average("stepSquare", Rho, step * step);
        return parameter - (LearningRate.As(parameter.DType) * step);
    }
}

/// <summary>
/// Steps divided by the root of an average of squares (Hinton, 2012), as in PyTorch: v ← α·v + (1 − α)·g²; w ← w − η·g/(√v + ε). Centred, the square
/// of the average gradient is taken off v; with momentum b ← μ·b + g/(√v + ε), w ← w − η·b.
/// </summary>
/// <param name="learningRate">η; null for 0.01.</param>
public sealed class RmsProp(Hyperparameter? learningRate = null) : Optimizer(learningRate ?? 1e-2)
{
    /// <summary>α, in [0, 1): how much of the averages stays at each step.</summary>
    public double Alpha
    {
        get;
        init => field = Factor(value, nameof(Alpha));
    }

    = 0.99;

    /// <summary>ε, at least 0.</summary>
    public double Epsilon
    {
        get;
        init => field = NotNegative(value, nameof(Epsilon));
    }

    = 1e-8;

    /// <summary>The momentum μ, in [0, 1).</summary>
    public Hyperparameter Momentum
    {
        get;
        init => field = value.Checked(Name, nameof(Momentum), 1);
    }

    /// <summary>Whether gradients are measured by their variance instead of their squares.</summary>
    public bool IsCentred { get; init; }

    /// <inheritdoc/>
    protected override Node Step(Parameter parameter, Node gradient, OptimizerState state)
    {
        Node square = state.Average("square", Alpha, gradient * gradient);
        if (IsCentred)
        {
            Node mean = state.Average("mean", Alpha, gradient);
            square -= mean * mean;
        }

        Node step = gradient / (Ops.Sqrt(square) + Epsilon);
        if (!Momentum.IsZero)
        {
            Parameter velocity = state.Get("velocity");
            step = state.Update(velocity, (Momentum.As(parameter.DType) * velocity) + step);
        }

        return parameter - (LearningRate.As(parameter.DType) * step);
    }
}
