using System.Numerics.Tensors;

namespace GraphCompiler.Learning;

/// <summary>How a token is chosen by its logits: the likeliest, or one of the likely ones at random.</summary>
public sealed class Sampling
{
    private readonly Generator? random;

    /// <summary>Tokens are drawn by their probabilities, the same ones from a generator of the same seed.</summary>
    /// <param name="random">Where chance comes from.</param>
    public Sampling(Generator random)
    {
        ArgumentNullException.ThrowIfNull(random);
        this.random = random;
    }

    private Sampling()
    {
    }

    /// <summary>The likeliest token, of equal ones the first: no matter of chance.</summary>
    public static Sampling Greedy { get; } = new();

    /// <summary>What logits are divided by, above 0: below 1, likely tokens are drawn more often than they are likely.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not a number above 0.</exception>
    public double Temperature
    {
        get;
        init => field = value > 0 && double.IsFinite(value) ? value
            : throw new ArgumentOutOfRangeException(nameof(Temperature), value, "A temperature is a number above 0; Sampling.Greedy always takes the likeliest token.");
    } = 1;

    /// <summary>How many of the likeliest tokens may be drawn, at least 1; null for all.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is below 1.</exception>
    public int? TopK
    {
        get;
        init => field = value is null or >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(TopK), value, "At least one of the likeliest tokens may be drawn; null is for all.");
    }

    /// <summary>The likeliest tokens whose probabilities reach this together may be drawn, above 0 and at most 1 (Holtzman et al., 2020), of those that <see cref="TopK"/> leaves.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is outside of that.</exception>
    public double TopP
    {
        get;
        init => field = value is > 0 and <= 1 ? value : throw new ArgumentOutOfRangeException(nameof(TopP), value, "The probability of what may be drawn is above 0 and at most 1.");
    } = 1;

    /// <summary>Chooses a token.</summary>
    /// <param name="logits">The logarithm of each token's probability, but for a number that is the same for all.</param>
    /// <exception cref="ArgumentException">There are none, one is NaN or +∞, or all are −∞.</exception>
    public int Choose(ReadOnlySpan<float> logits)
    {
        int likeliest = logits.IsEmpty ? -1 : TensorPrimitives.IndexOfMax(logits);
        if (likeliest < 0 || !float.IsFinite(logits[likeliest]))
        {
            throw new ArgumentException("No token can be chosen: there are no logits, one is NaN or infinite, or all are −∞.", nameof(logits));
        }

        if (random is null)
        {
            return likeliest;
        }

        double[] weights = new double[logits.Length];
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = Math.Exp(((double)logits[i] - logits[likeliest]) / Temperature);
        }

        return TopK is null && TopP == 1 ? Draw(weights) : DrawLikely(weights);
    }

    private int DrawLikely(double[] weights)
    {
        // Sorted as pairs: of equal weights, the first token comes first.
        int[] tokens = [.. Enumerable.Range(0, weights.Length).OrderByDescending(i => weights[i]).Take(TopK ?? weights.Length)];
        double[] likely = [.. tokens.Select(t => weights[t])];
        double enough = TopP * TensorPrimitives.Sum<double>(likely);
        double sum = 0;
        int count = 0;
        while (count < likely.Length && (count == 0 || sum < enough))
        {
            sum += likely[count++];
        }

        return tokens[Draw(likely.AsSpan(0, count))];
    }

    /// <summary>A place, by weights.</summary>
    private int Draw(ReadOnlySpan<double> weights)
    {
        double left = random!.Uniform<double>(1)[0] * TensorPrimitives.Sum(weights);
        int last = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            if (weights[i] > 0)
            {
                last = i;
                if ((left -= weights[i]) < 0)
                {
                    break;
                }
            }
        }

        return last;
    }
}
