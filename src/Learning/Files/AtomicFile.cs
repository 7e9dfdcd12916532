namespace GraphCompiler.Learning.Files;

/// <summary>Files that are there as a whole or not at all: written beside, flushed to the disk, renamed.</summary>
internal static class AtomicFile
{
    private const string Suffix = ".saving";
    private const UnixFileMode Writable = UnixFileMode.UserWrite | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>Deletes what is left beside files of a folder where a process ended while it wrote one.</summary>
    /// <param name="folder">A folder in which nobody is writing.</param>
    public static void DeleteLeft(string folder)
    {
        foreach (string left in Directory.EnumerateFiles(folder, $".*{Suffix}"))
        {
            File.Delete(left);
        }
    }

    /// <summary>Writes a file, in the place of one that may be there. If that fails the old one stays, and nothing else.</summary>
    /// <param name="path">Where; a link is followed.</param>
    /// <param name="write">Writes it.</param>
    /// <exception cref="IOException">It cannot be written there.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 1 << 16 };
        string beside = string.Empty;
        FileStream? stream = null;
        try
        {
            // A link is there also where its target is not yet.
            string target = Path.GetFullPath(File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path : path);
            if (!OperatingSystem.IsWindows() && File.Exists(target))
            {
                UnixFileMode old = File.GetUnixFileMode(target);
                options.UnixCreateMode = (old & Writable) != 0 ? old : throw new UnauthorizedAccessException("it is there already, and nobody may write it.");
            }

            beside = Path.Combine(Path.GetDirectoryName(target) ?? target, $".{Guid.NewGuid():N}{Suffix}");
            using (stream = new FileStream(beside, options))
            {
                // The process's mask, which is for new files, may have taken some of it away.
                if (!OperatingSystem.IsWindows() && options.UnixCreateMode is { } mode && File.GetUnixFileMode(stream.SafeFileHandle) != mode)
                {
                    File.SetUnixFileMode(stream.SafeFileHandle, mode);
                }

                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(beside, target, overwrite: true);
        }
        catch (Exception e)
        {
            if (stream is not null)
            {
                File.Delete(beside);
            }

            if (e is IOException or UnauthorizedAccessException)
            {
                throw new IOException($"'{path}' cannot be saved: {e.Message}", e);
            }

            throw;
        }
    }
}
