using System.Globalization;
using System.IO.Compression;
using GraphCompiler.Learning;

/// <summary>Images of hand-written digits, 8 × 8 pixels scaled to [0, 1], with their labels.</summary>
internal static class DigitsData
{
    public const int Side = 8;
    public const int Classes = 10;

    /// <summary>The last rows, which other people wrote, are for the test.</summary>
    private const int HeldOut = 360;

    /// <summary>Reads the embedded file.</summary>
    public static (Rows Train, Rows Test) Load()
    {
        using Stream file = typeof(DigitsData).Assembly.GetManifestResourceStream("digits.csv.gz")
            ?? throw new InvalidOperationException("The resource digits.csv.gz is missing.");
        using var reader = new StreamReader(new GZipStream(file, CompressionMode.Decompress));
        List<float> pixels = [];
        List<long> labels = [];
        while (reader.ReadLine() is { Length: > 0 } line)
        {
            float[] numbers = [.. line.Split(',').Select(n => float.Parse(n, CultureInfo.InvariantCulture))];
            pixels.AddRange(numbers[..^1].Select(p => p / 16));
            labels.Add((long)numbers[^1]);
        }

        Rows all = Rows.Of(("image", Column.Of(pixels.ToArray(), 1, Side, Side)), ("digit", labels.ToArray()));
        return (all.Take(all.Count - HeldOut), all.Skip(all.Count - HeldOut));
    }
}
