using System.Globalization;
using GraphCompiler;
using GraphCompiler.Learning;

namespace CharLm;

/// <summary>A transformer, and the characters that its tokens stand for: what a file holds.</summary>
internal sealed record NameModel(CharTransformer Transformer, Vocabulary Vocabulary)
{
    // What a file says of itself besides the weights.
    private const string Characters = "characters";
    private const string Length = "length";

    /// <summary>A model that has learnt nothing yet.</summary>
    public static NameModel Create(Vocabulary vocabulary, int length, Generator random) =>
        new(new CharTransformer(new TransformerSize(vocabulary.Count, length), random).Begun(), vocabulary);

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
        if (count == 0)
        {
            return [];
        }

        using var text = new TextGenerator(Transformer, Transformer.Length, batch: count);
        long[][] starts = [.. Enumerable.Repeat((long[])[Vocabulary.Boundary], count)];
        long[][] steps = [.. text.GenerateBatch(starts, Transformer.Length - 1, new Sampling(random) { Temperature = temperature }, [Vocabulary.Boundary])];
        return [.. Enumerable.Range(0, count).Select(i => Vocabulary.Decode(steps.Select(s => (int)s[i]).TakeWhile(t => t != Vocabulary.Boundary)))];
    }
}
