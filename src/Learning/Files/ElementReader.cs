using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace GraphCompiler.Learning.Files;

/// <summary>The elements of a tensor in a file, whose gate is held, from the first to the last, row-major, as its dtype has them.</summary>
/// <param name="tensor">The tensor, whose dtype is not null.</param>
/// <param name="stored">Its bytes in the file.</param>
internal sealed class ElementReader(StoredTensor tensor, Stream stored) : IDisposable
{
    private const int ChunkSize = 1 << 16;

    private long left = tensor.ByteCount;

    /// <summary>Whether all have been read.</summary>
    public bool IsAtEnd => left == 0;

    /// <summary>Reads the next elements.</summary>
    /// <param name="elements">What becomes of whole elements.</param>
    /// <exception cref="InvalidDataException">The file ends before, is damaged, or has a bool that is none.</exception>
    public void Read(Span<byte> elements)
    {
        try
        {
            if (tensor.Type.Widen is null && !tensor.IsBigEndian)
            {
                stored.ReadExactly(elements);
            }
            else
            {
                Convert(elements);
            }
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw tensor.Damaged(e);
        }

        left -= elements.Length;
        if (tensor.DType == DType.Bool && elements.IndexOfAnyExceptInRange<byte>(0, 1) is >= 0 and var at)
        {
            throw tensor.Damaged($"a bool is 0 or 1, and one is {elements[at]}");
        }
    }

    public void Dispose()
    {
        stored.Dispose();
        tensor.Gate.Exit();
    }

    /// <summary>Turns bytes of an element round.</summary>
    public static void Reverse(Span<byte> elements, int size)
    {
        switch (size)
        {
            case 2:
                Span<ushort> shorts = MemoryMarshal.Cast<byte, ushort>(elements);
                BinaryPrimitives.ReverseEndianness(shorts, shorts);
                break;
            case 4:
                Span<uint> ints = MemoryMarshal.Cast<byte, uint>(elements);
                BinaryPrimitives.ReverseEndianness(ints, ints);
                break;
            case 8:
                Span<ulong> longs = MemoryMarshal.Cast<byte, ulong>(elements);
                BinaryPrimitives.ReverseEndianness(longs, longs);
                break;
        }
    }

    private void Convert(Span<byte> elements)
    {
        int size = tensor.Type.Size, width = tensor.DType!.Value.Size();
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(ChunkSize, (long)elements.Length / width * size));
        try
        {
            while (elements.Length > 0)
            {
                int count = Math.Min(buffer.Length / size, elements.Length / width);
                Span<byte> chunk = buffer.AsSpan(0, count * size);
                stored.ReadExactly(chunk);
                if (tensor.IsBigEndian)
                {
                    Reverse(chunk, size);
                }

                if (tensor.Type.Widen is { } widen)
                {
                    widen(chunk, elements[..(count * width)]);
                }
                else
                {
                    chunk.CopyTo(elements);
                }

                elements = elements[(count * width)..];
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
