using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace GraphCompiler.Routines;

/// <summary>A vector of some width as lanes of 64 bits, for arithmetic on the 32-bit numbers in their lower halves.</summary>
internal interface IWordLanes<T>
    where T : struct, IWordLanes<T>
{
    static abstract T operator +(T x, T y);

    static abstract T Xor(T x, T y, T z);

    /// <summary>A number in every lane.</summary>
    static abstract T Of(uint value);

    /// <summary>The products, of 64 bits, of the lower halves.</summary>
    static abstract T Multiply(T x, T y);

    /// <summary>The upper halves, moved down.</summary>
    static abstract T High(T x);

    /// <summary>The lower halves of the one in the lower, those of the other in the upper halves.</summary>
    static abstract T Interleave(T low, T high);
}

internal readonly struct WordLanes128(Vector128<ulong> value) : IWordLanes<WordLanes128>
{
    public readonly Vector128<ulong> Value = value;

    // Bit i of it is the result for the bits of i.
    private const byte XorOfThree = 0x96;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WordLanes128 Xor(WordLanes128 x, WordLanes128 y, WordLanes128 z) => new(
        Avx512F.VL.IsSupported ? Avx512F.VL.TernaryLogic(x.Value, y.Value, z.Value, XorOfThree) : x.Value ^ y.Value ^ z.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WordLanes128 operator +(WordLanes128 x, WordLanes128 y) => new(x.Value + y.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WordLanes128 Of(uint value) => new(Vector128.Create((ulong)value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WordLanes128 Multiply(WordLanes128 x, WordLanes128 y) => new(
        Sse2.IsSupported ? Sse2.Multiply(x.Value.AsUInt32(), y.Value.AsUInt32())
        : AdvSimd.IsSupported ? AdvSimd.MultiplyWideningLower(AdvSimd.ExtractNarrowingLower(x.Value), AdvSimd.ExtractNarrowingLower(y.Value))
        : (x.Value & Vector128.Create((ulong)uint.MaxValue)) * (y.Value & Vector128.Create((ulong)uint.MaxValue)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WordLanes128 High(WordLanes128 x) => new(Vector128.ShiftRightLogical(x.Value, 32));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WordLanes128 Interleave(WordLanes128 low, WordLanes128 high) => new(AdvSimd.IsSupported
        ? AdvSimd.ShiftLeftAndInsert(low.Value, high.Value, 32)
        : Vector128.ConditionalSelect(Vector128.Create((ulong)uint.MaxValue), low.Value, Vector128.ShiftLeft(high.Value, 32)));
}

internal readonly struct WordLanes256(Vector256<ulong> value) : IWordLanes<WordLanes256>
{
    public readonly Vector256<ulong> Value = value;

    // Bit i of it is the result for the bits of i.
    private const byte XorOfThree = 0x96;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WordLanes256 Xor(WordLanes256 x, WordLanes256 y, WordLanes256 z) => new(
        Avx512F.VL.IsSupported ? Avx512F.VL.TernaryLogic(x.Value, y.Value, z.Value, XorOfThree) : x.Value ^ y.Value ^ z.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WordLanes256 operator +(WordLanes256 x, WordLanes256 y) => new(x.Value + y.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WordLanes256 Of(uint value) => new(Vector256.Create((ulong)value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WordLanes256 Multiply(WordLanes256 x, WordLanes256 y) => new(Avx2.IsSupported
        ? Avx2.Multiply(x.Value.AsUInt32(), y.Value.AsUInt32())
        : Vector256.Create(
            WordLanes128.Multiply(new(x.Value.GetLower()), new(y.Value.GetLower())).Value,
            WordLanes128.Multiply(new(x.Value.GetUpper()), new(y.Value.GetUpper())).Value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WordLanes256 High(WordLanes256 x) => new(Vector256.ShiftRightLogical(x.Value, 32));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WordLanes256 Interleave(WordLanes256 low, WordLanes256 high) =>
        new(Vector256.ConditionalSelect(Vector256.Create((ulong)uint.MaxValue), low.Value, Vector256.ShiftLeft(high.Value, 32)));
}

internal readonly struct WordLanes512(Vector512<ulong> value) : IWordLanes<WordLanes512>
{
    public readonly Vector512<ulong> Value = value;

    // Bit i of it is the result for the bits of i.
    private const byte XorOfThree = 0x96;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WordLanes512 Xor(WordLanes512 x, WordLanes512 y, WordLanes512 z) => new(
        Avx512F.IsSupported ? Avx512F.TernaryLogic(x.Value, y.Value, z.Value, XorOfThree) : x.Value ^ y.Value ^ z.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WordLanes512 operator +(WordLanes512 x, WordLanes512 y) => new(x.Value + y.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WordLanes512 Of(uint value) => new(Vector512.Create((ulong)value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WordLanes512 Multiply(WordLanes512 x, WordLanes512 y) => new(Avx512F.IsSupported
        ? Avx512F.Multiply(x.Value.AsUInt32(), y.Value.AsUInt32())
        : Vector512.Create(
            WordLanes256.Multiply(new(x.Value.GetLower()), new(y.Value.GetLower())).Value,
            WordLanes256.Multiply(new(x.Value.GetUpper()), new(y.Value.GetUpper())).Value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WordLanes512 High(WordLanes512 x) => new(Vector512.ShiftRightLogical(x.Value, 32));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WordLanes512 Interleave(WordLanes512 low, WordLanes512 high) =>
        new(Vector512.ConditionalSelect(Vector512.Create((ulong)uint.MaxValue), low.Value, Vector512.ShiftLeft(high.Value, 32)));
}
