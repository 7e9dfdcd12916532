using System.Runtime.CompilerServices;

namespace GraphCompiler.Randomness;

/// <summary>
/// Random bits to numbers. Only additions, multiplications, divisions and square roots, which IEEE 754 defines to the bit:
/// the mathematical functions of the platform differ in the last place between systems, and a seed would then mean other numbers there.
/// </summary>
internal static class Distributions
{
    private const double TwoToMinus24 = 1.0 / (1L << 24);
    private const double TwoToMinus53 = 1.0 / (1L << 53);

    /// <summary>A double in [0, 1): the top 53 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Uniform53(ulong bits) => (bits >> 11) * TwoToMinus53;

    /// <summary>A number in [0, 1) that a float holds exactly: the top 24 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Uniform24(ulong bits) => (bits >> 40) * TwoToMinus24;

    /// <summary>
    /// A standard normal number: Box and Muller's sqrt(-2 log u) cos(2 pi v), u in (0, 1] from the low and v in [0, 1) from the high 64 bits.
    /// Its magnitude is at most sqrt(2 * 53 * log 2) = 8.57.
    /// Source: Box and Muller, "A note on the generation of random normal deviates", Ann. Math. Statist. 29, 1958.
    /// </summary>
    public static double Normal(PhiloxBlock block) =>
        Math.Sqrt(-2 * Log(((block.Low >> 11) + 1) * TwoToMinus53)) * CosTurns(Uniform53(block.High));

    /// <summary>
    /// An integer in [0, range), unbiased. A rejected word gives way to the block's other word, then to the block of the block:
    /// so the number depends on one counter, however many words are rejected.
    /// Source: Lemire, "Fast random integer generation in an interval", ACM TOMACS 29, 2019.
    /// </summary>
    /// <param name="key">The key that gave the block.</param>
    /// <param name="block">The block of the number's counter.</param>
    /// <param name="range">How many integers there are, at least 1.</param>
    public static ulong Bounded(ulong key, PhiloxBlock block, ulong range)
    {
        while (true)
        {
            var high = Math.BigMul(block.Low, range, out var low);
            if (low >= range || low >= unchecked(0 - range) % range)
            {
                return high;
            }

            high = Math.BigMul(block.High, range, out low);
            if (low >= range || low >= unchecked(0 - range) % range)
            {
                return high;
            }

            block = Philox.Block(key, block.Low, block.High);
        }
    }

    /// <summary>
    /// The natural logarithm of a positive normal number, within 1 unit in the last place.
    /// Source: __ieee754_log of fdlibm, Sun Microsystems, 1993.
    /// </summary>
    internal static double Log(double x)
    {
        const double Ln2High = 6.93147180369123816490e-01;
        const double Ln2Low = 1.90821492927058770002e-10;

        // x = 2^exponent (1 + f), sqrt(1/2) < 1 + f <= sqrt(2)
        var bits = BitConverter.DoubleToInt64Bits(x);
        var exponent = (int)(bits >> 52) - 1023;
        var significand = BitConverter.Int64BitsToDouble((bits & 0xFFFFFFFFFFFFF) | 0x3FF0000000000000);
        if (significand > 1.4142135623730951)
        {
            significand *= 0.5;
            exponent++;
        }

        var f = significand - 1;
        var s = f / (2 + f);
        var z = s * s;
        var r = z * (6.666666666666735130e-01 + (z * (3.999999999940941908e-01 + (z * (2.857142874366239149e-01
            + (z * (2.222219843214978396e-01 + (z * (1.818357216161805012e-01 + (z * (1.531383769920937332e-01
            + (z * 1.479819860511658591e-01))))))))))));
        var halfSquare = 0.5 * f * f;
        return (exponent * Ln2High) - ((halfSquare - ((s * (halfSquare + r)) + (exponent * Ln2Low))) - f);
    }

    /// <summary>
    /// cos(2 pi turns) for turns in [0, 1). The reduction to an eighth of a turn is exact.
    /// Source of the polynomials: __kernel_sin and __kernel_cos of fdlibm, Sun Microsystems, 1993.
    /// </summary>
    internal static double CosTurns(double turns)
    {
        var quarters = turns * 4;
        var nearest = Math.Floor(quarters + 0.5);
        var angle = (quarters - nearest) * (Math.PI / 2);
        return (int)nearest switch
        {
            1 => -Sin(angle),
            2 => -Cos(angle),
            3 => Sin(angle),
            _ => Cos(angle),
        };
    }

    private static double Sin(double x)
    {
        var z = x * x;
        return x + (x * z * (-1.66666666666666324348e-01 + (z * (8.33333333332248946124e-03 + (z * (-1.98412698298579493134e-04
            + (z * (2.75573137070700676789e-06 + (z * (-2.50507602534068634195e-08 + (z * 1.58969099521155010221e-10)))))))))));
    }

    private static double Cos(double x)
    {
        var z = x * x;
        var r = z * z * (4.16666666666666019037e-02 + (z * (-1.38888888888741095749e-03 + (z * (2.48015872894767294178e-05
            + (z * (-2.75573143513906633035e-07 + (z * (2.08757232129817482790e-09 + (z * -1.13596475577881948265e-11))))))))));
        return 1 - (0.5 * z) + r;
    }
}
