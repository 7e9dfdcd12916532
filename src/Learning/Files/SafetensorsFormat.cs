using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace GraphCompiler.Learning.Files;

/// <summary>
/// Safetensors: the length of a header (8 bytes), the header as JSON, and the elements of all tensors, little-endian and row-major, which lie one behind another without
/// gaps. https://huggingface.co/docs/safetensors
/// </summary>
internal static class SafetensorsFormat
{
    public const long LongestHeader = 100_000_000;
    public const string MetadataName = "__metadata__";
    private const int LengthSize = 8;

    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Opens a file whose header is right in all it says.</summary>
    public static TensorFile Open(string path)
    {
        SafeFileHandle file = File.OpenHandle(path, share: FileShare.Read | FileShare.Delete);
        try
        {
            long length = RandomAccess.GetLength(file);
            var header = SafetensorsHeader.Parse(path, ReadHeader(path, file, length, out long begin), length - begin);
            return new(
                path,
                [.. header.Tensors.Select(t => new StoredTensor(path, t.Name, t.Type, t.Type.Safetensors!, t.Sizes, new Lock(), () => Elements(begin + t.Begin, begin + t.End)))],
                header.Metadata,
                file);
        }
        catch
        {
            file.Dispose();
            throw;
        }

        RangeStream Elements(long from, long to) =>
            RandomAccess.GetLength(file) >= to ? new(file, from, to - from) : throw new EndOfStreamException("The file has become shorter since it was opened.");
    }

    /// <summary>
    /// What writes a file of tensors of different names. Large elements come first, so that all lie aligned, and equal ones by their names, as in files of the reference implementation.
    /// </summary>
    public static Action<Stream> Writer(TensorSource[] tensors, IReadOnlyDictionary<string, string> metadata)
    {
        if (Array.Find(tensors, t => t.Name == MetadataName) is not null)
        {
            throw new ArgumentException($"No tensor of a safetensors file can be called '{MetadataName}'.", nameof(tensors));
        }

        TensorSource[] ordered = [.. tensors.OrderByDescending(t => StoredType.Of(t.DType).Rank).ThenBy(t => t.Name, StringComparer.Ordinal)];
        byte[] header = HeaderOf(ordered, metadata);
        return stream =>
        {
            Span<byte> length = stackalloc byte[LengthSize];
            BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
            stream.Write(length);
            stream.Write(header);
            Array.ForEach(ordered, t => t.CopyTo(stream));
        };
    }

    private static byte[] ReadHeader(string path, SafeFileHandle file, long fileLength, out long end)
    {
        Span<byte> prefix = stackalloc byte[LengthSize];
        if (fileLength < LengthSize)
        {
            throw new InvalidDataException($"'{path}' is no safetensors file: it has {fileLength} bytes, and the length of the header alone takes {LengthSize}.");
        }

        new RangeStream(file, 0, LengthSize).ReadExactly(prefix);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > LongestHeader)
        {
            throw new InvalidDataException($"'{path}' is no safetensors file: its first {LengthSize} bytes say that a header of {length} bytes follows, and the longest has {LongestHeader}.");
        }

        end = LengthSize + (long)length;
        if (end > fileLength)
        {
            throw new InvalidDataException($"'{path}' is no safetensors file, or cut off: its header should have {length} bytes, and {fileLength - LengthSize} are left.");
        }

        byte[] header = new byte[length];
        new RangeStream(file, LengthSize, header.Length).ReadExactly(header);
        return header;
    }

    private static byte[] HeaderOf(TensorSource[] tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header, Json))
        {
            json.WriteStartObject();
            if (metadata.Count > 0)
            {
                json.WriteStartObject(MetadataName);
                foreach ((string key, string value) in metadata.OrderBy(m => m.Key, StringComparer.Ordinal))
                {
                    json.WriteString(key, value);
                }

                json.WriteEndObject();
            }

            long offset = 0;
            foreach (TensorSource tensor in tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", StoredType.Of(tensor.DType).Safetensors);
                json.WriteStartArray("shape");
                Array.ForEach(tensor.Sizes, json.WriteNumberValue);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += tensor.ByteCount);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        while (header.Length % LengthSize != 0)
        {
            header.WriteByte((byte)' ');
        }

        return header.Length <= LongestHeader ? header.ToArray()
            : throw new ArgumentException($"The names, shapes and metadata of {tensors.Length} tensors take {header.Length} bytes, and the longest header of a safetensors file has {LongestHeader}.", nameof(tensors));
    }
}
