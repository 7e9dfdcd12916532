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
        Vector128.GreaterThan(Vector128.Create((int)Math.Min(count, 64)), Vector128<int>.Indices);

    /// <summary>The first <paramref name="count"/> lanes, which is an Int32 if below 0; none below 1, all from the number of lanes on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<long> First128Int64(long count) =>
        Vector128.GreaterThan(Vector128.Create(Math.Min(count, 64)), Vector128<long>.Indices);

    /// <summary>The first <paramref name="count"/> lanes, which is an Int32 if below 0; none below 1, all from the number of lanes on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> First256Int32(long count) =>
        Vector256.GreaterThan(Vector256.Create((int)Math.Min(count, 64)), Vector256<int>.Indices);

    /// <summary>The first <paramref name="count"/> lanes, which is an Int32 if below 0; none below 1, all from the number of lanes on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<long> First256Int64(long count) =>
        Vector256.GreaterThan(Vector256.Create(Math.Min(count, 64)), Vector256<long>.Indices);

    /// <summary>The first <paramref name="count"/> lanes, which is an Int32 if below 0; none below 1, all from the number of lanes on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> First512Int32(long count) =>
        Vector512.GreaterThan(Vector512.Create((int)Math.Min(count, 64)), Vector512<int>.Indices);

    /// <summary>The first <paramref name="count"/> lanes, which is an Int32 if below 0; none below 1, all from the number of lanes on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<long> First512Int64(long count) =>
        Vector512.GreaterThan(Vector512.Create(Math.Min(count, 64)), Vector512<long>.Indices);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Load128<T>(nint address, long index, int displacement, Vector128<T> mask)
        where T : unmanaged
    {
        nint from = address + ((nint)index * sizeof(T)) + displacement;
        return !Avx2.IsSupported ? LoadLanes128((T*)from, mask)
            : sizeof(T) == 4 ? Avx2.MaskLoad((int*)from, mask.AsInt32()).As<int, T>()
            : Avx2.MaskLoad((long*)from, mask.AsInt64()).As<long, T>();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store128<T>(nint address, long index, int displacement, Vector128<T> mask, Vector128<T> value)
        where T : unmanaged
    {
        nint to = address + ((nint)index * sizeof(T)) + displacement;
        if (!Avx2.IsSupported)
        {
            StoreLanes128((T*)to, mask, value);
        }
        else if (sizeof(T) == 4)
        {
            Avx2.MaskStore((int*)to, mask.AsInt32(), value.AsInt32());
        }
        else
        {
            Avx2.MaskStore((long*)to, mask.AsInt64(), value.AsInt64());
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Load256<T>(nint address, long index, int displacement, Vector256<T> mask)
        where T : unmanaged
    {
        nint from = address + ((nint)index * sizeof(T)) + displacement;
        return !Avx2.IsSupported ? LoadLanes256((T*)from, mask)
            : sizeof(T) == 4 ? Avx2.MaskLoad((int*)from, mask.AsInt32()).As<int, T>()
            : Avx2.MaskLoad((long*)from, mask.AsInt64()).As<long, T>();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store256<T>(nint address, long index, int displacement, Vector256<T> mask, Vector256<T> value)
        where T : unmanaged
    {
        nint to = address + ((nint)index * sizeof(T)) + displacement;
        if (!Avx2.IsSupported)
        {
            StoreLanes256((T*)to, mask, value);
        }
        else if (sizeof(T) == 4)
        {
            Avx2.MaskStore((int*)to, mask.AsInt32(), value.AsInt32());
        }
        else
        {
            Avx2.MaskStore((long*)to, mask.AsInt64(), value.AsInt64());
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Load512<T>(nint address, long index, int displacement, Vector512<T> mask)
        where T : unmanaged
    {
        nint from = address + ((nint)index * sizeof(T)) + displacement;
        return !Avx512F.IsSupported ? LoadLanes512((T*)from, mask)
            : sizeof(T) == 4 ? Avx512F.MaskLoad((int*)from, mask.AsInt32(), Vector512<int>.Zero).As<int, T>()
            : Avx512F.MaskLoad((long*)from, mask.AsInt64(), Vector512<long>.Zero).As<long, T>();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store512<T>(nint address, long index, int displacement, Vector512<T> mask, Vector512<T> value)
        where T : unmanaged
    {
        nint to = address + ((nint)index * sizeof(T)) + displacement;
        if (!Avx512F.IsSupported)
        {
            StoreLanes512((T*)to, mask, value);
        }
        else if (sizeof(T) == 4)
        {
            Avx512F.MaskStore((int*)to, mask.AsInt32(), value.AsInt32());
        }
        else
        {
            Avx512F.MaskStore((long*)to, mask.AsInt64(), value.AsInt64());
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
