using System.Runtime.CompilerServices;

namespace GraphCompiler.Learning;

/// <summary>
/// How a number of an optimiser, such as its learning rate, goes with the steps of a training: <c>new AdamW { LearningRate = Schedule.Cosine(3e-3, steps: 2000, warmUp: 100) }</c>. It
/// is computed in the graph, as a function of <see cref="Step"/>, for which a trainer puts its own count of steps; whoever compiles a step by hand takes <see cref="Step"/> among its inputs.
/// </summary>
public sealed class Schedule
{
    private static readonly ConditionalWeakTable<Node, Schedule> Known = [];

    private readonly Func<Node, Node> function;
    private Func<long, double>? evaluate;

    private Schedule(Func<Node, Node> function, long? steps)
    {
        this.function = function;
        Value = function(Ops.Cast(Step, DType.Float64));
        Steps = steps;
        Known.Add(Value, this);
    }

    /// <summary>The number of the step, the first being 0: an int64 scalar.</summary>
    public static Input<long> Step { get; } = Ops.Input<long>("step", []);

    /// <summary>For how many steps the schedule was made; null for any number. A longer training is refused.</summary>
    public long? Steps { get; }

    /// <summary>The number, a Float64 scalar.</summary>
    internal Node Value { get; }

    /// <summary>The schedule as a number of an optimiser.</summary>
    /// <param name="schedule">The schedule.</param>
    public static implicit operator Hyperparameter(Schedule schedule) => (schedule ?? throw new ArgumentNullException(nameof(schedule))).ToHyperparameter();

    /// <summary>One number for all steps.</summary>
    /// <param name="value">The number, at least 0.</param>
    public static Schedule Constant(double value)
    {
        RequireRate(value);
        return new(_ => Ops.Constant(value), null);
    }

    /// <summary>A function of one's own.</summary>
    /// <param name="function">Makes a Float64 scalar of the number of the step, another.</param>
    /// <param name="steps">For how many steps it is made; null for any number.</param>
    /// <exception cref="ShapeException">It makes no scalar.</exception>
    public static Schedule Of(Func<Node, Node> function, long? steps = null)
    {
        ArgumentNullException.ThrowIfNull(function);
        if (steps is { } some)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(some, nameof(steps));
        }

