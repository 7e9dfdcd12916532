using System.IO.Compression;

namespace GraphCompiler.Learning.Files;

/// <summary>Several of NumPy's arrays: a zip archive with an npy file for each.</summary>
internal static class NpzFormat
{
    private const string Extension = ".npy";

    /// <summary>What no compression by deflate surpasses: 258 bytes by two bits.</summary>
    private const long MostExpansion = 1032;

    /// <summary>As early as zip archives can say, so that the same arrays make the same file.</summary>
    private static readonly DateTimeOffset NoTime = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Whether a file begins as a zip archive.</summary>
    public static bool IsMagic(ReadOnlySpan<byte> begin) => begin.StartsWith("PK\u0003\u0004"u8) || begin.StartsWith("PK\u0005\u0006"u8);

    /// <summary>Opens a file whose arrays are all described rightly.</summary>
    public static TensorFile Open(string path)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        try
        {
            // Its own bound of entries is what there is room for in the file.
            var archive = new ZipArchive(stream, ZipArchiveMode.Read);
            HashSet<string> names = [];
            List<StoredTensor> tensors = [];
            var gate = new Lock();
            foreach (ZipArchiveEntry entry in archive.Entries)
            {
                if (!entry.FullName.EndsWith(Extension, StringComparison.Ordinal))
                {
                    throw new InvalidDataException($"'{path}' is no npz file: it has '{entry.FullName}', and all of it should be {Extension} files.");
                }

                string name = entry.FullName[..^Extension.Length];
                if (!names.Add(name))
                {
                    throw new InvalidDataException($"'{path}' has '{name}' twice.");
                }

                tensors.Add(Describe(path, name, entry, gate));
            }

            return new(path, tensors, new Dictionary<string, string>(), archive);
        }
        catch (Exception e)
        {
            stream.Dispose();
            if (e is UnauthorizedAccessException or (IOException and not EndOfStreamException) || (e is InvalidDataException && e.Message.Contains(path, StringComparison.Ordinal)))
            {
                throw;
            }

            throw new InvalidDataException($"'{path}' is damaged: it is no zip archive that can be read: {e.Message}", e);
        }
    }

    /// <summary>Writes an archive of arrays of different names, not compressed, as numpy.savez does.</summary>
    public static void Write(Stream stream, TensorSource[] tensors)
    {
        using var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
        foreach (TensorSource tensor in tensors.OrderBy(t => t.Name, StringComparer.Ordinal))
        {
            ZipArchiveEntry entry = archive.CreateEntry($"{tensor.Name}{Extension}", CompressionLevel.NoCompression);
            entry.LastWriteTime = NoTime;
            using Stream bytes = entry.Open();
            NpyFormat.Write(bytes, tensor);
        }
    }

    private static StoredTensor Describe(string path, string name, ZipArchiveEntry entry, Lock gate)
    {
        if (entry.IsEncrypted)
        {
            throw new InvalidDataException($"'{path}' has '{name}' encrypted.");
        }

        if (entry.Length / MostExpansion > entry.CompressedLength)
        {
            throw new InvalidDataException($"'{path}' is damaged: '{name}' should have {entry.Length} bytes, made of {entry.CompressedLength}, and no more than {MostExpansion} times as many can be.");
        }

        string where = $"The array '{name}' of '{path}'";
        using Stream begin = entry.Open();
        return NpyFormat.Describe(path, name, NpyHeader.Read(where, begin), entry.Length, gate, () => new CheckedStream(entry.Open(), entry.Length, entry.Crc32), isChecked: true);
    }
}
