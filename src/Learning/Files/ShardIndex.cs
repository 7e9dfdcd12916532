using System.Text.Json;

namespace GraphCompiler.Learning.Files;

/// <summary>Several safetensors files that are one, by an index that says which tensor is in which: <c>{"metadata": {…}, "weight_map": {"name": "file"}}</c>.</summary>
internal static class ShardIndex
{
    public static TensorFile Open(string path)
    {
        using (FileStream stream = File.OpenRead(path))
        {
            if (stream.Length > SafetensorsFormat.LongestHeader)
            {
                throw new InvalidDataException($"'{path}' is no index of safetensors files: it has {stream.Length} bytes, and the longest has {SafetensorsFormat.LongestHeader}.");
            }
        }

        (Dictionary<string, string> fileOf, Dictionary<string, string> metadata) = Parse(path, File.ReadAllBytes(path));
        Dictionary<string, TensorFile> shards = [];
        try
        {
            foreach (string file in fileOf.Values.Distinct())
            {
                shards.Add(file, SafetensorsFormat.Open(Path.Combine(Path.GetDirectoryName(path)!, file)));
            }

            foreach ((string name, string file) in fileOf)
            {
                if (!shards[file].TryGet(name, out _))
                {
                    throw new InvalidDataException($"'{path}' has '{name}' in '{file}', which has no such tensor.");
                }
            }

            foreach ((string file, TensorFile shard) in shards)
            {
                if (shard.Tensors.FirstOrDefault(t => fileOf.GetValueOrDefault(t.Name) != file) is { } stray)
                {
                    throw new InvalidDataException($"'{path}' does not have '{stray.Name}' in '{file}', where it is.");
                }
            }

            return new(path, [.. shards.Values.SelectMany(s => s.Tensors)], metadata, [.. shards.Values]);
        }
        catch
        {
            foreach (TensorFile shard in shards.Values)
            {
                shard.Dispose();
            }

            throw;
        }
    }

    private static (Dictionary<string, string> FileOf, Dictionary<string, string> Metadata) Parse(string path, ReadOnlySpan<byte> text)
    {
        Dictionary<string, string>? fileOf = null, metadata = null;
        JsonText.Read(path, text, (ref Utf8JsonReader json) =>
        {
            JsonText.Require(ref json, JsonTokenType.StartObject);
            while (JsonText.ReadName(ref json) is { } part)
            {
                switch (part)
                {
                    case "weight_map" when fileOf is null:
                        fileOf = ReadFiles(path, ref json);
                        break;
                    case "metadata" when metadata is null:
                        metadata = ReadMetadata(path, ref json);
                        break;
                    default:
                        throw new InvalidDataException($"'{path}' is no index of safetensors files: it has '{part}', and once each are 'metadata' and 'weight_map'.");
                }
            }
        });
        return (fileOf ?? throw new InvalidDataException($"'{path}' is no index of safetensors files: it has no 'weight_map'."), metadata ?? []);
    }

    private static Dictionary<string, string> ReadFiles(string path, ref Utf8JsonReader json)
    {
        Dictionary<string, string> fileOf = [];
        JsonText.Require(ref json, JsonTokenType.StartObject);
        while (JsonText.ReadName(ref json) is { } name)
        {
            string file = JsonText.ReadString(ref json);
            if (file is "" or "." or ".." || file.AsSpan().ContainsAny("/\\:\0"))
            {
                throw new InvalidDataException($"'{path}' has '{name}' in '{file}', and a file of an index is one of its folder, without a path.");
            }

            if (!fileOf.TryAdd(name, file))
            {
                throw new InvalidDataException($"'{path}' has '{name}' twice.");
            }
        }

        return fileOf;
    }

    /// <summary>Texts as they are, and what is no text, such as <c>total_size</c>, as JSON.</summary>
    private static Dictionary<string, string> ReadMetadata(string path, ref Utf8JsonReader json)
    {
        Dictionary<string, string> metadata = [];
        JsonText.Require(ref json, JsonTokenType.StartObject);
        while (JsonText.ReadName(ref json) is { } key)
        {
            json.Read();
            using var value = JsonDocument.ParseValue(ref json);
            if (!metadata.TryAdd(key, value.RootElement.ValueKind == JsonValueKind.String ? value.RootElement.GetString()! : value.RootElement.GetRawText()))
            {
                throw new InvalidDataException($"'{path}' has the metadata '{key}' twice.");
            }
        }

        return metadata;
    }
}
