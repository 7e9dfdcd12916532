namespace GraphCompiler.Learning;

/// <summary>
/// Attention of several heads (Vaswani et al., 2017), PyTorch's <c>nn.MultiheadAttention</c>: <c>in_proj_weight</c> [3·E, E], the projections of query, key and value one below
/// the other, <c>in_proj_bias</c> [3·E], <c>out_proj.weight</c> [E, E] and <c>out_proj.bias</c> [E]. Where keys or values have another width,
/// <c>q_proj_weight</c> [E, E], <c>k_proj_weight</c> [E, key width] and <c>v_proj_weight</c> [E, value width] take the place of the first.
/// </summary>
/// <remarks>Masks are as PyTorch's layer takes them: bools are true where a query does <em>not</em> see a key. A query that sees no key gives <c>out_proj</c>'s bias, where PyTorch gives NaN.</remarks>
public sealed class MultiHeadAttention : Layer
{
    private double dropout;
    private bool causal;
    private bool batchFirst;

    /// <summary>A layer of random weights.</summary>
    /// <param name="width">E, the size of the last axis of queries and of the result.</param>
    /// <param name="heads">How many heads; they divide the width.</param>
    /// <param name="random">Where the weights come from.</param>
    /// <param name="bias">Whether the projections have biases, which begin with zeros.</param>
    /// <param name="keyWidth">The size of the last axis of keys; null for E.</param>
    /// <param name="valueWidth">The size of the last axis of values; null for E.</param>
    /// <exception cref="ArgumentException">The heads do not divide the width.</exception>
    public MultiHeadAttention(int width, int heads, Generator random, bool bias = true, int? keyWidth = null, int? valueWidth = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(heads);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(keyWidth ?? width, nameof(keyWidth));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(valueWidth ?? width, nameof(valueWidth));
        if (width % heads != 0)
        {
            throw new ArgumentException($"A width of {width} cannot be divided into {heads} heads of the same size.", nameof(heads));
        }

        (Width, Heads, KeyWidth, ValueWidth) = (width, heads, keyWidth ?? width, valueWidth ?? width);
        Initializer xavier = Initializer.XavierUniform();
        if (KeyWidth == width && ValueWidth == width)
        {
            InProjWeight = xavier.Make(random, 3 * width, width);
        }
        else
        {
            QProjWeight = xavier.Make(random, width, width);
            KProjWeight = xavier.Make(random, width, KeyWidth);
            VProjWeight = xavier.Make(random, width, ValueWidth);
        }

        InProjBias = bias ? Initializer.Zeros.Make(3 * width) : null;
        OutProj = new Linear(width, width, random, bias);
        OutProj.Bias?.Fill(0);
    }

    /// <summary>E, the size of the last axis of queries and of the result.</summary>
    public int Width { get; }

    /// <summary>How many heads there are.</summary>
    public int Heads { get; }

    /// <summary>The size of the last axis of keys.</summary>
    public int KeyWidth { get; }

    /// <summary>The size of the last axis of values.</summary>
    public int ValueWidth { get; }

    /// <summary>The projections of query, key and value, one below the other [3·E, E]; null where keys or values have another width.</summary>
    public Parameter<float>? InProjWeight { get; }

    /// <summary>The projection of queries [E, E], where keys or values have another width.</summary>
    public Parameter<float>? QProjWeight { get; }

    /// <summary>The projection of keys [E, key width], where keys or values have another width.</summary>
    public Parameter<float>? KProjWeight { get; }

    /// <summary>The projection of values [E, value width], where keys or values have another width.</summary>
    public Parameter<float>? VProjWeight { get; }

    /// <summary>What the three projections add, one after the other [3·E]; null if there are no biases.</summary>
    public Parameter<float>? InProjBias { get; }

    /// <summary>The last projection.</summary>
    public Linear OutProj { get; }

    /// <summary>The probability that training drops a weight of attention.</summary>
    public double Dropout { get => dropout; init => dropout = Chance.Checked(value); }

    /// <summary>Whether query i sees keys 0 to i only, besides what masks say.</summary>
    public bool Causal { get => causal; init => causal = value; }

    /// <summary>Whether tensors are [N, L, E], the batch first; false, [L, N, E], as PyTorch's default is.</summary>
    public bool BatchFirst { get => batchFirst; init => batchFirst = value; }

    /// <summary>What turns each head of queries and keys by its place; null for nothing, as in PyTorch.</summary>
    /// <exception cref="ShapeException">It is for heads of another size.</exception>
    public RotaryEmbedding? Rotary { get; init => field = AttentionHeads.Fitting(value, this, Width / Heads); }

