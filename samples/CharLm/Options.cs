namespace CharLm;

/// <summary>What a run is asked for.</summary>
internal sealed record Options
{
    /// <summary>The steps of a run whose result is judged.</summary>
    public const int FullSteps = 2000;

    public int Steps { get; init; } = FullSteps;

    public int Seed { get; init; } = 1;

    public int Threads { get; init; } = Environment.ProcessorCount;

    public double Temperature { get; init; } = 0.8;

    public int Names { get; init; } = 30;

    public required string Out { get; init; }

    public required string Save { get; init; }
}
