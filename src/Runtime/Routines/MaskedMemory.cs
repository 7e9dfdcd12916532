using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GraphCompiler.Routines;

/// <summary>
/// Loads and stores of the first lanes of a vector, for the end of a row: the other lanes load as zeros, and their memory is neither read nor written.
/// A mask has all bits of a lane set or none.
/// </summary>
internal static unsafe class MaskedMemory
{
    /// <summary>The first <paramref name="count"/> lanes, which is an Int32 if below 0; none below 1, all from the number of lanes on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> First128Int32(long count) =>
        Vector128.GreaterThan(Vector128.Create((int)(count < 64 ? count : 64)), Vector128<int>.Indices);

    /// <summary>The first <paramref name="count"/> lanes, which is an Int32 if below 0; none below 1, all from the number of lanes on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<long> First128Int64(long count) =>
        Vector128.GreaterThan(Vector128.Create(count < 64 ? count : 64), Vector128<long>.Indices);

    /// <summary>The first <paramref name="count"/> lanes, which is an Int32 if below 0; none below 1, all from the number of lanes on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> First256Int32(long count) =>
        Vector256.GreaterThan(Vector256.Create((int)(count < 64 ? count : 64)), Vector256<int>.Indices);

    /// <summary>The first <paramref name="count"/> lanes, which is an Int32 if below 0; none below 1, all from the number of lanes on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<long> First256Int64(long count) =>
        Vector256.GreaterThan(Vector256.Create(count < 64 ? count : 64), Vector256<long>.Indices);

    /// <summary>The first <paramref name="count"/> lanes, which is an Int32 if below 0; none below 1, all from the number of lanes on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> First512Int32(long count) =>
        Vector512.GreaterThan(Vector512.Create((int)(count < 64 ? count : 64)), Vector512<int>.Indices);

