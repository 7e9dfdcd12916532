namespace GraphCompiler;

/// <summary>How a gradient check runs.</summary>
public sealed record GradientCheckOptions
{
    /// <summary>
    /// Up to which order derivatives are checked: 1 checks gradients, 2 also the gradients of the gradient graph (projected with fixed random
    /// numbers), and so on.
    /// </summary>
    public int Order { get; init; } = 1;

    /// <summary>What is compared: coordinates, projections, or every entry of the Jacobian.</summary>
    public GradientCheckMode Mode { get; init; } = GradientCheckMode.Automatic;

    /// <summary>The part of the tolerance that does not depend on the size of the gradient.</summary>
    public double AbsoluteTolerance { get; init; } = 1e-7;

    /// <summary>The part of the tolerance that grows with the gradient.</summary>
    public double RelativeTolerance { get; init; } = 1e-6;

    /// <summary>How many error bars of the numeric derivative the two may differ by, beyond the tolerances.</summary>
    public double BarFactor { get; init; } = 3;

    /// <summary>
    /// How wide, relative to the derivative, the bar times <see cref="BarFactor"/> may be (beyond <see cref="AbsoluteTolerance"/>) for an
    /// agreement to mean anything; a wider one is inconclusive.
    /// </summary>
    public double WidestBar { get; init; } = 1e-3;

    /// <summary>The sizes of symbols that no given value settles; the others get 2, 3, 4, … in the order in which they are met.</summary>
    public IReadOnlyDictionary<string, long> Sizes { get; init; } = new Dictionary<string, long>();

    /// <summary>The lower end of the values of float inputs that are given none.</summary>
    public double Low { get; init; } = -1;

    /// <summary>The upper end of the values of float inputs that are given none. Integer inputs are 0 or 1, bool inputs false or true.</summary>
    public double High { get; init; } = 1;

    /// <summary>What all random numbers of the check follow from: the same seed, the same check.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Told after every line along which differences were taken.</summary>
    public IProgress<GradientCheckProgress>? Progress { get; init; }

    /// <summary>Ends a long check with an <see cref="OperationCanceledException"/>.</summary>
    public CancellationToken CancellationToken { get; init; }

    /// <summary>What the record holds, in a line.</summary>
    public override string ToString() => InvariantText.OfRecord(this, PrintMembers);

    internal void Validate()
    {
        if (Order < 1)
        {
            throw new GraphException($"GradientCheck: the order is {Order}; it must be at least 1.");
        }

        if (Mode is null || Sizes is null)
        {
            throw new GraphException($"GradientCheck: {(Mode is null ? nameof(Mode) : nameof(Sizes))} is null; leave it out for what is usual.");
        }

        if (Sizes.FirstOrDefault(s => s.Value < 0) is { Key: { } symbol, Value: var size })
        {
            throw new GraphException($"GradientCheck: {nameof(Sizes)} gives {symbol} the size {size}; a size is at least 0.");
        }

        foreach ((string name, double value) in new[]
        {
            (nameof(AbsoluteTolerance), AbsoluteTolerance), (nameof(RelativeTolerance), RelativeTolerance), (nameof(BarFactor), BarFactor), (nameof(WidestBar), WidestBar),
        })
        {
            if (!(value >= 0) || !double.IsFinite(value))
            {
                throw new GraphException($"GradientCheck: {name} is {value}; it must be a finite number of at least 0.");
            }
        }

        if (!(Low < High) || !double.IsFinite(High - Low))
        {
            throw new GraphException($"GradientCheck: values cannot be drawn from {Low} to {High}; Low must be below High, both finite.");
        }
    }
}

/// <summary>Which derivatives a gradient check compares.</summary>
public abstract record GradientCheckMode
{
    private GradientCheckMode()
    {
    }

    /// <summary>Every coordinate of targets of at most 100 elements, and four random projections of larger ones.</summary>
    public static GradientCheckMode Automatic { get; } = new AutomaticMode();

    /// <summary>Every coordinate of every target; a loss of several elements is projected with a fixed random cotangent.</summary>
    public static GradientCheckMode EveryCoordinate { get; } = new CoordinatesMode();

    /// <summary>Every coordinate of every target against every element of the loss.</summary>
    public static GradientCheckMode FullJacobian { get; } = new FullJacobianMode();

    /// <summary>Some coordinates of each target, drawn without repetition.</summary>
    /// <param name="count">How many a target, at least 1.</param>
    public static GradientCheckMode SampledCoordinates(int count) => new SampledMode(AtLeastOne(count, "coordinates"));

    /// <summary>Derivatives of each target along random directions of ±1; if one fails, every coordinate of that target is checked.</summary>
    /// <param name="count">How many a target, at least 1.</param>
    public static GradientCheckMode RandomProjections(int count) => new ProjectionsMode(AtLeastOne(count, "projections"));

    private static int AtLeastOne(int count, string what) =>
        count >= 1 ? count : throw new GraphException($"GradientCheck: {count} {what} check nothing; take at least 1.");

    internal sealed record AutomaticMode : GradientCheckMode;

    internal sealed record CoordinatesMode : GradientCheckMode;

    internal sealed record FullJacobianMode : GradientCheckMode;

    internal sealed record SampledMode(int Count) : GradientCheckMode;

    internal sealed record ProjectionsMode(int Count) : GradientCheckMode;
}

/// <summary>How far a gradient check has come.</summary>
/// <param name="Order">The order of the derivatives at work.</param>
/// <param name="Target">The target at work.</param>
/// <param name="Done">Lines of this order and target that are done.</param>
/// <param name="Total">Lines of this order and target.</param>
public readonly record struct GradientCheckProgress(int Order, Node Target, int Done, int Total);
