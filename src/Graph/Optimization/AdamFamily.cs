namespace GraphCompiler;

/// <summary>What Adam and its kin share: averages of gradients and of their squares.</summary>
public abstract class AdamFamily : Optimizer
{
    private protected AdamFamily(Hyperparameter learningRate)
        : base(learningRate)
    {
    }

    /// <summary>β₁, in [0, 1): how much of the average of gradients stays at each step.</summary>
    public double Beta1
    {
        get;
        init => field = Factor(value, nameof(Beta1));
    }

    = 0.9;

    /// <summary>β₂, in [0, 1): how much of the average of squares stays at each step.</summary>
    public double Beta2
    {
        get;
        init => field = Factor(value, nameof(Beta2));
    }

    = 0.999;

    /// <summary>ε, at least 0.</summary>
    public double Epsilon
    {
        get;
        init => field = NotNegative(value, nameof(Epsilon));
    }

    = 1e-8;

    /// <summary>The new averages of the gradient, m, and of its square, v.</summary>
    private protected (Node Mean, Node Square) Moments(Node gradient, OptimizerState state) =>
        (state.Average("mean", Beta1, gradient), state.Average("square", Beta2, gradient * gradient));
}
