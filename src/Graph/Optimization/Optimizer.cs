namespace GraphCompiler;

/// <summary>
/// An optimiser: it builds new values of parameters, and of the parameters that hold its own state, to be compiled with <c>updates:</c> as one training
/// step. It runs nothing and keeps nothing; each call of <see cref="Minimize"/> or <see cref="Update"/> makes state of its own, which starts afresh.
/// Parameters that are to be treated differently go to different optimisers, whose updates are joined.
/// </summary>
public abstract class Optimizer
{
    private protected Optimizer(Hyperparameter learningRate) => LearningRate = learningRate.CheckedNumber(nameof(learningRate));

    /// <summary>The learning rate η, at least 0.</summary>
    public Hyperparameter LearningRate
    {
        get;
        init => field = value.Checked(GetType().Name, nameof(LearningRate));
    }

    /// <summary>The weight decay λ, at least 0; it adds λ·w to the gradient unless the optimiser says otherwise.</summary>
    public Hyperparameter WeightDecay
    {
        get;
        init => field = value.Checked(GetType().Name, nameof(WeightDecay));
    }

    /// <summary>Whether the loss is made larger instead of smaller.</summary>
    public bool Maximize { get; init; }

    /// <summary>The updates that make a loss smaller.</summary>
    /// <param name="loss">A node of one element that requires a gradient.</param>
    /// <param name="parameters">What is trained: parameters that the loss depends on.</param>
    /// <returns>Parameters, state among them, and their new values.</returns>
    /// <exception cref="GradientException">The loss does not depend on a parameter, or is no single number.</exception>
    /// <exception cref="ArgumentException">There are no parameters, or one is given twice.</exception>
    public IReadOnlyList<Update> Minimize(Node loss, IReadOnlyList<Parameter> parameters) =>
        Update(parameters, Ops.Gradients(loss, parameters));

    /// <summary>The updates by given gradients, such as clipped ones.</summary>
    /// <param name="parameters">What is trained, each once.</param>
    /// <param name="gradients">A gradient for each, of its shape and dtype; null for one that stays as it is, as <see cref="Ops.GradientsOrNull"/> gives it.</param>
    /// <returns>Parameters, state among them, and their new values.</returns>
    /// <exception cref="ArgumentException">There are no parameters, not as many gradients, or a parameter is given twice.</exception>
    /// <exception cref="ShapeException">A gradient has another shape or dtype than its parameter.</exception>
    public IReadOnlyList<Update> Update(IReadOnlyList<Parameter> parameters, IReadOnlyList<Node?> gradients)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(gradients);
        if (parameters.Count == 0)
        {
            throw new ArgumentException("There are no parameters to train.", nameof(parameters));
        }

        if (parameters.Count != gradients.Count)
        {
            throw new ArgumentException($"{InvariantText.Count(parameters.Count, "parameter")} cannot be updated by {InvariantText.Count(gradients.Count, "gradient")}; one for each is needed.", nameof(gradients));
        }

        List<(Parameter, Node)> pairs = [];
        for (int i = 0; i < parameters.Count; i++)
        {
            (Parameter w, Node? g) = (parameters[i], gradients[i]);
            ArgumentNullException.ThrowIfNull(w, nameof(parameters));
            if (g is null)
            {
                continue;
            }

            if (g.Results[0] != w.Results[0])
            {
                throw new ShapeException($"The gradient {g.Describe()} does not have the type {w.Results[0]} of the parameter {w.Describe()}.");
            }

            g = Maximize ? -g : g;
            pairs.Add((w, WeightDecay.IsZero || DecouplesDecay ? g : g + (WeightDecay.As(w.DType) * w)));
        }

        if (parameters.Distinct().Count() != parameters.Count)
        {
            throw new ArgumentException($"{parameters.GroupBy(w => w).First(w => w.Count() > 1).Key.Describe()} is given twice.", nameof(parameters));
        }

        List<Update> updates = [];
        Step(pairs, updates);
        return updates;
    }

    /// <summary>Whether the decay is not part of the gradient.</summary>
    private protected virtual bool DecouplesDecay => false;

    /// <summary>Adds new values of parameters and of their state.</summary>
    private protected abstract void Step(IReadOnlyList<(Parameter Parameter, Node Gradient)> pairs, List<Update> updates);

    internal static double Factor(double value, string name) =>
        value is >= 0 and < 1 ? value : throw InvariantText.OutOfRange(name, value, $"{name} must be in [0, 1).");

    internal static double NotNegative(double value, string name) =>
        value >= 0 ? value : throw InvariantText.OutOfRange(name, value, $"{name} must be at least 0.");

    /// <summary>Numbers of a parameter's shape and dtype that live from step to step, as a parameter that requires no gradient.</summary>
    private protected static Parameter State(Parameter parameter, string what, double start = 0) =>
        Ops.Parameter($"{parameter.Name}.{what}", parameter.Shape, start, parameter.DType, requiresGrad: false);

    /// <summary>Keeps an exponential average of a value: average ← rate·average + (1 − rate)·value. Gives the new one.</summary>
    private protected static Node Average(Parameter parameter, string what, double rate, Node value, List<Update> updates)
    {
        Parameter average = State(parameter, what);
        Node next = (rate * average) + ((1 - rate) * value);
        updates.Add((average, next));
        return next;
    }

    /// <summary>The number of this step, from 1: in double, where powers stay exact enough for millions of steps.</summary>
    private protected Node CountSteps(List<Update> updates)
    {
        Parameter steps = Ops.Parameter($"{GetType().Name}.steps", 0.0, requiresGrad: false);
        Node t = steps + 1;
        updates.Add((steps, t));
        return t;
    }

    /// <summary>1 − betaᵗ: what an average that started at 0 lacks.</summary>
    private protected static Node BiasCorrection(double beta, Node t) => 1 - Ops.Pow(Ops.Constant(beta), t);
}