    /// <summary>Attention of queries to keys.</summary>
    /// <param name="query">[L, N, E], or [N, L, E] with <see cref="BatchFirst"/>, or [L, E] without a batch.</param>
    /// <param name="key">[S, N, key width], in the same order.</param>
    /// <param name="value">[S, N, value width], in the same order.</param>
    /// <param name="keyPaddingMask">Null, or [N, S] ([S] without a batch): bools, true where a key is padding that nothing sees, or floats added to the scores.</param>
    /// <param name="mask">Null, or [L, S], or [N·heads, L, S]: bools, true where a query does not see a key, or floats added to the scores.</param>
    /// <returns>The result, of the shape of <paramref name="query"/>.</returns>
    /// <exception cref="ShapeException">A rank or a size does not fit.</exception>
    /// <exception cref="DTypeException">A dtype does not fit.</exception>
    public Node Forward(Node query, Node key, Node value, Node? keyPaddingMask = null, Node? mask = null) =>
        ForwardWithWeights(query, key, value, keyPaddingMask, mask).Result;

    /// <summary>Attention of queries to keys, and the weights that it gives to each.</summary>
    /// <param name="query">See <see cref="Forward(Node, Node, Node, Node?, Node?)"/>.</param>
    /// <param name="key">See there.</param>
    /// <param name="value">See there.</param>
    /// <param name="keyPaddingMask">See there.</param>
    /// <param name="mask">See there.</param>
    /// <param name="averageWeights">Whether the weights are averaged over the heads.</param>
    /// <returns>The result; and the weights, [N, L, S] or [N, heads, L, S] (without N if there is no batch), in training what dropout leaves of them. They cost nothing if they are not used.</returns>
    /// <exception cref="ShapeException">A rank or a size does not fit.</exception>
    /// <exception cref="DTypeException">A dtype does not fit.</exception>
    public (Node Result, Node Weights) ForwardWithWeights(Node query, Node key, Node value, Node? keyPaddingMask = null, Node? mask = null, bool averageWeights = true)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        return Within(() => Attend(query, key, value, keyPaddingMask, mask, averageWeights), given: query);
    }

    /// <summary>Takes options from the layer that it is a part of.</summary>
    internal void Adopt(double? dropout = null, bool? causal = null, bool? batchFirst = null)
    {
        this.dropout = dropout ?? this.dropout;
        this.causal = causal ?? this.causal;
        this.batchFirst = batchFirst ?? this.batchFirst;
    }

    /// <inheritdoc/>
    public override string ToString() => $"MultiHeadAttention({Width}, {Heads} heads)";

    /// <summary>Self-attention.</summary>
    /// <inheritdoc/>
    protected override Node Define(Node x) => Attend(x, x, x, null, null, averageWeights: true).Result;

    private (Node Result, Node Weights) Attend(Node query, Node key, Node value, Node? keyPaddingMask, Node? mask, bool averageWeights)
    {
        string order = BatchFirst ? "[N, L, {0}]" : "[L, N, {0}]";
        Sequences.Require("query", query, order, Width);
        Sequences.Require("key", key, order, KeyWidth);
        Sequences.Require("value", value, order, ValueWidth);
        int axis = BatchFirst && query.Rank == 3 ? 1 : 0;
        bool isSelf = query == key && key == value;
        (Node q, Node k, Node v) = Projected(query, key, value);
        if (Rotary is not null)
        {
            q = AttentionHeads.Turned(Rotary, q, Heads, Pass.Positions(q.Shape[axis]), axis);
            k = AttentionHeads.Turned(Rotary, k, Heads, isSelf ? Pass.Positions(k.Shape[axis]) : Ops.Arange(k.Shape[axis]), axis);
        }

        (double p, Generator? random) = Chance.Of(this, Dropout);
        bool isCausal = Causal;
        if (isSelf && Pass.Current is { Cache: { } cache } pass)
        {
            (k, v, mask) = AttentionHeads.Continued(this, pass, cache, k, v, Causal, BatchFirst, isMasked: (mask ?? keyPaddingMask) is not null);
            isCausal = false;
        }

        (Node joined, Node weights) = Ops.MultiHeadAttention(q, k, v, Heads, null, null, null, null, keyPaddingMask, mask, isCausal, BatchFirst, averageWeights, p, random);
        return (OutProj.Forward(joined), weights);
    }

    /// <summary>Query, key and value after their projections: of self-attention one product.</summary>
    private (Node Query, Node Key, Node Value) Projected(Node query, Node key, Node value)
    {
        if (InProjWeight is not null && query == key && key == value)
        {
            NodeList parts = Ops.TensorSplit(Ops.Linear(query, InProjWeight, InProjBias), 3, -1);
            return (parts[0], parts[1], parts[2]);
        }

        return (Part(query, 0, QProjWeight), Part(key, 1, KProjWeight), Part(value, 2, VProjWeight));

        Node Part(Node x, int part, Node? own) => Ops.Linear(x, own ?? Rows(InProjWeight!, part), InProjBias is null ? null : Rows(InProjBias, part));

        Node Rows(Node x, int part) => Ops.Slice(x, 0, part * Width, (part + 1) * Width);
    }
}
