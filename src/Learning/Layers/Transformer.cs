namespace GraphCompiler.Learning;

/// <summary>
/// An encoder and a decoder that looks at what it gives (Vaswani et al., 2017), each with a norm at the end: PyTorch's <c>nn.Transformer</c>, with the names
/// <c>encoder.layers.0</c>, …, <c>encoder.norm</c>, <c>decoder.layers.0</c>, …, <c>decoder.norm</c>. All matrices begin with <see cref="Initializer.XavierUniform"/>.
/// </summary>
public sealed class Transformer : Module
{
    /// <summary>A model of random weights.</summary>
    /// <param name="random">Where the weights come from.</param>
    /// <param name="width">E, the size of the last axis of source, target and result.</param>
    /// <param name="heads">How many heads; they divide the width.</param>
    /// <param name="encoderLayers">How many layers the encoder has.</param>
    /// <param name="decoderLayers">How many layers the decoder has.</param>
    /// <param name="feedForward">The width between the two linear layers of each.</param>
    /// <param name="dropout">The probability that training drops something, see <see cref="TransformerEncoderLayer.Dropout"/>.</param>
    /// <param name="activation">What is between the linear layers; null for <see cref="Activation.Relu"/>.</param>
    /// <param name="batchFirst">Whether tensors are [N, L, E], the batch first.</param>
    /// <param name="normFirst">Whether norms come before attention and linear layers.</param>
    /// <param name="causal">Whether each place of the target sees those before and itself only.</param>
    /// <param name="bias">Whether linear layers and norms have biases.</param>
    /// <param name="epsilon">What the norms add to variances.</param>
    /// <exception cref="ArgumentException">The heads do not divide the width.</exception>
    public Transformer(
        Generator random,
        int width = 512,
        int heads = 8,
        int encoderLayers = 6,
        int decoderLayers = 6,
        int feedForward = 2048,
        double dropout = 0.1,
        Activation? activation = null,
        bool batchFirst = false,
        bool normFirst = false,
        bool causal = false,
        bool bias = true,
        double epsilon = 1e-5)
    {
        activation ??= Activation.Relu;
        Encoder = new TransformerEncoder(
            encoderLayers,
            () => new(width, heads, random, feedForward, bias, epsilon) { Dropout = dropout, Activation = activation, BatchFirst = batchFirst, NormFirst = normFirst },
            new LayerNorm(width, bias: bias) { Epsilon = epsilon });
        Decoder = new TransformerDecoder(
            decoderLayers,
            () => new(width, heads, random, feedForward, bias, epsilon) { Dropout = dropout, Activation = activation, BatchFirst = batchFirst, NormFirst = normFirst, Causal = causal },
            new LayerNorm(width, bias: bias) { Epsilon = epsilon });
        foreach (Parameter<float> matrix in Parameters().OfType<Parameter<float>>().Where(p => p.Rank > 1))
        {
            matrix.Set(Initializer.XavierUniform().Draw(random, [.. matrix.Shape.Select(d => (int)d.Constant!)]).ToArray());
        }
    }

    /// <summary>The encoder.</summary>
    public TransformerEncoder Encoder { get; }

    /// <summary>The decoder.</summary>
    public TransformerDecoder Decoder { get; }

    /// <summary>Defines the model; masks are those of <see cref="MultiHeadAttention"/>, true where something is not seen.</summary>
    /// <param name="source">What the encoder reads, [S, N, E], or [N, S, E] with the batch first, or [S, E] without a batch.</param>
    /// <param name="target">What the decoder goes on with, [T, N, E] in the same order.</param>
    /// <param name="sourceMask">Null, or [S, S], or [N·heads, S, S].</param>
    /// <param name="targetMask">Null, or [T, T], or [N·heads, T, T].</param>
    /// <param name="memoryMask">Null, or [T, S], or [N·heads, T, S].</param>
    /// <param name="sourceKeyPaddingMask">Null, or [N, S], true where the source is padding to the encoder.</param>
    /// <param name="targetKeyPaddingMask">Null, or [N, T], true where the target is padding.</param>
    /// <param name="memoryKeyPaddingMask">Null, or [N, S], true where the source is padding to the decoder.</param>
    /// <returns>A node of the shape of <paramref name="target"/>.</returns>
    /// <exception cref="ShapeException">A rank or a size does not fit.</exception>
    /// <exception cref="DTypeException">A dtype does not fit.</exception>
    public Node Forward(
        Node source,
        Node target,
        Node? sourceMask = null,
        Node? targetMask = null,
        Node? memoryMask = null,
        Node? sourceKeyPaddingMask = null,
        Node? targetKeyPaddingMask = null,
        Node? memoryKeyPaddingMask = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        return Within(
            () => Decoder.Forward(target, Encoder.Forward(source, sourceMask, sourceKeyPaddingMask), targetMask, memoryMask, targetKeyPaddingMask, memoryKeyPaddingMask),
            given: source);
    }

    /// <inheritdoc/>
    public override string ToString() => $"Transformer({Encoder.Layers.Count} + {Decoder.Layers.Count} layers)";
}
