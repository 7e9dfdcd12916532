using GraphCompiler;
using static GraphCompiler.Ops;

namespace CharLm;

/// <summary>Makes up names, a character at a time, each drawn from what the transformer expects.</summary>
internal sealed class Sampler
{
    private readonly Vocabulary vocabulary;
    private readonly int length;
    private readonly Func<long[], long, float, float[]> next;

    public Sampler(Transformer transformer, Vocabulary vocabulary, int length, CompileOptions options)
    {
        (this.vocabulary, this.length) = (vocabulary, length);
        Input<long> tokens = Input<long>("tokens", ["N", length]);
        Input<long> place = Input<long>("place", []);
        Input<float> temperature = Input("temperature", []);
        Node probabilities = Softmax(transformer.LogitsAfter(tokens, place) / temperature);
        next = Compiler.Compile<Func<long[], long, float, float[]>>([tokens, place, temperature], probabilities, options);
    }

    /// <summary>Some names; those that would not end are cut.</summary>
    /// <param name="count">How many.</param>
    /// <param name="temperature">Above 0: below 1 likely characters become likelier, above 1 less so.</param>
    /// <param name="random">Where chance comes from.</param>
    public IReadOnlyList<string> Sample(int count, float temperature, Generator random)
    {
        long[] rows = new long[count * length];
        List<int>[] names = [.. Enumerable.Range(0, count).Select(_ => new List<int>())];
        bool[] ended = new bool[count];
        for (int place = 0; place < length && ended.Contains(false); place++)
        {
            float[] probabilities = next(rows, place, temperature);
            float[] chances = random.Uniform(count).ToArray();
            for (int i = 0; i < count; i++)
            {
                int token = Draw(probabilities.AsSpan(i * vocabulary.Count, vocabulary.Count), chances[i]);
                ended[i] |= token == Vocabulary.Boundary;
                if (!ended[i])
                {
                    names[i].Add(token);
                    if (place + 1 < length)
                    {
                        rows[(i * length) + place + 1] = token;
                    }
                }
            }
        }

        return [.. names.Select(vocabulary.Decode)];
    }

    /// <summary>The token whose part of [0, 1) a chance falls in. Probabilities that rounding leaves short of 1 give the rest to the last possible token.</summary>
    private static int Draw(ReadOnlySpan<float> probabilities, double chance)
    {
        int drawn = 0;
        for (int token = 0; token < probabilities.Length && chance >= 0; token++)
        {
            if (probabilities[token] > 0)
            {
                drawn = token;
                chance -= probabilities[token];
            }
        }

        return drawn;
    }
}
