using System.Globalization;
using System.IO.Compression;

namespace Text;

/// <summary>A part of a novel: a paragraph, or one of the equal parts of a long one.</summary>
/// <param name="Novel">The number of the novel in <see cref="Novels.Titles"/>.</param>
/// <param name="Chapter">The number of the chapter, from 1 in each novel.</param>
/// <param name="Words">The words, with a space between any two.</param>
internal sealed record Passage(int Novel, int Chapter, string Words);

/// <summary>Jane Austen's six novels, in passages of 20 to 100 words.</summary>
internal static class Novels
{
    private const int FewestWords = 20;
    private const int MostWords = 100;
    private const int HeldOut = 5;

    public static IReadOnlyList<string> Titles { get; } = ["Sense and Sensibility", "Pride and Prejudice", "Mansfield Park", "Emma", "Northanger Abbey", "Persuasion"];

    /// <summary>The passages to learn from, and those to be tested by: every fifth chapter of each novel, as a whole.</summary>
    public static (Passage[] Training, Passage[] Test) Load()
    {
        ILookup<bool, Passage> parts = Read().ToLookup(p => p.Chapter % HeldOut == 0);
        return ([.. parts[false]], [.. parts[true]]);
    }

    /// <summary>Lines of the file are titles of novels, numbers of chapters, and paragraphs.</summary>
    private static IEnumerable<Passage> Read()
    {
        using Stream file = typeof(Novels).Assembly.GetManifestResourceStream("austen.txt.br")
            ?? throw new InvalidOperationException("The resource austen.txt.br is missing.");
        using var reader = new StreamReader(new BrotliStream(file, CompressionMode.Decompress));
        int novel = -1;
        int chapter = 0;
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith("# ", StringComparison.Ordinal))
            {
                novel++;
            }
            else if (line.StartsWith("## ", StringComparison.Ordinal))
            {
                chapter = int.Parse(line.AsSpan(3), CultureInfo.InvariantCulture);
            }
            else
            {
                string[] words = line.Split(' ');
                int parts = (words.Length + MostWords - 1) / MostWords;
                for (int i = 0; i < parts && words.Length >= FewestWords; i++)
                {
                    yield return new Passage(novel, chapter, string.Join(' ', words[(i * words.Length / parts)..((i + 1) * words.Length / parts)]));
                }
            }
        }
    }
}
