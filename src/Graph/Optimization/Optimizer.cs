using GraphCompiler.Differentiation;
using GraphCompiler.Optimization;

namespace GraphCompiler;

/// <summary>
/// An optimiser: it builds new values of parameters, and of the parameters that hold its own state, to be compiled with <c>updates:</c> as one training
/// step, or with <c>Compiler.Compile</c> as a step on the gradients that a backward has left. It runs nothing; what it remembers of a parameter stays the same in all steps that it builds.
/// Parameters that are to be treated differently go to different optimisers, whose updates are joined. One of your own says in <see cref="Step"/> what a step of a
/// parameter is.
/// </summary>
public abstract class Optimizer
{
    private readonly Lock building = new();
    private OrderedDictionary<(Parameter Owner, string Name), Parameter> states = [];

    /// <summary>An optimiser with a learning rate.</summary>
    /// <param name="learningRate">η, at least 0.</param>
    protected Optimizer(Hyperparameter learningRate) => LearningRate = learningRate.CheckedNumber(nameof(learningRate));

    /// <summary>
    /// What messages call it, and what its <see cref="State"/> is filed under: as its type, unless given. Two of one kind that train the same parameters, and are to be saved
    /// together, need names of their own.
    /// </summary>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public string Name
    {
        get => field ?? TypeNames.Display(GetType());
        init
        {
            ArgumentException.ThrowIfNullOrEmpty(value, nameof(Name));
            field = value;
        }
    }

    /// <summary>The learning rate η, at least 0.</summary>
    public Hyperparameter LearningRate
    {
        get;
        init => field = value.Checked(Name, nameof(LearningRate));
    }

    /// <summary>The weight decay λ, at least 0; it adds λ·w to the gradient unless the optimiser says otherwise.</summary>
    public Hyperparameter WeightDecay
    {
        get;
        init => field = value.Checked(Name, nameof(WeightDecay));
    }

    /// <summary>Whether the loss is made larger instead of smaller.</summary>
    public bool Maximize { get; init; }

    /// <summary>What is remembered of all parameters that steps were built of, in the order in which they were: parameters to be listed, saved and set.</summary>
    public IReadOnlyList<Parameter> State
    {
        get
        {
            lock (building)
            {
                return [.. states.Values];
            }
        }
    }

    /// <summary>Whether <see cref="Step"/> sees to the weight decay itself; otherwise λ·w is part of the gradient that it is given.</summary>
    protected virtual bool DecouplesDecay => false;

    /// <summary>The updates that make a loss smaller.</summary>
    /// <param name="loss">A node of one element that requires a gradient.</param>
    /// <param name="parameters">What is trained: parameters that the loss depends on.</param>
    /// <returns>Parameters, state among them, and their new values.</returns>
    /// <exception cref="GradientException">The loss does not depend on a parameter, or is no single number.</exception>
    /// <exception cref="ArgumentException">There are no parameters, one is given twice, or two have one path.</exception>
    public IReadOnlyList<Update> Minimize(Node loss, IReadOnlyList<Parameter> parameters)
    {
        ArgumentNullException.ThrowIfNull(loss);
        Check(parameters);
        IReadOnlyList<Node?> gradients = loss.RequiresGrad ? Ops.GradientsOrNull(loss, parameters) : Ops.Gradients(loss, parameters);
        return parameters.Where((_, i) => gradients[i] is null).FirstOrDefault() is { } unreached
            ? throw new GradientException(GradientCut.NotReached([loss], unreached, unreached.Describe(), "leave it out of what is trained, or give Update what GradientsOrNull gives, which leaves it as it is"))
            : Update(parameters, gradients);
    }

    /// <summary>The updates by given gradients, such as clipped ones.</summary>
    /// <param name="parameters">What is trained, each once.</param>
    /// <param name="gradients">A gradient for each, of its shape and dtype; null for one that stays as it is, as <see cref="Ops.GradientsOrNull"/> gives it.</param>
    /// <returns>Parameters, state among them, and their new values.</returns>
    /// <exception cref="ArgumentException">There are no parameters, not as many gradients, a parameter is given twice, or two have one path.</exception>
    /// <exception cref="ShapeException">A gradient has another shape or dtype than its parameter.</exception>
    public IReadOnlyList<Update> Update(IReadOnlyList<Parameter> parameters, IReadOnlyList<Node?> gradients) => Build(parameters, gradients, steps: null);

