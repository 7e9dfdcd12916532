using GraphCompiler;
using GraphCompiler.Learning;
using static GraphCompiler.Ops;

namespace Text;

/// <summary>A causal transformer that reads: tokens [N, T] to what is known at each of them, [N, T, width].</summary>
internal sealed class Reader(int vocabulary, int length, Generator random) : Layer
{
    /// <summary>The size of the vector that stands for a token in its place.</summary>
    public const int Width = 64;

    private const int Heads = 4;

    private readonly Embedding places = new(length, Width, random, init: Initializer.Normal(0, 0.02f));
    private readonly TransformerEncoderLayer block = new(Width, Heads, random, feedForward: 2 * Width) { BatchFirst = true, Causal = true, NormFirst = true, Dropout = 0 };

    /// <summary>The table of tokens.</summary>
    public Embedding Tokens { get; } = new(vocabulary, Width, random, init: Initializer.Normal(0, 0.1f));

    /// <summary>The most tokens of a text.</summary>
    public int Length => length;

    /// <inheritdoc/>
    protected override Node Define(Node x) => block.Forward(Tokens.Forward(x) + places.Forward(Pass.Positions(x.Shape[1])));
}

/// <summary>What makes a reader a writer: what follows each token, in the voice of a novel.</summary>
internal sealed class Writer(Reader reader, Generator random) : Module
{
    private readonly Reader reader = reader;
    private readonly LayerNorm norm = new(Reader.Width);
    private readonly Embedding voices = new(Novels.Titles.Count, Reader.Width, random, init: Initializer.Normal(0, 0.02f));

    /// <summary>Tokens [N, T], and novels [N], to the scores of the next tokens, [N, T, tokens]: the same table embeds tokens and scores them.</summary>
    public Node Next(Node x, Node novels) => Within(() => Ops.Linear(norm.Forward(reader.Forward(x)) + Unsqueeze(voices.Forward(novels), 1), reader.Tokens.Weight));

    /// <summary>The same as a layer, with one text in the voice of each of some novels.</summary>
    public Layer In(params long[] novels) => new Voices(this, novels);

    private sealed class Voices(Writer writer, long[] novels) : Layer
    {
        protected override Node Define(Node x) => writer.Next(x, Constant(novels));
    }
}

/// <summary>What makes a reader a judge: whose novel a whole text is from, by what is known at its tokens, and by the tokens themselves, whatever their places.</summary>
internal sealed class Judge(Reader reader, Generator random) : Module
{
    private readonly Reader reader = reader;
    private readonly Embedding words = new(reader.Tokens.Count, Reader.Width, random, init: Initializer.Normal(0, 0.1f));
    private readonly Dropout dropout = new(0.3);
    private readonly Linear head = new(Reader.Width, Novels.Titles.Count, random);

    /// <summary>Tokens [N, T] to the scores of novels, [N, novels].</summary>
    public Node Novel(Node x) => Within(() =>
    {
        Node counts = Unsqueeze(Cast(NotEqual(x, Tokens.Padding), DType.Float32), 2);
        Node known = dropout.Forward(reader.Forward(x)) + dropout.Forward(words.Forward(x));

        // A sum over √count rather than a mean: the more there is of a text, the surer one can be.
        return head.Forward(0.3f * Sum(known * counts, [1]) / Sqrt(Sum(counts, [1])));
    });
}
