using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GraphCompiler.Routines;

/// <summary>
/// A vector of doubles of some width. Functions written against it once have the same bits at every width, because each lane goes through the same
/// operations whatever its neighbours hold: the library's own Vector512.Sin and its like change method for all lanes when one is out of range.
/// </summary>
internal interface IDoubleLanes<T>
    where T : struct, IDoubleLanes<T>
{
    static abstract T operator +(T x, T y);

    static abstract T operator -(T x, T y);

    static abstract T operator *(T x, T y);

    static abstract T operator /(T x, T y);

    static abstract T operator &(T x, T y);

    static abstract T operator |(T x, T y);

    static abstract T operator ^(T x, T y);

    static abstract T Of(double value);

    /// <summary>x·y + z, rounded once.</summary>
    static abstract T Fma(T x, T y, T z);

    /// <summary>All bits set where x &lt; y.</summary>
    static abstract T Less(T x, T y);

    /// <summary>All bits set where x = y.</summary>
    static abstract T Same(T x, T y);

    static abstract T Select(T mask, T x, T y);

    static abstract bool Any(T mask);

    /// <summary>The sum of the lanes' bits as Int64.</summary>
    static abstract T AddBits(T x, T y);

    static abstract T SubtractBits(T x, T y);

    static abstract T ShiftBitsLeft(T x, int count);

    static abstract T ShiftBitsRight(T x, int count);

    static abstract T Sqrt(T x);

    /// <summary>A function called lane by lane: for rare arguments, and for functions that branch too much for lanes.</summary>
    static abstract T Each(T x, Func<double, double> function);

    static abstract T Each(T x, T y, Func<double, double, double> function);
}

