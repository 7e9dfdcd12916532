using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using GraphCompiler.Learning.Files;

namespace GraphCompiler.Learning;

/// <summary>A tensor in a file: what it is of is known, its values are read when they are asked for. Types that are narrower than any <see cref="GraphCompiler.DType"/> are widened then.</summary>
public sealed class StoredTensor
{
    private const int ChunkSize = 1 << 16;

    private readonly Func<Stream> open;

    /// <summary>A tensor whose bytes are surely in the file.</summary>
    /// <param name="file">The path of the file that holds it.</param>
    /// <param name="name">Its name.</param>
    /// <param name="type">How its elements are stored.</param>
    /// <param name="storedAs">What the file calls that.</param>
    /// <param name="sizes">The sizes of its axes.</param>
    /// <param name="gate">What is held while it is read.</param>
    /// <param name="open">Its bytes.</param>
    internal StoredTensor(string file, string name, StoredType type, string storedAs, long[] sizes, Lock gate, Func<Stream> open)
    {
        (File, Name, Type, StoredAs, Sizes, Gate, this.open) = (file, name, type, storedAs, sizes, gate, open);
        Shape = Shape.Create([.. sizes.Select(Dim.Of)]);
    }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>What the file calls its element type, such as <c>F16</c> (safetensors) or <c>&lt;f2</c> (NumPy).</summary>
    public string StoredAs { get; }

    /// <summary>
    /// The element type that it is read as: the file's, or the narrowest that has all its values: float32 for float16 and bfloat16, int32 for integers of 8 and 16 bits,
    /// int64 for unsigned ones of 32. Null where there is none such (8-bit floats, complex numbers, unsigned integers of 64 bits): then it cannot be read.
    /// </summary>
    public DType? DType => Type.DType;

    /// <summary>Whether <see cref="DType"/> is wider than what is stored.</summary>
    public bool IsWidened => Type.Widen is not null;

    /// <summary>The sizes of the axes.</summary>
    public Shape Shape { get; }

    /// <summary>The number of bytes that the elements take once they are read; 0 where they cannot be.</summary>
    public long ByteCount => ElementCount * (DType?.Size() ?? 0);

    internal StoredType Type { get; }

    internal bool IsBigEndian { get; init; }

    /// <summary>Whether it is stored with the first axis innermost.</summary>
    internal bool IsColumnMajor { get; init; }

    /// <summary>Whether what its bytes are may turn out to be wrong when they are read, as those of a bool may, or what is compressed.</summary>
    private bool MayBeDamaged => IsChecked || DType == GraphCompiler.DType.Bool;

    /// <summary>Whether its bytes are compressed, or have a checksum.</summary>
    internal bool IsChecked { get; init; }

    internal Lock Gate { get; }

    private string File { get; }

    private long[] Sizes { get; }

    private long ElementCount => Sizes.Aggregate(1L, (product, size) => product * size);

    /// <summary>Its values, row-major.</summary>
    /// <exception cref="DTypeException">No dtype has all values of the file's, see <see cref="DType"/>.</exception>
    /// <exception cref="SizeException">They are more bytes than an array may have.</exception>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public ParameterValues ToValues()
    {
        DType dtype = RequireDType();
        byte[] bytes = GC.AllocateUninitializedArray<byte>(LengthOf(ByteCount));
        Read(bytes);
        return new(dtype, Shape, bytes);
    }

    /// <summary>Its values as a tensor; of a scalar one of shape [1].</summary>
    /// <typeparam name="T">The C# type of <see cref="DType"/>.</typeparam>
    /// <exception cref="DTypeException">The dtype is not that of <typeparamref name="T"/>, or there is none.</exception>
    /// <exception cref="SizeException">There are more elements than an array may have, or more bytes than a span.</exception>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public Tensor<T> ToTensor<T>()
        where T : unmanaged
    {
        DType asked = DTypes.Of<T>();
        if (RequireDType() is var dtype && dtype != asked)
        {
            throw new DTypeException($"{this} has elements of {dtype.Display()} and cannot be read as a tensor of {asked.Display()}.");
        }

        T[] elements = GC.AllocateUninitializedArray<T>(LengthOf(ByteCount) / dtype.Size());
        Read(MemoryMarshal.AsBytes(elements.AsSpan()));
        return Tensor.Create(elements, Sizes.Length == 0 ? [1] : [.. Sizes.Select(s => checked((nint)s))]);
    }

