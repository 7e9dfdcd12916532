namespace GraphCompiler;

/// <summary>
/// Optimisers as updates of a graph: each call gives the parameters with their new values, the optimiser's own state among them, to be compiled
/// with <c>updates:</c>. The state lives in parameters that the updates refer to, and starts at zero.
/// </summary>
public static class Optimizers
{
    /// <summary>
    /// Stochastic gradient descent as in PyTorch: v ← μ·v + g; w ← w − η·v, or with Nesterov's momentum w ← w − η·(g + μ·v); without momentum
    /// w ← w − η·g.
    /// </summary>
    /// <param name="loss">What is minimised: a node of one element that requires a gradient.</param>
    /// <param name="parameters">What is trained.</param>
    /// <param name="learningRate">η.</param>
    /// <param name="momentum">μ, in [0, 1).</param>
    /// <param name="nesterov">Whether to look ahead; needs a momentum.</param>
    /// <param name="weightDecay">λ: adds λ·w to the gradient.</param>
    /// <returns>Parameters and their new values.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside its range.</exception>
    public static IReadOnlyList<(Node Parameter, Node Value)> Sgd(
        Node loss, IReadOnlyList<Node> parameters, double learningRate, double momentum = 0, bool nesterov = false, double weightDecay = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(learningRate);
        return Sgd(loss, parameters, Ops.Constant(learningRate), momentum, nesterov, weightDecay);
    }

