using System.Globalization;
using GraphCompiler;
using GraphCompiler.Learning;
using static GraphCompiler.Ops;

namespace CharLm;

/// <summary>A transformer, and the characters that its tokens stand for: what a file holds.</summary>
internal sealed record NameModel(CharTransformer Transformer, Vocabulary Vocabulary)
{
    // What a file says of itself besides the weights.
    private const string Characters = "characters";
    private const string Length = "length";

    /// <summary>A model that has learnt nothing yet.</summary>
    public static NameModel Create(Vocabulary vocabulary, int length, Generator random) =>
        new(new CharTransformer(new TransformerSize(vocabulary.Count, length), random), vocabulary);

    /// <summary>A model from a file of <see cref="Save"/>.</summary>
    public static NameModel Load(string path)
    {
        using var file = TensorFile.Open(path);
        if (!file.Metadata.TryGetValue(Characters, out string? characters) || !file.Metadata.TryGetValue(Length, out string? length))
        {
            throw new InvalidDataException($"{path} holds no model of names.");
        }

        NameModel model = Create(new Vocabulary([characters]), int.Parse(length, CultureInfo.InvariantCulture), new Generator(seed: 0));
        model.Transformer.Load(file);
        return model;
    }

    /// <summary>Saves all that it takes to make up names.</summary>
    public void Save(string path) => Transformer.Save(path, new Dictionary<string, string>
    {
        [Characters] = Vocabulary.Characters,
        [Length] = Transformer.Length.ToString(CultureInfo.InvariantCulture),
    });

    /// <summary>Makes up names, a character at a time; those that would not end are cut.</summary>
    /// <param name="count">How many.</param>
    /// <param name="temperature">Above 0: below 1 likely characters become likelier, above 1 less so.</param>
    /// <param name="random">Where chance comes from.</param>
    public IReadOnlyList<string> MakeUp(int count, double temperature, Generator random)
    {
        Input<long> tokens = Input<long>("tokens", ["N", Transformer.Length]);
        Input<long> place = Input<long>("place", []);
        var next = Transformer.Compile<Func<long[], long, long[]>>([tokens, place], () => Categorical(random, Take(Transformer.Forward(tokens), place, axis: 1) / temperature));
        long[] rows = new long[count * Transformer.Length];
        List<int>[] names = [.. Enumerable.Range(0, count).Select(_ => new List<int>())];
        bool[] ended = new bool[count];
        for (int at = 0; at < Transformer.Length && ended.Contains(false); at++)
        {
            foreach ((int i, long token) in next(rows, at).Index())
            {
                ended[i] |= token == Vocabulary.Boundary;
                if (!ended[i])
                {
                    names[i].Add((int)token);
                    if (at + 1 < Transformer.Length)
                    {
                        rows[(i * Transformer.Length) + at + 1] = token;
                    }
                }
            }
        }

        return [.. names.Select(Vocabulary.Decode)];
    }
}
