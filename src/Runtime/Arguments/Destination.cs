using System.Runtime.CompilerServices;

namespace GraphCompiler;

/// <summary>
/// Where a caller wants an output: arrays, tensors and memory of float, double, int, long or bool convert to it by themselves. Results are written in
/// place, so a tensor must be dense. A flat array or memory has a count and takes any shape of as many elements; tensors and multi-dimensional arrays
/// have a shape, which must be the output's. It must not overlap an input or another output.
/// </summary>
public readonly partial struct Destination
{
    private readonly Storage storage;

    private Destination(Storage storage)
    {
        this.storage = storage;
    }

    /// <summary>Whether nothing was passed: default, or a null array or tensor.</summary>
    internal bool IsNull => storage.IsNull;

    /// <summary>The element type; meaningless when null.</summary>
    internal DType DType => storage.DType;

    /// <summary>The number of elements.</summary>
    internal nint ElementCount => storage.Count;

    /// <summary>The number of axes, or −1 when the source says only how many elements there are.</summary>
    internal int Rank => storage.Rank;

    /// <summary>Whether the elements lie row-major without gaps, as they must.</summary>
    internal bool IsDense => storage.IsDense;

    /// <summary>The element type and shape, for messages: "float32 [2, 3]", "float32 of 6 elements" or "null".</summary>
    public override string ToString() => storage.Display();

    /// <inheritdoc cref="Storage.GetLength"/>
    internal nint GetLength(int axis) => storage.GetLength(axis);

    /// <inheritdoc cref="Storage.TryGetShape"/>
    internal bool TryGetShape(Span<nint> lengths, out int rank) => storage.TryGetShape(lengths, out rank);

    /// <summary>The first element, to be pinned with <c>fixed</c>; a null reference when there is none.</summary>
    /// <exception cref="InvalidOperationException">The tensor is strided; whoever binds must have refused it.</exception>
    internal ref byte GetReference()
    {
        if (!storage.IsDense)
        {
            throw new InvalidOperationException("A strided tensor can't be written in place.");
        }

        // Never a scalar, so the reference is to memory that outlives this structure.
        return ref Unsafe.AsRef(in storage.GetReference());
    }

    /// <summary>Whether writing here would change what an argument reads. Gaps of a strided argument count as its own.</summary>
    internal bool Overlaps(in Argument argument) =>
        !argument.IsScalar && Overlaps(ref GetReference(), storage.ByteExtent, in argument.GetReference(), argument.ByteExtent);

    /// <summary>Whether the two share memory.</summary>
    internal bool Overlaps(in Destination other) => Overlaps(ref GetReference(), storage.ByteExtent, in other.GetReference(), other.storage.ByteExtent);

    private static bool Overlaps(ref byte first, nint firstBytes, ref readonly byte second, nint secondBytes)
    {
        if (firstBytes == 0 || secondBytes == 0)
        {
            return false;
        }

        // Both references move with the collector, together.
        var distance = Unsafe.ByteOffset(ref first, in second);
        return distance >= 0 ? distance < firstBytes : -distance < secondBytes;
    }
}
