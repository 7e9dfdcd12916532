using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GraphCompiler.Routines;

/// <summary>
/// Loads and stores of every second element, as windows two apart need them, of 4 bytes each. The elements between are not written, nor read where a
/// mask leaves lanes out; else those are read that lie between two of a vector's own.
/// </summary>
internal static unsafe class AlternateMemory
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Load128(nint address, long index, int displacement)
    {
        int* from = (int*)(address + ((nint)index * sizeof(int)) + displacement);

        // The second vector ends with the last element that is wanted, so its odd ones are.
        return Vector128.Narrow((*(Vector128<int>*)from).AsUInt64(), (*(Vector128<int>*)(from + 3)).AsUInt64() >>> 32).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Load256(nint address, long index, int displacement)
    {
        int* from = (int*)(address + ((nint)index * sizeof(int)) + displacement);
        return Vector256.Narrow((*(Vector256<int>*)from).AsUInt64(), (*(Vector256<int>*)(from + 7)).AsUInt64() >>> 32).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Load512(nint address, long index, int displacement)
    {
        int* from = (int*)(address + ((nint)index * sizeof(int)) + displacement);
        Vector512<int> first = *(Vector512<int>*)from;
        Vector512<int> second = *(Vector512<int>*)(from + 15);
        return Avx512F.IsSupported
            ? Avx512F.PermuteVar16x32x2(first, Vector512.Create(0, 2, 4, 6, 8, 10, 12, 14, 17, 19, 21, 23, 25, 27, 29, 31), second)
            : Vector512.Narrow(first.AsUInt64(), second.AsUInt64() >>> 32).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Load128(nint address, long index, int displacement, Vector128<int> mask)
    {
        if (!Avx2.IsSupported)
        {
            return LoadFirst((int*)(address + ((nint)index * sizeof(int)) + displacement), Count(mask));
        }

        return Vector128.Narrow(
            MaskedMemory.Load128Int32(address, index, displacement, Vector128.WidenLower(mask.AsUInt32()).AsInt32()).AsUInt64(),
            MaskedMemory.Load128Int32(address, index + 4, displacement, Vector128.WidenUpper(mask.AsUInt32()).AsInt32()).AsUInt64()).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Load256(nint address, long index, int displacement, Vector256<int> mask)
    {
        if (!Avx2.IsSupported)
        {
            return Vector256.Create(Load128(address, index, displacement, mask.GetLower()), Load128(address, index + 8, displacement, mask.GetUpper()));
        }

        return Vector256.Narrow(
            MaskedMemory.Load256Int32(address, index, displacement, Vector256.WidenLower(mask.AsUInt32()).AsInt32()).AsUInt64(),
            MaskedMemory.Load256Int32(address, index + 8, displacement, Vector256.WidenUpper(mask.AsUInt32()).AsInt32()).AsUInt64()).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Load512(nint address, long index, int displacement, Vector512<int> mask)
    {
        if (!Avx512F.IsSupported)
        {
            return Vector512.Create(Load256(address, index, displacement, mask.GetLower()), Load256(address, index + 16, displacement, mask.GetUpper()));
        }

        Vector512<int> first = MaskedMemory.Load512Int32(address, index, displacement, Vector512.WidenLower(mask.AsUInt32()).AsInt32());
        Vector512<int> second = MaskedMemory.Load512Int32(address, index + 16, displacement, Vector512.WidenUpper(mask.AsUInt32()).AsInt32());
        return Avx512F.PermuteVar16x32x2(first, Vector512.Create(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30), second);
    }

    // One by one: a masked store of so few lanes takes as long on many machines.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store128(nint address, long index, int displacement, Vector128<int> value)
    {
        int* to = (int*)(address + ((nint)index * sizeof(int)) + displacement);
        to[0] = value.GetElement(0);
        to[2] = value.GetElement(1);
        to[4] = value.GetElement(2);
        to[6] = value.GetElement(3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store256(nint address, long index, int displacement, Vector256<int> value)
    {
        Store128(address, index, displacement, value.GetLower());
        Store128(address, index + 8, displacement, value.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store512(nint address, long index, int displacement, Vector512<int> value)
    {
        if (Avx512F.IsSupported)
        {
            Store512(address, index, displacement, Vector512<int>.AllBitsSet, value);
        }
        else
        {
            Store256(address, index, displacement, value.GetLower());
            Store256(address, index + 16, displacement, value.GetUpper());
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store128(nint address, long index, int displacement, Vector128<int> mask, Vector128<int> value)
    {
        if (!Avx2.IsSupported)
        {
            StoreFirst((int*)(address + ((nint)index * sizeof(int)) + displacement), Count(mask), value);
            return;
        }

        MaskedMemory.Store128Int32(address, index, displacement, Vector128.WidenLower(mask.AsUInt32()).AsInt32(), Vector128.WidenLower(value.AsUInt32()).AsInt32());
        MaskedMemory.Store128Int32(address, index + 4, displacement, Vector128.WidenUpper(mask.AsUInt32()).AsInt32(), Vector128.WidenUpper(value.AsUInt32()).AsInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store256(nint address, long index, int displacement, Vector256<int> mask, Vector256<int> value)
    {
        if (!Avx2.IsSupported)
        {
            Store128(address, index, displacement, mask.GetLower(), value.GetLower());
            Store128(address, index + 8, displacement, mask.GetUpper(), value.GetUpper());
            return;
        }

        MaskedMemory.Store256Int32(address, index, displacement, Vector256.WidenLower(mask.AsUInt32()).AsInt32(), Vector256.WidenLower(value.AsUInt32()).AsInt32());
        MaskedMemory.Store256Int32(address, index + 8, displacement, Vector256.WidenUpper(mask.AsUInt32()).AsInt32(), Vector256.WidenUpper(value.AsUInt32()).AsInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store512(nint address, long index, int displacement, Vector512<int> mask, Vector512<int> value)
    {
        if (!Avx512F.IsSupported)
        {
            Store256(address, index, displacement, mask.GetLower(), value.GetLower());
            Store256(address, index + 16, displacement, mask.GetUpper(), value.GetUpper());
            return;
        }

        MaskedMemory.Store512Int32(address, index, displacement, Vector512.WidenLower(mask.AsUInt32()).AsInt32(), Vector512.WidenLower(value.AsUInt32()).AsInt32());
        MaskedMemory.Store512Int32(address, index + 16, displacement, Vector512.WidenUpper(mask.AsUInt32()).AsInt32(), Vector512.WidenUpper(value.AsUInt32()).AsInt32());
    }

    // Without masked moves, which these masks with gaps need, one by one.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector128<int> LoadFirst(int* from, int count) => Vector128.Create(
        count > 0 ? from[0] : 0, count > 1 ? from[2] : 0, count > 2 ? from[4] : 0, count > 3 ? from[6] : 0);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StoreFirst(int* to, int count, Vector128<int> value)
    {
        for (int i = 0; i < count; i++)
        {
            to[2 * i] = value.GetElement(i);
        }
    }

    private static int Count(Vector128<int> mask) => -Vector128.Sum(mask);
}
