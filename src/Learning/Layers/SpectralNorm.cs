namespace GraphCompiler.Learning;

/// <summary>
/// A layer whose weight is divided by its largest singular value (Miyato et al., 2018), which each step of training finds more closely by one step of power iteration.
/// <c>weight_orig</c> and the buffers <c>weight_u</c> and <c>weight_v</c> in the place of its <c>weight</c>, as PyTorch's <c>nn.utils.spectral_norm</c>.
/// </summary>
public sealed class SpectralNorm : NormedWeight
{
    private readonly int axis;

    /// <summary>A layer around another.</summary>
    /// <param name="layer">The layer, whose weight is divided.</param>
    /// <param name="random">Where the singular vectors start.</param>
    /// <param name="axis">The axis of the weight that is the rows of a matrix, all others being its columns: 0 by default, and 1 for a <see cref="TransposedConvolution"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The weight has no such axis.</exception>
    public SpectralNorm(WeightedLayer layer, Generator random, int? axis = null)
        : base(layer)
    {
        this.axis = AxisOf(layer, axis ?? (layer is TransposedConvolution ? 1 : 0));
        Original = layer.Weight;
        int rows = (int)Original.Shape[this.axis].Constant!.Value;
        Left = Unit(random, rows);
        Right = Unit(random, Original.Values.Length / rows);
    }

    /// <summary>The weight before it is divided: the layer's.</summary>
    [Named("weight_orig")]
    public Parameter<float> Original { get; }

    /// <summary>The left singular vector [rows], a buffer.</summary>
    [Named("weight_u")]
    public Parameter<float> Left { get; }

    /// <summary>The right singular vector [columns], a buffer.</summary>
    [Named("weight_v")]
    public Parameter<float> Right { get; }

    /// <summary>What lengths are at least taken for.</summary>
    public double Epsilon { get; init; } = 1e-12;

    private protected override Node Weight()
    {
        var pass = Pass.For(this);
        Node matrix = Ops.Flatten(Ops.MoveAxis(Original, axis, 0), 1);
        Node u = pass.Read(Left);
        Node v = pass.Read(Right);
        if (pass.IsTraining)
        {
            Node given = Ops.Detach(matrix);
            v = Ops.Normalize(Ops.MatMul(u, given), axis: 0, epsilon: Epsilon);
            u = Ops.Normalize(Ops.MatMul(given, v), axis: 0, epsilon: Epsilon);
            pass.Write(Left, u);
            pass.Write(Right, v);
        }

        return Original / Ops.Sum(u * Ops.MatMul(matrix, v));
    }

    private static Parameter<float> Unit(Generator random, int size)
    {
        ArgumentNullException.ThrowIfNull(random);
        float[] values = random.Normal(size).ToArray();
        float length = System.Numerics.Tensors.TensorPrimitives.Norm<float>(values);
        return Ops.Parameter("vector", Array.ConvertAll(values, x => x / length), requiresGrad: false);
    }
}
