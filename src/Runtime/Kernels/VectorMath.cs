using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GraphCompiler.Execution;

/// <summary>
/// Transcendentals that .NET lacks or does not give alike at every width. The double overloads of one function agree bit for bit, so the remainder of
/// a vector loop equals its body, and are within 2 ulp, but for sines and cosines beyond <see cref="DoubleAngleLimit"/>, which are Math's.
/// The float overloads compute in double and round: they are what vectors are held against.
/// </summary>
internal static class VectorMath
{
    /// <summary>Largest |x| whose sine and cosine float code reduces in line.</summary>
    internal const float AngleLimit = 131072;

    /// <summary>Largest |x| whose sine and cosine the double functions reduce themselves.</summary>
    internal const double DoubleAngleLimit = 1048576;

    /// <summary>e to the x.</summary>
    internal static double Exp(double x) => Exp(Vector128.CreateScalar(x)).ToScalar();

    internal static float Exp(float x) => (float)Exp((double)x);

    internal static Vector128<double> Exp(Vector128<double> x) => DoubleMath.Exp(new DoubleLanes128(x)).Value;

    internal static Vector256<double> Exp(Vector256<double> x) => DoubleMath.Exp(new DoubleLanes256(x)).Value;

    internal static Vector512<double> Exp(Vector512<double> x) => DoubleMath.Exp(new DoubleLanes512(x)).Value;

    /// <summary>The natural logarithm: −∞ at 0, NaN below.</summary>
    internal static double Log(double x) => Log(Vector128.CreateScalar(x)).ToScalar();

    internal static float Log(float x) => (float)Log((double)x);

    internal static Vector128<double> Log(Vector128<double> x) => DoubleMath.Log(new DoubleLanes128(x)).Value;

    internal static Vector256<double> Log(Vector256<double> x) => DoubleMath.Log(new DoubleLanes256(x)).Value;

    internal static Vector512<double> Log(Vector512<double> x) => DoubleMath.Log(new DoubleLanes512(x)).Value;

    /// <summary>log(1 + x), accurate near 0; keeps −0.</summary>
    internal static double Log1P(double x) => Log1P(Vector128.CreateScalar(x)).ToScalar();

    internal static float Log1P(float x) => (float)Log1P((double)x);

    internal static Vector128<double> Log1P(Vector128<double> x) => DoubleMath.Log1P(new DoubleLanes128(x)).Value;

    internal static Vector256<double> Log1P(Vector256<double> x) => DoubleMath.Log1P(new DoubleLanes256(x)).Value;

    internal static Vector512<double> Log1P(Vector512<double> x) => DoubleMath.Log1P(new DoubleLanes512(x)).Value;

    /// <summary>The hyperbolic tangent; keeps −0.</summary>
    internal static double Tanh(double x) => Tanh(Vector128.CreateScalar(x)).ToScalar();

    internal static float Tanh(float x) => (float)Tanh((double)x);

    internal static Vector128<double> Tanh(Vector128<double> x) => DoubleMath.Tanh(new DoubleLanes128(x)).Value;

    internal static Vector256<double> Tanh(Vector256<double> x) => DoubleMath.Tanh(new DoubleLanes256(x)).Value;

    internal static Vector512<double> Tanh(Vector512<double> x) => DoubleMath.Tanh(new DoubleLanes512(x)).Value;

    /// <summary>1/(1 + e^−x), through the subnormals down to 0.</summary>
    internal static double Sigmoid(double x) => Sigmoid(Vector128.CreateScalar(x)).ToScalar();

    internal static float Sigmoid(float x) => (float)Sigmoid((double)x);

    internal static Vector128<double> Sigmoid(Vector128<double> x) => DoubleMath.Sigmoid(new DoubleLanes128(x)).Value;

    internal static Vector256<double> Sigmoid(Vector256<double> x) => DoubleMath.Sigmoid(new DoubleLanes256(x)).Value;

    internal static Vector512<double> Sigmoid(Vector512<double> x) => DoubleMath.Sigmoid(new DoubleLanes512(x)).Value;

    /// <summary>The sine, accurate for any finite x; keeps −0.</summary>
    internal static double Sin(double x) => Sin(Vector128.CreateScalar(x)).ToScalar();

    internal static float Sin(float x) => (float)Sin((double)x);

    internal static Vector128<double> Sin(Vector128<double> x) => DoubleMath.Sin(new DoubleLanes128(x)).Value;

    internal static Vector256<double> Sin(Vector256<double> x) => DoubleMath.Sin(new DoubleLanes256(x)).Value;

