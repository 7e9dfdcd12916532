using GraphCompiler;
using GraphCompiler.Learning;

namespace CharLm;

/// <summary>How large a transformer is.</summary>
/// <param name="Tokens">How many tokens there are.</param>
/// <param name="Length">The most tokens of a row.</param>
/// <param name="Width">The size of the vector that stands for a token in its place.</param>
/// <param name="Heads">Heads of attention, which share the width.</param>
/// <param name="Layers">Blocks of attention and a network.</param>
internal sealed record TransformerSize(int Tokens, int Length, int Width = 64, int Heads = 4, int Layers = 2);

/// <summary>
/// A causal transformer with norms before its parts, as in GPT-2 (Radford et al., 2019): tokens [N, T] to scores of the token after each, [N, T, tokens]. The same table embeds
/// tokens and scores the next one.
/// </summary>
internal sealed class CharTransformer(TransformerSize size, Generator random) : Layer
{
    private readonly Embedding tokens = new(size.Tokens, size.Width, random, init: Initializer.Normal(0, 1 / MathF.Sqrt(size.Width)));
    private readonly Embedding places = new(size.Length, size.Width, random, init: Initializer.Normal(0, 1 / MathF.Sqrt(size.Width)));
    private readonly TransformerEncoder blocks = new(
        size.Layers,
        () => new TransformerEncoderLayer(size.Width, size.Heads, random, feedForward: 4 * size.Width)
        {
            Activation = Activation.TanhGelu,
            BatchFirst = true,
            Causal = true,
            Dropout = 0,
            NormFirst = true,
        },
        new LayerNorm(size.Width));

    /// <summary>
    /// Begins anew, as GPT-2 does: weights are normal numbers, and those of what is added to a vector the smaller the more parts add to it; biases are 0.
    /// </summary>
    public CharTransformer Begun()
    {
        foreach (ModuleParameter place in blocks.NamedParameters().Where(p => p.Path.StartsWith("layers.", StringComparison.Ordinal) && !p.Path.Contains("norm", StringComparison.Ordinal)))
        {
            float added = 1 / MathF.Sqrt(2 * size.Layers);
            float part = place.Path.EndsWith("bias", StringComparison.Ordinal) ? 0
                : place.Path.EndsWith("out_proj.weight", StringComparison.Ordinal) ? added
                : place.Path.EndsWith("linear2.weight", StringComparison.Ordinal) ? added / 2
                : 1;
            place.Parameter.Set(random.Normal(0, part / MathF.Sqrt(size.Width), [.. place.Parameter.Shape.Select(d => (int)d.Constant!.Value)]));
        }

        return this;
    }

    /// <summary>The most tokens of a row.</summary>
    public int Length => size.Length;

    /// <inheritdoc/>
    protected override Node Define(Node x) =>
        Ops.Linear(blocks.Forward(tokens.Forward(x) + places.Forward(Pass.Positions(x.Shape[1]))), tokens.Weight);
}
