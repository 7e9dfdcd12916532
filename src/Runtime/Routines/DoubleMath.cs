namespace GraphCompiler.Routines;

/// <summary>
/// Float64 transcendentals over lanes, the same formulas as MathExpansion's with longer polynomials. These are minimax fits of our own (a Remez
/// exchange in 45 digits) rounded to doubles; the comment beside each names its interval.
/// </summary>
internal static partial class DoubleMath
{
    // 1.5·2^52: adding it rounds to an integer and leaves that integer in the low bits of the sum.
    private const double Rounder = 6755399441055744.0;
    private const double Log2E = 1.4426950408889634;
    private const double Ln2High = 0.6931471805599453;
    private const double Ln2Low = 2.3190468138462996e-17;

    // Where e^x has surely vanished.
    private const double LeastOfExp = -746;

    /// <summary>4^n·e^r with r = x − 2n·ln 2 in ±ln 2; scaling twice reaches subnormals and infinity by ordinary rounding.</summary>
    internal static T Exp<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var (power, scale) = SplitExp(x);
        return ZeroBelow(LeastOfExp, x, power) * scale * scale;
    }

    /// <summary>e^r and 2^n with e^x = 4^n·e^r.</summary>
    private static (T Power, T Scale) SplitExp<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        // Just outside of where e^x vanishes, and where it overflows even if halved or over √x.
        var clamped = Min(T.Of(716), x);
        clamped = T.Select(T.Less(clamped, T.Of(LeastOfExp)), T.Of(LeastOfExp), clamped);
        var shifted = T.Fma(clamped, T.Of(0.5 * Log2E), T.Of(Rounder + 1023));
        var n = shifted - T.Of(Rounder + 1023);
        var r = T.Fma(n, T.Of(-2 * Ln2Low), T.Fma(n, T.Of(-2 * Ln2High), clamped));
        var power = Polynomial(
            r, 1.1379495763862461e-11, 1.6188990173469232e-10, 2.0878966360781412e-09, 2.505124322246304e-08, 2.7557304075274673e-07,
            2.7557322074108417e-06, 2.48015873488353e-05, 0.00019841269836478288, 0.0013888888888818483, 0.008333333333337092, 0.04166666666666711,
            0.16666666666666657, 0.5, 1, 1);
        return (power, T.ShiftBitsLeft(shifted, 52));
    }

    /// <summary>0 for a factor whose product will vanish anyway, since a product that rounds to 0 takes a hundred times as long as one by 0.</summary>
    private static T ZeroBelow<T>(double bound, T x, T factor)
        where T : struct, IDoubleLanes<T> => T.Select(T.Less(x, T.Of(bound)), T.Of(0), factor);

    /// <summary>With e = e^−|x| and u = e/(1 + e): 1 − u above zero, e − e·u below.</summary>
    internal static T Sigmoid<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var e = Exp(x | T.Of(-0.0));
        var minusU = e / (T.Of(-1) - e);
        var y = T.Select(T.Less(x, T.Of(0)), e, T.Of(1));
        return T.Fma(y, minusU, y);
    }

    /// <summary>h/(1 + h) with h = (e^2|x| − 1)/2, as m − m·(m/(1 + h)) with m = min(h, 1).</summary>
    internal static T Tanh<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var a = Abs(x);
        var h = HalfExpM1(Min(T.Of(40), a + a));
        var m = Min(T.Of(1), h);
        return WithSignOf(x, T.Fma(m, m / (T.Of(-1) - h), m));
    }

    /// <summary>n·ln 2 + log(1 + f) with 1 + f in [√½, √2].</summary>
    internal static T Log<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var (n, f) = SplitLog(x);
        return WithLogLimits(x, T.Of(0), LogOf(n, LogOfOnePlus(f)));
    }

    /// <summary>As <see cref="Log"/> at u = 1 + x, with what that sum rounds away added back to f.</summary>
    internal static T Log1P<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var u = x + T.Of(1);
        var lost = x - (u - T.Of(1));
        var (n, field) = SplitExponent(u);

        // 2^−n. The bits would wrap at the top exponents, where what was lost does not matter.
        var scale = T.Select(T.Less(T.Of(1e300), x), T.Of(0), T.SubtractBits(T.Of(1), field));
        var f = T.Fma(lost, scale, T.SubtractBits(u, field) - T.Of(1));
        return WithLogLimits(x, T.Of(-1), WithSignOf(x, LogOf(n, LogOfOnePlus(f))));
    }

    /// <summary>±sin r; lanes beyond the limit go to the platform's function, which reduces any double.</summary>
    internal static T Sin<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var (high, low, sign) = SplitSin(x);
        return WithLargeAngles(x, (high + low) ^ sign, Math.Sin);
    }

    internal static T Cos<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var (high, low, sign) = SplitCos(x);
        return WithLargeAngles(x, (high + low) ^ sign, Math.Cos);
    }

    /// <summary>sin r in two parts and what to turn its sign with, for r = |x| − n·π in ±π/2.</summary>
    private static (T High, T Low, T Sign) SplitSin<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var a = Abs(x);
        var shifted = T.Fma(a, T.Of(0.3183098861837907), T.Of(Rounder));
        var n = shifted - T.Of(Rounder);
        var r = T.Fma(n, T.Of(2.994769809718363e-33), T.Fma(n, T.Of(-1.2246467991473532e-16), T.Fma(n, T.Of(-3.141592653589793), a)));
        var (high, low) = SinWithinHalfPi(r);
        return (high, low, (x & T.Of(-0.0)) ^ T.ShiftBitsLeft(shifted, 63));
    }

    /// <summary>The same for the cosine, which is ∓sin r for r = |x| − m·π/2 in ±π/2 and the nearest odd m.</summary>
    private static (T High, T Low, T Sign) SplitCos<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var a = Abs(x);
        var shifted = T.Fma(a, T.Of(0.3183098861837907), T.Of(-0.5)) + T.Of(Rounder);
        var m = T.Fma(shifted - T.Of(Rounder), T.Of(2), T.Of(1));
        var r = T.Fma(m, T.Of(1.4973849048591815e-33), T.Fma(m, T.Of(-6.123233995736766e-17), T.Fma(m, T.Of(-1.5707963267948966), a)));

        // Odd multiples 1, 5, 9… of π/2 have the low bit of (m − 1)/2 clear, and there cos falls.
        var (high, low) = SinWithinHalfPi(r);
        return (high, low, T.ShiftBitsLeft(shifted, 63) ^ T.Of(-0.0));
    }

    /// <summary>Below 1 x + x·P(x²); above, 1 − e^(−x²)·G(1/(|x| + 2)) with G fitted to erfc(a)·e^(a²) on [1, 6], weighted by e^(−a²).</summary>
    internal static T Erf<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var a = Abs(x);
        var bounded = Min(T.Of(6), a);
        var g = Polynomial(
            T.Of(1) / (bounded + T.Of(2)), -212.13414213901873, 748.0194832016554, -1153.0352692000456, 994.7936359477247, -510.82727897841573,
            161.22734494965528, -41.11828785867169, 9.887983457763323, 1.897455540645521, 2.0584971248889894, 1.123265041445463, 0.5643774193182484,
            -3.130736535716044e-06);
        var tail = T.Of(1) - (Exp(bounded * (T.Of(0) - bounded)) * g);
        return WithSignOf(x, T.Select(T.Less(a, T.Of(1)), ErfBelowOne(a), tail));
    }

    private static T ErfBelowOne<T>(T a)
        where T : struct, IDoubleLanes<T> => T.Fma(a, ErfOverArgument(a), a);

    /// <summary>erf(a)/a − 1 for a up to 1.</summary>
    private static T ErfOverArgument<T>(T a)
        where T : struct, IDoubleLanes<T> => Polynomial(
            a * a, -7.779458955545839e-10, 1.3710975148745214e-08, -1.6206312510252814e-07, 1.6447131403673695e-06, -1.4924712288067329e-05,
            0.00012055293576159022, -0.0008548325929289371, 0.00522397760611795, -0.026866170643111406, 0.11283791670944185, -0.3761263890318352,
            0.12837916709551256);

    /// <summary>
    /// r + r·p for |r| ≤ π/2, p = r²·S(r²), with what square, products and sum round away: their sum is never beyond ±1, and quotients stay accurate.
    /// </summary>
    private static (T High, T Low) SinWithinHalfPi<T>(T r)
        where T : struct, IDoubleLanes<T>
    {
        var z = r * r;
        var rest = Polynomial(
            z, -7.981488072451253e-18, 2.8102041292512245e-15, -7.647127319628742e-13, 1.6059043197809398e-10, -2.50521083785183e-08,
            2.7557319223940483e-06, -0.00019841269841269673, 0.008333333333333333);
        var s = T.Fma(rest, z, T.Of(-0.16666666666666666));
        var lostOfS = T.Fma(rest, z, T.Of(-0.16666666666666666) - s);
        var p = z * s;
        var lostOfP = T.Fma(T.Fma(r, r, T.Of(0) - z), s, T.Fma(z, s, T.Of(0) - p)) + (z * lostOfS);
        var part = r * p;
        var high = r + part;
        return (high, ((r - high) + part) + T.Fma(r, lostOfP, T.Fma(r, p, T.Of(0) - part)));
    }

    /// <summary>n·ln 2 + the logarithm of the rest.</summary>
    private static T LogOf<T>(T n, T logOfRest)
        where T : struct, IDoubleLanes<T> => T.Fma(n, T.Of(Ln2High), T.Fma(n, T.Of(Ln2Low), logOfRest));

    /// <summary>log(1 + f) as f + s·(z·R(z) − f) with s = f/(2 + f), z = s²: the odd series of log((1 + s)/(1 − s)).</summary>
    private static T LogOfOnePlus<T>(T f)
        where T : struct, IDoubleLanes<T>
    {
        var s = f / (T.Of(2) + f);
        var z = s * s;
        var series = Polynomial(
            z, 0.14796109735368307, 0.1531403546050891, 0.1818356487894729, 0.2222219856329398, 0.2857142874247648, 0.39999999999414315,
            0.6666666666666734);
        return T.Fma(s, (z * series) - f, f);
    }

    /// <summary>n and f with x = 2^n·(1 + f); subnormals are scaled by 2^54 first.</summary>
    private static (T N, T F) SplitLog<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var subnormal = T.Less(x, T.Of(2.2250738585072014e-308));
        var scaled = T.Select(subnormal, x * T.Of(18014398509481984), x);
        var (n, field) = SplitExponent(scaled);
        return (n + T.Select(subnormal, T.Of(-54), T.Of(0)), T.SubtractBits(scaled, field) - T.Of(1));
    }

    /// <summary>The n that puts x·2^−n in [√½, √2), as a double and as bits to subtract from the exponent field.</summary>
    private static (T N, T Field) SplitExponent<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        const double RootHalf = 0.7071067811865476;
        var biased = T.ShiftBitsRight(T.AddBits(x, T.SubtractBits(T.Of(1), T.Of(RootHalf))), 52);

        // The integer in the low bits of 2^52 is the double 2^52 + integer: cheaper than a conversion, which AVX2 lacks.
        var n = (biased | T.Of(4503599627370496)) - T.Of(4503599627370496 + 1023);
        return (n, T.SubtractBits(T.ShiftBitsLeft(biased, 52), T.Of(1)));
    }

    private static T WithLogLimits<T>(T x, T pole, T result)
        where T : struct, IDoubleLanes<T>
    {
        var finite = T.Select(T.Less(x, T.Of(double.PositiveInfinity)), result, x);
        var outside = T.Select(T.Same(x, pole), T.Of(double.NegativeInfinity), T.Of(double.NaN));
        return T.Select(T.Less(pole, x), finite, outside);
    }

    private static T WithLargeAngles<T>(T x, T result, Func<double, double> function)
        where T : struct, IDoubleLanes<T>
    {
        var large = T.Less(T.Of(VectorMath.DoubleAngleLimit), Abs(x));
        return T.Any(large) ? T.Select(large, T.Each(x, function), result) : result;
    }

    private static T Abs<T>(T x)
        where T : struct, IDoubleLanes<T> => T.Of(BitConverter.Int64BitsToDouble(long.MaxValue)) & x;

    /// <summary>x where it is below the bound or NaN.</summary>
    private static T Min<T>(T bound, T x)
        where T : struct, IDoubleLanes<T> => T.Select(T.Less(bound, x), bound, x);

    /// <summary>A number of sign −1 or 1: that of x, zeros included.</summary>
    private static T SignOf<T>(T x)
        where T : struct, IDoubleLanes<T> => (x & T.Of(-0.0)) | T.Of(1);

    private static T WithSignOf<T>(T x, T value)
        where T : struct, IDoubleLanes<T> => value | (x & T.Of(-0.0));

    /// <summary>Horner's rule, the highest power first.</summary>
    private static T Polynomial<T>(T x, params ReadOnlySpan<double> coefficients)
        where T : struct, IDoubleLanes<T>
    {
        var sum = T.Of(coefficients[0]);
        for (var i = 1; i < coefficients.Length; i++)
        {
            sum = T.Fma(sum, x, T.Of(coefficients[i]));
        }

        return sum;
    }
}
