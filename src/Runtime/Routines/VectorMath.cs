using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GraphCompiler.Routines;

/// <summary>
/// The forms of a function: for numbers, and for vectors of each width. All agree bit for bit, so the remainder of a vector loop equals its
/// body. In float64 the errors met are below 2 ulp (tangent, inverse hyperbolic and error functions: below 4; the gamma functions: see
/// VectorMathTests), but for angles beyond <see cref="DoubleAngleLimit"/>, which are Math's. Float32 is float64 rounded.
/// </summary>
internal static class VectorMath
{
    /// <summary>Largest |x| whose sine and cosine float code reduces in line.</summary>
    internal const float AngleLimit = 131072;

    /// <summary>Largest |x| whose sine and cosine the double functions reduce themselves.</summary>
    internal const double DoubleAngleLimit = 1048576;

    /// <summary>log(1 + x), accurate near 0.</summary>
    internal static double Log1P(double x) => Apply<Functions.Log1P>(x);

    /// <summary>The natural logarithm.</summary>
    internal static double Log(double x) => Apply<Functions.Log>(x);

    /// <summary>1/(1 + e^−x).</summary>
    internal static double Sigmoid(double x) => Apply<Functions.Sigmoid>(x);

    /// <summary>The error function.</summary>
    internal static double Erf(double x) => Apply<Functions.Erf>(x);

    internal static double Apply<TFunction>(double x)
        where TFunction : struct, ILanesFunction => Apply<TFunction>(Vector128.CreateScalar(x)).ToScalar();

    internal static float Apply<TFunction>(float x)
        where TFunction : struct, ILanesFunction => (float)Apply<TFunction>((double)x);

    internal static Vector128<double> Apply<TFunction>(Vector128<double> x)
        where TFunction : struct, ILanesFunction => TFunction.Apply(new DoubleLanes128(x)).Value;

    internal static Vector256<double> Apply<TFunction>(Vector256<double> x)
        where TFunction : struct, ILanesFunction => TFunction.Apply(new DoubleLanes256(x)).Value;

    internal static Vector512<double> Apply<TFunction>(Vector512<double> x)
        where TFunction : struct, ILanesFunction => TFunction.Apply(new DoubleLanes512(x)).Value;

    internal static Vector128<float> Apply<TFunction>(Vector128<float> x)
        where TFunction : struct, ILanesFunction
    {
        var (low, high) = Vector128.Widen(x);
        return Vector128.Narrow(Apply<TFunction>(low), Apply<TFunction>(high));
    }

    internal static Vector256<float> Apply<TFunction>(Vector256<float> x)
        where TFunction : struct, ILanesFunction
    {
        var (low, high) = Vector256.Widen(x);
        return Vector256.Narrow(Apply<TFunction>(low), Apply<TFunction>(high));
    }

    internal static Vector512<float> Apply<TFunction>(Vector512<float> x)
        where TFunction : struct, ILanesFunction
    {
        var (low, high) = Vector512.Widen(x);
        return Vector512.Narrow(Apply<TFunction>(low), Apply<TFunction>(high));
    }

    internal static double Apply2<TFunction>(double x, double y)
        where TFunction : struct, ILanesFunction2 => Apply2<TFunction>(Vector128.CreateScalar(x), Vector128.CreateScalar(y)).ToScalar();

    internal static float Apply2<TFunction>(float x, float y)
        where TFunction : struct, ILanesFunction2 => (float)Apply2<TFunction>((double)x, (double)y);

    internal static Vector128<double> Apply2<TFunction>(Vector128<double> x, Vector128<double> y)
        where TFunction : struct, ILanesFunction2 => TFunction.Apply(new DoubleLanes128(x), new DoubleLanes128(y)).Value;

    internal static Vector256<double> Apply2<TFunction>(Vector256<double> x, Vector256<double> y)
        where TFunction : struct, ILanesFunction2 => TFunction.Apply(new DoubleLanes256(x), new DoubleLanes256(y)).Value;

    internal static Vector512<double> Apply2<TFunction>(Vector512<double> x, Vector512<double> y)
        where TFunction : struct, ILanesFunction2 => TFunction.Apply(new DoubleLanes512(x), new DoubleLanes512(y)).Value;

    internal static Vector128<float> Apply2<TFunction>(Vector128<float> x, Vector128<float> y)
        where TFunction : struct, ILanesFunction2
    {
        var (lowX, highX) = Vector128.Widen(x);
        var (lowY, highY) = Vector128.Widen(y);
        return Vector128.Narrow(Apply2<TFunction>(lowX, lowY), Apply2<TFunction>(highX, highY));
    }

    internal static Vector256<float> Apply2<TFunction>(Vector256<float> x, Vector256<float> y)
        where TFunction : struct, ILanesFunction2
    {
        var (lowX, highX) = Vector256.Widen(x);
        var (lowY, highY) = Vector256.Widen(y);
        return Vector256.Narrow(Apply2<TFunction>(lowX, lowY), Apply2<TFunction>(highX, highY));
    }

    internal static Vector512<float> Apply2<TFunction>(Vector512<float> x, Vector512<float> y)
        where TFunction : struct, ILanesFunction2
    {
        var (lowX, highX) = Vector512.Widen(x);
        var (lowY, highY) = Vector512.Widen(y);
        return Vector512.Narrow(Apply2<TFunction>(lowX, lowY), Apply2<TFunction>(highX, highY));
    }

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
