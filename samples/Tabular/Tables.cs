using System.Globalization;
using System.IO.Compression;
using GraphCompiler.Learning;

namespace Tabular;

/// <summary>The two tables that the program carries, and how they are divided.</summary>
internal static class Tables
{
    private const ulong FoldSeed = 1;

    /// <summary>How many folds concrete is divided into.</summary>
    public const int Folds = 10;

    /// <summary>The strength of concrete: <c>x</c> is what a cubic metre is mixed of and its age, [1030, 8], and <c>y</c> [1030, 1] what it bears, in MPa.</summary>
    public static Rows Concrete()
    {
        string[][] lines = Read("concrete.csv.gz");
        return Rows.Of(("x", Matrix(lines, from: 0, width: 8)), ("y", Matrix(lines, from: 8, width: 1)));
    }

    /// <summary>What concrete is trained on and tested by, ten times: every row is tested once.</summary>
    public static IReadOnlyList<(Rows Train, Rows Test)> ConcreteFolds() => Concrete().KFold(Folds, FoldSeed);

    /// <summary>Letters of twenty distorted fonts: <c>x</c> is 16 measures of an image, whole numbers from 0 to 15, [20000, 16], and <c>y</c> the letter's number, A being 0.</summary>
    public static Rows Letters()
    {
        string[][] lines = Read("letters.csv.gz");
        return Rows.Of(("x", Matrix(lines, from: 1, width: 16)), ("y", lines.Select(l => (long)(l[0][0] - 'A')).ToArray()));
    }

    /// <summary>A column of some rows as one array.</summary>
    public static T[] Column<T>(Rows rows, string name)
        where T : unmanaged => [.. rows.Batch(rows.Count).Batches(0).First().Get<T>(name)];

    private static string[][] Read(string name)
    {
        using Stream file = typeof(Tables).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"The resource {name} is missing.");
        using var reader = new StreamReader(new GZipStream(file, CompressionMode.Decompress));
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(','))];
    }

    private static float[,] Matrix(string[][] lines, int from, int width)
    {
        float[,] matrix = new float[lines.Length, width];
        for (int row = 0; row < lines.Length; row++)
        {
            for (int column = 0; column < width; column++)
            {
                matrix[row, column] = float.Parse(lines[row][from + column], CultureInfo.InvariantCulture);
            }
        }

        return matrix;
    }
}
