using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GraphCompiler.Routines;

/// <summary>The four words of a block, in the lanes of vectors or as numbers.</summary>
internal readonly struct PhiloxWords<T>(T word0, T word1, T word2, T word3)
    where T : struct
{
    public readonly T Word0 = word0;
    public readonly T Word1 = word1;
    public readonly T Word2 = word2;
    public readonly T Word3 = word3;
}

/// <summary>The two halves of a block of 64 bits each.</summary>
internal readonly struct PhiloxPairs<T>(T pair0, T pair1)
    where T : struct
{
    public readonly T Pair0 = pair0;
    public readonly T Pair1 = pair1;
}

/// <summary>
/// Philox4x32-10 as generated code calls it: the blocks of an element's index and a stream's five words, see <see cref="RandomStream"/>. In lanes of 32
/// bits the four words of each, in lanes of 64 bits their two halves. All forms give the bits of <see cref="Philox"/>.
/// </summary>
internal static class PhiloxLanes
{
    private const int Rounds = 10;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PhiloxWords<int> Words(long index, int number, int nonceLow, int nonceHigh, int keyLow, int keyHigh)
    {
        var block = Philox.Block(Pair(keyLow, keyHigh), Pair((int)index, number), Pair(nonceLow, nonceHigh));
        return new((int)block.Word0, (int)block.Word1, (int)block.Word2, (int)block.Word3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PhiloxPairs<long> Pairs(long index, long number, long nonceLow, long nonceHigh, long keyLow, long keyHigh)
    {
        var block = Philox.Block(Pair((int)keyLow, (int)keyHigh), Pair((int)index, (int)number), Pair((int)nonceLow, (int)nonceHigh));
        return new((long)block.Low, (long)block.High);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PhiloxWords<Vector128<int>> Words(
        Vector128<int> index, Vector128<int> number, Vector128<int> nonceLow, Vector128<int> nonceHigh, Vector128<int> keyLow, Vector128<int> keyHigh)
    {
        var block = Words32<WordLanes128>(new(index.AsUInt64()), new(number.AsUInt64()), new(nonceLow.AsUInt64()), new(nonceHigh.AsUInt64()), new(keyLow.AsUInt64()), new(keyHigh.AsUInt64()));
        return new(block.Word0.Value.AsInt32(), block.Word1.Value.AsInt32(), block.Word2.Value.AsInt32(), block.Word3.Value.AsInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PhiloxWords<Vector256<int>> Words(
        Vector256<int> index, Vector256<int> number, Vector256<int> nonceLow, Vector256<int> nonceHigh, Vector256<int> keyLow, Vector256<int> keyHigh)
    {
        var block = Words32<WordLanes256>(new(index.AsUInt64()), new(number.AsUInt64()), new(nonceLow.AsUInt64()), new(nonceHigh.AsUInt64()), new(keyLow.AsUInt64()), new(keyHigh.AsUInt64()));
        return new(block.Word0.Value.AsInt32(), block.Word1.Value.AsInt32(), block.Word2.Value.AsInt32(), block.Word3.Value.AsInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PhiloxWords<Vector512<int>> Words(
        Vector512<int> index, Vector512<int> number, Vector512<int> nonceLow, Vector512<int> nonceHigh, Vector512<int> keyLow, Vector512<int> keyHigh)
    {
        var block = Words32<WordLanes512>(new(index.AsUInt64()), new(number.AsUInt64()), new(nonceLow.AsUInt64()), new(nonceHigh.AsUInt64()), new(keyLow.AsUInt64()), new(keyHigh.AsUInt64()));
        return new(block.Word0.Value.AsInt32(), block.Word1.Value.AsInt32(), block.Word2.Value.AsInt32(), block.Word3.Value.AsInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PhiloxPairs<Vector128<long>> Pairs(
        Vector128<long> index, Vector128<long> number, Vector128<long> nonceLow, Vector128<long> nonceHigh, Vector128<long> keyLow, Vector128<long> keyHigh)
    {
        var block = Pairs64<WordLanes128>(new(index.AsUInt64()), new(number.AsUInt64()), new(nonceLow.AsUInt64()), new(nonceHigh.AsUInt64()), new(keyLow.AsUInt64()), new(keyHigh.AsUInt64()));
        return new(block.Pair0.Value.AsInt64(), block.Pair1.Value.AsInt64());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PhiloxPairs<Vector256<long>> Pairs(
        Vector256<long> index, Vector256<long> number, Vector256<long> nonceLow, Vector256<long> nonceHigh, Vector256<long> keyLow, Vector256<long> keyHigh)
    {
        var block = Pairs64<WordLanes256>(new(index.AsUInt64()), new(number.AsUInt64()), new(nonceLow.AsUInt64()), new(nonceHigh.AsUInt64()), new(keyLow.AsUInt64()), new(keyHigh.AsUInt64()));
        return new(block.Pair0.Value.AsInt64(), block.Pair1.Value.AsInt64());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PhiloxPairs<Vector512<long>> Pairs(
        Vector512<long> index, Vector512<long> number, Vector512<long> nonceLow, Vector512<long> nonceHigh, Vector512<long> keyLow, Vector512<long> keyHigh)
    {
        var block = Pairs64<WordLanes512>(new(index.AsUInt64()), new(number.AsUInt64()), new(nonceLow.AsUInt64()), new(nonceHigh.AsUInt64()), new(keyLow.AsUInt64()), new(keyHigh.AsUInt64()));
        return new(block.Pair0.Value.AsInt64(), block.Pair1.Value.AsInt64());
    }

    // The parts of a block by static methods: instance members of a struct that is no variable are out in expression trees.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Word0<T>(PhiloxWords<T> block)
        where T : struct => block.Word0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Word1<T>(PhiloxWords<T> block)
        where T : struct => block.Word1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Word2<T>(PhiloxWords<T> block)
        where T : struct => block.Word2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Word3<T>(PhiloxWords<T> block)
        where T : struct => block.Word3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Pair0<T>(PhiloxPairs<T> block)
        where T : struct => block.Pair0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Pair1<T>(PhiloxPairs<T> block)
        where T : struct => block.Pair1;

    private static ulong Pair(int low, int high) => (uint)low | ((ulong)(uint)high << 32);

    /// <summary>
    /// Lanes of 32 bits. A product has 64, so the even and the odd lanes go their ways in lanes of that size, and meet at the end. What stands in the upper
    /// half of a lane on the way is never looked at.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static PhiloxWords<T> Words32<T>(T word0, T word1, T word2, T word3, T key0, T key1)
        where T : struct, IWordLanes<T>
    {
        var (a0, a1, a2, a3) = (word0, word1, word2, word3);
        var (b0, b1, b2, b3) = (T.High(word0), word1, word2, word3);
        var (multiplier0, multiplier1) = (T.Of(Philox.Multiplier0), T.Of(Philox.Multiplier1));
        var (weyl0, weyl1) = (T.Of(Philox.Weyl0), T.Of(Philox.Weyl1));
        for (var round = 0; round < Rounds; round++)
        {
            var p0 = T.Multiply(multiplier0, a0);
            var p1 = T.Multiply(multiplier1, a2);
            var q0 = T.Multiply(multiplier0, b0);
            var q1 = T.Multiply(multiplier1, b2);
            (a0, a1, a2, a3) = (T.Xor(T.High(p1), a1, key0), p1, T.Xor(T.High(p0), a3, key1), p0);
            (b0, b1, b2, b3) = (T.Xor(T.High(q1), b1, key0), q1, T.Xor(T.High(q0), b3, key1), q0);
            key0 += weyl0;
            key1 += weyl1;
        }

        return new(T.Interleave(a0, b0), T.Interleave(a1, b1), T.Interleave(a2, b2), T.Interleave(a3, b3));
    }

    /// <summary>Lanes of 64 bits, each with one 32-bit number in its lower half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static PhiloxPairs<T> Pairs64<T>(T word0, T word1, T word2, T word3, T key0, T key1)
        where T : struct, IWordLanes<T>
    {
        var (multiplier0, multiplier1) = (T.Of(Philox.Multiplier0), T.Of(Philox.Multiplier1));
        var (weyl0, weyl1) = (T.Of(Philox.Weyl0), T.Of(Philox.Weyl1));
        for (var round = 0; round < Rounds; round++)
        {
            var p0 = T.Multiply(multiplier0, word0);
            var p1 = T.Multiply(multiplier1, word2);
            (word0, word1, word2, word3) = (T.Xor(T.High(p1), word1, key0), p1, T.Xor(T.High(p0), word3, key1), p0);
            key0 += weyl0;
            key1 += weyl1;
        }

        return new(T.Interleave(word0, word1), T.Interleave(word2, word3));
    }
}
