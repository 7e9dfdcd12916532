using System.Diagnostics.CodeAnalysis;
using System.Numerics.Tensors;

namespace GraphCompiler;

/// <summary>
/// What a caller passes for an input: arrays, tensors, memory and single values of float, double, int, long or bool convert to it by themselves.
/// Nothing is copied or boxed; the elements are read while the function that takes the argument runs, and must not change meanwhile.
/// A flat array or memory has a count and takes any declared shape of as many elements; tensors and multi-dimensional arrays have a shape, which must
/// agree with the declared one; a value has rank 0.
/// </summary>
public readonly partial struct Argument
{
    private readonly Storage storage;

    private Argument(Storage storage)
    {
        this.storage = storage;
    }

    /// <summary>A tensor of any element type, as the conversions give it where the type is known.</summary>
    /// <typeparam name="T">float, double, int, long or bool.</typeparam>
    /// <param name="tensor">Any tensor; null is reported when the function is called.</param>
    /// <exception cref="DTypeException">There is no such dtype.</exception>
    public static Argument Of<T>(Tensor<T>? tensor)
        where T : unmanaged => new(Storage.OfTensor(tensor));

    /// <summary>Whether nothing was passed: default, or a null array or tensor.</summary>
    internal bool IsNull => storage.IsNull;

    /// <summary>Whether this is a single value rather than memory.</summary>
    internal bool IsScalar => storage.IsScalar;

    /// <summary>The element type; meaningless when null.</summary>
    internal DType DType => storage.DType;

    /// <summary>The number of elements.</summary>
    public nint ElementCount => storage.Count;

    /// <summary>The number of axes, or −1 when the source says only how many elements there are.</summary>
    public int Rank => storage.Rank;

    /// <summary>Whether the elements lie row-major without gaps; otherwise <see cref="CopyTo(Span{byte})"/> makes them so.</summary>
    internal bool IsDense => storage.IsDense;

    /// <summary>The bytes from the first element to the end of the last, gaps included.</summary>
    internal nint ByteExtent => storage.ByteExtent;

    /// <summary>The size of an axis.</summary>
    /// <param name="axis">The axis, from 0 and below <see cref="Rank"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such axis, as where there is no shape.</exception>
    public nint GetLength(int axis) => (uint)axis < (uint)Math.Max(0, Rank) ? storage.GetLength(axis) : throw InvariantText.OutOfRange(nameof(axis), axis, $"{this} has no such axis.");

    /// <summary>Some rows of this: a part of the first axis, of which nothing is copied.</summary>
    /// <param name="start">The first of them.</param>
    /// <param name="count">How many.</param>
    /// <param name="of">How many rows there are; what is flat, and has no shape, is divided into as many of one size.</param>
    /// <returns>The rows; where null was passed, null.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There are no such rows.</exception>
    /// <exception cref="ArgumentException">There are not as many rows, or this is a single value.</exception>
    public Argument Rows(nint start, nint count, nint of) => new(storage.Rows(start, count, of));

    /// <summary>The element type and shape, for messages: "float32 [2, 3]", "float32 of 6 elements" or "null".</summary>
    public override string ToString() => storage.Display();

    /// <inheritdoc cref="Storage.TryGetShape"/>
    internal bool TryGetShape(Span<nint> lengths, out int rank) => storage.TryGetShape(lengths, out rank);

    /// <inheritdoc cref="Storage.GetReference"/>
    [UnscopedRef]
    internal ref readonly byte GetReference() => ref storage.GetReference();

    /// <inheritdoc cref="Storage.CopyTo(Span{byte})"/>
    internal void CopyTo(Span<byte> destination) => storage.CopyTo(destination);

    /// <inheritdoc cref="Storage.CopyTo(ref byte)"/>
    internal void CopyTo(ref byte destination) => storage.CopyTo(ref destination);
}
