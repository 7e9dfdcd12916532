using System.Diagnostics.CodeAnalysis;
using GraphCompiler.Learning.Files;

namespace GraphCompiler.Learning;

/// <summary>
/// Named tensors in a file: safetensors, one file or several with an index, or npz. What there is is known once it is open, values are read when they are asked for. No
/// file is trusted: what its header says is checked against what there is before anything is read or allocated.
/// </summary>
public sealed class TensorFile : IDisposable
{
    private readonly Dictionary<string, StoredTensor> byName;
    private readonly IDisposable[] resources;

    /// <summary>Tensors of different names.</summary>
    internal TensorFile(string path, IReadOnlyList<StoredTensor> tensors, IReadOnlyDictionary<string, string> metadata, params IDisposable[] resources)
    {
        (Path, Tensors, Metadata, this.resources) = (path, tensors, metadata, resources);
        byName = tensors.ToDictionary(t => t.Name);
    }

    /// <summary>The path that was opened.</summary>
    public string Path { get; }

    /// <summary>The tensors, in the order in which they lie in the file.</summary>
    public IReadOnlyList<StoredTensor> Tensors { get; }

    /// <summary>What the file says of itself; empty for npz, which has no room for it.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>A tensor by its name.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="KeyNotFoundException">There is none of that name.</exception>
    public StoredTensor this[string name] => TryGet(name, out StoredTensor? tensor) ? tensor
        : throw new KeyNotFoundException($"'{Path}' has no tensor '{name}'{(NearestName.Of(name, byName.Keys) is { } nearest ? $"; the nearest name is '{nearest}'" : string.Empty)}.");

    /// <summary>Opens a file by what is in it: safetensors, the index (<c>*.index.json</c>) of several, a folder with <c>model.safetensors</c> or its index, or npz.</summary>
    /// <param name="path">The path of the file or folder.</param>
    /// <exception cref="InvalidDataException">It is no such file, or damaged; the message says what is wrong.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static TensorFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path))
        {
            string whole = System.IO.Path.Combine(path, "model.safetensors"), index = $"{whole}.index.json";
            return File.Exists(index) ? ShardIndex.Open(index) : File.Exists(whole) ? SafetensorsFormat.Open(whole)
                : throw new FileNotFoundException($"The folder '{path}' has neither model.safetensors nor model.safetensors.index.json.");
        }

        if (path.EndsWith(".index.json", StringComparison.OrdinalIgnoreCase))
        {
            return ShardIndex.Open(path);
        }

        Span<byte> magic = stackalloc byte[6];
        using (FileStream stream = File.OpenRead(path))
        {
            magic = magic[..stream.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false)];
        }

        return NpzFormat.IsMagic(magic) ? NpzFormat.Open(path)
            : NpyHeader.IsMagic(magic) ? throw new InvalidDataException($"'{path}' is an npy file, one array without a name: Npy.Read reads it.")
            : SafetensorsFormat.Open(path);
    }

    /// <summary>A tensor by its name, if there is one.</summary>
    /// <param name="name">The name.</param>
    /// <param name="tensor">The tensor.</param>
    /// <returns>Whether there is one of that name.</returns>
    public bool TryGet(string name, [NotNullWhen(true)] out StoredTensor? tensor) => byName.TryGetValue(name, out tensor);

    /// <summary>Saves tensors, as what the path ends with says: <c>.safetensors</c> or <c>.npz</c>. The file is there as a whole or, if that fails, the old one still.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="tensors">The tensors by their names. The same tensors make the same bytes, in whatever order they come.</param>
    /// <param name="metadata">What the file is to say of itself; only safetensors has room for it.</param>
    /// <exception cref="ArgumentException">
    /// Two tensors have one name, the path ends otherwise, npz is given metadata, these have a null, or a name or text has half of a surrogate pair.
    /// </exception>
    /// <exception cref="IOException">The file cannot be written; the old one is as it was.</exception>
    public static void Save(string path, IEnumerable<KeyValuePair<string, ParameterValues>> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        Save(path, [.. tensors.Select(t => TensorSource.Of(t.Key, t.Value))], metadata);
    }

    /// <inheritdoc cref="Save(string, IEnumerable{KeyValuePair{string, ParameterValues}}, IReadOnlyDictionary{string, string})"/>
    public static void Save(string path, IEnumerable<KeyValuePair<string, Parameter>> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        Save(path, [.. tensors.Select(t => TensorSource.Of(t.Key, t.Value))], metadata);
    }

    /// <summary>Closes the file: its tensors can be read no more.</summary>
    public void Dispose() => Array.ForEach(resources, r => r.Dispose());

    private static void Save(string path, TensorSource[] tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (tensors.CountBy(t => t.Name).FirstOrDefault(n => n.Value > 1) is { Key: { } name })
        {
            throw new ArgumentException($"Two tensors are called '{name}', and a file has one of each name.", nameof(tensors));
        }

        Array.ForEach(tensors, t => FileText.Require(t.Name, "The name", nameof(tensors)));
        foreach ((string key, string value) in metadata ?? new Dictionary<string, string>())
        {
            FileText.Require(key, "The metadata's key", nameof(metadata));
            FileText.Require(value ?? throw new ArgumentException($"The metadata have null for '{key}', and a file has text.", nameof(metadata)), $"The metadata '{key}',", nameof(metadata));
        }

        if (path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
        {
            AtomicFile.Write(path, SafetensorsFormat.Writer(tensors, metadata ?? new Dictionary<string, string>()));
        }
        else if (!path.EndsWith(".npz", StringComparison.OrdinalIgnoreCase))
        {
            throw new ArgumentException($"'{path}' says by its end how it is to be written, and that is neither .safetensors nor .npz.", nameof(path));
        }
        else if (metadata is { Count: > 0 })
        {
            throw new ArgumentException($"'{path}' is to be an npz file, which has no room for metadata; .safetensors has.", nameof(metadata));
        }
        else
        {
            AtomicFile.Write(path, stream => NpzFormat.Write(stream, tensors));
        }
    }
}
