using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GraphCompiler.Execution;

/// <summary>
/// Bool buffers hold a byte an element; in vector code a bool is a lane of all ones or all zeros, as wide as the numbers beside it. These
/// widen bytes to lanes and narrow lanes to bytes of 0 and 1.
/// </summary>
internal static unsafe class Masks
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadMask128Int32(nint address, long index, int displacement)
    {
        Vector128<byte> bytes = Vector128.CreateScalar(*(uint*)(address + (nint)index + displacement)).AsByte();
        return ~Vector128.Equals(Vector128.WidenLower(Vector128.WidenLower(bytes)).AsInt32(), Vector128<int>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadMask256Int32(nint address, long index, int displacement)
    {
        if (Avx2.IsSupported)
        {
            Vector128<byte> bytes = Vector128.CreateScalar(*(ulong*)(address + (nint)index + displacement)).AsByte();
            return ~Vector256.Equals(Avx2.ConvertToVector256Int32(bytes), Vector256<int>.Zero);
        }

        return Vector256.Create(LoadMask128Int32(address, index, displacement), LoadMask128Int32(address, index, displacement + 4));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadMask512Int32(nint address, long index, int displacement)
    {
        if (Avx512F.IsSupported)
        {
            Vector128<byte> bytes = Vector128.Load((byte*)(address + (nint)index + displacement));
            return ~Vector512.Equals(Avx512F.ConvertToVector512Int32(bytes), Vector512<int>.Zero);
        }

        return Vector512.Create(LoadMask256Int32(address, index, displacement), LoadMask256Int32(address, index, displacement + 8));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<long> LoadMask128Int64(nint address, long index, int displacement)
    {
        Vector128<byte> bytes = Vector128.CreateScalar(*(ushort*)(address + (nint)index + displacement)).AsByte();
        Vector128<long> wide = Vector128.WidenLower(Vector128.WidenLower(Vector128.WidenLower(bytes))).AsInt64();
        return ~Vector128.Equals(wide, Vector128<long>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<long> LoadMask256Int64(nint address, long index, int displacement)
    {
        if (Avx2.IsSupported)
        {
            Vector128<byte> bytes = Vector128.CreateScalar(*(uint*)(address + (nint)index + displacement)).AsByte();
            return ~Vector256.Equals(Avx2.ConvertToVector256Int64(bytes), Vector256<long>.Zero);
        }

        return Vector256.Create(LoadMask128Int64(address, index, displacement), LoadMask128Int64(address, index, displacement + 2));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<long> LoadMask512Int64(nint address, long index, int displacement)
    {
        if (Avx512F.IsSupported)
        {
            Vector128<byte> bytes = Vector128.CreateScalar(*(ulong*)(address + (nint)index + displacement)).AsByte();
            return ~Vector512.Equals(Avx512F.ConvertToVector512Int64(bytes), Vector512<long>.Zero);
        }

        return Vector512.Create(LoadMask256Int64(address, index, displacement), LoadMask256Int64(address, index, displacement + 4));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreMask128Int32(nint address, long index, int displacement, Vector128<int> mask)
    {
        Vector128<short> words = Vector128.Narrow(mask, mask);
        Vector128<sbyte> bytes = Vector128.Narrow(words, words) & Vector128.Create((sbyte)1);
        *(uint*)(address + (nint)index + displacement) = bytes.AsUInt32().ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreMask256Int32(nint address, long index, int displacement, Vector256<int> mask)
    {
        Vector128<short> words = Vector128.Narrow(mask.GetLower(), mask.GetUpper());
        Vector128<sbyte> bytes = Vector128.Narrow(words, words) & Vector128.Create((sbyte)1);
        *(ulong*)(address + (nint)index + displacement) = bytes.AsUInt64().ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreMask512Int32(nint address, long index, int displacement, Vector512<int> mask)
    {
        Vector128<byte> bytes;
        if (Avx512F.IsSupported)
        {
            bytes = Avx512F.ConvertToVector128Byte(mask);
        }
        else
        {
            Vector256<short> words = Vector256.Narrow(mask.GetLower(), mask.GetUpper());
            bytes = Vector128.Narrow(words.GetLower(), words.GetUpper()).AsByte();
        }

        (bytes & Vector128.Create((byte)1)).Store((byte*)(address + (nint)index + displacement));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreMask128Int64(nint address, long index, int displacement, Vector128<long> mask)
    {
        byte* target = (byte*)(address + (nint)index + displacement);
        target[0] = (byte)(mask.GetElement(0) & 1);
        target[1] = (byte)(mask.GetElement(1) & 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreMask256Int64(nint address, long index, int displacement, Vector256<long> mask) =>
        StoreMask128Int32(address, index, displacement, Vector128.Narrow(mask.GetLower(), mask.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreMask512Int64(nint address, long index, int displacement, Vector512<long> mask) =>
        StoreMask256Int32(address, index, displacement, Vector256.Narrow(mask.GetLower(), mask.GetUpper()));

    /// <summary>The lanes of <paramref name="first"/>, the first ones, are read; the others are false.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vector128<int> LoadMask128Int32(nint address, long index, int displacement, Vector128<int> first)
    {
        Vector128<byte> room = FirstBytes((byte*)(address + (nint)index + displacement), Vector128.ExtractMostSignificantBits(first));
        return LoadMask128Int32((nint)(&room), 0, 0);
    }

    /// <summary>The lanes of <paramref name="first"/>, the first ones, are written.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void StoreMask128Int32(nint address, long index, int displacement, Vector128<int> first, Vector128<int> mask)
    {
        Vector128<byte> room = default;
        StoreMask128Int32((nint)(&room), 0, 0, mask);
        Unsafe.CopyBlockUnaligned((byte*)(address + (nint)index + displacement), (byte*)&room, Count(Vector128.ExtractMostSignificantBits(first)));
    }

    /// <summary>The lanes of <paramref name="first"/>, the first ones, are read; the others are false.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vector128<long> LoadMask128Int64(nint address, long index, int displacement, Vector128<long> first)
    {
        Vector128<byte> room = FirstBytes((byte*)(address + (nint)index + displacement), Vector128.ExtractMostSignificantBits(first));
        return LoadMask128Int64((nint)(&room), 0, 0);
    }

    /// <summary>The lanes of <paramref name="first"/>, the first ones, are written.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void StoreMask128Int64(nint address, long index, int displacement, Vector128<long> first, Vector128<long> mask)
    {
        Vector128<byte> room = default;
        StoreMask128Int64((nint)(&room), 0, 0, mask);
        Unsafe.CopyBlockUnaligned((byte*)(address + (nint)index + displacement), (byte*)&room, Count(Vector128.ExtractMostSignificantBits(first)));
    }

    /// <summary>The lanes of <paramref name="first"/>, the first ones, are read; the others are false.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vector256<int> LoadMask256Int32(nint address, long index, int displacement, Vector256<int> first)
    {
        Vector128<byte> room = FirstBytes((byte*)(address + (nint)index + displacement), Vector256.ExtractMostSignificantBits(first));
        return LoadMask256Int32((nint)(&room), 0, 0);
    }

    /// <summary>The lanes of <paramref name="first"/>, the first ones, are written.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void StoreMask256Int32(nint address, long index, int displacement, Vector256<int> first, Vector256<int> mask)
    {
        Vector128<byte> room = default;
        StoreMask256Int32((nint)(&room), 0, 0, mask);
        Unsafe.CopyBlockUnaligned((byte*)(address + (nint)index + displacement), (byte*)&room, Count(Vector256.ExtractMostSignificantBits(first)));
    }

    /// <summary>The lanes of <paramref name="first"/>, the first ones, are read; the others are false.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vector256<long> LoadMask256Int64(nint address, long index, int displacement, Vector256<long> first)
    {
        Vector128<byte> room = FirstBytes((byte*)(address + (nint)index + displacement), Vector256.ExtractMostSignificantBits(first));
        return LoadMask256Int64((nint)(&room), 0, 0);
    }

    /// <summary>The lanes of <paramref name="first"/>, the first ones, are written.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void StoreMask256Int64(nint address, long index, int displacement, Vector256<long> first, Vector256<long> mask)
    {
        Vector128<byte> room = default;
        StoreMask256Int64((nint)(&room), 0, 0, mask);
        Unsafe.CopyBlockUnaligned((byte*)(address + (nint)index + displacement), (byte*)&room, Count(Vector256.ExtractMostSignificantBits(first)));
    }

    /// <summary>The lanes of <paramref name="first"/>, the first ones, are read; the others are false.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vector512<int> LoadMask512Int32(nint address, long index, int displacement, Vector512<int> first)
    {
        Vector128<byte> room = FirstBytes((byte*)(address + (nint)index + displacement), Vector512.ExtractMostSignificantBits(first));
        return LoadMask512Int32((nint)(&room), 0, 0);
    }

    /// <summary>The lanes of <paramref name="first"/>, the first ones, are written.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void StoreMask512Int32(nint address, long index, int displacement, Vector512<int> first, Vector512<int> mask)
    {
        Vector128<byte> room = default;
        StoreMask512Int32((nint)(&room), 0, 0, mask);
        Unsafe.CopyBlockUnaligned((byte*)(address + (nint)index + displacement), (byte*)&room, Count(Vector512.ExtractMostSignificantBits(first)));
    }

    /// <summary>The lanes of <paramref name="first"/>, the first ones, are read; the others are false.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vector512<long> LoadMask512Int64(nint address, long index, int displacement, Vector512<long> first)
    {
        Vector128<byte> room = FirstBytes((byte*)(address + (nint)index + displacement), Vector512.ExtractMostSignificantBits(first));
        return LoadMask512Int64((nint)(&room), 0, 0);
    }

    /// <summary>The lanes of <paramref name="first"/>, the first ones, are written.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void StoreMask512Int64(nint address, long index, int displacement, Vector512<long> first, Vector512<long> mask)
    {
        Vector128<byte> room = default;
        StoreMask512Int64((nint)(&room), 0, 0, mask);
        Unsafe.CopyBlockUnaligned((byte*)(address + (nint)index + displacement), (byte*)&room, Count(Vector512.ExtractMostSignificantBits(first)));
    }

    private static Vector128<byte> FirstBytes(byte* from, ulong lanes)
    {
        Vector128<byte> room = default;
        Unsafe.CopyBlockUnaligned((byte*)&room, from, Count(lanes));
        return room;
    }

    private static uint Count(ulong lanes) => (uint)BitOperations.PopCount(lanes);
}
