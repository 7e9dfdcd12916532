namespace GraphCompiler.Learning;

/// <summary>Encoder layers one after another, and perhaps a norm: PyTorch's <c>nn.TransformerEncoder</c>, with the names <c>layers.0</c>, <c>layers.1</c>, …, <c>norm</c>.</summary>
/// <remarks>Each layer has its own random weights, where those of PyTorch begin as copies of one.</remarks>
public sealed class TransformerEncoder : Layer
{
    private readonly TransformerEncoderLayer[] layers;

    /// <summary>Layers one after another.</summary>
    /// <param name="count">How many.</param>
    /// <param name="layer">Makes one, anew each time.</param>
    /// <param name="norm">What is applied to the last one's result; null for nothing.</param>
    public TransformerEncoder(int count, Func<TransformerEncoderLayer> layer, LayerNorm? norm = null)
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        layers = [.. Enumerable.Range(0, count).Select(_ => layer())];
        Norm = norm;
    }

    /// <summary>The layers, the first first.</summary>
    public IReadOnlyList<TransformerEncoderLayer> Layers => layers;

    /// <summary>What is applied to the last one's result; null if nothing is.</summary>
    public LayerNorm? Norm { get; }

    /// <summary>Defines all layers where some places are not seen; masks are those of <see cref="MultiHeadAttention"/>, true where something is not seen.</summary>
    /// <param name="x">[L, N, E], or [N, L, E] if the layers have the batch first, or [L, E] without a batch.</param>
    /// <param name="mask">Null, or [L, L], or [N·heads, L, L].</param>
    /// <param name="keyPaddingMask">Null, or [N, L] ([L] without a batch), true where something is padding.</param>
    /// <exception cref="ShapeException">A rank or a size does not fit.</exception>
    /// <exception cref="DTypeException">A dtype does not fit.</exception>
    public Node Forward(Node x, Node? mask, Node? keyPaddingMask = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Within(() => Define(x, mask, keyPaddingMask), given: x);
    }

    /// <inheritdoc/>
    public override string ToString() => $"TransformerEncoder({layers.Length})";

    /// <inheritdoc/>
    protected override Node Define(Node x) => Define(x, null, null);

    private Node Define(Node x, Node? mask, Node? keyPaddingMask)
    {
        Node y = layers.Aggregate(x, (h, layer) => layer.Forward(h, mask, keyPaddingMask));
        return Norm is null ? y : Norm.Forward(y);
    }
}

/// <summary>Decoder layers one after another, and perhaps a norm: PyTorch's <c>nn.TransformerDecoder</c>, with the names <c>layers.0</c>, <c>layers.1</c>, …, <c>norm</c>.</summary>
/// <remarks>Each layer has its own random weights, where those of PyTorch begin as copies of one.</remarks>
public sealed class TransformerDecoder : Module
{
    private readonly TransformerDecoderLayer[] layers;

    /// <summary>Layers one after another.</summary>
    /// <param name="count">How many.</param>
    /// <param name="layer">Makes one, anew each time.</param>
    /// <param name="norm">What is applied to the last one's result; null for nothing.</param>
    public TransformerDecoder(int count, Func<TransformerDecoderLayer> layer, LayerNorm? norm = null)
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        layers = [.. Enumerable.Range(0, count).Select(_ => layer())];
        Norm = norm;
    }

    /// <summary>The layers, the first first.</summary>
    public IReadOnlyList<TransformerDecoderLayer> Layers => layers;

    /// <summary>What is applied to the last one's result; null if nothing is.</summary>
    public LayerNorm? Norm { get; }

    /// <summary>Defines all layers; see <see cref="TransformerDecoderLayer.Forward"/>.</summary>
    /// <param name="x">[L, N, E], or [N, L, E] if the layers have the batch first, or [L, E] without a batch.</param>
    /// <param name="memory">What an encoder gives, [S, N, E] in the same order.</param>
    /// <param name="mask">Null, or [L, L], or [N·heads, L, L].</param>
    /// <param name="memoryMask">Null, or [L, S], or [N·heads, L, S].</param>
    /// <param name="keyPaddingMask">Null, or [N, L] ([L] without a batch), true where x is padding.</param>
    /// <param name="memoryKeyPaddingMask">Null, or [N, S] ([S] without a batch), true where the memory is padding.</param>
    /// <returns>A node of the shape of <paramref name="x"/>.</returns>
    /// <exception cref="ShapeException">A rank or a size does not fit.</exception>
    /// <exception cref="DTypeException">A dtype does not fit.</exception>
    public Node Forward(Node x, Node memory, Node? mask = null, Node? memoryMask = null, Node? keyPaddingMask = null, Node? memoryKeyPaddingMask = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(memory);
        return Within(
            () =>
            {
                Node y = layers.Aggregate(x, (h, layer) => layer.Forward(h, memory, mask, memoryMask, keyPaddingMask, memoryKeyPaddingMask));
                return Norm is null ? y : Norm.Forward(y);
            },
            given: x);
    }

    /// <inheritdoc/>
    public override string ToString() => $"TransformerDecoder({layers.Length})";
}
