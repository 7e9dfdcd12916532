using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GraphCompiler.Buffers;

/// <summary>Copies strided elements to dense row-major order, without allocating.</summary>
internal static class StridedCopy
{
    /// <summary>Copies every element; strides are in elements, at least 0.</summary>
    /// <param name="source">The first element.</param>
    /// <param name="destination">Where the first element goes; there must be room for all.</param>
    /// <param name="lengths">The sizes.</param>
    /// <param name="strides">As many strides.</param>
    public static void ToDense<T>(ref readonly T source, ref T destination, ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> strides)
        where T : unmanaged
    {
        if (!lengths.Contains(0))
        {
            Copy(ref Unsafe.AsRef(in source), ref destination, lengths, strides);
        }
    }

    /// <summary>How many elements lie from the first to the last, both included; 0 when there are none.</summary>
    /// <param name="lengths">The sizes.</param>
    /// <param name="strides">As many strides, in elements, at least 0.</param>
    public static nint Extent(ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> strides)
    {
        nint last = 0;
        for (var axis = 0; axis < lengths.Length; axis++)
        {
            if (lengths[axis] == 0)
            {
                return 0;
            }

            last += (lengths[axis] - 1) * strides[axis];
        }

        return last + 1;
    }

    private static nint Copy<T>(ref T source, ref T destination, ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> strides)
        where T : unmanaged
    {
        if (lengths.IsEmpty)
        {
            destination = source;
            return 1;
        }

        var (length, stride) = (lengths[0], strides[0]);
        nint written = 0;
        if (lengths.Length > 1)
        {
            for (nint i = 0; i < length; i++)
            {
                written += Copy(ref Unsafe.Add(ref source, i * stride), ref Unsafe.Add(ref destination, written), lengths[1..], strides[1..]);
            }

            return written;
        }

        if (stride == 1 && length <= int.MaxValue)
        {
            MemoryMarshal.CreateReadOnlySpan(ref source, (int)length).CopyTo(MemoryMarshal.CreateSpan(ref destination, (int)length));
            return length;
        }

        for (nint i = 0; i < length; i++)
        {
            Unsafe.Add(ref destination, i) = Unsafe.Add(ref source, i * stride);
        }

        return length;
    }
}
