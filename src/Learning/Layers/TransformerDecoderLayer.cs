namespace GraphCompiler.Learning;

/// <summary>
/// Self-attention, attention to what an encoder gives, and two linear layers, each beside its input and with a norm (Vaswani et al., 2017), PyTorch's
/// <c>nn.TransformerDecoderLayer</c>: <c>self_attn</c>, <c>multihead_attn</c>, <c>linear1</c>, <c>linear2</c>, <c>norm1</c>, <c>norm2</c>, <c>norm3</c>.
/// </summary>
public sealed class TransformerDecoderLayer : Module
{
    /// <summary>A layer of random weights.</summary>
    /// <param name="width">E, the size of the last axis of what it is applied to and of the result.</param>
    /// <param name="heads">How many heads; they divide the width.</param>
    /// <param name="random">Where the weights come from.</param>
    /// <param name="feedForward">The width between the two linear layers.</param>
    /// <param name="bias">Whether linear layers and norms have biases.</param>
    /// <param name="epsilon">What the norms add to variances.</param>
    /// <exception cref="ArgumentException">The heads do not divide the width.</exception>
    public TransformerDecoderLayer(int width, int heads, Generator random, int feedForward = 2048, bool bias = true, double epsilon = 1e-5)
    {
        SelfAttn = new MultiHeadAttention(width, heads, random, bias);
        MultiheadAttn = new MultiHeadAttention(width, heads, random, bias);
        Linear1 = new Linear(width, feedForward, random, bias);
        Linear2 = new Linear(feedForward, width, random, bias);
        Norm1 = new LayerNorm(width, bias: bias) { Epsilon = epsilon };
        Norm2 = new LayerNorm(width, bias: bias) { Epsilon = epsilon };
        Norm3 = new LayerNorm(width, bias: bias) { Epsilon = epsilon };
        SelfAttn.Adopt(Dropout);
        MultiheadAttn.Adopt(Dropout);
    }

    /// <summary>The attention of what the layer is applied to, to itself.</summary>
    public MultiHeadAttention SelfAttn { get; }

    /// <summary>The attention to the memory, what an encoder gives.</summary>
    public MultiHeadAttention MultiheadAttn { get; }

    /// <summary>The first of the two linear layers.</summary>
    public Linear Linear1 { get; }

    /// <summary>The second.</summary>
    public Linear Linear2 { get; }

    /// <summary>The norm before or after the self-attention.</summary>
    public LayerNorm Norm1 { get; }

    /// <summary>The norm before or after the attention to the memory.</summary>
    public LayerNorm Norm2 { get; }

    /// <summary>The norm before or after the two linear layers.</summary>
    public LayerNorm Norm3 { get; }

    /// <summary>The probability that training drops a weight of attention, an element between the linear layers, and one of what is added.</summary>
    public double Dropout
    {
        get;
        init
        {
            field = Chance.Checked(value);
            SelfAttn.Adopt(dropout: value);
            MultiheadAttn.Adopt(dropout: value);
        }
    } = 0.1;

    /// <summary>Whether norms come before attention and linear layers; false, after what these are added to.</summary>
    public bool NormFirst { get; init; }

    /// <summary>Whether each place sees those before and itself only, in the self-attention.</summary>
    public bool Causal { get => SelfAttn.Causal; init => SelfAttn.Adopt(causal: value); }

    /// <summary>Whether tensors are [N, L, E], the batch first; false, [L, N, E], as PyTorch's default is.</summary>
    public bool BatchFirst
    {
        get => SelfAttn.BatchFirst;
        init
        {
            SelfAttn.Adopt(batchFirst: value);
            MultiheadAttn.Adopt(batchFirst: value);
        }
    }

    /// <summary>What is between the linear layers.</summary>
    public Activation Activation { get; init; } = Activation.Relu;

    /// <summary>Defines the layer; masks are those of <see cref="MultiHeadAttention"/>, true where something is not seen.</summary>
    /// <param name="x">[L, N, E], or [N, L, E] with <see cref="BatchFirst"/>, or [L, E] without a batch.</param>
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
        return Within(Define, given: x);

        Node Define()
        {
            Node y = Residual.Around(this, x, Norm1, NormFirst, Dropout, h => SelfAttn.Forward(h, h, h, keyPaddingMask, mask));
            y = Residual.Around(this, y, Norm2, NormFirst, Dropout, h => MultiheadAttn.Forward(h, memory, memory, memoryKeyPaddingMask, memoryMask));
            return Residual.Around(this, y, Norm3, NormFirst, Dropout, h => Linear2.Forward(Chance.Drop(this, Activation.Forward(Linear1.Forward(h)), Dropout)));
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"TransformerDecoderLayer({SelfAttn.Width}, {SelfAttn.Heads} heads, {Linear1.Outputs})";
}
