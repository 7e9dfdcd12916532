using GraphCompiler.Learning.Data.Text;

namespace GraphCompiler.Learning.Data;

/// <summary>
/// Texts of a file, one a line, with a label before it or without: <c>Rows.Of(("x", lines.Tokenize(Encode)), ("y", encoder.Encode(lines.Labels))).Pad("x", 0L)</c>. Lines without a
/// letter are passed over.
/// </summary>
public sealed class TextLines
{
    private readonly string file;
    private readonly List<int> numbers = [];
    private readonly List<string> texts = [];
    private readonly List<string> labels = [];

    private TextLines(string path, int longest, bool isLabelled)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(longest);
        file = Path.GetFileName(path);
        using FileStream stream = File.OpenRead(path);
        foreach ((int number, string line) in Utf8Lines.Of(file, stream, longest))
        {
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            int tab = isLabelled ? line.IndexOf('\t', StringComparison.Ordinal) : -1;
            if (isLabelled)
            {
                string label = tab < 0 ? throw Wrong(number, "there is no tab between a label and a text") : line[..tab].Trim();
                labels.Add(label.Length > 0 ? label : throw Wrong(number, "the label before the tab is empty"));
            }

            numbers.Add(number);
            texts.Add(line[(tab + 1)..]);
        }

        if (texts.Count == 0)
        {
            throw new InvalidDataException($"{file} has no lines of text.");
        }
    }

    /// <summary>The texts.</summary>
    public IReadOnlyList<string> Texts => texts;

    /// <summary>The label of each text; none where the file has no labels.</summary>
    public IReadOnlyList<string> Labels => labels;

    /// <summary>Reads a file of a text a line.</summary>
    /// <param name="path">The file, in UTF-8.</param>
    /// <param name="longest">The most bytes that a line may have.</param>
    /// <exception cref="InvalidDataException">A line is no UTF-8 or too long, or there is none: which.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static TextLines Read(string path, int longest = 1 << 20) => new(path, longest, isLabelled: false);

    /// <summary>Reads a file of a label, a tab and a text a line; further tabs are part of the text.</summary>
    /// <param name="path">The file, in UTF-8.</param>
    /// <param name="longest">The most bytes that a line may have.</param>
    /// <exception cref="InvalidDataException">A line has no label, is no UTF-8 or too long, or there is none: which.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static TextLines ReadLabelled(string path, int longest = 1 << 20) => new(path, longest, isLabelled: true);

    /// <summary>The texts as sequences of tokens, one after the other: a column whose rows have different lengths.</summary>
    /// <param name="tokenize">Gives the tokens of a text.</param>
    /// <exception cref="InvalidDataException">A text has no tokens, or the function throws what is within this exception: file and line.</exception>
    public long[][] Tokenize(Func<string, IEnumerable<long>> tokenize)
    {
        ArgumentNullException.ThrowIfNull(tokenize);
        return [.. texts.Select((text, row) => Tokens(text, row, tokenize))];
    }

    /// <inheritdoc cref="Tokenize(Func{string, IEnumerable{long}})"/>
    public long[][] Tokenize(Func<string, IEnumerable<int>> tokenize)
    {
        ArgumentNullException.ThrowIfNull(tokenize);
        return Tokenize(text => tokenize(text).Select(token => (long)token));
    }

    private long[] Tokens(string text, int row, Func<string, IEnumerable<long>> tokenize)
    {
        long[] tokens;
        try
        {
            tokens = [.. tokenize(text)];
        }
        catch (Exception e)
        {
            throw new InvalidDataException($"{file}, line {numbers[row]}: '{Excerpt.Of(text)}' makes no tokens: {e.Message}", e);
        }

        return tokens.Length > 0 ? tokens : throw Wrong(numbers[row], $"'{Excerpt.Of(text)}' has no tokens");
    }

    private InvalidDataException Wrong(int line, string what) => new($"{file}, line {line}: {what}.");
}
