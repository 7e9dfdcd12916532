using GraphCompiler;
using static GraphCompiler.Ops;

namespace CharLm;

/// <summary>Makes up names, a character at a time, each drawn from what the transformer expects.</summary>
internal sealed class Sampler
{
    private readonly Vocabulary vocabulary;
    private readonly int length;
    private readonly Func<long[], long, float, long[]> next;

    public Sampler(Transformer transformer, Vocabulary vocabulary, int length, Generator random, CompileOptions options)
    {
        (this.vocabulary, this.length) = (vocabulary, length);
        Input<long> tokens = Input<long>("tokens", ["N", length]);
        Input<long> place = Input<long>("place", []);
        Input<float> temperature = Input("temperature", []);
        Node drawn = Categorical(random, transformer.LogitsAfter(tokens, place) / temperature);
        next = Compiler.Compile<Func<long[], long, float, long[]>>([tokens, place, temperature], drawn, options);
    }

    /// <summary>Some names; those that would not end are cut.</summary>
    /// <param name="count">How many.</param>
    /// <param name="temperature">Above 0: below 1 likely characters become likelier, above 1 less so.</param>
    public IReadOnlyList<string> Sample(int count, float temperature)
    {
        long[] rows = new long[count * length];
        List<int>[] names = [.. Enumerable.Range(0, count).Select(_ => new List<int>())];
        bool[] ended = new bool[count];
        for (int place = 0; place < length && ended.Contains(false); place++)
        {
            long[] drawn = next(rows, place, temperature);
            for (int i = 0; i < count; i++)
            {
                int token = (int)drawn[i];
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
}
