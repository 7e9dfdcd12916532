namespace GraphCompiler.Learning;

/// <summary>
/// Self-attention whose heads share keys and values in groups (Ainslie et al., 2023), with the names of Llama and its relatives: <c>q_proj.weight</c> [heads·E, width],
/// <c>k_proj.weight</c> and <c>v_proj.weight</c> [groups·E, width], <c>o_proj.weight</c> [width, heads·E]. It takes [N, T, width], or [T, width] without a batch.
/// </summary>
public sealed class GroupedQueryAttention : Layer
{
    /// <summary>A layer of random weights.</summary>
    /// <param name="width">The size of the last axis of what it is applied to and of the result.</param>
    /// <param name="heads">How many heads look.</param>
    /// <param name="groups">How many heads have keys and values; they divide the heads. 1 is multi-query attention.</param>
    /// <param name="random">Where the weights come from.</param>
    /// <param name="headWidth">E, the size of a head; null for width/heads.</param>
    /// <param name="bias">Whether queries, keys and values have biases.</param>
    /// <param name="outBias">Whether the result has a bias.</param>
    /// <exception cref="ArgumentException">The groups do not divide the heads, or these not the width.</exception>
    public GroupedQueryAttention(int width, int heads, int groups, Generator random, int? headWidth = null, bool bias = false, bool outBias = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(heads);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groups);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(headWidth ?? 1, nameof(headWidth));
        if (heads % groups != 0)
        {
            throw new ArgumentException($"{heads} heads cannot be divided into {groups} groups of the same size.", nameof(groups));
        }

        if (headWidth is null && width % heads != 0)
        {
            throw new ArgumentException($"A width of {width} cannot be divided into {heads} heads of the same size; headWidth gives them another.", nameof(heads));
        }

        (Width, Heads, Groups, HeadWidth) = (width, heads, groups, headWidth ?? (width / heads));
        QProj = new Linear(width, heads * HeadWidth, random, bias);
        KProj = new Linear(width, groups * HeadWidth, random, bias);
        VProj = new Linear(width, groups * HeadWidth, random, bias);
        OProj = new Linear(heads * HeadWidth, width, random, outBias);
    }

    /// <summary>The size of the last axis of what the layer is applied to.</summary>
    public int Width { get; }

    /// <summary>How many heads look.</summary>
    public int Heads { get; }

    /// <summary>How many heads have keys and values.</summary>
    public int Groups { get; }

    /// <summary>E, the size of a head.</summary>
    public int HeadWidth { get; }

    /// <summary>The projection of queries.</summary>
    public Linear QProj { get; }

    /// <summary>The projection of keys.</summary>
    public Linear KProj { get; }

    /// <summary>The projection of values.</summary>
    public Linear VProj { get; }

    /// <summary>The last projection.</summary>
    public Linear OProj { get; }

    /// <summary>Whether each place sees those before and itself only.</summary>
    public bool Causal { get; init; }

    /// <summary>The probability that training drops a weight of attention.</summary>
    public double Dropout { get; init => field = Chance.Checked(value); }

    /// <summary>What turns queries and keys by their places; null for nothing.</summary>
    /// <exception cref="ShapeException">It is for heads of another size.</exception>
    public RotaryEmbedding? Rotary { get; init => field = AttentionHeads.Fitting(value, this, HeadWidth); }

    /// <summary>Defines the layer where some places are not seen.</summary>
    /// <param name="x">[N, T, width], or [T, width] without a batch.</param>
    /// <param name="mask">Null, or what broadcasts to [N, heads, T, T]: bools, true where a query does not see a key, as <see cref="MultiHeadAttention"/> takes them, or floats added to the scores.</param>
    /// <exception cref="ShapeException">A rank or a size does not fit.</exception>
    /// <exception cref="DTypeException">A dtype does not fit.</exception>
    public Node Forward(Node x, Node? mask)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Within(() => Attend(x, mask), given: x);
    }

    /// <inheritdoc/>
    public override string ToString() => $"GroupedQueryAttention({Width}, {Heads} heads, {Groups} groups)";

    /// <inheritdoc/>
    protected override Node Define(Node x) => Attend(x, null);

    private Node Attend(Node x, Node? mask)
    {
        Sequences.Require("sequence", x, "[N, T, {0}]", Width);
        int axis = x.Rank - 2;
        (Node q, Node k, Node v) = (QProj.Forward(x), KProj.Forward(x), VProj.Forward(x));
        if (Rotary is not null)
        {
            Node positions = Pass.Positions(x.Shape[axis]);
            q = AttentionHeads.Turned(Rotary, q, Heads, positions, axis);
            k = AttentionHeads.Turned(Rotary, k, Groups, positions, axis);
        }

        bool isCausal = Causal;
        if (Pass.Current is { Cache: { } cache } pass)
        {
            (k, v, mask) = AttentionHeads.Continued(this, pass, cache, k, v, Causal, batchFirst: true, isMasked: mask is not null);
            isCausal = false;
        }

        (double p, Generator? random) = Chance.Of(this, Dropout);
        Node? seen = mask is { DType: DType.Bool } ? !mask : mask;
        Node y = Ops.ScaledDotProductAttention(Split(q, Heads), Split(k, Groups), Split(v, Groups), seen, isCausal, groupedHeads: true, dropout: p, generator: random);
        return OProj.Forward(Ops.Flatten(Ops.Transpose(y, axis, axis + 1), axis + 1));

        Node Split(Node y, int heads) => Ops.Transpose(Ops.Reshape(y, [.. y.Shape.SkipLast(1), heads, HeadWidth]), axis, axis + 1);
    }
}
