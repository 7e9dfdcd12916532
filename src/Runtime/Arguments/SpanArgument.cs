using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GraphCompiler.Arguments;

/// <summary>
/// An argument or destination of a typed delegate on its way to be pinned: a span of elements with a shape if its source has one. Made by
/// generated code, so that spans, which nothing on the heap may hold, take the same way as arrays and tensors.
/// </summary>
internal readonly ref struct SpanArgument
{
    private const int ShapeFlag = 0x100;
    private const int NullFlag = 0x200;
    private const int StridedFlag = 0x400;

    // An array of several axes knows its sizes as ints. Arrays that come again find theirs.
    private static readonly ConditionalWeakTable<Array, nint[]> LengthsOf = [];

    private readonly ref readonly byte reference;
    private readonly ReadOnlySpan<nint> lengths;

    private SpanArgument(DType dtype, ref readonly byte reference, nint count, ReadOnlySpan<nint> lengths, bool hasShape, bool isNull = false)
    {
        this.reference = ref reference;
        this.lengths = lengths;
        Count = count;
        Kind = (int)dtype | (hasShape ? ShapeFlag : 0) | (isNull ? NullFlag : 0);
    }

    /// <summary>The dtype and all flags as one number.</summary>
    public int Kind { get; private init; }

    public DType DType => (DType)(Kind & 0xFF);

    public nint Count { get; }

    public bool HasShape => (Kind & ShapeFlag) != 0;

    public bool IsNull => (Kind & NullFlag) != 0;

    /// <summary>Whether a tensor to be written has gaps.</summary>
    public bool IsStrided => (Kind & StridedFlag) != 0;

    public ReadOnlySpan<nint> Lengths => lengths;

    public nint Bytes => Count * DType.Size();

    /// <summary>The first element's reference, to be pinned.</summary>
    public ref readonly byte Reference => ref reference;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SpanArgument FromSpan<T>(ReadOnlySpan<T> span)
        where T : unmanaged => new(DTypes.Of<T>(), ref First(span), span.Length, default, hasShape: false);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SpanArgument FromWritableSpan<T>(Span<T> span)
        where T : unmanaged => FromSpan((ReadOnlySpan<T>)span);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SpanArgument FromArray<T>(T[]? array)
        where T : unmanaged => array is null ? Null<T>() : FromSpan<T>(array);

    public static SpanArgument FromMultiDimensional<T>(Array? array)
        where T : unmanaged => array is null ? Null<T>()
            : new(DTypes.Of<T>(), ref MemoryMarshal.GetArrayDataReference(array), (nint)array.LongLength, LengthsOf.GetValue(array, SizesOf), hasShape: true);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SpanArgument FromMemory<T>(Memory<T> memory)
        where T : unmanaged => FromSpan<T>(memory.Span);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SpanArgument FromReadOnlyMemory<T>(ReadOnlyMemory<T> memory)
        where T : unmanaged => FromSpan(memory.Span);

    /// <summary>A single value, boxed into an array: rank 0.</summary>
    public static SpanArgument FromScalar<T>(T value)
        where T : unmanaged => new(DTypes.Of<T>(), ref First<T>(new T[] { value }), 1, default, hasShape: true);

    /// <summary>A tensor; one that is not dense is copied.</summary>
    public static SpanArgument FromTensor<T>(System.Numerics.Tensors.Tensor<T>? tensor)
        where T : unmanaged
    {
        if (tensor is null)
        {
            return Null<T>();
        }

        Storage storage = Storage.OfTensor(tensor);
        if (!storage.IsDense)
        {
            T[] copy = Allocation.ArrayOf<T>(Sizes.Count(tensor.Lengths));
            storage.CopyTo(MemoryMarshal.AsBytes(copy.AsSpan()));
            return new SpanArgument(DTypes.Of<T>(), ref First<T>(copy), copy.Length, tensor.Lengths, hasShape: true);
        }

        // The reference is to the tensor's array, which outlives the structure that found it.
        return new SpanArgument(DTypes.Of<T>(), ref Unsafe.AsRef(in storage.GetReference()), storage.Count, tensor.Lengths, hasShape: true);
    }

    /// <summary>A tensor to be written; one that is not dense is marked, for nothing may be written to a copy.</summary>
    public static SpanArgument FromWritableTensor<T>(System.Numerics.Tensors.Tensor<T>? tensor)
        where T : unmanaged
    {
        SpanArgument argument = FromTensor(tensor);
        return tensor is null || Storage.OfTensor(tensor).IsDense ? argument : argument with { Kind = argument.Kind | StridedFlag };
    }

    /// <summary>Called behind a call, keeps the owner of memory until then.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void KeepAlive<T>(Memory<T> memory) => KeepReadOnlyAlive<T>(memory);

    /// <inheritdoc cref="KeepAlive"/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void KeepReadOnlyAlive<T>(ReadOnlyMemory<T> memory) => _ = memory.Length;

    /// <summary>A place that no argument takes.</summary>
    public static SpanArgument None() => Null<bool>();

    private static nint[] SizesOf(Array array) => [.. Enumerable.Range(0, array.Rank).Select(axis => (nint)array.GetLength(axis))];

    private static SpanArgument Null<T>() => new(DTypes.Of<T>(), ref Unsafe.NullRef<byte>(), 0, default, hasShape: false, isNull: true);

    private static ref byte First<T>(ReadOnlySpan<T> span)
        where T : unmanaged => ref Unsafe.As<T, byte>(ref MemoryMarshal.GetReference(span));
}