    /// <summary>Its name, how it is stored and its shape, such as <c>'fc.weight' (F16[2, 3])</c> and the file.</summary>
    public override string ToString() => $"'{Name}' ({StoredAs}{Shape}) of {File}";

    /// <summary>The elements one after another.</summary>
    internal ElementReader Open()
    {
        RequireDType();
        Gate.Enter();
        try
        {
            return new(this, IsColumnMajor && Sizes.Length > 1 ? OpenRowMajor() : open());
        }
        catch (Exception e)
        {
            Gate.Exit();
            if (e is InvalidDataException or EndOfStreamException)
            {
                throw Damaged(e);
            }

            throw;
        }
    }

    /// <summary>Finds what there is to be found wrong: that the file has become too short for it; and where its bytes may be wrong, reads them all and throws the values away.</summary>
    internal void Verify()
    {
        using ElementReader reader = Open();
        if (!MayBeDamaged)
        {
            return;
        }

        byte[] chunk = new byte[Math.Min(ByteCount, ChunkSize)];
        for (long left = ByteCount; left > 0; left -= chunk.Length)
        {
            reader.Read(chunk.AsSpan(0, (int)Math.Min(left, chunk.Length)));
        }
    }

    /// <summary>Whether another tensor of the same dtype and shape has the same values, bit by bit.</summary>
    internal bool HasValuesOf(StoredTensor other)
    {
        using ElementReader reader = Open(), otherReader = other.Open();
        Span<byte> chunk = new byte[Math.Min(ByteCount, ChunkSize)], otherChunk = new byte[chunk.Length];
        for (long left = ByteCount; left > 0; left -= chunk.Length)
        {
            int count = (int)Math.Min(left, chunk.Length);
            reader.Read(chunk[..count]);
            otherReader.Read(otherChunk[..count]);
            if (!chunk[..count].SequenceEqual(otherChunk[..count]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The error of bytes that are not what the file says.</summary>
    internal InvalidDataException Damaged(string fault, Exception? inner = null) => new($"{this} cannot be read: {fault.TrimEnd('.')}.", inner);

    /// <inheritdoc cref="Damaged(string, Exception)"/>
    internal InvalidDataException Damaged(Exception inner) => Damaged(inner is EndOfStreamException ? "the file ends within it" : inner.Message, inner);

    /// <summary>What it is read as.</summary>
    /// <exception cref="DTypeException">No dtype has all its values.</exception>
    internal DType RequireDType() => DType ?? throw new DTypeException(StoredAs == "|O"
        ? $"{this} is made of Python objects, which are pickled, and to unpickle what others wrote is to run it; save it as numbers."
        : $"{this} has elements that no dtype can hold: read are bools, floats of 16, 32 and 64 bits, and integers of up to 64 bits but unsigned ones of 64.");

    private void Read(Span<byte> elements)
    {
        using ElementReader reader = Open();
        reader.Read(elements);
    }

    private int LengthOf(long bytes) => bytes <= Array.MaxLength ? (int)bytes
        : throw new SizeException($"{this} has {bytes} bytes, more than an array may have ({Array.MaxLength}).");

    /// <summary>The bytes of a column-major tensor in row-major order.</summary>
    private MemoryStream OpenRowMajor()
    {
        int size = Type.Size;
        byte[] stored = new byte[LengthOf(ElementCount * size)];
        using (Stream stream = open())
        {
            stream.ReadExactly(stored);
        }

        byte[] elements = new byte[stored.Length];
        long[] index = new long[Sizes.Length], strides = new long[Sizes.Length];
        long stride = size;
        for (int axis = 0; axis < strides.Length; axis++)
        {
            strides[axis] = stride;
            stride *= Sizes[axis];
        }

        long from = 0;
        for (int to = 0; to < elements.Length; to += size)
        {
            stored.AsSpan((int)from, size).CopyTo(elements.AsSpan(to));
            for (int axis = index.Length - 1; axis >= 0; axis--)
            {
                from += strides[axis];
                if (++index[axis] < Sizes[axis])
                {
                    break;
                }

                from -= strides[axis] * Sizes[axis];
                index[axis] = 0;
            }
        }

        return new(elements, writable: false);
    }
}
