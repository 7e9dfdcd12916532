namespace GraphCompiler.Learning.Layers;

/// <summary>What layers of attention do between their projections.</summary>
internal static class AttentionHeads
{
    /// <summary>Turns each head of queries or keys […, heads·E] by its place along an axis.</summary>
    public static Node Turned(RotaryEmbedding rotary, Node x, int heads, Node positions, int axis)
    {
        Node split = Ops.Reshape(x, [.. x.Shape.SkipLast(1), heads, rotary.Width]);
        return Ops.Reshape(rotary.Forward(split, positions, axis), x.Shape);
    }

    /// <summary>Keys and values of all tokens that a cache has seen, those given last, and which come later than a query.</summary>
    public static (Node Key, Node Value, Node? Later) Continued(Module owner, Pass pass, DecodingCache cache, Node key, Node value, bool isCausal, bool batchFirst, bool isMasked)
    {
        if (!isCausal || isMasked)
        {
            throw new GraphException($"goes on from a cache, which knows no tokens that come later{(isMasked ? " and no masks" : string.Empty)}: give no masks, and set Causal.");
        }

        if (key.Rank != 3)
        {
            throw new ShapeException($"goes on from a cache for a batch of {cache.Batch}, and was given {key.Shape}, which is no batch.");
        }

        IReadOnlyList<Node> all = cache.Append(pass, owner, Laid(key), Laid(value));
        return (Laid(all[0]), Laid(all[1]), cache.Later(Laid(key).Shape[1]));

        Node Laid(Node x) => batchFirst ? x : Ops.Transpose(x, 0, 1);
    }

    /// <summary>Rotary positions for heads of a size.</summary>
    public static RotaryEmbedding? Fitting(RotaryEmbedding? rotary, Module owner, int size) => rotary is null || rotary.Width == size ? rotary
        : throw new ShapeException($"The heads of {owner} have the size {size}, and cannot be turned by {rotary}.");
}
