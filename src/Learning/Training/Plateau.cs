using System.Runtime.CompilerServices;

namespace GraphCompiler.Learning;

/// <summary>
/// A schedule times a factor that falls whenever a loss has not become smaller for some epochs: <c>new AdamW { LearningRate = new Plateau(1e-3) { Factor = 0.5, Patience = 3 } }</c>.
/// <see cref="Trainer.Fit"/> tells it the loss of validation after each epoch; in a loop of one's own, <see cref="Tell"/> does. What it knows is a part of checkpoints.
/// </summary>
public sealed class Plateau : Module
{
    private static readonly ConditionalWeakTable<Node, Plateau> Known = [];

    private readonly Schedule schedule;
    private readonly Lazy<Hyperparameter> hyperparameter;
    private readonly Parameter<double> scale = Buffer(1.0);
    private readonly Parameter<double> best = Buffer(double.PositiveInfinity);
    private readonly Parameter<long> waited = Buffer(0L);
    private readonly Parameter<long> resting = Buffer(0L);

    /// <summary>A schedule whose numbers are scaled down on plateaus.</summary>
    /// <param name="schedule">The schedule.</param>
    public Plateau(Schedule schedule)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        this.schedule = schedule;
        hyperparameter = new(() => Ops.Maximum(schedule.Value * scale, Ops.Constant(Minimum)));
        Known.Add(scale, this);
    }

    /// <summary>A number that is scaled down on plateaus.</summary>
    /// <param name="start">The number, at least 0.</param>
    public Plateau(double start)
        : this(Schedule.Constant(start))
    {
    }

    /// <summary>By what the number is multiplied on a plateau, in (0, 1); 0.1 by default.</summary>
    public double Factor
    {
        get;
        init => field = value is > 0 and < 1 ? value : throw new ArgumentOutOfRangeException(nameof(Factor), value, "The factor is in (0, 1).");
    } = 0.1;

    /// <summary>How many epochs in a row that bring nothing are a plateau, at least 1, as Keras counts them; 10 by default. PyTorch waits for one more.</summary>
    public int Patience
    {
        get;
        init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(Patience), value, "A plateau has at least one epoch.");
    } = 10;

    /// <summary>By what part of itself a loss has to become smaller to count, at least 0; 1e-4 by default.</summary>
    public double Threshold
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(Threshold), value, "The threshold is at least 0.");
    } = 1e-4;

    /// <summary>How many epochs after a plateau are not counted, at least 0; 0 by default.</summary>
    public int Cooldown
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(Cooldown), value, "A cooldown has at least no epoch.");
    }

    /// <summary>The least number, at least 0; 0 by default.</summary>
    public double Minimum
    {
        get;
        init => field = value >= 0 && double.IsFinite(value) ? value : throw new ArgumentOutOfRangeException(nameof(Minimum), value, "The least number is at least 0.");
    }

    /// <summary>By what the schedule is multiplied now; 1 before the first plateau.</summary>
    public double Scale => scale.Values[0];

    /// <summary>The schedule as a number of an optimiser.</summary>
    /// <param name="plateau">The schedule.</param>
    public static implicit operator Hyperparameter(Plateau plateau) => (plateau ?? throw new ArgumentNullException(nameof(plateau))).ToHyperparameter();

    /// <summary>The schedule as a number of an optimiser.</summary>
    public Hyperparameter ToHyperparameter() => hyperparameter.Value;

    /// <summary>Takes in the loss of an epoch. One that is NaN brings nothing.</summary>
    /// <param name="loss">The loss; where more is better, its negative.</param>
    public void Tell(double loss)
    {
        double smallest = best.Values[0];
        bool isBetter = double.IsPositiveInfinity(smallest) ? loss < smallest : loss < smallest - (Threshold * Math.Abs(smallest));
        long rest = resting.Values[0];
        long wait = isBetter || rest > 0 ? 0 : waited.Values[0] + 1;
        if (isBetter)
        {
            best.Fill(loss);
        }

        if (wait >= Patience)
        {
            scale.Fill(scale.Values[0] * Factor);
            (wait, rest) = (0, Cooldown + 1L);
        }

        waited.Fill(wait);
        resting.Fill(Math.Max(0, rest - 1));
    }

    /// <inheritdoc/>
    public override string ToString() => $"plateau of {(schedule.Steps is { } steps ? $"{steps} steps" : "any number of steps")}";

    /// <summary>The plateaus that nodes are made of.</summary>
    internal static IReadOnlyList<Plateau> In(IEnumerable<Node> nodes) => [.. Schedule.Within(nodes).Select(n => Known.TryGetValue(n, out Plateau? plateau) ? plateau : null).OfType<Plateau>()];
}
