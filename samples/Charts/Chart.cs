using System.Globalization;
using ScottPlot;

namespace Charts;

/// <summary>What is drawn by ScottPlot and saved as a picture, or as the numbers that it shows where this machine cannot draw.</summary>
public abstract class Chart
{
    /// <summary>The size of a picture that is saved, in pixels.</summary>
    public (int Width, int Height) Size { get; init; } = (900, 600);

    /// <summary>Saves a picture, or the numbers beside its path if this machine cannot draw; tells which, and where.</summary>
    /// <param name="path">Where the picture goes, which ends with <c>.png</c> or <c>.svg</c>. Its folder is made if it is not there.</param>
    /// <exception cref="ArgumentException">The path ends otherwise.</exception>
    /// <exception cref="IOException">It cannot be written there.</exception>
    public string Save(string path)
    {
        string kind = Path.GetExtension(path);
        if (kind is not (".png" or ".svg"))
        {
            throw new ArgumentException($"'{path}' ends with '{kind}', and pictures are saved as .png or .svg.", nameof(path));
        }

        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        try
        {
            var plot = new Plot();
            Draw(plot);
            _ = kind == ".png" ? plot.SavePng(path, Size.Width, Size.Height) : plot.SaveSvg(path, Size.Width, Size.Height);
            return path;
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException or BadImageFormatException or EntryPointNotFoundException)
        {
            string table = Path.ChangeExtension(path, ".csv");
            File.WriteAllLines(table, Numbers());
            return $"{table}; numbers instead of a picture, as the native library that draws does not load here ({e.GetBaseException().Message.Split(". ")[0]})";
        }
    }

    /// <summary>Draws what is shown.</summary>
    private protected abstract void Draw(Plot plot);

    /// <summary>The same as lines of separated values, the first of names.</summary>
    private protected abstract IEnumerable<string> Numbers();

    /// <summary>A line of separated values; a name with a separator or a quote in it is quoted.</summary>
    private protected static string Line(IEnumerable<object> fields) => string.Join(',', fields.Select(f => f switch
    {
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        string name when name.AsSpan().ContainsAny(",\"\r\n") => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"",
        _ => f.ToString()!,
    }));
}
