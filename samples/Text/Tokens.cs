using GraphCompiler;
using GraphCompiler.Learning;
using Microsoft.ML.Tokenizers;

namespace Text;

/// <summary>Passages as rows of tokens. Tokens 0 to 2 are of ours, those of the tokenizer follow.</summary>
internal sealed class Tokens(BpeTokenizer tokenizer, int size)
{
    /// <summary>Behind the end of a passage.</summary>
    public const long Padding = 0;

    /// <summary>Before the first token, and after the last.</summary>
    public const long Boundary = 2;

    private const long Hidden = 1;
    private const int Own = 3;

    /// <summary>How many tokens there are.</summary>
    public int Count => size + Own;

    /// <summary>Learns tokens from passages.</summary>
    public static Tokens Learn(IEnumerable<Passage> passages, int size) => new(BytePairs.Learn(passages.Select(p => p.Words), size), size);

    /// <summary>Passages to learn the language by: what is read, the tokens that follow each of it, and the novel.</summary>
    /// <param name="passages">The passages.</param>
    /// <param name="length">The most tokens that are read of one.</param>
    public Rows Language(Passage[] passages, int length)
    {
        long[][] read = [.. passages.Select(p => Encode(p.Words).Prepend(Boundary).Take(length).ToArray())];
        long[][] next = [.. passages.Select(p => Encode(p.Words).Append(Boundary).Take(length).ToArray())];
        return Bucketed(Rows.Of(("read", read), ("next", next), ("novel", Of(passages))).Pad("next", Padding));
    }

    /// <summary>Passages to judge: what is read, and the novel.</summary>
    /// <param name="passages">The passages.</param>
    /// <param name="length">The most tokens that are read of one.</param>
    public Rows Judged(Passage[] passages, int length)
    {
        long[][] read = [.. passages.Select(p => Encode(p.Words).Take(length).ToArray())];
        return Bucketed(Rows.Of(("read", read), ("novel", Of(passages))));
    }

    /// <summary>Hides some tokens of a row, anew each time, so that none is relied on.</summary>
    public static RowFunction Hide(double part) => (row, random) =>
    {
        Span<long> read = row.Get<long>("read");
        float[] chance = [.. random.Uniform(read.Length)];
        for (int i = 0; i < read.Length; i++)
        {
            read[i] = read[i] >= Own && chance[i] < part ? Hidden : read[i];
        }
    };

    public IEnumerable<long> Encode(string words) => tokenizer.EncodeToIds(words).Select(t => (long)t + Own);

    /// <summary>Tokens as words, but for those that are ours.</summary>
    public string Decode(IEnumerable<long> tokens) => tokenizer.Decode(tokens.Where(t => t >= Own).Select(t => (int)t - Own)).Trim();

    private static long[] Of(Passage[] passages) => [.. passages.Select(p => (long)p.Novel)];

    /// <summary>Passages of like length together, so that little is padded.</summary>
    private static Rows Bucketed(Rows rows) => rows.Pad("read", Padding).Bucket("read", 40, 60, 80, 100, 120, 140, 160);
}
