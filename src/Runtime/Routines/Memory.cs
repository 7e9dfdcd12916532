using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace GraphCompiler.Routines;

/// <summary>
/// The loads and stores of generated code. An address is a base, an index in elements and a constant displacement in bytes: inlined, that is
/// one x64 addressing mode. Expression trees have no pointers, hence these. They are inlined thousands of times, and the JIT takes far longer for a
/// generic method called within than for a pointer.
/// </summary>
internal static unsafe class Memory
{
    /// <summary>A frame slot that holds a size.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Size(nint frame, int slot) => ((long*)frame)[slot];

    /// <summary>A frame slot that holds a buffer's address.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint Address(nint frame, int slot) => ((nint*)frame)[slot];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SetSize(nint frame, int slot, long value) => ((long*)frame)[slot] = value;

    /// <summary>The address <paramref name="count"/> elements further on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint Advance<T>(nint address, long count)
        where T : unmanaged => address + ((nint)count * sizeof(T));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load<T>(nint address, long index, int displacement)
        where T : unmanaged => *(T*)(address + ((nint)index * sizeof(T)) + displacement);

    /// <summary>Bools are bytes; any non-zero byte is true.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool LoadBool(nint address, long index, int displacement) => *(byte*)(address + (nint)index + displacement) != 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<T>(nint address, long index, int displacement, T value)
        where T : unmanaged => *(T*)(address + ((nint)index * sizeof(T)) + displacement) = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBool(nint address, long index, int displacement, bool value) =>
        *(byte*)(address + (nint)index + displacement) = value ? (byte)1 : (byte)0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Load128<T>(nint address, long index, int displacement)
        where T : unmanaged => *(Vector128<T>*)(address + ((nint)index * sizeof(T)) + displacement);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Load256<T>(nint address, long index, int displacement)
        where T : unmanaged => *(Vector256<T>*)(address + ((nint)index * sizeof(T)) + displacement);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Load512<T>(nint address, long index, int displacement)
        where T : unmanaged => *(Vector512<T>*)(address + ((nint)index * sizeof(T)) + displacement);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store128<T>(nint address, long index, int displacement, Vector128<T> value)
        where T : unmanaged => *(Vector128<T>*)(address + ((nint)index * sizeof(T)) + displacement) = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store256<T>(nint address, long index, int displacement, Vector256<T> value)
        where T : unmanaged => *(Vector256<T>*)(address + ((nint)index * sizeof(T)) + displacement) = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store512<T>(nint address, long index, int displacement, Vector512<T> value)
        where T : unmanaged => *(Vector512<T>*)(address + ((nint)index * sizeof(T)) + displacement) = value;

    /// <summary>Asks for a cache line; any address will do. Nothing where .NET knows no instruction for it, as of ARM64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch<T>(nint address, long index, int displacement)
        where T : unmanaged
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0((void*)(address + ((nint)index * sizeof(T)) + displacement));
        }
    }

    /// <summary>What was stored past the cache is seen before what is stored from now on.</summary>
    public static void FinishStores()
    {
        if (Sse.IsSupported)
        {
            Sse.StoreFence();
        }
        else
        {
            Volatile.WriteBarrier();
        }
    }

    /// <summary>The number of elements, at most <paramref name="most"/>, up to the next address with none of the bits of a mask; 0 if there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long ElementsToBoundary<T>(nint address, long index, int displacement, nint mask, long most)
        where T : unmanaged
    {
        nint at = address + ((nint)index * sizeof(T)) + displacement;
        return mask < 0 || at % sizeof(T) != 0 ? 0 : Math.Min(most, (-at & mask) / sizeof(T));
    }

    /// <summary>Written past the cache where the address has none of the bits of a mask, which must hold those below the vector's size.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePastCache128<T>(nint address, long index, int displacement, Vector128<T> value, nint mask)
        where T : unmanaged
    {
        nint at = address + ((nint)index * sizeof(T)) + displacement;
        if ((at & mask) == 0)
        {
            value.StoreAlignedNonTemporal((T*)at);
        }
        else
        {
            *(Vector128<T>*)at = value;
        }
    }

    /// <inheritdoc cref="StorePastCache128"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePastCache256<T>(nint address, long index, int displacement, Vector256<T> value, nint mask)
        where T : unmanaged
    {
        nint at = address + ((nint)index * sizeof(T)) + displacement;
        if ((at & mask) == 0)
        {
            value.StoreAlignedNonTemporal((T*)at);
        }
        else
        {
            *(Vector256<T>*)at = value;
        }
    }

    /// <inheritdoc cref="StorePastCache128"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePastCache512<T>(nint address, long index, int displacement, Vector512<T> value, nint mask)
        where T : unmanaged
    {
        nint at = address + ((nint)index * sizeof(T)) + displacement;
        if ((at & mask) == 0)
        {
            value.StoreAlignedNonTemporal((T*)at);
        }
        else
        {
            *(Vector512<T>*)at = value;
        }
    }

    /// <summary>The index itself if it is inside the buffer: what checked builds put around every index.</summary>
    /// <exception cref="IndexOutOfRangeException">The index is outside [0, length).</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long CheckIndex(long index, long length, int buffer)
    {
        if ((ulong)index >= (ulong)length)
        {
            ThrowOutOfRange(index, length, buffer);
        }

        return index;
    }

    /// <summary>The offset itself if the part lies inside the buffer.</summary>
    /// <exception cref="IndexOutOfRangeException">An end of the part is outside [0, length].</exception>
    public static long CheckPart(long offset, long count, long length, int buffer)
    {
        if (offset < 0 || count < 0 || offset > length - count)
        {
            ThrowOutOfRange(offset < 0 ? offset : offset + count, length, buffer);
        }

        return offset;
    }

    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    [SuppressMessage("Usage", "CA2201", Justification = "It is what an array access would throw.")]
    private static void ThrowOutOfRange(long index, long length, int buffer) =>
        throw new IndexOutOfRangeException($"Buffer {buffer}: index {index} is outside [0, {length}).");
}