    internal static Vector512<double> Sin(Vector512<double> x) => DoubleMath.Sin(new DoubleLanes512(x)).Value;

    /// <summary>The cosine, accurate for any finite x.</summary>
    internal static double Cos(double x) => Cos(Vector128.CreateScalar(x)).ToScalar();

    internal static float Cos(float x) => (float)Cos((double)x);

    internal static Vector128<double> Cos(Vector128<double> x) => DoubleMath.Cos(new DoubleLanes128(x)).Value;

    internal static Vector256<double> Cos(Vector256<double> x) => DoubleMath.Cos(new DoubleLanes256(x)).Value;

    internal static Vector512<double> Cos(Vector512<double> x) => DoubleMath.Cos(new DoubleLanes512(x)).Value;

    /// <summary>The error function, 2/√π times the integral of e^(−t²) from 0 to x; keeps −0.</summary>
    internal static double Erf(double x) => Erf(Vector128.CreateScalar(x)).ToScalar();

    internal static float Erf(float x) => (float)Erf((double)x);

    internal static Vector128<double> Erf(Vector128<double> x) => DoubleMath.Erf(new DoubleLanes128(x)).Value;

    internal static Vector256<double> Erf(Vector256<double> x) => DoubleMath.Erf(new DoubleLanes256(x)).Value;

    internal static Vector512<double> Erf(Vector512<double> x) => DoubleMath.Erf(new DoubleLanes512(x)).Value;

    /// <summary>The sine where |x| is above <see cref="AngleLimit"/>, x elsewhere; a vector without large lanes costs a test.</summary>
    internal static float SinLarge(float x) => Math.Abs(x) > AngleLimit ? (float)Math.Sin((double)x) : x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> SinLarge(Vector128<float> x) =>
        Vector128.GreaterThanAny(Vector128.Abs(x), Vector128.Create(AngleLimit)) ? SinLargeLanes(x) : x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> SinLarge(Vector256<float> x) =>
        Vector256.GreaterThanAny(Vector256.Abs(x), Vector256.Create(AngleLimit)) ? SinLargeLanes(x) : x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> SinLarge(Vector512<float> x) =>
        Vector512.GreaterThanAny(Vector512.Abs(x), Vector512.Create(AngleLimit)) ? SinLargeLanes(x) : x;

    /// <summary>The cosine where |x| is above <see cref="AngleLimit"/>, x elsewhere; a vector without large lanes costs a test.</summary>
    internal static float CosLarge(float x) => Math.Abs(x) > AngleLimit ? (float)Math.Cos((double)x) : x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> CosLarge(Vector128<float> x) =>
        Vector128.GreaterThanAny(Vector128.Abs(x), Vector128.Create(AngleLimit)) ? CosLargeLanes(x) : x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> CosLarge(Vector256<float> x) =>
        Vector256.GreaterThanAny(Vector256.Abs(x), Vector256.Create(AngleLimit)) ? CosLargeLanes(x) : x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> CosLarge(Vector512<float> x) =>
        Vector512.GreaterThanAny(Vector512.Abs(x), Vector512.Create(AngleLimit)) ? CosLargeLanes(x) : x;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector128<float> SinLargeLanes(Vector128<float> x)
    {
        var result = x;
        for (var lane = 0; lane < Vector128<float>.Count; lane++)
        {
            result = result.WithElement(lane, SinLarge(x[lane]));
        }

        return result;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector256<float> SinLargeLanes(Vector256<float> x)
    {
        var result = x;
        for (var lane = 0; lane < Vector256<float>.Count; lane++)
        {
            result = result.WithElement(lane, SinLarge(x[lane]));
        }

        return result;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector512<float> SinLargeLanes(Vector512<float> x)
    {
        var result = x;
        for (var lane = 0; lane < Vector512<float>.Count; lane++)
        {
            result = result.WithElement(lane, SinLarge(x[lane]));
        }

        return result;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector128<float> CosLargeLanes(Vector128<float> x)
    {
        var result = x;
        for (var lane = 0; lane < Vector128<float>.Count; lane++)
        {
            result = result.WithElement(lane, CosLarge(x[lane]));
        }

        return result;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector256<float> CosLargeLanes(Vector256<float> x)
    {
        var result = x;
        for (var lane = 0; lane < Vector256<float>.Count; lane++)
        {
            result = result.WithElement(lane, CosLarge(x[lane]));
        }

        return result;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector512<float> CosLargeLanes(Vector512<float> x)
    {
        var result = x;
        for (var lane = 0; lane < Vector512<float>.Count; lane++)
        {
            result = result.WithElement(lane, CosLarge(x[lane]));
        }

        return result;
    }
}
