using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;

namespace Text;

/// <summary>
/// Learns byte-pair encoding (Sennrich et al., 2016): words begin as characters, and the pair of parts that is most often side by side becomes one part, again and again. It gives
/// what Microsoft.ML.Tokenizers takes, which tokenizes but does not learn.
/// </summary>
internal sealed partial class BytePairs
{
    // How a byte-level tokenizer writes a space.
    private const char Space = 'Ġ';

    private readonly List<string> tokens = [.. Enumerable.Range('!', '~' - '!' + 1).Select(c => $"{(char)c}"), $"{Space}"];
    private readonly List<string> merges = [];
    private readonly (List<int> Parts, int Count)[] words;
    private readonly Dictionary<(int Left, int Right), int> counts = [];
    private readonly Dictionary<(int Left, int Right), HashSet<int>> places = [];

    private BytePairs(IEnumerable<string> texts)
    {
        words =
        [
            .. texts.SelectMany(t => Words().Matches(t).Select(m => m.Value)).CountBy(w => w)
                .Select(w => (w.Key.Replace(' ', Space).Select(c => tokens.IndexOf($"{c}")).ToList(), w.Value)),
        ];
        for (int word = 0; word < words.Length; word++)
        {
            Count(word, 1);
        }
    }

    /// <summary>A tokenizer with tokens of what is frequent in some texts, which are ASCII.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="size">How many tokens there are.</param>
    public static BpeTokenizer Learn(IEnumerable<string> texts, int size)
    {
        var learned = new BytePairs(texts);
        while (learned.tokens.Count < size)
        {
            // Of pairs that are equally frequent, the oldest.
            learned.Merge(learned.counts.MaxBy(c => (c.Value, -c.Key.Left, -c.Key.Right)).Key);
        }

        return BpeTokenizer.Create(new BpeOptions(learned.tokens.Select((t, i) => KeyValuePair.Create(t, i)))
        {
            Merges = learned.merges,
            ByteLevel = true,
            PreTokenizer = new RegexPreTokenizer(Words(), null),
        });
    }

    /// <summary>Letters, or other signs, with the space before them: what no token goes beyond.</summary>
    [GeneratedRegex(" ?[A-Za-z]+| ?[^ A-Za-z]+")]
    private static partial Regex Words();

    private void Merge((int Left, int Right) pair)
    {
        merges.Add($"{tokens[pair.Left]} {tokens[pair.Right]}");
        tokens.Add(tokens[pair.Left] + tokens[pair.Right]);
        foreach (int word in places[pair])
        {
            Count(word, -1);
            List<int> parts = words[word].Parts;
            for (int i = 1; i < parts.Count; i++)
            {
                if ((parts[i - 1], parts[i]) == pair)
                {
                    parts[i - 1] = tokens.Count - 1;
                    parts.RemoveAt(i);
                }
            }

            Count(word, 1);
        }

        counts.Remove(pair);
    }

    /// <summary>Counts the pairs of a word, or takes them out of the counts.</summary>
    private void Count(int word, int sign)
    {
        (List<int> parts, int count) = words[word];
        foreach ((int, int) pair in parts.Zip(parts.Skip(1)))
        {
            counts[pair] = counts.GetValueOrDefault(pair) + (sign * count);
            if (!places.TryGetValue(pair, out HashSet<int>? found))
            {
                places[pair] = found = [];
            }

            found.Add(word);
        }
    }
}
