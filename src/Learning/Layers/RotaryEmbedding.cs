namespace GraphCompiler.Learning;

/// <summary>
/// Rotary positions (Su et al., 2021): pairs of elements of queries and keys are turned by angles that grow with their place, pair i of a width E by θ^(−2i/E) a place, so that
/// scores depend on distances. Without parameters; free to stand in many layers.
/// </summary>
public sealed class RotaryEmbedding : Layer
{
    private readonly float[] frequencies;

    /// <summary>Angles for heads of a width.</summary>
    /// <param name="width">E, the size of a head, even.</param>
    /// <param name="theta">θ, above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The width is odd or not above 0, or θ is not above 0.</exception>
    public RotaryEmbedding(int width, double theta = 10_000)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNotEqual(width % 2, 0, nameof(width));
        if (!(theta > 0 && double.IsFinite(theta)))
        {
            throw new ArgumentOutOfRangeException(nameof(theta), theta, "θ is a number above 0.");
        }

        (Width, Theta) = (width, theta);
        frequencies = [.. Enumerable.Range(0, width / 2).Select(i => (float)Math.Pow(theta, -2.0 * i / width))];
    }

    /// <summary>E, the size of a head.</summary>
    public int Width { get; }

    /// <summary>θ, what the slowest pair's angles come from.</summary>
    public double Theta { get; }

    /// <summary>Whether elements 2i and 2i + 1 are a pair, as in the paper and in GPT-J; false, elements i and i + E/2, as in GPT-NeoX and Hugging Face's Llama.</summary>
    public bool Interleaved { get; init; }

    /// <summary>Turns elements by given places.</summary>
    /// <param name="x">[…, T, E].</param>
    /// <param name="positions">Integers [T].</param>
    /// <exception cref="ShapeException">A size does not fit.</exception>
    /// <exception cref="DTypeException">A dtype does not fit.</exception>
    public Node Forward(Node x, Node positions)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(positions);
        return Within(() => Turned(x, positions, x.Rank - 2), given: x);
    }

    /// <inheritdoc/>
    public override string ToString() => $"RotaryEmbedding({Width})";

    /// <summary>Turns elements [T, …, E] whose places are along another axis.</summary>
    internal Node Forward(Node x, Node positions, int axis) => Within(() => Turned(x, positions, axis), given: x);

    /// <summary>Turns elements [.., T, E] by their places, see <see cref="Pass.Positions"/>.</summary>
    /// <inheritdoc/>
    protected override Node Define(Node x) => Turned(x, x.Rank < 2 ? x : Pass.Positions(x.Shape[^2]), x.Rank - 2);

    private Node Turned(Node x, Node positions, int axis)
    {
        Require.LastAxes(x, Width);
        if (axis < 0)
        {
            throw new ShapeException($"takes a tensor […, T, {Width}], and was given {x.Shape}.");
        }

        if (positions.DType is not (DType.Int32 or DType.Int64))
        {
            throw new DTypeException($"takes positions that are integers, and was given {positions.DType}.");
        }

        if (positions.Rank != 1 || positions.Shape[0] != x.Shape[axis])
        {
            throw new ShapeException($"takes positions [{x.Shape[axis]}], one for each place of {x.Shape}, and was given {positions.Shape}.");
        }

        Dim[] along = [.. Enumerable.Range(0, x.Rank - axis - 2).Select(_ => (Dim)1)];
        Node angles = Ops.Reshape(Ops.Cast(positions, DType.Float32), [positions.Shape[0], .. along, 1]) * Ops.Constant(frequencies);
        (Node cos, Node sin) = (Ops.Cos(angles), Ops.Sin(angles));
        int half = Width / 2;
        if (!Interleaved)
        {
            Node low = Ops.Slice(x, -1, 0, half);
            Node high = Ops.Slice(x, -1, half);
            return Ops.Concat([(low * cos) - (high * sin), (high * cos) + (low * sin)], -1);
        }

        Node pairs = Ops.Reshape(x, [.. x.Shape.SkipLast(1), half, 2]);
        Node even = Ops.Select(pairs, -1, 0);
        Node odd = Ops.Select(pairs, -1, 1);
        return Ops.Reshape(Ops.Stack([(even * cos) - (odd * sin), (odd * cos) + (even * sin)], -1), x.Shape);
    }
}
