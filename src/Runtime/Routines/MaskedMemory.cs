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
        return Avx2.IsSupported ? Avx2.MaskLoad(from, mask) : LoadFirst(from, Count(mask));
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
            StoreFirst(to, Count(mask), value);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<long> Load128Int64(nint address, long index, int displacement, Vector128<long> mask)
    {
        long* from = (long*)(address + ((nint)index * sizeof(long)) + displacement);
        return Avx2.IsSupported ? Avx2.MaskLoad(from, mask) : LoadFirst(from, Count(mask));
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
            StoreFirst(to, Count(mask), value);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Load256Int32(nint address, long index, int displacement, Vector256<int> mask)
    {
        if (Avx2.IsSupported)
        {
            return Avx2.MaskLoad((int*)(address + ((nint)index * sizeof(int)) + displacement), mask);
        }

        return Vector256.Create(
            Load128Int32(address, index, displacement, mask.GetLower()),
            Load128Int32(address, index, displacement + Vector128<byte>.Count, mask.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store256Int32(nint address, long index, int displacement, Vector256<int> mask, Vector256<int> value)
    {
        if (Avx2.IsSupported)
        {
            Avx2.MaskStore((int*)(address + ((nint)index * sizeof(int)) + displacement), mask, value);
            return;
        }

        Store128Int32(address, index, displacement, mask.GetLower(), value.GetLower());
        Store128Int32(address, index, displacement + Vector128<byte>.Count, mask.GetUpper(), value.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<long> Load256Int64(nint address, long index, int displacement, Vector256<long> mask)
    {
        if (Avx2.IsSupported)
        {
            return Avx2.MaskLoad((long*)(address + ((nint)index * sizeof(long)) + displacement), mask);
        }

        return Vector256.Create(
            Load128Int64(address, index, displacement, mask.GetLower()),
            Load128Int64(address, index, displacement + Vector128<byte>.Count, mask.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store256Int64(nint address, long index, int displacement, Vector256<long> mask, Vector256<long> value)
    {
        if (Avx2.IsSupported)
        {
            Avx2.MaskStore((long*)(address + ((nint)index * sizeof(long)) + displacement), mask, value);
            return;
        }

        Store128Int64(address, index, displacement, mask.GetLower(), value.GetLower());
        Store128Int64(address, index, displacement + Vector128<byte>.Count, mask.GetUpper(), value.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Load512Int32(nint address, long index, int displacement, Vector512<int> mask)
    {
        if (Avx512F.IsSupported)
        {
            return Avx512F.MaskLoad((int*)(address + ((nint)index * sizeof(int)) + displacement), mask, Vector512<int>.Zero);
        }

        return Vector512.Create(
            Load256Int32(address, index, displacement, mask.GetLower()),
            Load256Int32(address, index, displacement + Vector256<byte>.Count, mask.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store512Int32(nint address, long index, int displacement, Vector512<int> mask, Vector512<int> value)
    {
        if (Avx512F.IsSupported)
        {
            Avx512F.MaskStore((int*)(address + ((nint)index * sizeof(int)) + displacement), mask, value);
            return;
        }

        Store256Int32(address, index, displacement, mask.GetLower(), value.GetLower());
        Store256Int32(address, index, displacement + Vector256<byte>.Count, mask.GetUpper(), value.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<long> Load512Int64(nint address, long index, int displacement, Vector512<long> mask)
    {
        if (Avx512F.IsSupported)
        {
            return Avx512F.MaskLoad((long*)(address + ((nint)index * sizeof(long)) + displacement), mask, Vector512<long>.Zero);
        }

        return Vector512.Create(
            Load256Int64(address, index, displacement, mask.GetLower()),
            Load256Int64(address, index, displacement + Vector256<byte>.Count, mask.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store512Int64(nint address, long index, int displacement, Vector512<long> mask, Vector512<long> value)
    {
        if (Avx512F.IsSupported)
        {
            Avx512F.MaskStore((long*)(address + ((nint)index * sizeof(long)) + displacement), mask, value);
            return;
        }

        Store256Int64(address, index, displacement, mask.GetLower(), value.GetLower());
        Store256Int64(address, index, displacement + Vector256<byte>.Count, mask.GetUpper(), value.GetUpper());
    }

    // Without masked moves, as on ARM64, what is there is moved in parts of two lanes and of one.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector128<int> LoadFirst(int* from, int count) => count switch
    {
        0 => Vector128<int>.Zero,
        1 => Vector128.CreateScalar(*from),
        2 => Vector128.CreateScalar(*(long*)from).AsInt32(),
        3 => Vector128.CreateScalar(*(long*)from).AsInt32().WithElement(2, from[2]),
        _ => Vector128.Load(from),
    };

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StoreFirst(int* to, int count, Vector128<int> value)
    {
        switch (count)
        {
            case 0:
                break;
            case 1:
                *to = value.ToScalar();
                break;
            case 2:
                *(long*)to = value.AsInt64().ToScalar();
                break;
            case 3:
                *(long*)to = value.AsInt64().ToScalar();
                to[2] = value.GetElement(2);
                break;
            default:
                value.Store(to);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector128<long> LoadFirst(long* from, int count) => count switch
    {
        0 => Vector128<long>.Zero,
        1 => Vector128.CreateScalar(*from),
        _ => Vector128.Load(from),
    };

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StoreFirst(long* to, int count, Vector128<long> value)
    {
        switch (count)
        {
            case 0:
                break;
            case 1:
                *to = value.ToScalar();
                break;
            default:
                value.Store(to);
                break;
        }
    }

    private static int Count(Vector128<int> mask) => -Vector128.Sum(mask);

    private static int Count(Vector128<long> mask) => -(int)Vector128.Sum(mask);
}
