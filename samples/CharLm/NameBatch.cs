using GraphCompiler;

namespace CharLm;

/// <summary>Names as rows of tokens: in each place the target is the token that follows the input, and past a name's end <see cref="Ignored"/>.</summary>
internal sealed record NameBatch(long[] Inputs, long[] Targets)
{
    public const long Ignored = -1;

    /// <summary>Hides some characters from the model: it has to guess what follows from fewer, and cannot learn names by heart.</summary>
    /// <param name="chance">How likely a character is hidden.</param>
    /// <param name="random">Where chance comes from.</param>
    public NameBatch Hide(double chance, Generator random)
    {
        float[] numbers = random.Uniform(Inputs.Length).ToArray();
        return this with { Inputs = [.. Inputs.Zip(numbers, (token, number) => number < chance ? Vocabulary.Boundary : token)] };
    }

    /// <summary>Rows for names as a model takes them.</summary>
    public static NameBatch Of(IReadOnlyList<string> names, NameModel model) => Of(names, model.Vocabulary, model.Transformer.Length);

    /// <summary>Rows for names of at most one character less than their length.</summary>
    public static NameBatch Of(IReadOnlyList<string> names, Vocabulary vocabulary, int length)
    {
        long[] inputs = new long[names.Count * length];
        long[] targets = new long[names.Count * length];
        Array.Fill(targets, Ignored);
        for (int row = 0; row < names.Count; row++)
        {
            int place = row * length;
            foreach (int token in vocabulary.Encode(names[row]))
            {
                targets[place] = token;
                inputs[++place] = token;
            }

            targets[place] = Vocabulary.Boundary;
        }

        return new NameBatch(inputs, targets);
    }
}
