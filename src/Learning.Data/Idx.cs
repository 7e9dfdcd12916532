using System.Buffers.Binary;
using System.IO.Compression;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace GraphCompiler.Learning.Data;

/// <summary>
/// IDX files, as MNIST's images and labels are: two zeros, a type, the number of axes, their sizes and the numbers, the highest byte first. Compressed ones (gzip) are told by their
/// first bytes.
/// </summary>
public static class Idx
{
    /// <summary>How many bytes deflate makes of one at most.</summary>
    private const int MostExpansion = 1032;

    /// <summary>Reads a file: <c>Idx.Read&lt;float&gt;("train-images-idx3-ubyte.gz")</c> [60000, 28, 28], each number as it is in the file, 0 to 255.</summary>
    /// <typeparam name="T">float, double, int or long, which must hold all numbers of the file's type.</typeparam>
    /// <param name="path">The file.</param>
    /// <exception cref="DTypeException">The file's type does not fit into <typeparamref name="T"/>.</exception>
    /// <exception cref="InvalidDataException">It is no such file, is damaged, or has more or fewer numbers than it says.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Tensor<T> Read<T>(string path)
        where T : unmanaged, INumber<T>
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string name = Path.GetFileName(path);
        using FileStream file = File.OpenRead(path);
        Span<byte> magic = stackalloc byte[2];
        bool isCompressed = file.ReadAtLeast(magic, 2, throwOnEndOfStream: false) == 2 && magic is [0x1F, 0x8B];
        file.Position = 0;
        using Stream stream = isCompressed ? new GZipStream(file, CompressionMode.Decompress) : file;
        try
        {
            return Read<T>(name, stream, isCompressed ? file.Length * MostExpansion : file.Length);
        }
        catch (EndOfStreamException)
        {
            throw new InvalidDataException($"{name} ends too early: it is no IDX file, or was cut off.");
        }
        catch (InvalidDataException e) when (!e.Message.StartsWith(name, StringComparison.Ordinal))
        {
            throw new InvalidDataException($"{name} is no gzip file, or damaged: {e.Message}", e);
        }
    }

    private static Tensor<T> Read<T>(string name, Stream stream, long most)
        where T : unmanaged, INumber<T>
    {
        byte[] header = new byte[4];
        stream.ReadExactly(header);
        if (header is not [0, 0, _, > 0 and <= 8])
        {
            throw new InvalidDataException($"{name} is no IDX file: it begins with {Convert.ToHexString(header)}, not with 0000, a type, and a number of axes from 1 to 8.");
        }

        nint[] shape = new nint[header[3]];
        long count = 1;
        for (int axis = 0; axis < shape.Length; axis++)
        {
            byte[] size = new byte[4];
            stream.ReadExactly(size);
            shape[axis] = (nint)BinaryPrimitives.ReadUInt32BigEndian(size);
            count = shape[axis] > 0 && count <= most / shape[axis] ? count * shape[axis]
                : throw new InvalidDataException($"{name} says that it has the sizes [{string.Join(", ", shape[..(axis + 1)].Select(s => $"{s}"))}{(axis + 1 < shape.Length ? ", …" : string.Empty)}], which are {(shape[axis] == 0 ? "no numbers" : "more numbers than its bytes can hold")}.");
        }

        T[] values = header[2] switch
        {
            0x08 => Read<byte, T>(name, stream, count, most),
            0x09 => Read<sbyte, T>(name, stream, count, most),
            0x0B => Read<short, T>(name, stream, count, most),
            0x0C => Read<int, T>(name, stream, count, most),
            0x0D => Read<float, T>(name, stream, count, most),
            0x0E => Read<double, T>(name, stream, count, most),
            var other => throw new InvalidDataException($"{name} is no IDX file: there is no type {other:X2}."),
        };
        return stream.ReadByte() < 0 ? Tensor.Create(values, shape) : throw new InvalidDataException($"{name} goes on behind its last number.");
    }

    /// <summary>Memory grows with what is there, not with what the file says.</summary>
    private static T[] Read<TStored, T>(string name, Stream stream, long count, long most)
        where TStored : unmanaged, INumber<TStored>
        where T : unmanaged, INumber<T>
    {
        int size = Marshal.SizeOf<TStored>();
        if (!Holds<TStored, T>())
        {
            throw new DTypeException($"{name} holds {typeof(TStored).Name}, which does not fit into {typeof(T).Name}.");
        }

        if (count > most / size || count > Array.MaxLength)
        {
            throw new InvalidDataException($"{name} says that it has {count} numbers, more than {(count > Array.MaxLength ? "an array" : "its bytes")} can hold.");
        }

        T[] values = new T[Math.Min(count, 1 << 16)];
        byte[] part = new byte[size << 12];
        for (int done = 0; done < count;)
        {
            int now = (int)Math.Min(count - done, 1 << 12);
            stream.ReadExactly(part, 0, now * size);
            if (done + now > values.Length)
            {
                Array.Resize(ref values, (int)Math.Min(count, Math.Min(2L * values.Length, Array.MaxLength)));
            }

            Widen(part.AsSpan(0, now * size), MemoryMarshal.Cast<byte, TStored>(part.AsSpan(0, now * size)), values.AsSpan(done, now));
            done += now;
        }

        return values;
    }

    private static void Widen<TStored, T>(Span<byte> bytes, Span<TStored> stored, Span<T> values)
        where TStored : unmanaged, INumber<TStored>
        where T : unmanaged, INumber<T>
    {
        int size = bytes.Length / stored.Length;
        if (BitConverter.IsLittleEndian && size > 1)
        {
            for (int start = 0; start < bytes.Length; start += size)
            {
                bytes.Slice(start, size).Reverse();
            }
        }

        for (int i = 0; i < values.Length; i++)
        {
            values[i] = T.CreateTruncating(stored[i]);
        }
    }

    /// <summary>Whether every number of one type is one of the other.</summary>
    private static bool Holds<TStored, T>()
    {
        DType to = DTypes.Of<T>();
        return typeof(TStored) == typeof(double) ? to == DType.Float64
            : typeof(TStored) == typeof(float) ? to.IsFloat()
            : typeof(TStored) != typeof(int) || to != DType.Float32;
    }
}
