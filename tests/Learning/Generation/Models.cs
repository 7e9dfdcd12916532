using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.Generation;

/// <summary>Small models of tokens, each written once, for whole sequences.</summary>
internal static class Models
{
    public const int Tokens = 11;

    private static readonly Generator Random = new(6);

    /// <summary>Learned places and encoder layers, as GPT-2.</summary>
    public sealed class Gpt : Layer
    {
        private readonly Embedding tokens = new(Tokens, 8, Random);
        private readonly Embedding places = new(32, 8, Random);
        private readonly TransformerEncoder layers = new(2, () => new(8, 2, Random, 16) { Causal = true, BatchFirst = true, NormFirst = true }, new LayerNorm(8));
        private readonly Linear head = new(8, Tokens, Random);

        protected override Node Define(Node x) => head.Forward(layers.Forward(tokens.Forward(x) + places.Forward(Pass.Positions(x.Shape[1]))));
    }

    /// <summary>Rotary places and grouped queries, as Llama; one block is used twice.</summary>
    public sealed class Llama : Layer
    {
        private readonly Embedding tokens = new(Tokens, 8, Random);
        private readonly RmsNorm norm = new(8);
        private readonly GroupedQueryAttention attention = new(8, 4, 2, Random) { Causal = true, Rotary = new RotaryEmbedding(2) };

        protected override Node Define(Node x)
        {
            Node y = tokens.Forward(x);
            y += attention.Forward(norm.Forward(y));
            y += attention.Forward(norm.Forward(y));
            return MatMul(y, tokens.Weight.Transpose());
        }
    }

    /// <summary>The batch second, attention beside recurrent layers.</summary>
    public sealed class Mixed : Layer
    {
        private readonly Embedding tokens = new(Tokens, 8, Random);
        private readonly MultiHeadAttention attention = new(8, 2, Random) { Causal = true, Rotary = new RotaryEmbedding(4) };
        private readonly Lstm lstm = new(8, 6, Random, layers: 2) { Dropout = 0.5 };
        private readonly Gru gru = new(6, 5, Random);
        private readonly Rnn rnn = new(5, Tokens, Random);

        protected override Node Define(Node x)
        {
            Node y = tokens.Forward(x).Transpose(0, 1);
            return rnn.Forward(gru.Forward(lstm.Forward(y + attention.Forward(y)))).Transpose(0, 1) * 3;
        }
    }

    /// <summary>Logits that are those of the next token alone.</summary>
    public sealed class Counting : Layer
    {
        protected override Node Define(Node x) => OneHot(Remainder(x + 1, Constant((long)Tokens)), Tokens, DType.Float32);
    }

    /// <summary>What follows depends on all tokens, by other means than the layers' own.</summary>
    public sealed class Summing : Layer
    {
        private readonly Embedding tokens = new(Tokens, 8, Random);
        private readonly Gru gru = new(8, Tokens, Random) { BatchFirst = true };

        protected override Node Define(Node x) => gru.Forward(tokens.Forward(x)) + CumulativeSum(tokens.Forward(x), 1).Sum(-1, keepDims: true) * tokens.Weight.Sum(1);
    }

    /// <summary>What follows depends on a token that is so many before the last, by other means than the layers' own.</summary>
    public sealed class LookingBack(int tokens) : Layer
    {
        private readonly Embedding table = new(Tokens, Tokens, Random);
        private readonly Gru gru = new(Tokens, Tokens, Random) { BatchFirst = true };

        protected override Node Define(Node x)
        {
            Node y = table.Forward(x);
            return gru.Forward(y) + Slice(Pad(y, [(0, 0), (tokens, 0), (0, 0)]), 1, 0, x.Shape[1]);
        }
    }

    /// <summary>A model to whose logits of the first token a number is added: −∞ forbids it.</summary>
    public sealed class Adding(Layer net, float first) : Layer
    {
        private readonly Layer net = net;

        protected override Node Define(Node x) => net.Forward(x) + Constant([first, .. new float[Tokens - 1]]);
    }

    /// <summary>Attention that looks at what comes later.</summary>
    public sealed class Peeking : Layer
    {
        private readonly Embedding tokens = new(Tokens, 8, Random);
        private readonly MultiHeadAttention attention = new(8, 2, Random) { BatchFirst = true };

        protected override Node Define(Node x) => attention.Forward(tokens.Forward(x));
    }
}
