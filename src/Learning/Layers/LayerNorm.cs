namespace GraphCompiler.Learning;

/// <summary>
/// (x − mean)/√(variance + ε) over last axes, then scaled and shifted (Ba, Kiros and Hinton, 2016). <c>weight</c> and <c>bias</c> of the shape of these axes, as PyTorch's
/// <c>nn.LayerNorm</c>.
/// </summary>
public sealed class LayerNorm : Layer
{
    private readonly int[] shape;

    /// <summary>A layer for the last axis.</summary>
    /// <param name="size">Its size.</param>
    /// <param name="affine">Whether there are scales and shifts.</param>
    /// <param name="bias">Whether there are shifts, if there are scales.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is not above 0.</exception>
    public LayerNorm(int size, bool affine = true, bool bias = true)
        : this([size], affine, bias)
    {
    }

    /// <summary>A layer for last axes.</summary>
    /// <param name="shape">Their sizes, outermost first.</param>
    /// <param name="affine">Whether there are scales and shifts.</param>
    /// <param name="bias">Whether there are shifts, if there are scales.</param>
    /// <exception cref="ArgumentException">There are no axes, or a size is not above 0.</exception>
    public LayerNorm(ReadOnlySpan<int> shape, bool affine = true, bool bias = true)
    {
        this.shape = Require.Shape(shape);
        Weight = affine ? Initializer.Ones.Make(shape) : null;
        Bias = affine && bias ? Initializer.Zeros.Make(shape) : null;
    }

    /// <summary>The sizes of the last axes, which are normalised over.</summary>
    public IReadOnlyList<int> Shape => shape;

    /// <summary>The scales; null if there are none.</summary>
    public Parameter<float>? Weight { get; }

    /// <summary>The shifts; null if there are none.</summary>
    public Parameter<float>? Bias { get; }

    /// <summary>ε, which is added to variances.</summary>
    public double Epsilon { get; init; } = 1e-5;

    /// <inheritdoc/>
    public override string ToString() => $"LayerNorm({string.Join(", ", shape)})";

    /// <inheritdoc/>
    protected override Node Define(Node x)
    {
        Require.LastAxes(x, shape);
        return Ops.LayerNorm(x, Weight, Bias, Epsilon, shape.Length);
    }
}

/// <summary>x/√(mean of squares + ε) over last axes, then scaled (Zhang and Sennrich, 2019). <c>weight</c> of the shape of these axes, as PyTorch's <c>nn.RMSNorm</c>.</summary>
public sealed class RmsNorm : Layer
{
    private readonly int[] shape;

    /// <summary>A layer for the last axis.</summary>
    /// <param name="size">Its size.</param>
    /// <param name="affine">Whether there are scales.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is not above 0.</exception>
    public RmsNorm(int size, bool affine = true)
        : this([size], affine)
    {
    }

    /// <summary>A layer for last axes.</summary>
    /// <param name="shape">Their sizes, outermost first.</param>
    /// <param name="affine">Whether there are scales.</param>
    /// <exception cref="ArgumentException">There are no axes, or a size is not above 0.</exception>
    public RmsNorm(ReadOnlySpan<int> shape, bool affine = true)
    {
        this.shape = Require.Shape(shape);
        Weight = affine ? Initializer.Ones.Make(shape) : null;
    }

    /// <summary>The sizes of the last axes, which are normalised over.</summary>
    public IReadOnlyList<int> Shape => shape;

    /// <summary>The scales; null if there are none.</summary>
    public Parameter<float>? Weight { get; }

    /// <summary>ε, which is added to means of squares; null for the distance from 1 to the next number, 1.2e-7, as in PyTorch. Llama's is 1e-5 or 1e-6.</summary>
    public double? Epsilon { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"RmsNorm({string.Join(", ", shape)})";

    /// <inheritdoc/>
    protected override Node Define(Node x)
    {
        Require.LastAxes(x, shape);
        return Ops.RmsNorm(x, Weight, Epsilon, shape.Length);
    }
}
