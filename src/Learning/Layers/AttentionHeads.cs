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

    /// <summary>Rotary positions for heads of a size.</summary>
    public static RotaryEmbedding? Fitting(RotaryEmbedding? rotary, Module owner, int size) => rotary is null || rotary.Width == size ? rotary
        : throw new ShapeException($"The heads of {owner} have the size {size}, and cannot be turned by {rotary}.");
}
