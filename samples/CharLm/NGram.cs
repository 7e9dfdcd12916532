namespace CharLm;

/// <summary>
/// The model to beat: a character model that sees the last n − 1 tokens, with interpolated Kneser-Ney smoothing. A discount is taken from the count of
/// every token that followed a context, and given to the model of the context without its first token; that one counts in how many contexts
/// a token was met, rather than how often.
/// </summary>
internal sealed class NGram
{
    private static readonly double[] Candidates = [.. Enumerable.Range(1, 19).Select(i => i / 20.0)];

    private readonly Vocabulary vocabulary;
    private readonly double[] discounts;
    private readonly Dictionary<string, Context>[] levels;

    /// <summary>Counts names, and chooses a discount for each length of context by others.</summary>
    /// <param name="order">n, at least 1.</param>
    /// <param name="vocabulary">The tokens.</param>
    /// <param name="training">The names that are counted.</param>
    /// <param name="validation">The names whose loss the discounts make small.</param>
    public NGram(int order, Vocabulary vocabulary, IReadOnlyList<string> training, IReadOnlyList<string> validation)
    {
        this.vocabulary = vocabulary;
        levels = [.. Enumerable.Range(0, order).Select(_ => new Dictionary<string, Context>())];
        Count(training);
        discounts = new double[order];
        Array.Fill(discounts, 0.75);
        for (int round = 0; round < 2; round++)
        {
            for (int level = 0; level < order; level++)
            {
                discounts[level] = Candidates.MinBy(d =>
                {
                    discounts[level] = d;
                    return Loss(validation);
                });
            }
        }
    }

    /// <summary>The probability of a token after others.</summary>
    public double Probability(ReadOnlySpan<int> before, int token) => Probability(Padded(before), token);

    /// <summary>The loss in nats a token, the end of each name being one.</summary>
    public double Loss(IReadOnlyList<string> names)
    {
        double sum = 0;
        int count = 0;
        foreach ((string context, int token) in names.SelectMany(Events))
        {
            sum -= Math.Log(Probability(context, token));
            count++;
        }

        return sum / count;
    }

    private double Probability(string context, int token)
    {
        double probability = 1.0 / vocabulary.Count;
        for (int level = 0; level < levels.Length; level++)
        {
            if (levels[level].TryGetValue(context[^level..], out Context? seen))
            {
                probability = seen.Probability(token, discounts[level], probability);
            }
        }

        return probability;
    }

    private void Count(IReadOnlyList<string> names)
    {
        int top = levels.Length - 1;
        HashSet<(string, int)> met = [];
        foreach ((string context, int token) in names.SelectMany(Events))
        {
            // A shorter context counts a token only where the longer one has not met it yet, unless it reaches the name's beginning: then there is only
            // one longer context.
            for (int level = top; level >= 0; level--)
            {
                string seen = context[^level..];
                At(level, seen).Add(token);
                bool reachesBeginning = level > 1 && context[^(level - 1)] == (char)Vocabulary.Boundary;
                if (!met.Add((seen, token)) && !reachesBeginning)
                {
                    break;
                }
            }
        }

        Context At(int level, string context) => levels[level].TryGetValue(context, out Context? c) ? c : levels[level][context] = new();
    }

    /// <summary>A name's tokens, its end among them, each with what stands before it.</summary>
    private IEnumerable<(string Context, int Token)> Events(string name)
    {
        int[] tokens = vocabulary.Encode(name);
        for (int i = 0; i <= tokens.Length; i++)
        {
            yield return (Padded(tokens.AsSpan(0, i)), i < tokens.Length ? tokens[i] : Vocabulary.Boundary);
        }
    }

    /// <summary>The last n − 1 of some tokens as a string that dictionaries find.</summary>
    private string Padded(ReadOnlySpan<int> before)
    {
        int size = levels.Length - 1;
        char[] context = new char[size];
        Array.Fill(context, (char)Vocabulary.Boundary);
        for (int i = 1; i <= Math.Min(size, before.Length); i++)
        {
            context[^i] = (char)before[^i];
        }

        return new string(context);
    }

    /// <summary>What followed a context, and how often.</summary>
    private sealed class Context
    {
        private readonly Dictionary<int, int> counts = [];
        private int total;

        public void Add(int token)
        {
            counts[token] = counts.GetValueOrDefault(token) + 1;
            total++;
        }

        public double Probability(int token, double discount, double shorter) =>
            (Math.Max(counts.GetValueOrDefault(token) - discount, 0) + (discount * counts.Count * shorter)) / total;
    }
}
