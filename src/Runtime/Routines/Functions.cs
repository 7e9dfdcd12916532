namespace GraphCompiler.Routines;

/// <summary>A function of one number, written once for all lanes.</summary>
internal interface ILanesFunction
{
    static abstract T Apply<T>(T x)
        where T : struct, IDoubleLanes<T>;
}

/// <summary>A function of two numbers, written once for all lanes.</summary>
internal interface ILanesFunction2
{
    static abstract T Apply<T>(T x, T y)
        where T : struct, IDoubleLanes<T>;
}

/// <summary>The functions that generated code calls by name, as types: <see cref="VectorMath"/> gives each its forms for numbers and vectors.</summary>
internal static class Functions
{
    /// <summary>e to the x.</summary>
    internal readonly struct Exp : ILanesFunction
    {
        public static T Apply<T>(T x)
            where T : struct, IDoubleLanes<T> => DoubleMath.Exp(x);
    }

    /// <summary>2 to the x; exact at whole numbers.</summary>
    internal readonly struct Exp2 : ILanesFunction
    {
        public static T Apply<T>(T x)
            where T : struct, IDoubleLanes<T> => DoubleMath.Exp2(x);
    }

    /// <summary>e to the x, less 1; keeps −0.</summary>
    internal readonly struct ExpM1 : ILanesFunction
    {
        public static T Apply<T>(T x)
            where T : struct, IDoubleLanes<T> => DoubleMath.ExpM1(x);
    }

    /// <summary>The natural logarithm: −∞ at 0, NaN below.</summary>
    internal readonly struct Log : ILanesFunction
    {
        public static T Apply<T>(T x)
            where T : struct, IDoubleLanes<T> => DoubleMath.Log(x);
    }

    /// <summary>The logarithm to base 2; exact at powers of two.</summary>
    internal readonly struct Log2 : ILanesFunction
    {
        public static T Apply<T>(T x)
            where T : struct, IDoubleLanes<T> => DoubleMath.Log2(x);
    }

    /// <summary>The logarithm to base 10.</summary>
    internal readonly struct Log10 : ILanesFunction
    {
        public static T Apply<T>(T x)
            where T : struct, IDoubleLanes<T> => DoubleMath.Log10(x);
    }

    /// <summary>log(1 + x), accurate near 0; keeps −0.</summary>
    internal readonly struct Log1P : ILanesFunction
    {
        public static T Apply<T>(T x)
            where T : struct, IDoubleLanes<T> => DoubleMath.Log1P(x);
    }

    /// <summary>The hyperbolic tangent; keeps −0.</summary>
    internal readonly struct Tanh : ILanesFunction
    {
        public static T Apply<T>(T x)
            where T : struct, IDoubleLanes<T> => DoubleMath.Tanh(x);
    }

    /// <summary>1/(1 + e^−x), through the subnormals down to 0.</summary>
    internal readonly struct Sigmoid : ILanesFunction
    {
        public static T Apply<T>(T x)
            where T : struct, IDoubleLanes<T> => DoubleMath.Sigmoid(x);
    }

    /// <summary>The hyperbolic sine; keeps −0.</summary>
    internal readonly struct Sinh : ILanesFunction
    {
        public static T Apply<T>(T x)
            where T : struct, IDoubleLanes<T> => DoubleMath.Sinh(x);
    }

    /// <summary>The hyperbolic cosine.</summary>
    internal readonly struct Cosh : ILanesFunction
    {
        public static T Apply<T>(T x)
            where T : struct, IDoubleLanes<T> => DoubleMath.Cosh(x);
    }

    /// <summary>The inverse of the hyperbolic sine; keeps −0.</summary>
    internal readonly struct Asinh : ILanesFunction
    {
        public static T Apply<T>(T x)
            where T : struct, IDoubleLanes<T> => DoubleMath.Asinh(x);
    }

    /// <summary>The inverse of the hyperbolic cosine from 0 up: NaN below 1.</summary>
    internal readonly struct Acosh : ILanesFunction
    {
        public static T Apply<T>(T x)
            where T : struct, IDoubleLanes<T> => DoubleMath.Acosh(x);
    }

    /// <summary>The inverse of the hyperbolic tangent: ±∞ at ±1, NaN beyond.</summary>
    internal readonly struct Atanh : ILanesFunction
    {
        public static T Apply<T>(T x)
            where T : struct, IDoubleLanes<T> => DoubleMath.Atanh(x);
    }

    /// <summary>The real cube root; keeps −0.</summary>
    internal readonly struct Cbrt : ILanesFunction
    {
        public static T Apply<T>(T x)
            where T : struct, IDoubleLanes<T> => DoubleMath.Cbrt(x);
    }

    /// <summary>The sine, accurate for any finite x; keeps −0.</summary>
    internal readonly struct Sin : ILanesFunction
    {
        public static T Apply<T>(T x)
            where T : struct, IDoubleLanes<T> => DoubleMath.Sin(x);
    }

    /// <summary>The cosine, accurate for any finite x.</summary>
    internal readonly struct Cos : ILanesFunction
    {
        public static T Apply<T>(T x)
            where T : struct, IDoubleLanes<T> => DoubleMath.Cos(x);
    }

    /// <summary>The tangent, accurate for any finite x; keeps −0.</summary>
    internal readonly struct Tan : ILanesFunction
    {
        public static T Apply<T>(T x)
            where T : struct, IDoubleLanes<T> => DoubleMath.Tan(x);
    }

