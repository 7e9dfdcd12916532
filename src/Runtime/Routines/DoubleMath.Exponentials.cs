namespace GraphCompiler.Routines;

/// <summary>Powers of two, and what e^x − 1 and the hyperbolic functions need beyond e^x.</summary>
internal static partial class DoubleMath
{
    /// <summary>2^n·e^(d·ln 2) with d = x − n in ±½; the two halves of n reach subnormals and infinity by ordinary rounding.</summary>
    internal static T Exp2<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var clamped = Min(T.Of(1025), x);
        clamped = T.Select(T.Less(clamped, T.Of(-1080)), T.Of(-1080), clamped);
        var n = (clamped + T.Of(Rounder)) - T.Of(Rounder);
        var d = clamped - n;
        var r = d * T.Of(Ln2High);
        var lost = T.Fma(d, T.Of(Ln2Low), T.Fma(d, T.Of(Ln2High), T.Of(0) - r));
        var (power, _) = SplitExp(r);
        var shifted = T.Fma(n, T.Of(0.5), T.Of(Rounder + 1023));
        var rest = (n - (shifted - T.Of(Rounder + 1023))) + T.Of(Rounder + 1023);
        return ZeroBelow(-1080, x, T.Fma(power, lost, power)) * T.ShiftBitsLeft(shifted, 52) * T.ShiftBitsLeft(rest, 52);
    }

    /// <summary>e^x − 1 without the loss near 0.</summary>
    internal static T ExpM1<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var clamped = Min(T.Of(710), x);
        clamped = T.Select(T.Less(clamped, T.Of(-40)), T.Of(-40), clamped);
        var h = HalfExpM1(clamped);

        // Half of a subnormal is not exact; what is so small is its own result.
        return T.Select(T.Less(Abs(x), T.Of(1e-17)), x, h + h);
    }

    /// <summary>Below 1 x + x³·S(x²), the first terms of the series; above, h + h/(2h + 1) with h = (e^|x| − 1)/2.</summary>
    internal static T Sinh<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var a = Abs(x);
        var h = HalfExpM1(Min(T.Of(40), a));
        var y = h + (h / (h + h + T.Of(1)));
        y = T.Select(T.Less(T.Of(40), a), HalfExp(a), y);
        var z = a * a;
        var s = Polynomial(
            z, 8.22063524662433e-18, 2.8114572543455206e-15, 7.647163731819816e-13, 1.6059043836821613e-10, 2.505210838544172e-08,
            2.7557319223985893e-06, 0.0001984126984126984, 0.008333333333333333, 0.16666666666666666);
        return WithSignOf(x, T.Select(T.Less(a, T.Of(1)), T.Fma(z * a, s, a), y));
    }

    /// <summary>w + 1/(4w) with w = e^|x|/2.</summary>
    internal static T Cosh<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var w = HalfExp(Abs(x));
        return w + (T.Of(0.25) / w);
    }

    /// <summary>e^x/2, which overflows later than e^x.</summary>
    private static T HalfExp<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var (power, scale) = SplitExp(x);
        return power * (scale * T.Of(0.5)) * scale;
    }

    /// <summary>(e^x − 1)/2 for x from −40 to 710, the e^r − 1 inside formed without its 1.</summary>
    private static T HalfExpM1<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var shifted = T.Fma(x, T.Of(Log2E), T.Of(Rounder + 1022));
        var n = shifted - T.Of(Rounder + 1022);
        var r = T.Fma(n, T.Of(-Ln2Low), T.Fma(n, T.Of(-Ln2High), x));

        // (e^r − 1 − r)/r² on ±½ ln 2.
        var q = Polynomial(
            r, 2.0875259441477216e-09, 2.5108580395010664e-08, 2.755740159899822e-07, 2.7557245595346175e-06, 2.4801587175872233e-05,
            0.0001984126988465515, 0.0013888888888959046, 0.00833333333332226, 0.04166666666666652, 0.16666666666666677, 0.5);
        var powerMinusOne = T.Fma(r * r, q, r);
        var scale = T.ShiftBitsLeft(shifted, 52);
        return T.Fma(scale, powerMinusOne, scale - T.Of(0.5));
    }
}
