namespace GraphCompiler.Learning;

/// <summary>A layer of windows over one to three axes of places: what <see cref="Convolution"/> and <see cref="TransposedConvolution"/> have in common.</summary>
public abstract class ConvolutionLayer : WeightedLayer
{
    private protected ConvolutionLayer(int spatial, int inputs, int outputs, PerAxis kernelSize, Generator random, int groups, bool bias, Initializer? init, bool isTransposed)
        : base(random, init, ShapeOf(spatial, inputs, outputs, kernelSize, groups, isTransposed), bias ? outputs : null) =>
        (Spatial, Inputs, Outputs, KernelSize, Groups) = (spatial, inputs, outputs, kernelSize, groups);

    /// <summary>The number of channels of what the layer is applied to.</summary>
    public int Inputs { get; }

    /// <summary>The number of channels of the result.</summary>
    public int Outputs { get; }

    /// <summary>Elements of a window along each axis.</summary>
    public PerAxis KernelSize { get; }

    /// <summary>In how many groups the channels fall, which do not see each other; as many as channels: depthwise.</summary>
    public int Groups { get; }

    /// <summary>From a window to the next.</summary>
    public PerAxis Stride { get; init; } = 1;

    /// <summary>What is added around the input, or for a transposed convolution cut off from the result: widths, <see cref="Padding.Same"/> or <see cref="Padding.Valid"/>.</summary>
    public Padding Padding { get; init; }

    /// <summary>From an element of a window to the next.</summary>
    public PerAxis Dilation { get; init; } = 1;

    /// <inheritdoc/>
    public override string ToString() => $"{GetType().Name}({Inputs} → {Outputs}, {KernelSize})";

    private protected int Spatial { get; }

    private static int[] ShapeOf(int spatial, int inputs, int outputs, PerAxis kernelSize, int groups, bool isTransposed)
    {
        (int first, int second) = isTransposed ? (inputs, outputs) : (outputs, inputs);
        return Require.Positive(inputs) % Require.Positive(groups) == 0 && Require.Positive(outputs) % groups == 0
            ? [first, second / groups, .. Require.Sizes(kernelSize, spatial)]
            : throw new ArgumentException($"The {inputs} channels that come in and the {outputs} that go out do not both fall into {groups} groups of one size.", nameof(groups));
    }
}

/// <summary>A convolution, for each output channel the weighted sum over windows: what <see cref="Conv1D"/>, <see cref="Conv2D"/> and <see cref="Conv3D"/> have in common.</summary>
public abstract class Convolution : ConvolutionLayer
{
    private protected Convolution(int spatial, int inputs, int outputs, PerAxis kernelSize, Generator random, int groups, bool bias, Initializer? init)
        : base(spatial, inputs, outputs, kernelSize, random, groups, bias, init, isTransposed: false)
    {
    }

    /// <summary>What stands in the padding.</summary>
    public PaddingMode PaddingMode { get; init; } = PaddingMode.Zeros;

    internal override Node Define(Node x, Node weight)
    {
        Require.Places(x, Inputs, Spatial);
        return Spatial switch
        {
            1 => Ops.Conv1D(x, weight, Bias, Stride, Padding, Dilation, Groups, PaddingMode),
            2 => Ops.Conv2D(x, weight, Bias, Stride, Padding, Dilation, Groups, PaddingMode),
            _ => Ops.Conv3D(x, weight, Bias, Stride, Padding, Dilation, Groups, PaddingMode),
        };
    }
}

/// <summary>
/// A convolution over one axis: [N, inputs, L], or without N, gives [N, outputs, (L + padding − (K − 1)·dilation − 1)/stride + 1]. <c>weight</c> [outputs, inputs/groups, K]
/// and <c>bias</c> [outputs], as PyTorch's <c>nn.Conv1d</c>.
/// </summary>
/// <param name="inputs">The number of channels of what it is applied to.</param>
/// <param name="outputs">The number of channels of the result.</param>
/// <param name="kernelSize">Elements of a window.</param>
/// <param name="random">Where the weights come from.</param>
/// <param name="groups">In how many groups the channels fall; as many as inputs: depthwise.</param>
/// <param name="bias">Whether there is a bias.</param>
/// <param name="init">How the weight begins; by default <see cref="Initializer.PyTorch"/>, as the bias does.</param>
/// <exception cref="ArgumentException">A size is not above 0, or the channels do not fall into the groups.</exception>
public sealed class Conv1D(int inputs, int outputs, PerAxis kernelSize, Generator random, int groups = 1, bool bias = true, Initializer? init = null)
    : Convolution(1, inputs, outputs, kernelSize, random, groups, bias, init);

/// <summary>
/// A convolution over two axes: [N, inputs, H, W], or without N, gives [N, outputs, …] with (size + padding − (K − 1)·dilation − 1)/stride + 1 along each. <c>weight</c>
/// [outputs, inputs/groups, K, K] and <c>bias</c> [outputs], as PyTorch's <c>nn.Conv2d</c>.
/// </summary>
/// <param name="inputs">The number of channels of what it is applied to.</param>
/// <param name="outputs">The number of channels of the result.</param>
/// <param name="kernelSize">Elements of a window along each axis.</param>
/// <param name="random">Where the weights come from.</param>
/// <param name="groups">In how many groups the channels fall; as many as inputs: depthwise.</param>
/// <param name="bias">Whether there is a bias.</param>
/// <param name="init">How the weight begins; by default <see cref="Initializer.PyTorch"/>, as the bias does.</param>
/// <exception cref="ArgumentException">A size is not above 0, or the channels do not fall into the groups.</exception>
public sealed class Conv2D(int inputs, int outputs, PerAxis kernelSize, Generator random, int groups = 1, bool bias = true, Initializer? init = null)
    : Convolution(2, inputs, outputs, kernelSize, random, groups, bias, init);

/// <summary>
/// A convolution over three axes: [N, inputs, D, H, W], or without N, gives [N, outputs, …] with (size + padding − (K − 1)·dilation − 1)/stride + 1 along each. <c>weight</c>
/// [outputs, inputs/groups, K, K, K] and <c>bias</c> [outputs], as PyTorch's <c>nn.Conv3d</c>.
/// </summary>
/// <param name="inputs">The number of channels of what it is applied to.</param>
/// <param name="outputs">The number of channels of the result.</param>
/// <param name="kernelSize">Elements of a window along each axis.</param>
/// <param name="random">Where the weights come from.</param>
/// <param name="groups">In how many groups the channels fall; as many as inputs: depthwise.</param>
/// <param name="bias">Whether there is a bias.</param>
/// <param name="init">How the weight begins; by default <see cref="Initializer.PyTorch"/>, as the bias does.</param>
/// <exception cref="ArgumentException">A size is not above 0, or the channels do not fall into the groups.</exception>
public sealed class Conv3D(int inputs, int outputs, PerAxis kernelSize, Generator random, int groups = 1, bool bias = true, Initializer? init = null)
    : Convolution(3, inputs, outputs, kernelSize, random, groups, bias, init);
