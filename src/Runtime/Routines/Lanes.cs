using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GraphCompiler.Routines;

/// <summary>What generated vector code does across or inside lanes: ramps, single lanes, the last step of a reduction.</summary>
internal static class Lanes
{
    /// <summary>Writes one lane of a vector in memory: how gathers are put together.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Set<TVector, T>(ref TVector vector, long lane, T value)
        where TVector : struct
        where T : struct => Unsafe.Add(ref Unsafe.As<TVector, T>(ref vector), (nint)lane) = value;

    /// <summary>Reads one lane of a vector in memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Get<TVector, T>(ref TVector vector, long lane)
        where TVector : struct
        where T : struct => Unsafe.Add(ref Unsafe.As<TVector, T>(ref vector), (nint)lane);

    /// <summary>The lane of a mask: all ones or all zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Mask32(bool value) => value ? -1 : 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Mask64(bool value) => value ? -1 : 0;

    /// <summary>A difference of indices brought into 32 bits without changing its order against the small numbers lanes add to it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Clamp32(long value) => Math.Clamp(value, -(1L << 30), 1L << 30);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Ramp128Int32(long start, long step) =>
        Vector128.Create((int)start) + (Vector128<int>.Indices * Vector128.Create((int)step));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Ramp256Int32(long start, long step) =>
        Vector256.Create((int)start) + (Vector256<int>.Indices * Vector256.Create((int)step));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Ramp512Int32(long start, long step) =>
        Vector512.Create((int)start) + (Vector512<int>.Indices * Vector512.Create((int)step));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<long> Ramp128Int64(long start, long step) => Vector128.Create(start) + (Vector128<long>.Indices * Vector128.Create(step));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<long> Ramp256Int64(long start, long step) => Vector256.Create(start) + (Vector256<long>.Indices * Vector256.Create(step));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<long> Ramp512Int64(long start, long step) => Vector512.Create(start) + (Vector512<long>.Indices * Vector512.Create(step));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<double> Ramp128Float64(long start, long step) => Vector128.ConvertToDouble(Ramp128Int64(start, step));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Ramp256Float64(long start, long step) => Vector256.ConvertToDouble(Ramp256Int64(start, step));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Ramp512Float64(long start, long step) => Vector512.ConvertToDouble(Ramp512Int64(start, step));

    /// <summary>By way of double, exact below 2^53, so that the one rounding is that of (float)(long).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Ramp128Float32(long start, long step) =>
        Vector128.Narrow(Ramp128Float64(start, step), Ramp128Float64(start + (2 * step), step));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Ramp256Float32(long start, long step) =>
        Vector256.Narrow(Ramp256Float64(start, step), Ramp256Float64(start + (4 * step), step));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Ramp512Float32(long start, long step) =>
        Vector512.Narrow(Ramp512Float64(start, step), Ramp512Float64(start + (8 * step), step));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Add128<T>(Vector128<T> x)
        where T : struct, INumber<T>
    {
        T result = x.GetElement(0);
        for (int i = 1; i < Vector128<T>.Count; i++)
        {
            result += x.GetElement(i);
        }

        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Add256<T>(Vector256<T> x)
        where T : struct, INumber<T> => Add128(x.GetLower() + x.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Add512<T>(Vector512<T> x)
        where T : struct, INumber<T> => Add256(x.GetLower() + x.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Multiply128<T>(Vector128<T> x)
        where T : struct, INumber<T>
    {
        T result = x.GetElement(0);
        for (int i = 1; i < Vector128<T>.Count; i++)
        {
            result *= x.GetElement(i);
        }

        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Multiply256<T>(Vector256<T> x)
        where T : struct, INumber<T> => Multiply128(x.GetLower() * x.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Multiply512<T>(Vector512<T> x)
        where T : struct, INumber<T> => Multiply256(x.GetLower() * x.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Maximum128<T>(Vector128<T> x)
        where T : struct, INumber<T>
    {
        T result = x.GetElement(0);
        for (int i = 1; i < Vector128<T>.Count; i++)
        {
            result = T.Max(result, x.GetElement(i));
        }

        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Maximum256<T>(Vector256<T> x)
        where T : struct, INumber<T> => Maximum128(Vector128.Max(x.GetLower(), x.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Maximum512<T>(Vector512<T> x)
        where T : struct, INumber<T> => Maximum256(Vector256.Max(x.GetLower(), x.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Minimum128<T>(Vector128<T> x)
        where T : struct, INumber<T>
    {
        T result = x.GetElement(0);
        for (int i = 1; i < Vector128<T>.Count; i++)
        {
            result = T.Min(result, x.GetElement(i));
        }

        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Minimum256<T>(Vector256<T> x)
        where T : struct, INumber<T> => Minimum128(Vector128.Min(x.GetLower(), x.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Minimum512<T>(Vector512<T> x)
        where T : struct, INumber<T> => Minimum256(Vector256.Min(x.GetLower(), x.GetUpper()));
}
