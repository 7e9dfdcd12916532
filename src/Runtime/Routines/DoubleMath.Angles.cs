namespace GraphCompiler.Routines;

/// <summary>
/// Tangents and inverse trigonometric functions. Where a result is a multiple of π/4 and a small part, the sum keeps what it rounds away
/// (Dekker, 1971), so that the last rounding is nearly the only one. Polynomials are Chebyshev interpolations in 45 digits.
/// </summary>
internal static partial class DoubleMath
{
    private const double PiHigh = 3.141592653589793;
    private const double PiLow = 1.2246467991473532e-16;

    /// <summary>Sine over cosine, both in two parts: the quotient of the high ones, and what it lacks.</summary>
    internal static T Tan<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var (sin, lowOfSin, signOfSin) = SplitSin(x);
        var (cos, lowOfCos, signOfCos) = SplitCos(x);
        var quotient = sin / cos;
        var lacks = (T.Fma(T.Of(0) - quotient, cos, sin) + T.Fma(T.Of(0) - quotient, lowOfCos, lowOfSin)) / cos;
        return WithLargeAngles(x, (quotient + lacks) ^ (signOfSin ^ signOfCos), static x => Math.Sin(x) / Math.Cos(x));
    }

    /// <summary>x + x·z·R(z), z = x², up to ½; above, π/2 − 2 asin √((1 − |x|)/2).</summary>
    internal static T Asin<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var (large, s, tail) = SplitAsin(x);
        var twice = s + s;
        var sum = T.Of(PiHigh / 2) - twice;
        var lost = (T.Of(PiHigh / 2) - sum) - twice;
        return WithSignOf(x, T.Select(large, sum + ((lost + T.Of(PiLow / 2)) - (tail + tail)), s + tail));
    }

    /// <summary>π/2 − asin x up to ½ in magnitude; above, 2 asin √((1 − |x|)/2) or what that lacks to π.</summary>
    internal static T Acos<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var (large, s, tail) = SplitAsin(x);
        var positive = T.Less(T.Of(0), x);
        var factor = T.Select(large, T.Select(positive, T.Of(-2), T.Of(2)), SignOf(x));
        var high = T.Select(large, T.Select(positive, T.Of(0), T.Of(PiHigh)), T.Of(PiHigh / 2));
        var low = T.Select(large, T.Select(positive, T.Of(0), T.Of(PiLow)), T.Of(PiLow / 2));
        var part = factor * s;
        var sum = high - part;
        var lost = (high - sum) - part;
        return sum + ((lost + low) - (factor * tail));
    }

    internal static T Atan<T>(T x)
        where T : struct, IDoubleLanes<T> => WithSignOf(x, FirstQuadrant(Abs(x), T.Of(1)));

    /// <summary>The angle of the point (x, y), from −π to π.</summary>
    internal static T Atan2<T>(T y, T x)
        where T : struct, IDoubleLanes<T>
    {
        var (ay, ax) = (Abs(y), Abs(x));

        // Where both are 0 or infinite, the angle is that of (1, 0) or (1, 1).
        var infinite = T.Same(ax, T.Of(double.PositiveInfinity)) & T.Same(ay, ax);
        var scale = T.Select(T.Less(T.Of(1e307), ax) | T.Less(T.Of(1e307), ay), T.Of(0.0625), T.Of(1));
        var a = T.Select(infinite, T.Of(1), scale * ay);
        var b = T.Select(infinite | (T.Same(ax, T.Of(0)) & T.Same(ay, ax)), T.Of(1), scale * ax);
        var angle = FirstQuadrant(a, b);
        var sum = T.Of(PiHigh) - angle;
        var lost = (T.Of(PiHigh) - sum) - angle;
        angle = T.Select(T.Less(SignOf(x), T.Of(0)), sum + (lost + T.Of(PiLow)), angle);
        return WithSignOf(y, angle);
    }

    /// <summary>
    /// The angle of a point of the first quadrant: atan t, π/4 + atan t or π/2 + atan t with |t| ≤ tan π/8 (as in Cephes), after one division.
    /// </summary>
    private static T FirstQuadrant<T>(T y, T x)
        where T : struct, IDoubleLanes<T>
    {
        var middle = T.Less(x * T.Of(0.41421356237309503), y);
        var high = T.Less(x * T.Of(2.414213562373095), y);
        var numerator = T.Select(high, T.Of(0) - x, T.Select(middle, y - x, y));
        var denominator = T.Select(high, y, T.Select(middle, y + x, x));
        var multiple = T.Select(high, T.Of(PiHigh / 2), T.Select(middle, T.Of(PiHigh / 4), T.Of(0)));
        var low = T.Select(high, T.Of(PiLow / 2), T.Select(middle, T.Of(PiLow / 4), T.Of(0)));
        var t = numerator / denominator;
        var z = t * t;
        var p = Polynomial(
            z, -0.019173679665825574, 0.039229038987551736, -0.050853590620180945, 0.05858131583178092, -0.06664509452280461, 0.07692183049173815,
            -0.09090904572025794, 0.11111111015106265, -0.14285714284664677, 0.19999999999995513, -0.3333333333333333);
        var sum = multiple + t;
        var lost = (multiple - sum) + t;
        return sum + (lost + T.Fma(z * p, t, low));
    }

    /// <summary>
    /// asin s of s = |x| if that is at most ½, else of s = √((1 − |x|)/2), as s and the rest, which holds what the root rounds away.
    /// </summary>
    private static (T Large, T S, T Tail) SplitAsin<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var a = Abs(x);
        var large = T.Less(T.Of(0.5), a);
        var z = T.Select(large, T.Fma(a, T.Of(-0.5), T.Of(0.5)), a * a);
        var s = T.Select(large, T.Sqrt(z), a);
        var lost = T.Fma(s, T.Of(0) - s, z) / (s + s);
        var p = Polynomial(
            z, 0.02877844261259304, -0.014881409392818066, 0.017419357964884856, 0.00545087818772055, 0.010324318288744113, 0.011478952690257387,
            0.013971235301124539, 0.017352391265909227, 0.022372173002005596, 0.030381944137085216, 0.04464285714637338, 0.07499999999998425,
            0.16666666666666669);
        var tail = T.Fma(z * p, s, T.Select(large & T.Less(T.Of(0), s), lost, T.Of(0)));
        return (large, s, tail);
    }
}
