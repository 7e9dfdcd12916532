namespace GraphCompiler.Learning;

/// <summary>Exponential averages of what is trained: average ← decay·average + (1 − decay)·value after each step, from the values at the first (Polyak and Juditsky, 1992).</summary>
public sealed record Ema
{
    /// <summary>Averages of a decay.</summary>
    /// <param name="decay">How much of an average stays at each step, in [0, 1).</param>
    public Ema(double decay)
    {
        if (!(decay >= 0 && decay < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(decay), decay, "The decay is in [0, 1).");
        }

        Decay = decay;
    }

    /// <summary>How much of an average stays at each step, in [0, 1).</summary>
    public double Decay { get; }
}
