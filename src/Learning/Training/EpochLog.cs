using System.Globalization;
using System.Text;
using GraphCompiler.Learning.Files;

namespace GraphCompiler.Learning.Training;

/// <summary>
/// A file of separated values with a line for each epoch of a run, one and no more, whatever killed it: a line is written before the checkpoint at the epoch's end, and lines behind the
/// checkpoint that a run goes on from are cut.
/// </summary>
/// <param name="path">The file.</param>
internal sealed class EpochLog(string path)
{
    private const string FirstColumns = "epoch,step,";

    /// <summary>Cuts what comes after a step.</summary>
    /// <exception cref="InvalidDataException">The file is no such log.</exception>
    /// <exception cref="IOException">It cannot be read or written.</exception>
    public void GoOnFrom(long step)
    {
        if (!File.Exists(path))
        {
            return;
        }

        string text = File.ReadAllText(path);
        bool isTorn = !text.Contains('\n', StringComparison.Ordinal);
        if (isTorn && (FirstColumns.StartsWith(text, StringComparison.Ordinal) || text.StartsWith(FirstColumns, StringComparison.Ordinal)))
        {
            // The run was killed as it began to write.
            File.Delete(path);
            return;
        }

        if (isTorn || !text.StartsWith(FirstColumns, StringComparison.Ordinal))
        {
            throw new InvalidDataException($"'{path}' is no log of epochs, whose first line begins with '{FirstColumns}': move it elsewhere, or train into another folder.");
        }

        // A last line without its end was being written when the run was killed.
        string[] lines = text.Split('\n')[..^1];
        string[] left = [.. lines.Where((line, i) => i == 0 || (StepOf(line) is { } at && at <= step))];
        if (left.Length < lines.Length || !text.EndsWith('\n'))
        {
            AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(string.Concat(left.Select(l => $"{l}\n")))));
        }
    }

    /// <summary>Adds a line. A file whose columns are others is kept under another name.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Add(Epoch epoch)
    {
        (string Name, string Value)[] fields = [.. Fields(epoch)];
        string names = string.Join(',', fields.Select(f => f.Name));
        bool isNew = !File.Exists(path);
        if (!isNew && File.ReadLines(path).FirstOrDefault() != names)
        {
            File.Move(path, Path.ChangeExtension(path, string.Create(CultureInfo.InvariantCulture, $"until-{epoch.Number}.csv")), overwrite: true);
            isNew = true;
        }

        using var stream = new FileStream(path, FileMode.Append);
        stream.Write(Encoding.UTF8.GetBytes($"{(isNew ? $"{names}\n" : string.Empty)}{string.Join(',', fields.Select(f => f.Value))}\n"));
        stream.Flush(flushToDisk: true);
    }

    private static IEnumerable<(string Name, string Value)> Fields(Epoch epoch)
    {
        yield return ("epoch", Text(epoch.Number));
        yield return ("step", Text(epoch.Step));
        foreach ((string prefix, Evaluation? evaluation) in ((string, Evaluation?)[])[("", epoch.Training), ("validation_", epoch.Validation)])
        {
            if (evaluation is not null)
            {
                yield return ($"{prefix}loss", Text(evaluation.Loss));
                foreach ((string name, MetricTotal total) in evaluation.Metrics)
                {
                    yield return (Quoted($"{prefix}{name}"), Text(total.Value));
                }
            }
        }

        yield return ("learning_rate", Text(epoch.LearningRate));
        yield return ("gradient_norm", Text(epoch.GradientNorm));
        yield return ("largest_gradient_norm", Text(epoch.LargestGradientNorm));
        yield return ("spikes", Text(epoch.Spikes));
        yield return ("examples", Text(epoch.Weight));
        yield return ("seconds", Text(epoch.Duration.TotalSeconds));
        yield return ("best", epoch.IsBest ? "1" : "0");
    }

    private static long? StepOf(string line) => line.Split(',') is [_, var step, ..] && long.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;

    private static string Text<T>(T number)
        where T : IFormattable => number.ToString(null, CultureInfo.InvariantCulture);

    /// <summary>A name as a field; ends of lines become blanks, so that a line stays one.</summary>
    private static string Quoted(string name)
    {
        // Half of a character becomes what is written of it, so that names compare.
        string line = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(name.ReplaceLineEndings(" ")));
        return line.AsSpan().ContainsAny(",\"") ? $"\"{line.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : line;
    }
}
