namespace GraphCompiler.Learning.Data;

/// <summary>What images become.</summary>
/// <param name="Width">How many pixels a row has, at least 1.</param>
/// <param name="Height">How many rows there are, at least 1.</param>
public sealed record ImageOptions(int Width, int Height)
{
    /// <summary>1 for shades of grey, 3 for red, green and blue. Files that have others are converted: colours to their luminance, grey to three equal channels; transparency is passed over.</summary>
    public int Channels { get; init; } = 3;

    /// <summary>What becomes of images of other sizes; by default they are refused.</summary>
    public ImageFit Fit { get; init; }

    /// <summary>What is taken from each channel, whose numbers are from 0 to 1: one for all channels, or one for each. By default nothing.</summary>
    public IReadOnlyList<float> Means { get; init; } = [0];

    /// <summary>What each channel is divided by after that: one for all, or one for each. By default 1.</summary>
    public IReadOnlyList<float> Deviations { get; init; } = [1];

    /// <summary>The most pixels that a file may say it has: others are refused before they are decoded.</summary>
    public int MostPixels { get; init; } = 1 << 25;

    /// <summary>Refuses what cannot be.</summary>
    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Height);
        if (Channels is not (1 or 3))
        {
            throw new ArgumentOutOfRangeException(nameof(Channels), $"Images have 1 or 3 channels, not {Channels}.");
        }

        if (Means.Count != 1 && Means.Count != Channels)
        {
            throw new ArgumentException($"There is one mean, or one for each of the {Channels} channels, and not {Means.Count}.", nameof(Means));
        }

        if (Deviations.Count != 1 && Deviations.Count != Channels)
        {
            throw new ArgumentException($"There is one deviation, or one for each of the {Channels} channels, and not {Deviations.Count}.", nameof(Deviations));
        }

        if (!Means.All(float.IsFinite) || !Deviations.All(d => d > 0 && float.IsFinite(d)))
        {
            throw new ArgumentException("Means are finite, and deviations finite and above 0.", nameof(Deviations));
        }
    }
}
