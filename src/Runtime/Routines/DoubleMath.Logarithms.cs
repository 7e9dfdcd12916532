namespace GraphCompiler.Routines;

/// <summary>Logarithms to other bases, and the inverse hyperbolic functions, which are logarithms of 1 + something (Kahan, 1987; fdlibm).</summary>
internal static partial class DoubleMath
{
    // The next power of two after 1/ε: above it 1 + x is x, and √(x² ± 1) too.
    private const double Large = 18014398509481984;

    /// <summary>n + log(1 + f)/ln 2; exact at powers of two.</summary>
    internal static T Log2<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var (n, f) = SplitLog(x);
        var log = LogOfOnePlus(f);
        return WithLogLimits(x, T.Of(0), T.Fma(log, T.Of(Log2E), T.Fma(log, T.Of(2.0355273740931033e-17), n)));
    }

    /// <summary>n·lg 2 + log(1 + f)/ln 10.</summary>
    internal static T Log10<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var (n, f) = SplitLog(x);
        var log = LogOfOnePlus(f);
        var low = T.Fma(n, T.Of(-2.8037281277851704e-18), log * T.Of(1.098319650216765e-17));
        return WithLogLimits(x, T.Of(0), T.Fma(n, T.Of(0.3010299956639812), T.Fma(log, T.Of(0.4342944819032518), low)));
    }

    /// <summary>±log1p(a + a²/(1 + √(1 + a²))) with a = |x|; log 2a where it is large.</summary>
    internal static T Asinh<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var a = Abs(x);
        var z = a * a;
        var large = T.Less(T.Of(Large), a);
        var t = a + T.Select(large, T.Of(0), z / (T.Of(1) + T.Sqrt(T.Of(1) + z)));
        return WithSignOf(x, Log1P(t) + T.Select(large, T.Of(Ln2High), T.Of(0)));
    }

    /// <summary>log1p(t + √(t·(t + 2))) with t = x − 1; log 2x where it is large.</summary>
    internal static T Acosh<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var t = x - T.Of(1);
        var large = T.Less(T.Of(Large), x);
        var y = Log1P(t + T.Select(large, T.Of(0), T.Sqrt(t * (t + T.Of(2))))) + T.Select(large, T.Of(Ln2High), T.Of(0));
        return T.Select(T.Less(x, T.Of(1)), T.Of(double.NaN), y);
    }

    /// <summary>±½ log1p(2a/(1 − a)) with a = |x|, below ½ as 2a + 2a²/(1 − a).</summary>
    internal static T Atanh<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var a = Abs(x);
        var t = a + a;
        var small = T.Less(a, T.Of(0.5));
        var quotient = T.Select(small, t * a, t) / (T.Of(1) - a);
        return WithSignOf(x, T.Of(0.5) * Log1P(T.Select(small, t + quotient, quotient)));
    }

    /// <summary>
    /// The root of m·2^k with x = m·2^(3q + k), from a polynomial by a step of Halley's method and one of Newton's with the residual in two parts.
    /// </summary>
    internal static T Cbrt<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var a = Abs(x);
        var subnormal = T.Less(a, T.Of(2.2250738585072014e-308));
        var scaled = T.Select(subnormal, a * T.Of(Large), a);
        var (n, field) = SplitExponent(scaled);
        var shifted = T.Fma(n, T.Of(1.0 / 3), T.Of(Rounder));
        var q = shifted - T.Of(Rounder);
        var k = T.Fma(q, T.Of(-3), n);
        var m = T.SubtractBits(scaled, field) * PowerOfTwo(k);
        var y = Polynomial(
            m, -0.004285608222868796, 0.04916982212409654, -0.23351505101588937, 0.6001140932849003, -0.9378328529625166, 1.1210885925329226,
            0.40534004480590907);
        var cube = y * y * y;
        y *= T.Fma(m, T.Of(2), cube) / T.Fma(cube, T.Of(2), m);
        var square = y * y;
        var residual = T.Fma(T.Of(0) - square, y, m) - (T.Fma(y, y, T.Of(0) - square) * y);
        y += residual / (square * T.Of(3));
        y *= PowerOfTwo(q + T.Select(subnormal, T.Of(-18), T.Of(0)));
        return T.Select(T.Less(T.Of(0), a) & T.Less(a, T.Of(double.PositiveInfinity)), WithSignOf(x, y), x);
    }

    /// <summary>2^n for whole n from −1022 to 1023.</summary>
    private static T PowerOfTwo<T>(T n)
        where T : struct, IDoubleLanes<T> => T.ShiftBitsLeft(n + T.Of(Rounder + 1023), 52);
}
