namespace GraphCompiler.Routines;

/// <summary>The complement of the error function, accurate where it vanishes, and the inverse.</summary>
internal static partial class DoubleMath
{
    /// <summary>
    /// Below 1, 1 − erf x, rounded once; above, e^(−a²)·u·H(u) with a = |x|, u = 1/(a + 2), and its lack to 2 for negative x. H is a Chebyshev
    /// interpolation in 50 digits, in a variable between −1 and 1.
    /// </summary>
    internal static T Erfc<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var a = Abs(x);
        var tail = ErfcAboveOne(Min(T.Of(28), a));
        tail = T.Select(T.Less(x, T.Of(0)), T.Of(2) - tail, tail);
        return T.Select(T.Less(a, T.Of(1)), T.Fma(T.Of(0) - x, ErfOverArgument(a), T.Of(1) - x), tail);
    }

    /// <summary>
    /// ½ + ½·erf(x/√2) where |x|/√2 is below 1; outside half of erfc(|x|/√2), whose exponent −x²/2 is taken of x itself, and its lack to 1 for positive x.
    /// </summary>
    internal static T NormalCdf<T>(T x)
        where T : struct, IDoubleLanes<T>
    {
        var a = Min(T.Of(39.5), Abs(x));
        var z = a * T.Of(0.7071067811865476);
        var square = a * a;
        var lost = T.Fma(a, a, T.Of(0) - square);
        var (scaled, lacks) = ErfcScaled(z);
        var g = T.Of(0.5) * scaled;
        var tail = Exp(T.Of(-0.5) * square) * T.Fma(T.Fma(T.Of(-0.5), lost, lacks), g, g);
        tail = T.Select(T.Less(x, T.Of(0)), tail, T.Of(1) - tail);
        var half = x * T.Of(0.3535533905932738);
        return T.Select(T.Less(z, T.Of(1)), T.Fma(half, ErfOverArgument(z), T.Of(0.5) + half), tail);
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

    /// <summary>erfc for a from 1 to 28. What the square loses would matter in the exponent: it is put back.</summary>
    private static T ErfcAboveOne<T>(T a)
        where T : struct, IDoubleLanes<T>
    {
        var square = a * a;
        var lost = T.Fma(a, a, T.Of(0) - square);
        var (g, lacks) = ErfcScaled(a);
        return Exp(T.Of(0) - square) * T.Fma(lacks - lost, g, g);
    }

    /// <summary>e^(a²)·erfc a for a from 1 to 28, and what it lacks, relative to it.</summary>
    private static (T Value, T Lacks) ErfcScaled<T>(T a)
        where T : struct, IDoubleLanes<T>
    {
        var d = a + T.Of(2);
        var u = T.Of(1) / d;
        var h = Polynomial(
            T.Fma(u, T.Of(6.666666666666667), T.Of(-1.2222222222222223)),
            7.726276915911779e-12, -6.107067739988617e-12, -8.3516011529043e-11, 1.560219220853975e-10, 3.9949919962133266e-10,
            -1.8096644224017466e-09, 1.3074318954785393e-10, 1.4265986175092249e-08, -2.4954215316191187e-08, -8.730992546504922e-08,
            3.548206950833823e-07, 4.1956879844229416e-07, -4.130489267286043e-06, -1.546551270657481e-06, 5.0692759137655605e-05,
            1.992453736679044e-05, -0.0007421542149351723, -0.0013411067464247945, 0.011621411890148753, 0.0873264264250345, 0.32839718450447997,
            0.8574233511671092);

        // What u lacks: of the quotient, and of the sum below it.
        return (u * h, T.Fma(T.Of(0) - d, u, T.Of(1)) - ((a - (d - T.Of(2))) * u));
    }
}
