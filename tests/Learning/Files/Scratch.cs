namespace GraphCompiler.Learning.Tests.Files;

/// <summary>A folder of its own for the files of a test.</summary>
internal sealed class Scratch : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("graphcompiler-").FullName;

    /// <summary>The names of all that is there.</summary>
    public string[] Names => [.. Directory.EnumerateFileSystemEntries(Folder).Select(p => Path.GetFileName(p)).Order(StringComparer.Ordinal)];

    public string this[string name] => Path.Combine(Folder, name);

    /// <summary>Writes a file. One that is there is overwritten, for disks wait where files are emptied first.</summary>
    public string Write(string name, byte[] bytes)
    {
        using FileStream stream = new(this[name], FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, bufferSize: 0);
        stream.Write(bytes);
        stream.SetLength(bytes.Length);
        return this[name];
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
