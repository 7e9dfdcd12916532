using System.Globalization;
using System.IO.Compression;

/// <summary>Images of hand-written digits, 64 pixels a row scaled to [0, 1], with their labels.</summary>
internal sealed record DigitsData(float[] Pixels, long[] Labels)
{
    public const int PixelsPerRow = 64;

    public int Rows => Labels.Length;

    /// <summary>Reads the embedded file.</summary>
    public static DigitsData Load()
    {
        using Stream file = typeof(DigitsData).Assembly.GetManifestResourceStream("digits.csv.gz")
            ?? throw new InvalidOperationException("The resource digits.csv.gz is missing.");
        using var reader = new StreamReader(new GZipStream(file, CompressionMode.Decompress));
        List<float> pixels = [];
        List<long> labels = [];
        while (reader.ReadLine() is { Length: > 0 } line)
        {
            float[] numbers = [.. line.Split(',').Select(n => float.Parse(n, CultureInfo.InvariantCulture))];
            pixels.AddRange(numbers[..PixelsPerRow].Select(p => p / 16));
            labels.Add((long)numbers[PixelsPerRow]);
        }

        return new DigitsData([.. pixels], [.. labels]);
    }

    /// <summary>Some rows, in the order of their numbers.</summary>
    public DigitsData Take(IEnumerable<long> rows)
    {
        List<float> pixels = [];
        List<long> labels = [];
        foreach (long row in rows)
        {
            pixels.AddRange(Pixels.AsSpan((int)row * PixelsPerRow, PixelsPerRow));
            labels.Add(Labels[row]);
        }

        return new DigitsData([.. pixels], [.. labels]);
    }
}
