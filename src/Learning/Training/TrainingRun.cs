namespace GraphCompiler.Learning;

/// <summary>What a loop of a trainer is to do, as it begins.</summary>
public sealed record TrainingRun
{
    internal TrainingRun()
    {
    }

    /// <summary>How many epochs the training has, those before a resumption among them.</summary>
    public required int Epochs { get; init; }

    /// <summary>How many steps an epoch has.</summary>
    public required int StepsPerEpoch { get; init; }

    /// <summary>How many rows an epoch reads.</summary>
    public required int Rows { get; init; }

    /// <summary>Where in the data it begins: 0 epochs and 0 rows, unless it goes on.</summary>
    public required Place From { get; init; }

    /// <summary>How many steps were made before.</summary>
    public required long FirstStep { get; init; }

    /// <summary>Where checkpoints are saved; null for nowhere.</summary>
    public required string? Folder { get; init; }
}
