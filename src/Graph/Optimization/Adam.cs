namespace GraphCompiler;

/// <summary>
/// Adam (Kingma and Ba, 2015), as in PyTorch: m ← β₁·m + (1 − β₁)·g; v ← β₂·v + (1 − β₂)·g²; w ← w − η·m̂/(√v̂ + ε) with m̂ = m/(1 − β₁ᵗ),
/// v̂ = v/(1 − β₂ᵗ) at step t. With AMSGrad v̂ is made of the largest v so far (Reddi et al., 2018).
/// </summary>
public class Adam : AdamFamily
{
    /// <summary>Adam with a learning rate.</summary>
    /// <param name="learningRate">η; null for 0.001.</param>
    public Adam(Hyperparameter? learningRate = null)
        : base(learningRate ?? 1e-3)
    {
    }

    /// <summary>Whether the second moment never shrinks.</summary>
    public bool AmsGrad { get; init; }

    /// <inheritdoc/>
    protected override Node Step(Parameter parameter, Node gradient, OptimizerState state)
    {
        Node w = parameter;
        Node rate = LearningRate.As(DType.Float64) / state.BiasCorrection(Beta1);
        Node root = Ops.Sqrt(state.BiasCorrection(Beta2));
        (Node mean, Node square) = Moments(gradient, state);
        if (AmsGrad)
        {
            Parameter largest = state.Get("largest");
            square = state.Update(largest, Ops.Maximum(largest, square));
        }

        Node start = DecouplesDecay && !WeightDecay.IsZero ? w * (1 - (LearningRate.As(w.DType) * WeightDecay.As(w.DType))) : w;
        return start - (Ops.Cast(rate, w.DType) * mean / ((Ops.Sqrt(square) / Ops.Cast(root, w.DType)) + Epsilon));
    }
}

/// <summary>Adam whose weight decay is no part of the gradient: before each step w ← w·(1 − η·λ) (Loshchilov and Hutter, 2019).</summary>
public sealed class AdamW : Adam
{
    /// <summary>AdamW with a learning rate, and the weight decay 0.01 unless another is given.</summary>
    /// <param name="learningRate">η; null for 0.001.</param>
    public AdamW(Hyperparameter? learningRate = null)
        : base(learningRate) => WeightDecay = 1e-2;

    /// <inheritdoc/>
    protected override bool DecouplesDecay => true;
}

/// <summary>Adam with the largest gradient in place of a mean of squares: u ← max(β₂·u, |g| + ε); w ← w − η·m̂/u (Kingma and Ba, 2015).</summary>
/// <param name="learningRate">η; null for 0.002.</param>
public sealed class Adamax(Hyperparameter? learningRate = null) : AdamFamily(learningRate ?? 2e-3)
{
    /// <inheritdoc/>
    protected override Node Step(Parameter parameter, Node gradient, OptimizerState state)
    {
        Node rate = LearningRate.As(DType.Float64) / state.BiasCorrection(Beta1);
        Node mean = state.Average("mean", Beta1, gradient);
        Parameter largest = state.Get("largest");
        Node next = state.Update(largest, Ops.Maximum(Beta2 * largest, Ops.Abs(gradient) + Epsilon));
        return parameter - (Ops.Cast(rate, parameter.DType) * (mean / next));
    }
}

/// <summary>
/// Adam with Nesterov's momentum (Dozat, 2016): w ← w − η·((1 − μₜ)·g/(1 − Πμ) + μₜ₊₁·m/(1 − Πμ·μₜ₊₁))/(√v̂ + ε) with
/// μₜ = β₁·(1 − ½·0.96^(t·ψ)).
/// </summary>
/// <param name="learningRate">η; null for 0.002.</param>
public sealed class NAdam(Hyperparameter? learningRate = null) : AdamFamily(learningRate ?? 2e-3)
{
    /// <summary>ψ: how fast the momentum grows to β₁.</summary>
    public double MomentumDecay
    {
        get;
        init => field = NotNegative(value, nameof(MomentumDecay));
    }

    = 4e-3;

    /// <inheritdoc/>
    protected override Node Step(Parameter parameter, Node gradient, OptimizerState state)
    {
        (Node w, Node t) = (parameter, state.CountSteps());
        (Node now, Node then) = (MomentumAt(t), MomentumAt(t + 1));
        Node product = state.Number("momentum", 1, before => before * now);
        Node rate = LearningRate.As(DType.Float64);
        Node ofGradient = rate * (1 - now) / (1 - product);
        Node ofMean = rate * then / (1 - (product * then));
        (Node mean, Node square) = Moments(gradient, state);
        Node size = Ops.Sqrt(square / Ops.Cast(state.BiasCorrection(Beta2), w.DType)) + Epsilon;
        return w - (((Ops.Cast(ofGradient, w.DType) * gradient) + (Ops.Cast(ofMean, w.DType) * mean)) / size);
    }

    private Node MomentumAt(Node t) => Beta1 * (1 - (0.5 * Ops.Pow(Ops.Constant(0.96), t * MomentumDecay)));
}

/// <summary>
/// Adam whose adaptive rate waits until its variance is tractable (Liu et al., 2020): with ρ∞ = 2/(1 − β₂) − 1 and ρₜ = ρ∞ − 2·t·β₂ᵗ/(1 − β₂ᵗ),
/// w ← w − η·m̂·r·√(1 − β₂ᵗ)/(√v + ε) with r² = (ρₜ − 4)(ρₜ − 2)ρ∞/((ρ∞ − 4)(ρ∞ − 2)ρₜ) where ρₜ is above 5, else w ← w − η·m̂.
/// </summary>
/// <param name="learningRate">η; null for 0.001.</param>
public sealed class RAdam(Hyperparameter? learningRate = null) : AdamFamily(learningRate ?? 1e-3)
{
    /// <inheritdoc/>
    protected override Node Step(Parameter parameter, Node gradient, OptimizerState state)
    {
        (Node w, Node t) = (parameter, state.CountSteps());
        Node rate = LearningRate.As(DType.Float64) / state.BiasCorrection(Beta1);
        Node correction = state.BiasCorrection(Beta2);
        double limit = (2 / (1 - Beta2)) - 1;
        Node length = limit - (2 * t * (1 - correction) / correction);
        Node isTractable = length > 5;
        Node squared = (length - 4) * (length - 2) / length * (limit / ((limit - 4) * (limit - 2)));
        Node factor = Ops.Sqrt(Ops.Where(isTractable, squared, 1) * correction);
        (Node mean, Node square) = Moments(gradient, state);
        Node adapted = Ops.Where(isTractable, Ops.Cast(factor, w.DType) / (Ops.Sqrt(square) + Epsilon), 1);
        return w - (Ops.Cast(rate, w.DType) * mean * adapted);
    }
}
