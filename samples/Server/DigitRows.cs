using System.Globalization;
using System.IO.Compression;
using System.Numerics.Tensors;
using GraphCompiler.Learning;

namespace Server;

/// <summary>Images of hand-written digits, 64 pixels from 0 to 16 each, with what they are: some to learn from, and others.</summary>
/// <param name="Train">Columns pixels and digit, to learn from.</param>
/// <param name="Test">The same, of other images.</param>
/// <param name="Images">The pixels of those.</param>
internal sealed record DigitRows(Rows Train, Rows Test, IReadOnlyList<float[]> Images)
{
    private const int HeldOut = 360;

    /// <summary>Reads the embedded file.</summary>
    public static DigitRows Load()
    {
        using Stream file = typeof(DigitRows).Assembly.GetManifestResourceStream("digits.csv.gz") ?? throw new InvalidOperationException("The resource digits.csv.gz is missing.");
        using var reader = new StreamReader(new GZipStream(file, CompressionMode.Decompress));
        float[][] lines = [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Numbers)];
        var all = Rows.Of(
            ("pixels", Tensor.Create(lines.SelectMany(l => l[..Image.Size]).ToArray(), [lines.Length, Image.Size])),
            ("digit", lines.Select(l => (long)l[Image.Size]).ToArray()));
        return new DigitRows(all.Take(lines.Length - HeldOut), all.Skip(lines.Length - HeldOut), [.. lines[^HeldOut..].Select(l => l[..Image.Size])]);

        static float[] Numbers(string line) => [.. line.Split(',').Select(n => float.Parse(n, CultureInfo.InvariantCulture))];
    }
}
