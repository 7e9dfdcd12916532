using System.Buffers;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GraphCompiler.Arguments;

/// <summary>
/// Where a caller's elements are, in 32 bytes and without boxing: the common inside of <see cref="Argument"/> and <see cref="Destination"/>.
/// Memory is taken apart into the array or memory manager behind it. A null array is kept as such, so that whoever binds can name the input.
/// </summary>
internal readonly unsafe struct Storage
{
    private readonly object? owner;
    private readonly nint count;

    // A scalar's value, in its first bytes; otherwise the offset of the first element: of a manager in elements, else in bytes.
    private readonly ulong bits;

    // Of some rows of what has a shape, one more than there are; 0 for all.
    private readonly int rows;
    private readonly Kind kind;
    private readonly byte type;
    private readonly bool isStrided;

    private Storage(Kind kind, DType dtype, object? owner, nint count, ulong bits = 0, bool isStrided = false, int rows = 0)
    {
        this.kind = kind;
        type = (byte)dtype;
        this.owner = owner;
        this.count = count;
        this.bits = bits;
        this.isStrided = isStrided;
        this.rows = rows;
    }

    private enum Kind : byte
    {
        Null,
        Scalar,
        Flat,
        MultiDimensional,
        Manager,
        Tensor,
    }

    /// <summary>Whether nothing was passed: default, or a null array or tensor.</summary>
    public bool IsNull => kind == Kind.Null;

    /// <summary>Whether this is a single value rather than memory.</summary>
    public bool IsScalar => kind == Kind.Scalar;

    /// <summary>The element type; meaningless for default.</summary>
    public DType DType => (DType)type;

    /// <summary>The number of elements.</summary>
    public nint Count => count;

    /// <summary>Whether the elements lie row-major without gaps; always when there is at most one.</summary>
    public bool IsDense => !isStrided;

    /// <summary>The number of axes, or −1 when the source says only how many elements there are.</summary>
    public int Rank => kind switch
    {
        Kind.Scalar => 0,
        Kind.MultiDimensional => Unsafe.As<Array>(owner!).Rank,

        // Tensor<T>.Empty has rank 0 and no element: no shape of ours.
        Kind.Tensor when ((IReadOnlyTensor)owner!).Rank is var rank and > 0 => rank,
        _ => -1,
    };

    /// <summary>The bytes from the first element to the end of the last, gaps included.</summary>
    public nint ByteExtent
    {
        get
        {
            if (!isStrided)
            {
                return count * DType.Size();
            }

            Span<nint> lengths = stackalloc nint[Rank];
            TryGetShape(lengths, out _);
            return StridedCopy.Extent(lengths, ((IReadOnlyTensor)owner!).Strides) * DType.Size();
        }
    }

    public static Storage OfScalar<T>(T value)
        where T : unmanaged
    {
        ulong bits = 0;
        Unsafe.As<ulong, T>(ref bits) = value;
        return new Storage(Kind.Scalar, DTypes.Of<T>(), null, 1, bits);
    }

    public static Storage OfArray<T>(T[]? array)
        where T : unmanaged =>
        new(array is null ? Kind.Null : Kind.Flat, DTypes.Of<T>(), array, array?.Length ?? 0);

    public static Storage OfMultiDimensional<T>(Array? array)
        where T : unmanaged =>
        new(array is null ? Kind.Null : Kind.MultiDimensional, DTypes.Of<T>(), array, array is null ? 0 : (nint)array.LongLength);

    public static Storage OfTensor<T>(Tensor<T>? tensor)
        where T : unmanaged
    {
        if (tensor is null)
        {
            return new Storage(Kind.Null, DTypes.Of<T>(), null, 0);
        }

        // System.Numerics.Tensors calls empty slices strided.
        var length = tensor.FlattenedLength;
        return new Storage(Kind.Tensor, DTypes.Of<T>(), tensor, length, isStrided: length > 1 && !tensor.IsDense);
    }

    public static Storage OfMemory<T>(ReadOnlyMemory<T> memory)
        where T : unmanaged
    {
        if (MemoryMarshal.TryGetArray(memory, out var segment))
        {
            return new Storage(Kind.Flat, DTypes.Of<T>(), segment.Array ?? [], segment.Count, (ulong)segment.Offset * (ulong)sizeof(T));
        }

        return MemoryMarshal.TryGetMemoryManager<T, MemoryManager<T>>(memory, out var manager, out var start, out var length)
            ? new Storage(Kind.Manager, DTypes.Of<T>(), manager, length, (ulong)start)
            : throw new UnreachableException("Memory is an array or a memory manager.");
    }

    /// <summary>Some rows: a part of the first axis, in the same memory.</summary>
    /// <param name="start">The first.</param>
    /// <param name="length">How many.</param>
    /// <param name="of">How many there are, into which what has no shape is divided.</param>
    /// <exception cref="ArgumentException">There are not as many, or a value has none.</exception>
    public Storage Rows(nint start, nint length, nint of)
    {
        if (IsNull)
        {
            return this;
        }

        if (of < 0)
        {
            throw InvariantText.OutOfRange(nameof(of), of, "A number of rows is at least 0.");
        }

        if (start < 0 || length < 0 || start > of - length)
        {
            throw InvariantText.OutOfRange(nameof(start), start, $"There are no {InvariantText.Count(length, "row")} from row {start} on among {of}.");
        }

        if (IsScalar || (Rank < 0 ? (of == 0 ? count != 0 : count % of != 0) : GetLength(0) != of))
        {
            throw new ArgumentException($"{Display()} has not {InvariantText.Count(of, "row")}{(Rank < 0 ? " of one size" : string.Empty)}.", nameof(of));
        }

        nint size = of == 0 ? 0 : count / of;
        nint stride = isStrided ? ((IReadOnlyTensor)owner!).Strides[0] : size;
        ulong offset = bits + ((ulong)(start * stride) * (kind == Kind.Manager ? 1 : (ulong)DType.Size()));
        return new Storage(kind, DType, owner, size * length, offset, isStrided && size * length > 1, Rank < 0 ? 0 : checked((int)length + 1));
    }

    /// <summary>The size of an axis below <see cref="Rank"/>.</summary>
    public nint GetLength(int axis) =>
        axis == 0 && rows > 0 ? rows - 1
        : kind == Kind.Tensor ? ((IReadOnlyTensor)owner!).Lengths[axis]
        : kind == Kind.MultiDimensional ? Unsafe.As<Array>(owner!).GetLength(axis)
        : throw InvariantText.OutOfRange(nameof(axis), axis, "There is no such axis.");

    /// <summary>Writes the sizes, if the source has a shape. A scalar's rank is 0.</summary>
    /// <param name="lengths">Room for the sizes.</param>
    /// <param name="rank">How many sizes there are; −1 without a shape.</param>
    /// <returns>Whether the source has a shape, rather than only a count.</returns>
    /// <exception cref="ArgumentException">There is no room for the sizes.</exception>
    public bool TryGetShape(Span<nint> lengths, out int rank)
    {
        rank = Rank;
        if (rank > lengths.Length)
        {
            throw new ArgumentException($"{InvariantText.Count(rank, "size")} cannot fit into {lengths.Length}.", nameof(lengths));
        }

        for (var axis = 0; axis < rank; axis++)
        {
            lengths[axis] = GetLength(axis);
        }

        return rank >= 0;
    }

    /// <summary>
    /// The first element, to be pinned with <c>fixed</c>; a null reference when there is none. A scalar's is inside this structure, hence its lifetime.
    /// </summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref byte GetReference()
    {
        // Vectors lay out alike whatever their elements are, and this spares a look at the element size.
        if (kind == Kind.Flat && count != 0)
        {
            return ref Unsafe.AddByteOffset(ref MemoryMarshal.GetArrayDataReference(Unsafe.As<byte[]>(owner!)), (nint)bits);
        }

        return ref GetOtherReference();
    }

    /// <summary>Copies every element, dense and row-major.</summary>
    /// <param name="destination">Room for <see cref="Count"/> elements, in bytes.</param>
    /// <exception cref="ArgumentException">There is no room.</exception>
    public void CopyTo(Span<byte> destination)
    {
        if (destination.Length / DType.Size() < count)
        {
            throw new ArgumentException($"{InvariantText.Count(count, "element")} of {DType.Display()} cannot fit into {destination.Length} bytes.", nameof(destination));
        }

        CopyTo(ref MemoryMarshal.GetReference(destination));
    }

    /// <summary>Copies every element, dense and row-major, to where the caller knows that there is room.</summary>
    /// <param name="destination">The first byte, aligned as elements are.</param>
    public void CopyTo(ref byte destination)
    {
        if (count == 0)
        {
            return;
        }

        if (!isStrided)
        {
            Copy(ref GetReference(), ref destination, count * DType.Size());
            return;
        }

        var tensor = (IReadOnlyTensor)owner!;
        Span<nint> lengths = stackalloc nint[Rank];
        TryGetShape(lengths, out _);
        switch (DType.Size())
        {
            case sizeof(int):
                CopyStrided<int>(tensor, lengths, ref destination);
                break;
            case sizeof(long):
                CopyStrided<long>(tensor, lengths, ref destination);
                break;
            case sizeof(byte):
                CopyStrided<byte>(tensor, lengths, ref destination);
                break;
            default:
                throw DTypes.Unexpected(DType);
        }
    }

    /// <summary>For messages: float32 [2, 3], float32 of 6 elements, or null.</summary>
    public string Display()
    {
        if (IsNull)
        {
            return "null";
        }

        if (Rank < 0)
        {
            return $"{DType.Display()} of {InvariantText.Count(count, "element")}";
        }

        var lengths = new nint[Rank];
        TryGetShape(lengths, out _);
        return $"{DType.Display()} {Sizes.Display(lengths)}";
    }

    private static void Copy(ref byte source, ref byte destination, nint byteCount)
    {
        while (byteCount > 0)
        {
            var part = (int)Math.Min(byteCount, 1 << 30);
            MemoryMarshal.CreateReadOnlySpan(ref source, part).CopyTo(MemoryMarshal.CreateSpan(ref destination, part));
            source = ref Unsafe.Add(ref source, part);
            destination = ref Unsafe.Add(ref destination, part);
            byteCount -= part;
        }
    }

    private void CopyStrided<T>(IReadOnlyTensor tensor, ReadOnlySpan<nint> lengths, ref byte destination)
        where T : unmanaged =>
        StridedCopy.ToDense(in Unsafe.As<byte, T>(ref GetReference()), ref Unsafe.As<byte, T>(ref destination), lengths, tensor.Strides);

    [UnscopedRef]
    private ref byte GetOtherReference()
    {
        if (count == 0)
        {
            return ref Unsafe.NullRef<byte>();
        }

        switch (kind)
        {
            case Kind.Scalar:
                return ref Unsafe.As<ulong, byte>(ref Unsafe.AsRef(in bits));
            case Kind.MultiDimensional:
                return ref Unsafe.AddByteOffset(ref MemoryMarshal.GetArrayDataReference(Unsafe.As<Array>(owner!)), (nint)bits);
            default:
                return ref GetTypedReference();
        }
    }

    private ref byte GetTypedReference()
    {
        switch (DType)
        {
            case DType.Float32:
                return ref GetTypedReference<float>();
            case DType.Float64:
                return ref GetTypedReference<double>();
            case DType.Int32:
                return ref GetTypedReference<int>();
            case DType.Int64:
                return ref GetTypedReference<long>();
            case DType.Bool:
                return ref GetTypedReference<bool>();
            default:
                throw DTypes.Unexpected(DType);
        }
    }

    private ref byte GetTypedReference<T>()
        where T : unmanaged
    {
        ref var first = ref kind == Kind.Tensor
            ? ref Unsafe.AddByteOffset(ref Unsafe.As<Tensor<T>>(owner!).GetPinnableReference(), (nint)bits)
            : ref MemoryMarshal.GetReference(Unsafe.As<MemoryManager<T>>(owner!).GetSpan()[(int)bits..]);
        return ref Unsafe.As<T, byte>(ref first);
    }
}
