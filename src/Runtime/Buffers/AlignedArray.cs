using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace GraphCompiler.Buffers;

/// <summary>
/// Elements in a managed array that the collector never moves, the first at a multiple of 64 bytes: what outputs and parameters live in, since a
/// <see cref="Tensor{T}"/> is a view of an array. The array is longer than asked for, and pinned arrays are aligned only to 8: hence the offset.
/// A whole vector at the end stays inside the array.
/// </summary>
/// <typeparam name="T">An element type whose size divides 8.</typeparam>
internal sealed unsafe class AlignedArray<T>
    where T : unmanaged
{
    /// <summary>Allocates.</summary>
    /// <param name="length">The number of elements, at least 0.</param>
    /// <param name="clear">Whether to set every element to 0; otherwise they are whatever was there.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative, or more than an array may hold.</exception>
    public AlignedArray(nint length, bool clear = false)
    {
        // Up to one alignment before the first element, and up to one after the last.
        var padding = 2 * AlignedBuffer.Alignment / sizeof(T);
        if (length < 0 || length > System.Array.MaxLength - padding)
        {
            throw new ArgumentOutOfRangeException(nameof(length), $"An array of {length} elements can't be allocated.");
        }

        Length = (int)length;
        Array = Allocation.Array<T>(Length + padding, clear, pinned: true);
        var start = (nint)Unsafe.AsPointer(ref Array[0]);
        Address = (start + AlignedBuffer.Alignment - 1) & ~(nint)(AlignedBuffer.Alignment - 1);
        Offset = (int)((Address - start) / sizeof(T));
    }

    /// <summary>The array, longer than <see cref="Length"/>.</summary>
    public T[] Array { get; }

    /// <summary>The index in <see cref="Array"/> of the first element.</summary>
    public int Offset { get; }

    /// <summary>The number of elements.</summary>
    public int Length { get; }

    /// <summary>The address of the first element, a multiple of 64. The array must be kept alive while it is used.</summary>
    public nint Address { get; }

    /// <summary>The elements.</summary>
    public Span<T> Span => Array.AsSpan(Offset, Length);

    /// <summary>A dense row-major tensor over the elements, sharing them; it keeps the array alive. An empty shape gives shape [1].</summary>
    /// <param name="lengths">Sizes whose product is <see cref="Length"/>.</param>
    /// <exception cref="ArgumentException">The product of the sizes is another.</exception>
    public Tensor<T> AsTensor(ReadOnlySpan<nint> lengths)
    {
        if (Sizes.Count(lengths) != Length)
        {
            throw new ArgumentException($"Shape {Sizes.Display(lengths)} does not have the array's {InvariantText.Count(Length, "element")}.", nameof(lengths));
        }

        return Tensor.Create(Array, Offset, lengths.IsEmpty ? [1] : lengths, []);
    }
}