    /// <summary>Stochastic gradient descent with a learning rate that changes from call to call: a scalar input or parameter.</summary>
    /// <param name="loss">What is minimised: a node of one element that requires a gradient.</param>
    /// <param name="parameters">What is trained.</param>
    /// <param name="learningRate">η, a scalar.</param>
    /// <param name="momentum">μ, in [0, 1).</param>
    /// <param name="nesterov">Whether to look ahead; needs a momentum.</param>
    /// <param name="weightDecay">λ: adds λ·w to the gradient.</param>
    /// <returns>Parameters and their new values.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside its range.</exception>
    public static IReadOnlyList<(Node Parameter, Node Value)> Sgd(
        Node loss, IReadOnlyList<Node> parameters, Node learningRate, double momentum = 0, bool nesterov = false, double weightDecay = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(momentum);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(momentum, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(weightDecay);
        if (nesterov && momentum == 0)
        {
            throw new ArgumentOutOfRangeException(nameof(momentum), momentum, "Nesterov's momentum needs a momentum above 0.");
        }

        List<(Node, Node)> updates = [];
        foreach ((Node w, Node g) in Decayed(loss, parameters, learningRate, weightDecay))
        {
            Node step = g;
            if (momentum != 0)
            {
                Node velocity = State(w, "velocity");
                Node next = (momentum * velocity) + g;
                updates.Add((velocity, next));
                step = nesterov ? g + (momentum * next) : next;
            }

            updates.Add((w, w - (Ops.Cast(learningRate, w.DType) * step)));
        }

        return updates;
    }

    /// <summary>
    /// Adam (Kingma and Ba, 2015), as in PyTorch: m ← β₁·m + (1 − β₁)·g; v ← β₂·v + (1 − β₂)·g²;
    /// w ← w − η·m̂ / (√v̂ + ε) with m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ) at step t.
    /// </summary>
    /// <param name="loss">What is minimised: a node of one element that requires a gradient.</param>
    /// <param name="parameters">What is trained.</param>
    /// <param name="learningRate">η.</param>
    /// <param name="beta1">β₁, in [0, 1).</param>
    /// <param name="beta2">β₂, in [0, 1).</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="weightDecay">λ: adds λ·w to the gradient.</param>
    /// <returns>Parameters and their new values.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside its range.</exception>
    public static IReadOnlyList<(Node Parameter, Node Value)> Adam(
        Node loss,
        IReadOnlyList<Node> parameters,
        double learningRate = 1e-3,
        double beta1 = 0.9,
        double beta2 = 0.999,
        double epsilon = 1e-8,
        double weightDecay = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(learningRate);
        return Adam(loss, parameters, Ops.Constant(learningRate), beta1, beta2, epsilon, weightDecay);
    }

    /// <summary>Adam with a learning rate that changes from call to call: a scalar input or parameter.</summary>
    /// <param name="loss">What is minimised: a node of one element that requires a gradient.</param>
    /// <param name="parameters">What is trained.</param>
    /// <param name="learningRate">η, a scalar.</param>
    /// <param name="beta1">β₁, in [0, 1).</param>
    /// <param name="beta2">β₂, in [0, 1).</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="weightDecay">λ: adds λ·w to the gradient.</param>
    /// <returns>Parameters and their new values.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside its range.</exception>
    public static IReadOnlyList<(Node Parameter, Node Value)> Adam(
        Node loss,
        IReadOnlyList<Node> parameters,
        Node learningRate,
        double beta1 = 0.9,
        double beta2 = 0.999,
        double epsilon = 1e-8,
        double weightDecay = 0)
    {
        foreach (double beta in (ReadOnlySpan<double>)[beta1, beta2])
        {
            ArgumentOutOfRangeException.ThrowIfNegative(beta);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(beta, 1);
        }

        ArgumentOutOfRangeException.ThrowIfNegative(epsilon);
        ArgumentOutOfRangeException.ThrowIfNegative(weightDecay);

        // One count for all; in double, where the powers stay exact enough for millions of steps.
        Node steps = Ops.Parameter("adam.steps", 0.0, requiresGrad: false);
        Node t = steps + 1;
        Node rate = Ops.Cast(learningRate, DType.Float64) / (1 - Ops.Pow(Ops.Constant(beta1), t));
        Node root = Ops.Sqrt(1 - Ops.Pow(Ops.Constant(beta2), t));
        List<(Node, Node)> updates = [(steps, t)];
        foreach ((Node w, Node g) in Decayed(loss, parameters, learningRate, weightDecay))
        {
            Node mean = State(w, "mean");
            Node square = State(w, "square");
            Node nextMean = (beta1 * mean) + ((1 - beta1) * g);
            Node nextSquare = (beta2 * square) + ((1 - beta2) * (g * g));
            updates.Add((mean, nextMean));
            updates.Add((square, nextSquare));
            updates.Add((w, w - (Ops.Cast(rate, w.DType) * nextMean / ((Ops.Sqrt(nextSquare) / Ops.Cast(root, w.DType)) + epsilon))));
        }

        return updates;
    }

    /// <summary>The parameters with their gradients, to which the decay is added.</summary>
    private static IEnumerable<(Node Parameter, Node Gradient)> Decayed(Node loss, IReadOnlyList<Node> parameters, Node learningRate, double weightDecay)
    {
        ArgumentNullException.ThrowIfNull(learningRate);
        if (learningRate.Rank != 0 || !learningRate.DType.IsFloat())
        {
            throw new ShapeException($"A learning rate is a float scalar, not {learningRate.Describe()}.");
        }

        GradientList gradients = Ops.Gradients(loss, parameters, Unreached.Error);
        return parameters.Select((w, i) => (w, weightDecay == 0 ? gradients[i] : gradients[i] + (weightDecay * w)));
    }

    /// <summary>Zeros of a parameter's shape and dtype, as a parameter that requires no gradient.</summary>
    private static Node State(Node parameter, string what)
    {
        if (parameter is not IParameter || parameter.Shape.Constants is not { } sizes)
        {
            throw new GraphException($"{parameter.Describe()} cannot be trained: it is no parameter.");
        }

        string name = $"{parameter.Name}.{what}";
        return parameter.DType == DType.Float64 ? Zeros<double>(name, sizes) : Zeros<float>(name, sizes);
    }

    private static Parameter<T> Zeros<T>(string name, long[] sizes)
        where T : unmanaged => new(name, new T[TensorValue.CountOf(sizes)], sizes, requiresGrad: false);
}