    /// <summary>The updates by given gradients, of parameters that step or do not.</summary>
    /// <param name="parameters">What is trained.</param>
    /// <param name="gradients">A gradient for each.</param>
    /// <param name="steps">Whether each steps, a bool; null if all do.</param>
    internal IReadOnlyList<Update> Build(IReadOnlyList<Parameter> parameters, IReadOnlyList<Node?> gradients, IReadOnlyList<Node>? steps)
    {
        Check(parameters);
        ArgumentNullException.ThrowIfNull(gradients);
        if (parameters.Count != gradients.Count)
        {
            throw new ArgumentException($"{InvariantText.Count(parameters.Count, "parameter")} cannot be updated by {InvariantText.Count(gradients.Count, "gradient")}; one for each is needed.", nameof(gradients));
        }

        for (int i = 0; i < parameters.Count; i++)
        {
            if (gradients[i] is { } gradient && gradient.Results[0] != parameters[i].Results[0])
            {
                throw new ShapeException($"The gradient {gradient.Describe()} does not have the type {parameters[i].Results[0]} of the parameter {parameters[i].Describe()}.");
            }
        }

        if (building.IsHeldByCurrentThread)
        {
            throw new InvalidOperationException($"{Name}: {nameof(Step)} cannot build other steps of the same optimiser.");
        }

        lock (building)
        {
            // What a step asks for is remembered when all have been built.
            OrderedDictionary<(Parameter, string), Parameter> known = new(states);
            var builder = new StepBuilder(Name, known);
            List<Update> updates = [];
            for (int i = 0; i < parameters.Count; i++)
            {
                if (gradients[i] is { } gradient)
                {
                    Parameter w = parameters[i];
                    gradient = Maximize ? -gradient : gradient;
                    var state = new OptimizerState(builder, w, steps?[i]);
                    Node value = Step(w, WeightDecay.IsZero || DecouplesDecay ? gradient : gradient + (WeightDecay.As(w.DType) * w), state)
                        ?? throw new InvalidOperationException($"{Name}: {nameof(Step)} gave no new value of {w.Describe()}.");
                    state.Add(w, value);
                    state.End();
                    updates.AddRange(state.Updates);
                }
            }

            states = known;
            return updates;
        }
    }

    /// <summary>Refuses what is no list of parameters to train.</summary>
    /// <exception cref="ArgumentException">There are none, one is given twice, or two have one path, so that what is remembered of them could not be told apart.</exception>
    internal static void Check(IReadOnlyList<Parameter> parameters)
    {
        int paths = ParameterExtensions.ByPath(parameters).Count;
        if (parameters.Count == 0)
        {
            throw new ArgumentException("There are no parameters to train.", nameof(parameters));
        }

        if (paths != parameters.Count)
        {
            throw new ArgumentException($"{parameters.GroupBy(w => w).First(w => w.Count() > 1).Key.Describe()} is given twice.", nameof(parameters));
        }
    }

    /// <summary>Builds a step of one parameter.</summary>
    /// <param name="parameter">The parameter, w.</param>
    /// <param name="gradient">Its gradient g, which leads upward.</param>
    /// <param name="state">What is remembered of the parameter, which takes new values, too.</param>
    /// <returns>The parameter's new value, of its shape and dtype.</returns>
    protected abstract Node Step(Parameter parameter, Node gradient, OptimizerState state);

    internal static double Factor(double value, string name) =>
        value is >= 0 and < 1 ? value : throw InvariantText.OutOfRange(name, value, $"{name} must be in [0, 1).");

    internal static double NotNegative(double value, string name) =>
        value >= 0 ? value : throw InvariantText.OutOfRange(name, value, $"{name} must be at least 0.");
}
