using GraphCompiler.Optimization;

namespace GraphCompiler;

/// <summary>
/// What an optimiser remembers of one parameter from step to step, while it builds a step of it: parameters without gradients, whose paths are those of the parameter and
/// the optimiser with a name, as <c>encoder.layer1.weight/Adam.mean</c>. A step gives each part that it gets a new value, once.
/// </summary>
public sealed class OptimizerState
{
    private readonly StepBuilder builder;
    private readonly Parameter owner;
    private readonly Node? steps;
    private readonly HashSet<Parameter> parts = [];
    private readonly HashSet<Parameter> renewed = [];
    private readonly List<Update> updates = [];
    private readonly Dictionary<string, Node> numbers = [];
    private bool hasEnded;

    /// <param name="builder">What builds the step.</param>
    /// <param name="owner">Whose state it is.</param>
    /// <param name="steps">Whether the parameter steps, a bool; null if it surely does.</param>
    internal OptimizerState(StepBuilder builder, Parameter owner, Node? steps) => (this.builder, this.owner, this.steps) = (builder, owner, steps);

    internal IReadOnlyList<Update> Updates => updates;

    /// <summary>Numbers of the parameter's shape and dtype.</summary>
    /// <param name="name">What they are, such as <c>mean</c>; what there is already of that name is given again.</param>
    /// <param name="start">What each is before the first step.</param>
    public Parameter Get(string name, double start = 0) => Get(name, owner.Shape, owner.DType, start);

    /// <summary>Numbers of a shape and dtype.</summary>
    /// <param name="name">What they are, such as <c>mean</c>; what there is already of that name is given again.</param>
    /// <param name="shape">The sizes, numbers.</param>
    /// <param name="dtype">The element type.</param>
    /// <param name="start">What each is before the first step.</param>
    /// <exception cref="ArgumentException">There is something of that name already, of another shape or dtype.</exception>
    /// <exception cref="InvalidOperationException">The step has been built.</exception>
    public Parameter Get(string name, Shape shape, DType dtype, double start = 0)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        RequireStep();
        Parameter part = builder.Get(owner, name, shape, dtype, start);
        parts.Add(part);
        return part;
    }

    /// <summary>Says what a part of the state is after the step.</summary>
    /// <param name="part">What <see cref="Get(string, double)"/> gave.</param>
    /// <param name="value">Its new value, of its dtype and shape.</param>
    /// <returns>The new value.</returns>
    /// <exception cref="ArgumentException">It is no part of this state, or has a new value already.</exception>
    /// <exception cref="DTypeException">The dtypes differ.</exception>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public Node Update(Parameter part, Node value)
    {
        ArgumentNullException.ThrowIfNull(part);
        RequireStep();
        if (!parts.Contains(part))
        {
            throw new ArgumentException($"{part.Describe()} is no part of what {builder.Optimizer} remembers of {owner.Describe()}; Get gives those.", nameof(part));
        }

        if (!renewed.Add(part))
        {
            throw new ArgumentException($"{part.Describe()} has a new value in this step already, and cannot have another; {nameof(Update)}, {nameof(Average)} and {nameof(CountSteps)} return it.", nameof(part));
        }

        Add(part, value);
        return value;
    }

    /// <summary>Keeps an exponential average, which starts at 0: average ← rate·average + (1 − rate)·value.</summary>
    /// <param name="name">What it is, such as <c>mean</c>.</param>
    /// <param name="rate">How much of it stays at each step.</param>
    /// <param name="value">What is averaged, of the parameter's shape and dtype.</param>
    /// <returns>The average after the step.</returns>
    public Node Average(string name, double rate, Node value)
    {
        Parameter average = Get(name);
        return Update(average, (rate * average) + ((1 - rate) * value));
    }

    /// <summary>The number t of this step of the parameter, from 1: in double, where powers stay exact enough for millions of steps.</summary>
    public Node CountSteps() => Number("steps", 0, count => count + 1);

    /// <summary>1 − βᵗ at this step t: what an average that started at 0 lacks.</summary>
    /// <param name="beta">β, how much of the average stays at each step.</param>
    public Node BiasCorrection(double beta) => 1 - Ops.Pow(Ops.Constant(beta), CountSteps());

    /// <summary>A double that changes at each step.</summary>
    /// <param name="name">What it is; asked for again, it is the same number.</param>
    /// <param name="start">What it is before the first step.</param>
    /// <param name="next">What becomes of it at each.</param>
    /// <returns>The number after the step.</returns>
    internal Node Number(string name, double start, Func<Node, Node> next)
    {
        if (!numbers.TryGetValue(name, out Node? number))
        {
            Parameter before = Get(name, [], DType.Float64, start);
            numbers.Add(name, number = Update(before, next(before)));
        }

        return number;
    }

    /// <summary>A new value of the parameter or of a part of its state, if it steps.</summary>
    internal void Add(Parameter parameter, Node value)
    {
        var update = new Update(parameter, value);
        updates.Add(steps is null ? update : (parameter, Ops.Where(steps, value, parameter)));
    }

    /// <summary>Takes no more: the step has been built.</summary>
    /// <exception cref="InvalidOperationException">Something was got and has no new value.</exception>
    internal void End()
    {
        hasEnded = true;
        if (parts.FirstOrDefault(p => !renewed.Contains(p)) is { } forgotten)
        {
            throw new InvalidOperationException($"{builder.Optimizer}: {nameof(Optimizer)}.Step got {forgotten.Describe()} and gave it no new value, so that it would never change; {nameof(Update)} gives it one, itself if it is to stay.");
        }
    }

    private void RequireStep()
    {
        if (hasEnded)
        {
            throw new InvalidOperationException($"The step of {owner.Describe()} has been built; what {builder.Optimizer} remembers is asked for within it.");
        }
    }
}
