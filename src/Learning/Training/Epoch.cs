namespace GraphCompiler.Learning;

/// <summary>What an epoch of training was.</summary>
public sealed class Epoch
{
    internal Epoch(int number, long step, double loss, double weight, Evaluation? validation, bool isBest, TimeSpan duration) =>
        (Number, Step, Loss, Weight, Validation, IsBest, Duration) = (number, step, loss, weight, validation, isBest, duration);

    /// <summary>Its number, the first being 0.</summary>
    public int Number { get; }

    /// <summary>How many steps were made until its end, in all.</summary>
    public long Step { get; }

    /// <summary>The mean loss of its batches, each before its step.</summary>
    public double Loss { get; }

    /// <summary>What they count for, as a rule the number of examples.</summary>
    public double Weight { get; }

    /// <summary>What the model was measured to be after it; null if nothing was given to measure.</summary>
    public Evaluation? Validation { get; }

    /// <summary>Whether the model is better than after all epochs before: by the loss of <see cref="Validation"/>, or by its own where there is none.</summary>
    public bool IsBest { get; }

    /// <summary>How long it took; of an epoch that was gone on with, its last part.</summary>
    public TimeSpan Duration { get; }
}