    /// <summary>The inverse of the sine: NaN beyond ±1; keeps −0.</summary>
    internal readonly struct Asin : ILanesFunction
    {
        public static T Apply<T>(T x)
            where T : struct, IDoubleLanes<T> => DoubleMath.Asin(x);
    }

    /// <summary>The inverse of the cosine: NaN beyond ±1.</summary>
    internal readonly struct Acos : ILanesFunction
    {
        public static T Apply<T>(T x)
            where T : struct, IDoubleLanes<T> => DoubleMath.Acos(x);
    }

    /// <summary>The inverse of the tangent; keeps −0.</summary>
    internal readonly struct Atan : ILanesFunction
    {
        public static T Apply<T>(T x)
            where T : struct, IDoubleLanes<T> => DoubleMath.Atan(x);
    }

    /// <summary>The error function, 2/√π times the integral of e^(−t²) from 0 to x; keeps −0.</summary>
    internal readonly struct Erf : ILanesFunction
    {
        public static T Apply<T>(T x)
            where T : struct, IDoubleLanes<T> => DoubleMath.Erf(x);
    }

    /// <summary>1 − erf x, accurate where it vanishes.</summary>
    internal readonly struct Erfc : ILanesFunction
    {
        public static T Apply<T>(T x)
            where T : struct, IDoubleLanes<T> => DoubleMath.Erfc(x);
    }

    /// <summary>The normal distribution function ½·erfc(−x/√2), accurate in its tail.</summary>
    internal readonly struct NormalCdf : ILanesFunction
    {
        public static T Apply<T>(T x)
            where T : struct, IDoubleLanes<T> => DoubleMath.NormalCdf(x);
    }

    /// <summary>The inverse of the error function: ±∞ at ±1, NaN beyond.</summary>
    internal readonly struct ErfInv : ILanesFunction
    {
        public static T Apply<T>(T x)
            where T : struct, IDoubleLanes<T> => DoubleMath.ErfInv(x);
    }

    /// <summary>The modified Bessel function of the first kind and order 0.</summary>
    internal readonly struct BesselI0 : ILanesFunction
    {
        public static T Apply<T>(T x)
            where T : struct, IDoubleLanes<T> => DoubleMath.BesselI0(x);
    }

    /// <summary>The same of order 1; keeps −0.</summary>
    internal readonly struct BesselI1 : ILanesFunction
    {
        public static T Apply<T>(T x)
            where T : struct, IDoubleLanes<T> => DoubleMath.BesselI1(x);
    }

    /// <summary>log |Γ(x)|.</summary>
    internal readonly struct LogGamma : ILanesFunction
    {
        public static T Apply<T>(T x)
            where T : struct, IDoubleLanes<T> => T.Each(x, GammaFunctions.LogGamma);
    }

    /// <summary>The slope of log Γ.</summary>
    internal readonly struct Digamma : ILanesFunction
    {
        public static T Apply<T>(T x)
            where T : struct, IDoubleLanes<T> => T.Each(x, GammaFunctions.Digamma);
    }

    /// <summary>The angle of the point (second, first).</summary>
    internal readonly struct Atan2 : ILanesFunction2
    {
        public static T Apply<T>(T x, T y)
            where T : struct, IDoubleLanes<T> => DoubleMath.Atan2(x, y);
    }

    /// <summary>The derivative of digamma whose order is the first argument.</summary>
    internal readonly struct Polygamma : ILanesFunction2
    {
        public static T Apply<T>(T x, T y)
            where T : struct, IDoubleLanes<T> => T.Each(x, y, GammaFunctions.Polygamma);
    }

    /// <summary>How a gamma number, the second, moves with its concentration.</summary>
    internal readonly struct GammaSlope : ILanesFunction2
    {
        public static T Apply<T>(T x, T y)
            where T : struct, IDoubleLanes<T> => T.Each(x, y, GammaSlopes.Slope);
    }

    /// <summary>How that moves with the concentration at one number.</summary>
    internal readonly struct GammaCurvature : ILanesFunction2
    {
        public static T Apply<T>(T x, T y)
            where T : struct, IDoubleLanes<T> => T.Each(x, y, GammaSlopes.Curvature);
    }

    /// <summary>The regularised incomplete gamma function of a, the first, up to the second.</summary>
    internal readonly struct LowerGamma : ILanesFunction2
    {
        public static T Apply<T>(T x, T y)
            where T : struct, IDoubleLanes<T> => T.Each(x, y, IncompleteGamma.Lower);
    }

    /// <summary>The same from the second on.</summary>
    internal readonly struct UpperGamma : ILanesFunction2
    {
        public static T Apply<T>(T x, T y)
            where T : struct, IDoubleLanes<T> => T.Each(x, y, IncompleteGamma.Upper);
    }

    /// <summary>The slope of the former in the second.</summary>
    internal readonly struct GammaDensity : ILanesFunction2
    {
        public static T Apply<T>(T x, T y)
            where T : struct, IDoubleLanes<T> => T.Each(x, y, IncompleteGamma.Density);
    }

    /// <summary>C's fmod, the remainder of a division that truncates: exact.</summary>
    internal readonly struct Remainder : ILanesFunction2
    {
        public static T Apply<T>(T x, T y)
            where T : struct, IDoubleLanes<T> => T.Each(x, y, ScalarMath.Remainder);
    }
}
