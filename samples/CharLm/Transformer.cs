using GraphCompiler;
using static GraphCompiler.Ops;

namespace CharLm;

/// <summary>How large a transformer is.</summary>
/// <param name="Tokens">How many tokens there are.</param>
/// <param name="Length">The most tokens of a row.</param>
/// <param name="Width">The size of the vector that stands for a token in its place.</param>
/// <param name="Heads">Heads of attention, which share the width.</param>
/// <param name="Layers">Blocks of attention and a network.</param>
internal sealed record TransformerSize(int Tokens, int Length, int Width = 64, int Heads = 4, int Layers = 2);

/// <summary>
/// A causal transformer with norms before its parts, as in GPT-2 (Radford et al., 2019): each token is told the vectors of those before it by attention, and
/// transformed by a network of one hidden layer. The same table embeds tokens and scores the next one.
/// </summary>
internal sealed class Transformer
{
    private readonly TransformerSize size;
    private readonly Generator random;
    private readonly List<Parameter> parameters = [];
    private readonly Node tokenTable;
    private readonly Node placeTable;
    private readonly Block[] blocks;
    private readonly Norm last;

    /// <summary>A transformer of random weights.</summary>
    public Transformer(TransformerSize size, Generator random)
    {
        (this.size, this.random) = (size, random);
        float deviation = 1 / MathF.Sqrt(size.Width);
        tokenTable = Weight("tokens", deviation, size.Tokens, size.Width);
        placeTable = Weight("places", deviation, size.Length, size.Width);
        blocks = [.. Enumerable.Range(0, size.Layers).Select(i => MakeBlock($"block{i}"))];
        last = MakeNorm("last");
    }

    /// <summary>What is trained.</summary>
    public IReadOnlyList<Parameter> Parameters => parameters;

    /// <summary>How many numbers are trained.</summary>
    public long ParameterCount => parameters.Sum(p => p.ElementCount);

    /// <summary>Scores of the token after each: tokens [N, T] to [N, T, tokens].</summary>
    public Node Logits(Node tokens) => Linear(Features(tokens), tokenTable);

    /// <summary>Scores of the token after the one in a place only: tokens [N, T] and a place [] to [N, tokens].</summary>
    public Node LogitsAfter(Node tokens, Node place) => Linear(Take(Features(tokens), place, axis: 1), tokenTable);

    /// <summary>The last block's vector for each token: [N, T] to [N, T, width].</summary>
    private Node Features(Node tokens)
    {
        Node x = Embedding(tokens, tokenTable) + placeTable;
        foreach (Block block in blocks)
        {
            Node seen = block.BeforeAttention.Of(x);
            x += MultiHeadAttention(seen, seen, seen, size.Heads, block.In, null, block.Out, null, causal: true, batchFirst: true).Result;
            x += Linear(Gelu(Linear(block.BeforeNetwork.Of(x), block.Up, block.UpBias), approximate: true), block.Down, block.DownBias);
        }

        return last.Of(x);
    }

    private Block MakeBlock(string name)
    {
        int width = size.Width;
        float deviation = 1 / MathF.Sqrt(width);

        // What is added to a vector is small at first: the more parts add to it, the smaller.
        float added = deviation / MathF.Sqrt(2 * size.Layers);
        return new Block(
            MakeNorm($"{name}.attention"),
            Weight($"{name}.attention.in", deviation, 3 * width, width),
            Weight($"{name}.attention.out", added, width, width),
            MakeNorm($"{name}.network"),
            Weight($"{name}.network.up", deviation, 4 * width, width),
            Vector($"{name}.network.up.bias", 0, 4 * width),
            Weight($"{name}.network.down", added / 2, width, 4 * width),
            Vector($"{name}.network.down.bias", 0, width));
    }

    private Norm MakeNorm(string name) => new(Vector($"{name}.norm.weight", 1, size.Width), Vector($"{name}.norm.bias", 0, size.Width));

    private Parameter Weight(string name, float deviation, int rows, int columns) => Add(Parameter(name, random.Normal(0, deviation, [rows, columns])));

    private Parameter Vector(string name, float value, int length) => Add(Parameter(name, [length], value));

    private Parameter Add(Parameter parameter)
    {
        parameters.Add(parameter);
        return parameter;
    }

    private sealed record Norm(Node Weight, Node Bias)
    {
        public Node Of(Node x) => LayerNorm(x, Weight, Bias);
    }

    private sealed record Block(Norm BeforeAttention, Node In, Node Out, Norm BeforeNetwork, Node Up, Node UpBias, Node Down, Node DownBias);
}