    /// <summary>The first <paramref name="count"/> lanes, which is an Int32 if below 0; none below 1, all from the number of lanes on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<long> First512Int64(long count) =>
        Vector512.GreaterThan(Vector512.Create(count < 64 ? count : 64), Vector512<long>.Indices);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Load128Int32(nint address, long index, int displacement, Vector128<int> mask)
    {
        int* from = (int*)(address + ((nint)index * sizeof(int)) + displacement);
        return Avx2.IsSupported ? Avx2.MaskLoad(from, mask) : LoadLanes128(from, mask);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store128Int32(nint address, long index, int displacement, Vector128<int> mask, Vector128<int> value)
    {
        int* to = (int*)(address + ((nint)index * sizeof(int)) + displacement);
        if (Avx2.IsSupported)
        {
            Avx2.MaskStore(to, mask, value);
        }
        else
        {
            StoreLanes128(to, mask, value);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<long> Load128Int64(nint address, long index, int displacement, Vector128<long> mask)
    {
        long* from = (long*)(address + ((nint)index * sizeof(long)) + displacement);
        return Avx2.IsSupported ? Avx2.MaskLoad(from, mask) : LoadLanes128(from, mask);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store128Int64(nint address, long index, int displacement, Vector128<long> mask, Vector128<long> value)
    {
        long* to = (long*)(address + ((nint)index * sizeof(long)) + displacement);
        if (Avx2.IsSupported)
        {
            Avx2.MaskStore(to, mask, value);
        }
        else
        {
            StoreLanes128(to, mask, value);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Load256Int32(nint address, long index, int displacement, Vector256<int> mask)
    {
        int* from = (int*)(address + ((nint)index * sizeof(int)) + displacement);
        return Avx2.IsSupported ? Avx2.MaskLoad(from, mask) : LoadLanes256(from, mask);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store256Int32(nint address, long index, int displacement, Vector256<int> mask, Vector256<int> value)
    {
        int* to = (int*)(address + ((nint)index * sizeof(int)) + displacement);
        if (Avx2.IsSupported)
        {
            Avx2.MaskStore(to, mask, value);
        }
        else
        {
            StoreLanes256(to, mask, value);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<long> Load256Int64(nint address, long index, int displacement, Vector256<long> mask)
    {
        long* from = (long*)(address + ((nint)index * sizeof(long)) + displacement);
        return Avx2.IsSupported ? Avx2.MaskLoad(from, mask) : LoadLanes256(from, mask);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store256Int64(nint address, long index, int displacement, Vector256<long> mask, Vector256<long> value)
    {
        long* to = (long*)(address + ((nint)index * sizeof(long)) + displacement);
        if (Avx2.IsSupported)
        {
            Avx2.MaskStore(to, mask, value);
        }
        else
        {
            StoreLanes256(to, mask, value);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Load512Int32(nint address, long index, int displacement, Vector512<int> mask)
    {
        int* from = (int*)(address + ((nint)index * sizeof(int)) + displacement);
        return Avx512F.IsSupported ? Avx512F.MaskLoad(from, mask, Vector512<int>.Zero) : LoadLanes512(from, mask);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store512Int32(nint address, long index, int displacement, Vector512<int> mask, Vector512<int> value)
    {
        int* to = (int*)(address + ((nint)index * sizeof(int)) + displacement);
        if (Avx512F.IsSupported)
        {
            Avx512F.MaskStore(to, mask, value);
        }
        else
        {
            StoreLanes512(to, mask, value);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<long> Load512Int64(nint address, long index, int displacement, Vector512<long> mask)
    {
        long* from = (long*)(address + ((nint)index * sizeof(long)) + displacement);
        return Avx512F.IsSupported ? Avx512F.MaskLoad(from, mask, Vector512<long>.Zero) : LoadLanes512(from, mask);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store512Int64(nint address, long index, int displacement, Vector512<long> mask, Vector512<long> value)
    {
        long* to = (long*)(address + ((nint)index * sizeof(long)) + displacement);
        if (Avx512F.IsSupported)
        {
            Avx512F.MaskStore(to, mask, value);
        }
        else
        {
            StoreLanes512(to, mask, value);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector128<T> LoadLanes128<T>(T* from, Vector128<T> mask)
        where T : unmanaged
    {
        Vector128<T> result = Vector128<T>.Zero;
        ulong lanes = Vector128.ExtractMostSignificantBits(mask);
        for (int i = 0; i < Vector128<T>.Count; i++)
        {
            result = ((lanes >> i) & 1) == 0 ? result : result.WithElement(i, from[i]);
        }

        return result;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StoreLanes128<T>(T* to, Vector128<T> mask, Vector128<T> value)
        where T : unmanaged
    {
        ulong lanes = Vector128.ExtractMostSignificantBits(mask);
        for (int i = 0; i < Vector128<T>.Count; i++)
        {
            if (((lanes >> i) & 1) != 0)
            {
                to[i] = value[i];
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector256<T> LoadLanes256<T>(T* from, Vector256<T> mask)
        where T : unmanaged
    {
        Vector256<T> result = Vector256<T>.Zero;
        ulong lanes = Vector256.ExtractMostSignificantBits(mask);
        for (int i = 0; i < Vector256<T>.Count; i++)
        {
            result = ((lanes >> i) & 1) == 0 ? result : result.WithElement(i, from[i]);
        }

        return result;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StoreLanes256<T>(T* to, Vector256<T> mask, Vector256<T> value)
        where T : unmanaged
    {
        ulong lanes = Vector256.ExtractMostSignificantBits(mask);
        for (int i = 0; i < Vector256<T>.Count; i++)
        {
            if (((lanes >> i) & 1) != 0)
            {
                to[i] = value[i];
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector512<T> LoadLanes512<T>(T* from, Vector512<T> mask)
        where T : unmanaged
    {
        Vector512<T> result = Vector512<T>.Zero;
        ulong lanes = Vector512.ExtractMostSignificantBits(mask);
        for (int i = 0; i < Vector512<T>.Count; i++)
        {
            result = ((lanes >> i) & 1) == 0 ? result : result.WithElement(i, from[i]);
        }

        return result;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StoreLanes512<T>(T* to, Vector512<T> mask, Vector512<T> value)
        where T : unmanaged
    {
        ulong lanes = Vector512.ExtractMostSignificantBits(mask);
        for (int i = 0; i < Vector512<T>.Count; i++)
        {
            if (((lanes >> i) & 1) != 0)
            {
                to[i] = value[i];
            }
        }
    }
}
