namespace GraphCompiler.Execution;

/// <summary>The complement of the error function, accurate where it vanishes, and the inverse.</summary>
internal static partial class DoubleMath
{
    /// <summary>1 − erf x below ½; above, e^(−a²)·u·H(u) with a = |x|, u = 1/(a + 2), and its lack to 2 for negative x.</summary>
    internal static T Erfc<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var a = Abs(x);
        var tail = ErfcAboveHalf(Min(T.Of(28), a));
        tail = T.Select(T.Less(x, T.Of(0)), T.Of(2) - tail, tail);
        return T.Select(T.Less(a, T.Of(0.5)), T.Of(1) - WithSignOf(x, ErfBelowOne(a)), tail);
    }

    /// <summary>
    /// A polynomial in w = −log(1 − x²), as Giles (2012) chooses it, or in √w; then a step of Halley's method on erf or, where that is flat, erfc.
    /// </summary>
    internal static T ErfInv<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var a = Abs(x);
        var w = T.Of(0) - Log(T.Fma(a, T.Of(0) - a, T.Of(1)));
        var center = Polynomial(
            w - T.Of(2.5), -2.7960410484332195e-13, -2.0518409614330562e-11, 1.2861572678730156e-10, 8.198350424588279e-10, -1.0897168657016768e-08,
            1.3782110981667457e-08, 4.788011625385882e-07, -3.417409529690375e-06, -4.996157075714713e-06, 0.00021825108169578578,
            -0.0012527078778638292, -0.004177318042578073, 0.24664027674226105, 1.5014093511310715);
        var outside = Polynomial(
            T.Sqrt(w) - T.Of(4), 9.759081078462646e-08, -5.79713451208306e-07, 5.836795978516711e-07, 3.270024391993912e-06, -1.146920401939309e-05,
            1.905923870356456e-05, -2.9214461835200984e-05, 5.491800006701659e-05, -0.00012003905938736446, 0.00032128847056106676,
            -0.0008683524925621012, 0.0012598344094120724, 1.0094931955015187, 3.839783794723352);
        var y = a * T.Select(T.Less(w, T.Of(5)), center, outside);

        // erf y − x, over its slope 2/√π·e^(−y²), whose own logarithmic slope is −2y.
        var excess = T.Select(T.Less(a, T.Of(0.5)), ErfBelowOne(y) - a, (T.Of(1) - a) - Erfc(y));
        var step = excess / (T.Of(1.1283791670955126) * Exp(T.Of(0) - (y * y)));
        y -= step / T.Fma(y, step, T.Of(1));
        return WithSignOf(x, T.Select(T.Same(a, T.Of(1)), T.Of(double.PositiveInfinity), y));
    }

    /// <summary>erfc for a from ½ to 28. The square's rounding would matter in the exponent, so what it loses is put back.</summary>
    private static T ErfcAboveHalf<T>(T a)
        where T : struct, IDoubleLanes<T>
    {
        var u = T.Of(1) / (a + T.Of(2));
        var h = Polynomial(
            u, 2532224.9400654533, -14013493.541771155, 36331847.46387922, -58484120.46996954, 65276851.95877064, -53411547.097842224,
            33029530.09408317, -15702180.185168548, 5802701.235264302, -1689285.4169101687, 396554.5609425099, -76747.34275405592,
            11874.999364842159, -1418.314530139343, 211.57079909728807, -15.712951987168514, -12.727390922367738, -7.316718044969085,
            -0.2798058400060235, 2.679824679115085, 2.82094976424368, 1.9746635113971407, 1.1283791674156454, 0.5641895835462316);
        var square = a * a;
        var lost = T.Fma(a, a, T.Of(0) - square);
        var g = u * h;
        return Exp(T.Of(0) - square) * T.Fma(T.Of(0) - lost, g, g);
    }
}