        return new(function, steps);
    }

    /// <summary>Times a factor after every so many steps.</summary>
    /// <param name="start">The first number.</param>
    /// <param name="every">After how many steps it changes.</param>
    /// <param name="factor">By what.</param>
    public static Schedule EverySteps(double start, long every, double factor = 0.1)
    {
        RequireRate(start);
        RequireRate(factor);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(every);
        return new(t => start * Ops.Pow(Ops.Constant(factor), Ops.Floor(t / every)), null);
    }

    /// <summary>Times a factor at each of some steps.</summary>
    /// <param name="start">The first number.</param>
    /// <param name="milestones">The steps at which it changes.</param>
    /// <param name="factor">By what.</param>
    public static Schedule AtSteps(double start, IReadOnlyList<long> milestones, double factor = 0.1)
    {
        ArgumentNullException.ThrowIfNull(milestones);
        RequireRate(start);
        RequireRate(factor);
        return new(t => milestones.Aggregate(Ops.Constant(start), (rate, at) => rate * Ops.Where(Ops.Less(t, at), Ops.Constant(1.0), factor)), null);
    }

    /// <summary>Times a factor after each step.</summary>
    /// <param name="start">The first number.</param>
    /// <param name="factor">By what.</param>
    public static Schedule Exponential(double start, double factor)
    {
        RequireRate(start);
        RequireRate(factor);
        return new(t => start * Ops.Pow(Ops.Constant(factor), t), null);
    }

    /// <summary>Up along a line, then down along half a cosine (Loshchilov and Hutter, 2017).</summary>
    /// <param name="peak">The largest number, which is reached after <paramref name="warmUp"/> steps.</param>
    /// <param name="steps">The steps of the training.</param>
    /// <param name="warmUp">How many of them it rises: step i of these has (i + 1)/warmUp of the peak.</param>
    /// <param name="final">What it would be at step <paramref name="steps"/>.</param>
    public static Schedule Cosine(double peak, long steps, long warmUp = 0, double final = 0) =>
        WarmedUp(peak, steps, warmUp, final, part => (1 + Ops.Cos(Math.PI * part)) / 2);

    /// <summary>Up along a line, then down along another.</summary>
    /// <param name="peak">The largest number, which is reached after <paramref name="warmUp"/> steps.</param>
    /// <param name="steps">The steps of the training.</param>
    /// <param name="warmUp">How many of them it rises: step i of these has (i + 1)/warmUp of the peak.</param>
    /// <param name="final">What it would be at step <paramref name="steps"/>.</param>
    public static Schedule Linear(double peak, long steps, long warmUp = 0, double final = 0) => WarmedUp(peak, steps, warmUp, final, part => 1 - part);

    /// <summary>Up along a line, then down as 1/√step (Vaswani et al., 2017).</summary>
    /// <param name="peak">The largest number.</param>
    /// <param name="warmUp">After how many steps it is reached.</param>
    public static Schedule InverseSquareRoot(double peak, long warmUp)
    {
        RequireRate(peak);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(warmUp);
        return new(t => peak * Ops.Minimum((t + 1) / warmUp, Ops.Sqrt(warmUp / (t + 1))), null);
    }

    /// <summary>Up along half a cosine, and down along another to much less than the start (Smith and Topin, 2018), as PyTorch's <c>OneCycleLR</c>.</summary>
    /// <param name="peak">The largest number.</param>
    /// <param name="steps">The steps of the training, at least 2.</param>
    /// <param name="rising">The part of them that it rises.</param>
    /// <param name="startDivisor">By what the peak is divided at the start.</param>
    /// <param name="finalDivisor">By what the start is divided at the last step.</param>
    public static Schedule OneCycle(double peak, long steps, double rising = 0.3, double startDivisor = 25, double finalDivisor = 1e4)
    {
        RequireRate(peak);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(startDivisor, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(finalDivisor, 1);
        double turn = (rising * steps) - 1;
        if (!(turn > 0 && turn < steps - 1))
        {
            throw new ArgumentOutOfRangeException(nameof(rising), rising, $"Of {steps} steps at least one rises and one falls, beside the first.");
        }

        double start = peak / startDivisor;
        return new(
            t => Ops.Where(Ops.LessEqual(t, turn), Between(start, peak, t / turn), Between(peak, start / finalDivisor, (t - turn) / (steps - 1 - turn))), steps);

        static Node Between(double from, double to, Node part) => to + ((from - to) / 2 * (1 + Ops.Cos(Math.PI * part)));
    }

    /// <summary>The number at a step.</summary>
    /// <param name="step">The step, the first being 0.</param>
    public double At(long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        evaluate ??= Compiler.Compile<Func<long, double>>([Step], Value, new CompileOptions { Interpret = true });
        return evaluate(step);
    }

    /// <summary>The schedule as a number of an optimiser.</summary>
    public Hyperparameter ToHyperparameter() => Value;

    /// <summary>The same schedule after steps in which it rises along a line to its first number.</summary>
    /// <param name="steps">How many steps: i of these has (i + 1)/steps of the first number. They come before the schedule's own.</param>
    public Schedule AfterWarmUp(long steps)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(steps);
        return new(
            t => Ops.Where(Ops.Less(t, steps), function(Ops.Constant(0.0)) * (t + 1) / steps, function(Ops.Maximum(t - steps, Ops.Constant(0.0)))),
            Steps is { } own ? checked(own + steps) : null);
    }

    /// <summary>The steps of the shortest of the schedules that nodes are made of.</summary>
    internal static long? ShortestIn(IEnumerable<Node> nodes) =>
        Within(nodes).Min(n => Known.TryGetValue(n, out Schedule? schedule) ? schedule.Steps : null);

    /// <summary>All nodes that nodes are made of, each once.</summary>
    internal static IReadOnlyList<Node> Within(IEnumerable<Node> nodes)
    {
        List<Node> found = [];
        HashSet<Node> seen = [];
        Stack<Node> left = new(nodes);
        while (left.TryPop(out Node? node))
        {
            if (seen.Add(node))
            {
                found.Add(node);
                foreach (Node input in node.Inputs)
                {
                    left.Push(input);
                }
            }
        }

        return found;
    }

    private static Schedule WarmedUp(double peak, long steps, long warmUp, double final, Func<Node, Node> fall)
    {
        RequireRate(peak);
        RequireRate(final);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(steps);
        ArgumentOutOfRangeException.ThrowIfNegative(warmUp);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(warmUp, steps);
        return new(
            t =>
            {
                Node falling = final + ((peak - final) * fall(Ops.Clamp((t - warmUp) / Math.Max(1, steps - warmUp), 0, 1)));
                return warmUp == 0 ? falling : Ops.Where(Ops.Less(t, warmUp), peak * (t + 1) / warmUp, falling);
            },
            steps);
    }

    private static void RequireRate(double value, [CallerArgumentExpression(nameof(value))] string name = "")
    {
        if (!(value >= 0 && double.IsFinite(value)))
        {
            throw new ArgumentOutOfRangeException(name, value, $"'{name}' is a number of at least 0.");
        }
    }
}
