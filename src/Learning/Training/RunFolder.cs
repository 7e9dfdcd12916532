using System.Globalization;
using GraphCompiler.Learning.Files;

namespace GraphCompiler.Learning.Training;

/// <summary>The checkpoints of a run: the last of them by the number of their steps, and the best model.</summary>
internal sealed class RunFolder
{
    private const string Prefix = "step-";
    private const string Suffix = ".safetensors";

    private readonly string path;
    private readonly int kept;

    /// <summary>A folder, which is made if it is not there; what a save left that never ended goes.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public RunFolder(string path, int kept)
    {
        (this.path, this.kept) = (path, kept);
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The folder '{path}' of a run cannot be made: {e.Message}", e);
        }

        AtomicFile.DeleteLeft(path);
        Log = new EpochLog(Path.Combine(path, "epochs.csv"));
    }

    /// <summary>What is kept of each epoch.</summary>
    public EpochLog Log { get; }

    /// <summary>Where the best model is saved.</summary>
    public string Best => Path.Combine(path, $"best{Suffix}");

    /// <summary>The last checkpoint; null if there is none.</summary>
    public string? Last => Steps() is [.., var last] ? Of(last) : null;

    /// <summary>Whether the last checkpoint is of so many steps.</summary>
    public bool IsAt(long step) => Steps() is [.., var last] && last == step;

    /// <summary>Has a checkpoint saved, then forgets those before the last.</summary>
    /// <returns>Where it is.</returns>
    public string Save(long step, Action<string> save)
    {
        string saved = Of(step);
        save(saved);
        long[] steps = Steps();
        foreach (long old in steps[..Math.Max(0, steps.Length - kept)])
        {
            File.Delete(Of(old));
        }

        return saved;
    }

    private string Of(long step) => Path.Combine(path, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{step:D9}{Suffix}"));

    private long[] Steps() =>
    [
        .. Directory.EnumerateFiles(path, $"{Prefix}*{Suffix}").Select(f => Path.GetFileName(f)[Prefix.Length..^Suffix.Length])
            .Select(n => long.TryParse(n, NumberStyles.None, CultureInfo.InvariantCulture, out long step) ? step : -1).Where(s => s >= 0 && File.Exists(Of(s))).Order(),
    ];
}
