using System.Text.Json;

namespace GraphCompiler.Learning.Files;

/// <summary>What the header of a safetensors file says, all of it checked.</summary>
internal sealed class SafetensorsHeader
{
    /// <summary>More axes than any tensor has, and fewer than would take more memory than the file.</summary>
    private const int MostAxes = 64;

    private readonly string path;
    private readonly HashSet<string> names = [];
    private readonly List<Entry> tensors = [];
    private Dictionary<string, string>? metadata;

    private SafetensorsHeader(string path) => this.path = path;

    /// <summary>The tensors, in the order in which they lie.</summary>
    public IReadOnlyList<Entry> Tensors => tensors;

    public IReadOnlyDictionary<string, string> Metadata => metadata ?? [];

    /// <summary>Reads a header.</summary>
    /// <param name="path">The file, for errors.</param>
    /// <param name="json">The header.</param>
    /// <param name="dataLength">How many bytes follow it.</param>
    /// <exception cref="InvalidDataException">It is wrong.</exception>
    public static SafetensorsHeader Parse(string path, ReadOnlySpan<byte> json, long dataLength)
    {
        var header = new SafetensorsHeader(path);
        if (json.IsEmpty || json[0] != '{')
        {
            throw header.Wrong("begins with no '{'");
        }

        JsonText.Read(path, json, header.ReadAll);
        header.tensors.Sort((a, b) => (a.Begin, a.End).CompareTo((b.Begin, b.End)));
        header.RequireTiling(dataLength);
        return header;
    }

    private void ReadAll(ref Utf8JsonReader json)
    {
        JsonText.Require(ref json, JsonTokenType.StartObject);
        while (JsonText.ReadName(ref json) is { } name)
        {
            if (!names.Add(name))
            {
                throw Wrong($"has '{name}' twice");
            }

            if (name == SafetensorsFormat.MetadataName)
            {
                metadata = ReadMetadata(ref json);
            }
            else
            {
                tensors.Add(ReadTensor(ref json, name));
            }
        }
    }

    private Dictionary<string, string> ReadMetadata(ref Utf8JsonReader json)
    {
        Dictionary<string, string> read = [];
        JsonText.Require(ref json, JsonTokenType.StartObject);
        while (JsonText.ReadName(ref json) is { } key)
        {
            if (!read.TryAdd(key, JsonText.ReadString(ref json)))
            {
                throw Wrong($"has the metadata '{key}' twice");
            }
        }

        return read;
    }

    private Entry ReadTensor(ref Utf8JsonReader json, string name)
    {
        StoredType? type = null;
        long[]? sizes = null, offsets = null;
        JsonText.Require(ref json, JsonTokenType.StartObject);
        while (JsonText.ReadName(ref json) is { } field)
        {
            switch (field)
            {
                case "dtype" when type is null:
                    string dtype = JsonText.ReadString(ref json);
                    type = StoredType.OfSafetensors(dtype) ?? throw Wrong($"gives '{name}' the dtype '{dtype}', which is not known");
                    break;
                case "shape" when sizes is null:
                    sizes = ReadNumbers(ref json, name, MostAxes);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadNumbers(ref json, name, 2);
                    break;
                default:
                    throw Wrong($"says of '{name}' '{field}'{(field is "dtype" or "shape" or "data_offsets" ? " twice" : ", which is not known")}");
            }
        }

        if (type is null || sizes is null || offsets is null)
        {
            throw Wrong($"does not say the {(type is null ? "dtype" : sizes is null ? "shape" : "data_offsets")} of '{name}'");
        }

        if (offsets is not [var begin, var end] || begin > end)
        {
            throw Wrong($"gives '{name}' data_offsets [{string.Join(", ", offsets.Select(o => $"{o}"))}], and they are two, of which the second is no smaller");
        }

        return type.BytesOf(sizes) == end - begin ? new(name, type, sizes, begin, end)
            : throw Wrong($"gives '{name}' {end - begin} bytes, and {type.Safetensors}[{string.Join(", ", sizes.Select(s => $"{s}"))}] has {(type.BytesOf(sizes) is { } bytes ? $"{bytes}" : "no number of bytes that could be")}");
    }

    private long[] ReadNumbers(ref Utf8JsonReader json, string name, int most)
    {
        List<long> numbers = [];
        JsonText.Require(ref json, JsonTokenType.StartArray);
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (json.TokenType != JsonTokenType.Number || !json.TryGetInt64(out long number) || number < 0 || numbers.Count == most)
            {
                throw Wrong($"gives '{name}' a shape or offsets that are no whole numbers of at least 0, or too many of them");
            }

            numbers.Add(number);
        }

        return [.. numbers];
    }

    /// <summary>Refuses gaps between tensors, tensors that overlap, and bytes of none.</summary>
    private void RequireTiling(long dataLength)
    {
        long end = 0;
        foreach (Entry tensor in tensors)
        {
            if (tensor.Begin != end)
            {
                throw Wrong($"has '{tensor.Name}' begin at {tensor.Begin}, {(tensor.Begin < end ? "within the tensor before it, which ends" : "and the tensor before it ends")} at {end}");
            }

            end = tensor.End;
        }

        if (end != dataLength)
        {
            throw Wrong($"has tensors of {end} bytes, and {dataLength} follow it{(end > dataLength ? ": the file is cut off" : string.Empty)}");
        }
    }

    private InvalidDataException Wrong(string fault) => new($"'{path}' is no safetensors file, or damaged: its header {fault}.");

    /// <summary>A tensor: where its bytes begin and end after the header.</summary>
    internal sealed record Entry(string Name, StoredType Type, long[] Sizes, long Begin, long End);
}
