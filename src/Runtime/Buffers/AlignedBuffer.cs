using System.Runtime.InteropServices;

namespace GraphCompiler.Buffers;

/// <summary>
/// Native memory whose first byte is at a multiple of 64: a cache line and the widest vector. Its true size is rounded up to 64 bytes, so that a whole
/// vector at the end stays inside. Memory is not initialised unless asked for. Size 0 is allowed and has an address like any other.
/// </summary>
internal sealed unsafe class AlignedBuffer : IDisposable
{
    /// <summary>The alignment, in bytes.</summary>
    public const int Alignment = 64;

    private nint address;

    /// <summary>Allocates.</summary>
    /// <param name="byteLength">The size in bytes, at least 0.</param>
    /// <param name="clear">Whether to set every byte to 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is negative or beyond the address space.</exception>
    /// <exception cref="OutOfMemoryException">The system has no such memory.</exception>
    public AlignedBuffer(nint byteLength, bool clear = false)
    {
        if (byteLength < 0 || byteLength > nint.MaxValue - Alignment)
        {
            GC.SuppressFinalize(this);
            throw new ArgumentOutOfRangeException(nameof(byteLength), $"A buffer of {byteLength} bytes can't be allocated.");
        }

        ByteLength = byteLength;
        Allocation.Ask(Capacity);
        var block = NativeMemory.AlignedAlloc((nuint)Capacity, Alignment);
        address = (nint)block;
        GC.AddMemoryPressure(Capacity);
        if (clear)
        {
            NativeMemory.Clear(block, (nuint)Capacity);
        }
    }

    /// <summary>Releases the memory of a buffer that nobody disposed of.</summary>
    ~AlignedBuffer() => Release();

    /// <summary>The address of the first byte, a multiple of 64. The buffer must be kept alive while it is used.</summary>
    /// <exception cref="ObjectDisposedException">The buffer was disposed of.</exception>
    public nint Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(address == 0, this);
            return address;
        }
    }

    /// <summary>A size rounded up to whole cache lines.</summary>
    /// <exception cref="OverflowException">There is no such number.</exception>
    public static long RoundUp(long bytes) => checked(bytes + Alignment - 1) & ~(long)(Alignment - 1);

    /// <summary>The size asked for, in bytes.</summary>
    public nint ByteLength { get; }

    private nint Capacity => Math.Max(Alignment, (ByteLength + Alignment - 1) & ~(nint)(Alignment - 1));

    /// <summary>Releases the memory; a second time does nothing.</summary>
    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        var block = Interlocked.Exchange(ref address, 0);
        if (block != 0)
        {
            NativeMemory.AlignedFree((void*)block);
            GC.RemoveMemoryPressure(Capacity);
        }
    }
}
