namespace GraphCompiler.Randomness;

/// <summary>
/// Gamma numbers of rate 1. Source: Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26, 2000, whose attempts succeed in 95
/// to 99 of a hundred; below a concentration of 1 theirs too: a number of one more, times u to the inverse of the concentration. Only operations that
/// IEEE 754 defines to the bit, and functions of our own that are made of them.
/// </summary>
internal static class GammaDraws
{
    // An attempt takes two blocks, and the power of u the last one. That none of the attempts succeeds is as likely as 0.05 to the 127th.
    private const int PowerBlock = RandomStream.Attempts - 1;
    private const int Attempts = PowerBlock / 2;
    private const double TwoToMinus22 = 1.0 / (1 << 22);
    private const double TwoToMinus53 = 1.0 / (1L << 53);

    /// <summary>Draws for neighbouring elements.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="concentration">Their concentrations.</param>
    /// <param name="stream">The stream's words.</param>
    /// <param name="result">Where the numbers go.</param>
    /// <param name="first">The index of the first element.</param>
    /// <param name="count">How many.</param>
    public static unsafe long Draw<T>(nint concentration, nint stream, nint result, long first, long count)
        where T : unmanaged
    {
        var words = new ReadOnlySpan<int>((void*)stream, RandomStream.Words);
        for (long i = 0; i < count; i++)
        {
            if (typeof(T) == typeof(float))
            {
                ((float*)result)[i] = (float)Draw(((float*)concentration)[i], words, first + i, isFloat: true);
            }
            else if (typeof(T) == typeof(double))
            {
                ((double*)result)[i] = Draw(((double*)concentration)[i], words, first + i, isFloat: false);
            }
            else
            {
                throw DTypes.Unexpected(DTypes.Of<T>());
            }
        }

        return 0;
    }

    /// <summary>The number of an element: at least the smallest normal one of its type, so that it has a logarithm. NaN unless the concentration is above 0.</summary>
    /// <param name="concentration">The concentration.</param>
    /// <param name="words">The stream's words.</param>
    /// <param name="index">The element's index.</param>
    /// <param name="isFloat">Whether it becomes a float.</param>
    public static double Draw(double concentration, ReadOnlySpan<int> words, long index, bool isFloat)
    {
        if (!(concentration > 0) || double.IsInfinity(concentration))
        {
            return concentration > 0 ? concentration : double.NaN;
        }

        double d = (concentration < 1 ? concentration + 1 : concentration) - (1.0 / 3);
        double number = d * Cubed(d, words, index);
        if (concentration < 1)
        {
            double u = ((RandomStream.Block(words, index, PowerBlock).Low >> 11) + 1) * TwoToMinus53;
            number *= VectorMath.Apply<Functions.Exp>(Distributions.Log(u) / concentration);
        }

        return Math.Max(number, isFloat ? 1.1754943508222875e-38 : 2.2250738585072014e-308);
    }

    /// <summary>(1 + x/√(9d))³ for normal numbers x, the first that is accepted.</summary>
    private static double Cubed(double d, ReadOnlySpan<int> words, long index)
    {
        double c = 1 / Math.Sqrt(9 * d);
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            PhiloxBlock block = RandomStream.Block(words, index, 2 * attempt);
            double x = Distributions.Normal(block);
            double v = 1 + (c * x);
            if (v <= 0)
            {
                continue;
            }

            v = v * v * v;

            // The bits that the normal number has left are the first of u. They mostly tell enough.
            double square = x * x;
            double u = (((block.Low & 0x7FF) << 11) | (block.High & 0x7FF)) * TwoToMinus22;
            if (u + TwoToMinus22 < 1 - (0.0331 * square * square))
            {
                return v;
            }

            u += ((RandomStream.Block(words, index, (2 * attempt) + 1).Low >> 11) + 1) * TwoToMinus53 * TwoToMinus22;
            if (Distributions.Log(u) < (0.5 * square) + (d * (1 - v + Distributions.Log(v))))
            {
                return v;
            }
        }

        return 1;
    }
}
