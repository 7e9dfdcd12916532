using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GraphCompiler.Routines;

/// <summary>
/// Bool buffers hold a byte an element; in vector code a bool is a lane of all ones or all zeros, as wide as the numbers beside it. These
/// widen bytes to lanes and narrow lanes to bytes of 0 and 1. With a mask of the first lanes, only their bytes are read or written.
/// </summary>
internal static unsafe class Masks
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadMask128Int32(nint address, long index, int displacement)
    {
        byte* from = (byte*)(address + (nint)index + displacement);
        return Widen128Int32(Vector128.CreateScalar(*(uint*)from).AsByte());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadMask128Int32(nint address, long index, int displacement, Vector128<int> first) =>
        Widen128Int32(LoadFirst((byte*)(address + (nint)index + displacement), Narrow(first)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreMask128Int32(nint address, long index, int displacement, Vector128<int> mask)
    {
        byte* to = (byte*)(address + (nint)index + displacement);
        Vector128<byte> bytes = Narrow(mask) & Vector128.Create((byte)1);
        *(uint*)to = bytes.AsUInt32().ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreMask128Int32(nint address, long index, int displacement, Vector128<int> first, Vector128<int> mask) =>
        StoreFirst((byte*)(address + (nint)index + displacement), Narrow(first), Narrow(mask) & Vector128.Create((byte)1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadMask256Int32(nint address, long index, int displacement)
    {
        byte* from = (byte*)(address + (nint)index + displacement);
        return Widen256Int32(Vector128.CreateScalar(*(ulong*)from).AsByte());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadMask256Int32(nint address, long index, int displacement, Vector256<int> first) =>
        Widen256Int32(LoadFirst((byte*)(address + (nint)index + displacement), Narrow(first)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreMask256Int32(nint address, long index, int displacement, Vector256<int> mask)
    {
        byte* to = (byte*)(address + (nint)index + displacement);
        Vector128<byte> bytes = Narrow(mask) & Vector128.Create((byte)1);
        *(ulong*)to = bytes.AsUInt64().ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreMask256Int32(nint address, long index, int displacement, Vector256<int> first, Vector256<int> mask) =>
        StoreFirst((byte*)(address + (nint)index + displacement), Narrow(first), Narrow(mask) & Vector128.Create((byte)1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadMask512Int32(nint address, long index, int displacement)
    {
        byte* from = (byte*)(address + (nint)index + displacement);
        return Widen512Int32(Vector128.Load(from));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadMask512Int32(nint address, long index, int displacement, Vector512<int> first) =>
        Widen512Int32(LoadFirst((byte*)(address + (nint)index + displacement), Narrow(first)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreMask512Int32(nint address, long index, int displacement, Vector512<int> mask)
    {
        byte* to = (byte*)(address + (nint)index + displacement);
        Vector128<byte> bytes = Narrow(mask) & Vector128.Create((byte)1);
        bytes.Store(to);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreMask512Int32(nint address, long index, int displacement, Vector512<int> first, Vector512<int> mask) =>
        StoreFirst((byte*)(address + (nint)index + displacement), Narrow(first), Narrow(mask) & Vector128.Create((byte)1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<long> LoadMask128Int64(nint address, long index, int displacement)
    {
        byte* from = (byte*)(address + (nint)index + displacement);
        return Widen128Int64(Vector128.CreateScalar(*(ushort*)from).AsByte());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<long> LoadMask128Int64(nint address, long index, int displacement, Vector128<long> first) =>
        Widen128Int64(LoadFirst((byte*)(address + (nint)index + displacement), Narrow(first)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreMask128Int64(nint address, long index, int displacement, Vector128<long> mask)
    {
        byte* to = (byte*)(address + (nint)index + displacement);
        Vector128<byte> bytes = Narrow(mask) & Vector128.Create((byte)1);
        *(ushort*)to = bytes.AsUInt16().ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreMask128Int64(nint address, long index, int displacement, Vector128<long> first, Vector128<long> mask) =>
        StoreFirst((byte*)(address + (nint)index + displacement), Narrow(first), Narrow(mask) & Vector128.Create((byte)1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<long> LoadMask256Int64(nint address, long index, int displacement)
    {
        byte* from = (byte*)(address + (nint)index + displacement);
        return Widen256Int64(Vector128.CreateScalar(*(uint*)from).AsByte());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<long> LoadMask256Int64(nint address, long index, int displacement, Vector256<long> first) =>
        Widen256Int64(LoadFirst((byte*)(address + (nint)index + displacement), Narrow(first)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreMask256Int64(nint address, long index, int displacement, Vector256<long> mask)
    {
        byte* to = (byte*)(address + (nint)index + displacement);
        Vector128<byte> bytes = Narrow(mask) & Vector128.Create((byte)1);
        *(uint*)to = bytes.AsUInt32().ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreMask256Int64(nint address, long index, int displacement, Vector256<long> first, Vector256<long> mask) =>
        StoreFirst((byte*)(address + (nint)index + displacement), Narrow(first), Narrow(mask) & Vector128.Create((byte)1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<long> LoadMask512Int64(nint address, long index, int displacement)
    {
        byte* from = (byte*)(address + (nint)index + displacement);
        return Widen512Int64(Vector128.CreateScalar(*(ulong*)from).AsByte());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<long> LoadMask512Int64(nint address, long index, int displacement, Vector512<long> first) =>
        Widen512Int64(LoadFirst((byte*)(address + (nint)index + displacement), Narrow(first)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreMask512Int64(nint address, long index, int displacement, Vector512<long> mask)
    {
        byte* to = (byte*)(address + (nint)index + displacement);
        Vector128<byte> bytes = Narrow(mask) & Vector128.Create((byte)1);
        *(ulong*)to = bytes.AsUInt64().ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreMask512Int64(nint address, long index, int displacement, Vector512<long> first, Vector512<long> mask) =>
        StoreFirst((byte*)(address + (nint)index + displacement), Narrow(first), Narrow(mask) & Vector128.Create((byte)1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Widen128Int32(Vector128<byte> bytes) =>
        ~Vector128.Equals(Vector128.WidenLower(Vector128.WidenLower(bytes)).AsInt32(), Vector128<int>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Widen256Int32(Vector128<byte> bytes) => Avx2.IsSupported
        ? ~Vector256.Equals(Avx2.ConvertToVector256Int32(bytes), Vector256<int>.Zero)
        : Vector256.Create(Widen128Int32(bytes), Widen128Int32(Vector128.ShiftRightLogical(bytes.AsUInt64(), 32).AsByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Widen512Int32(Vector128<byte> bytes) => Avx512F.IsSupported
        ? ~Vector512.Equals(Avx512F.ConvertToVector512Int32(bytes), Vector512<int>.Zero)
        : Vector512.Create(Widen256Int32(bytes), Widen256Int32(Vector128.CreateScalar(bytes.AsUInt64().GetElement(1)).AsByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<long> Widen128Int64(Vector128<byte> bytes) =>
        ~Vector128.Equals(Vector128.WidenLower(Vector128.WidenLower(Vector128.WidenLower(bytes))).AsInt64(), Vector128<long>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<long> Widen256Int64(Vector128<byte> bytes) => Avx2.IsSupported
        ? ~Vector256.Equals(Avx2.ConvertToVector256Int64(bytes), Vector256<long>.Zero)
        : Vector256.Create(Widen128Int64(bytes), Widen128Int64(Vector128.ShiftRightLogical(bytes.AsUInt64(), 16).AsByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<long> Widen512Int64(Vector128<byte> bytes) => Avx512F.IsSupported
        ? ~Vector512.Equals(Avx512F.ConvertToVector512Int64(bytes), Vector512<long>.Zero)
        : Vector512.Create(Widen256Int64(bytes), Widen256Int64(Vector128.ShiftRightLogical(bytes.AsUInt64(), 32).AsByte()));

    // The low byte of each lane, in the first bytes; zeros after them.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Narrow(Vector128<int> mask)
    {
        Vector128<short> words = Vector128.Narrow(mask, Vector128<int>.Zero);
        return Vector128.Narrow(words, Vector128<short>.Zero).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Narrow(Vector256<int> mask)
    {
        Vector128<short> words = Vector128.Narrow(mask.GetLower(), mask.GetUpper());
        return Vector128.Narrow(words, Vector128<short>.Zero).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Narrow(Vector512<int> mask)
    {
        if (Avx512F.IsSupported)
        {
            return Avx512F.ConvertToVector128Byte(mask);
        }

        Vector256<short> words = Vector256.Narrow(mask.GetLower(), mask.GetUpper());
        return Vector128.Narrow(words.GetLower(), words.GetUpper()).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Narrow(Vector128<long> mask) => Narrow(Vector128.Narrow(mask, Vector128<long>.Zero));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Narrow(Vector256<long> mask) => Narrow(Vector128.Narrow(mask.GetLower(), mask.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Narrow(Vector512<long> mask) => Narrow(Vector256.Narrow(mask.GetLower(), mask.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> LoadFirst(byte* from, Vector128<byte> first) =>
        Avx512BW.VL.IsSupported ? Avx512BW.VL.MaskLoad(from, first, Vector128<byte>.Zero) : LoadBytes(from, Count(first));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreFirst(byte* to, Vector128<byte> first, Vector128<byte> bytes)
    {
        if (Avx512BW.VL.IsSupported)
        {
            Avx512BW.VL.MaskStore(to, first, bytes);
        }
        else
        {
            StoreBytes(to, Count(first), bytes);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector128<byte> LoadBytes(byte* from, int count)
    {
        Vector128<byte> bytes = default;
        Unsafe.CopyBlockUnaligned(&bytes, from, (uint)count);
        return bytes;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StoreBytes(byte* to, int count, Vector128<byte> bytes) => Unsafe.CopyBlockUnaligned(to, &bytes, (uint)count);

    private static int Count(Vector128<byte> first) => BitOperations.PopCount(first.ExtractMostSignificantBits());
}