internal readonly struct DoubleLanes128(Vector128<double> value) : IDoubleLanes<DoubleLanes128>
{
    public readonly Vector128<double> Value = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 operator +(DoubleLanes128 x, DoubleLanes128 y) => new(x.Value + y.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 operator -(DoubleLanes128 x, DoubleLanes128 y) => new(x.Value - y.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 operator *(DoubleLanes128 x, DoubleLanes128 y) => new(x.Value * y.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 operator /(DoubleLanes128 x, DoubleLanes128 y) => new(x.Value / y.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 operator &(DoubleLanes128 x, DoubleLanes128 y) => new(x.Value & y.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 operator |(DoubleLanes128 x, DoubleLanes128 y) => new(x.Value | y.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 operator ^(DoubleLanes128 x, DoubleLanes128 y) => new(x.Value ^ y.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 Of(double value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 Fma(DoubleLanes128 x, DoubleLanes128 y, DoubleLanes128 z) => new(Vector128.FusedMultiplyAdd(x.Value, y.Value, z.Value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 Less(DoubleLanes128 x, DoubleLanes128 y) => new(Vector128.LessThan(x.Value, y.Value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 Same(DoubleLanes128 x, DoubleLanes128 y) => new(Vector128.Equals(x.Value, y.Value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 Select(DoubleLanes128 mask, DoubleLanes128 x, DoubleLanes128 y) =>
        new(Vector128.ConditionalSelect(mask.Value, x.Value, y.Value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Any(DoubleLanes128 mask) => mask.Value.AsInt64() != Vector128<long>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 AddBits(DoubleLanes128 x, DoubleLanes128 y) => new((x.Value.AsInt64() + y.Value.AsInt64()).AsDouble());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 SubtractBits(DoubleLanes128 x, DoubleLanes128 y) => new((x.Value.AsInt64() - y.Value.AsInt64()).AsDouble());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 ShiftBitsLeft(DoubleLanes128 x, int count) => new((x.Value.AsInt64() << count).AsDouble());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 ShiftBitsRight(DoubleLanes128 x, int count) => new((x.Value.AsInt64() >>> count).AsDouble());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 Sqrt(DoubleLanes128 x) => new(Vector128.Sqrt(x.Value));

    public static DoubleLanes128 Each(DoubleLanes128 x, Func<double, double> function)
    {
        var result = x.Value;
        for (var lane = 0; lane < Vector128<double>.Count; lane++)
        {
            result = result.WithElement(lane, function(x.Value[lane]));
        }

        return new(result);
    }

    public static DoubleLanes128 Each(DoubleLanes128 x, DoubleLanes128 y, Func<double, double, double> function)
    {
        var result = x.Value;
        for (var lane = 0; lane < Vector128<double>.Count; lane++)
        {
            result = result.WithElement(lane, function(x.Value[lane], y.Value[lane]));
        }

        return new(result);
    }
}

internal readonly struct DoubleLanes256(Vector256<double> value) : IDoubleLanes<DoubleLanes256>
{
    public readonly Vector256<double> Value = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 operator +(DoubleLanes256 x, DoubleLanes256 y) => new(x.Value + y.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 operator -(DoubleLanes256 x, DoubleLanes256 y) => new(x.Value - y.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 operator *(DoubleLanes256 x, DoubleLanes256 y) => new(x.Value * y.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 operator /(DoubleLanes256 x, DoubleLanes256 y) => new(x.Value / y.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 operator &(DoubleLanes256 x, DoubleLanes256 y) => new(x.Value & y.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 operator |(DoubleLanes256 x, DoubleLanes256 y) => new(x.Value | y.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 operator ^(DoubleLanes256 x, DoubleLanes256 y) => new(x.Value ^ y.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 Of(double value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 Fma(DoubleLanes256 x, DoubleLanes256 y, DoubleLanes256 z) => new(Vector256.FusedMultiplyAdd(x.Value, y.Value, z.Value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 Less(DoubleLanes256 x, DoubleLanes256 y) => new(Vector256.LessThan(x.Value, y.Value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 Same(DoubleLanes256 x, DoubleLanes256 y) => new(Vector256.Equals(x.Value, y.Value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 Select(DoubleLanes256 mask, DoubleLanes256 x, DoubleLanes256 y) =>
        new(Vector256.ConditionalSelect(mask.Value, x.Value, y.Value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Any(DoubleLanes256 mask) => mask.Value.AsInt64() != Vector256<long>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 AddBits(DoubleLanes256 x, DoubleLanes256 y) => new((x.Value.AsInt64() + y.Value.AsInt64()).AsDouble());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 SubtractBits(DoubleLanes256 x, DoubleLanes256 y) => new((x.Value.AsInt64() - y.Value.AsInt64()).AsDouble());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 ShiftBitsLeft(DoubleLanes256 x, int count) => new((x.Value.AsInt64() << count).AsDouble());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 ShiftBitsRight(DoubleLanes256 x, int count) => new((x.Value.AsInt64() >>> count).AsDouble());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 Sqrt(DoubleLanes256 x) => new(Vector256.Sqrt(x.Value));

    public static DoubleLanes256 Each(DoubleLanes256 x, Func<double, double> function)
    {
        var result = x.Value;
        for (var lane = 0; lane < Vector256<double>.Count; lane++)
        {
            result = result.WithElement(lane, function(x.Value[lane]));
        }

        return new(result);
    }

    public static DoubleLanes256 Each(DoubleLanes256 x, DoubleLanes256 y, Func<double, double, double> function)
    {
        var result = x.Value;
        for (var lane = 0; lane < Vector256<double>.Count; lane++)
        {
            result = result.WithElement(lane, function(x.Value[lane], y.Value[lane]));
        }

        return new(result);
    }
}

internal readonly struct DoubleLanes512(Vector512<double> value) : IDoubleLanes<DoubleLanes512>
{
    public readonly Vector512<double> Value = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 operator +(DoubleLanes512 x, DoubleLanes512 y) => new(x.Value + y.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 operator -(DoubleLanes512 x, DoubleLanes512 y) => new(x.Value - y.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 operator *(DoubleLanes512 x, DoubleLanes512 y) => new(x.Value * y.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 operator /(DoubleLanes512 x, DoubleLanes512 y) => new(x.Value / y.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 operator &(DoubleLanes512 x, DoubleLanes512 y) => new(x.Value & y.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 operator |(DoubleLanes512 x, DoubleLanes512 y) => new(x.Value | y.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 operator ^(DoubleLanes512 x, DoubleLanes512 y) => new(x.Value ^ y.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 Of(double value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 Fma(DoubleLanes512 x, DoubleLanes512 y, DoubleLanes512 z) => new(Vector512.FusedMultiplyAdd(x.Value, y.Value, z.Value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 Less(DoubleLanes512 x, DoubleLanes512 y) => new(Vector512.LessThan(x.Value, y.Value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 Same(DoubleLanes512 x, DoubleLanes512 y) => new(Vector512.Equals(x.Value, y.Value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 Select(DoubleLanes512 mask, DoubleLanes512 x, DoubleLanes512 y) =>
        new(Vector512.ConditionalSelect(mask.Value, x.Value, y.Value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Any(DoubleLanes512 mask) => mask.Value.AsInt64() != Vector512<long>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 AddBits(DoubleLanes512 x, DoubleLanes512 y) => new((x.Value.AsInt64() + y.Value.AsInt64()).AsDouble());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 SubtractBits(DoubleLanes512 x, DoubleLanes512 y) => new((x.Value.AsInt64() - y.Value.AsInt64()).AsDouble());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 ShiftBitsLeft(DoubleLanes512 x, int count) => new((x.Value.AsInt64() << count).AsDouble());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 ShiftBitsRight(DoubleLanes512 x, int count) => new((x.Value.AsInt64() >>> count).AsDouble());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 Sqrt(DoubleLanes512 x) => new(Vector512.Sqrt(x.Value));

    public static DoubleLanes512 Each(DoubleLanes512 x, Func<double, double> function)
    {
        var result = x.Value;
        for (var lane = 0; lane < Vector512<double>.Count; lane++)
        {
            result = result.WithElement(lane, function(x.Value[lane]));
        }

        return new(result);
    }

    public static DoubleLanes512 Each(DoubleLanes512 x, DoubleLanes512 y, Func<double, double, double> function)
    {
        var result = x.Value;
        for (var lane = 0; lane < Vector512<double>.Count; lane++)
        {
            result = result.WithElement(lane, function(x.Value[lane], y.Value[lane]));
        }

        return new(result);
    }
}
