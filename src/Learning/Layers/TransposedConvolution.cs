namespace GraphCompiler.Learning;

/// <summary>
/// The transpose of a convolution, which spreads each element over a window: what <see cref="ConvTranspose1D"/>, <see cref="ConvTranspose2D"/> and
/// <see cref="ConvTranspose3D"/> have in common.
/// </summary>
public abstract class TransposedConvolution : ConvolutionLayer
{
    private protected TransposedConvolution(int spatial, int inputs, int outputs, PerAxis kernelSize, Generator random, int groups, bool bias, Initializer? init)
        : base(spatial, inputs, outputs, kernelSize, random, groups, bias, init, isTransposed: true)
    {
    }

    /// <summary>What is added at the end of each axis of the result, less than stride or dilation.</summary>
    public PerAxis OutputPadding { get; init; } = 0;

    internal override Node Define(Node x, Node weight)
    {
        Require.Places(x, Inputs, Spatial);
        return Spatial switch
        {
            1 => Ops.ConvTranspose1D(x, weight, Bias, Stride, Padding, OutputPadding, Dilation, Groups),
            2 => Ops.ConvTranspose2D(x, weight, Bias, Stride, Padding, OutputPadding, Dilation, Groups),
            _ => Ops.ConvTranspose3D(x, weight, Bias, Stride, Padding, OutputPadding, Dilation, Groups),
        };
    }
}

/// <summary>
/// The transpose of a convolution over one axis: [N, inputs, L], or without N, gives [N, outputs, (L − 1)·stride − 2·padding + (K − 1)·dilation + outputPadding + 1].
/// <c>weight</c> [inputs, outputs/groups, K] and <c>bias</c> [outputs], as PyTorch's <c>nn.ConvTranspose1d</c>.
/// </summary>
/// <param name="inputs">The number of channels of what it is applied to.</param>
/// <param name="outputs">The number of channels of the result.</param>
/// <param name="kernelSize">Elements of a window.</param>
/// <param name="random">Where the weights come from.</param>
/// <param name="groups">In how many groups the channels fall.</param>
/// <param name="bias">Whether there is a bias.</param>
/// <param name="init">How the weight begins; by default <see cref="Initializer.PyTorch"/> of outputs/groups·K, as PyTorch has it, and the bias likewise.</param>
/// <exception cref="ArgumentException">A size is not above 0, or the channels do not fall into the groups.</exception>
public sealed class ConvTranspose1D(int inputs, int outputs, PerAxis kernelSize, Generator random, int groups = 1, bool bias = true, Initializer? init = null)
    : TransposedConvolution(1, inputs, outputs, kernelSize, random, groups, bias, init);

/// <summary>
/// The transpose of a convolution over two axes: sizes of [N, inputs, H, W], or without N, grow to (size − 1)·stride − 2·padding + (K − 1)·dilation + outputPadding + 1.
/// <c>weight</c> [inputs, outputs/groups, K, K] and <c>bias</c> [outputs], as PyTorch's <c>nn.ConvTranspose2d</c>.
/// </summary>
/// <param name="inputs">The number of channels of what it is applied to.</param>
/// <param name="outputs">The number of channels of the result.</param>
/// <param name="kernelSize">Elements of a window along each axis.</param>
/// <param name="random">Where the weights come from.</param>
/// <param name="groups">In how many groups the channels fall.</param>
/// <param name="bias">Whether there is a bias.</param>
/// <param name="init">How the weight begins; by default <see cref="Initializer.PyTorch"/> of outputs/groups·K·K, as PyTorch has it, and the bias likewise.</param>
/// <exception cref="ArgumentException">A size is not above 0, or the channels do not fall into the groups.</exception>
public sealed class ConvTranspose2D(int inputs, int outputs, PerAxis kernelSize, Generator random, int groups = 1, bool bias = true, Initializer? init = null)
    : TransposedConvolution(2, inputs, outputs, kernelSize, random, groups, bias, init);

/// <summary>
/// The transpose of a convolution over three axes: sizes of [N, inputs, D, H, W], or without N, grow to (size − 1)·stride − 2·padding + (K − 1)·dilation + outputPadding + 1.
/// <c>weight</c> [inputs, outputs/groups, K, K, K] and <c>bias</c> [outputs], as PyTorch's <c>nn.ConvTranspose3d</c>.
/// </summary>
/// <param name="inputs">The number of channels of what it is applied to.</param>
/// <param name="outputs">The number of channels of the result.</param>
/// <param name="kernelSize">Elements of a window along each axis.</param>
/// <param name="random">Where the weights come from.</param>
/// <param name="groups">In how many groups the channels fall.</param>
/// <param name="bias">Whether there is a bias.</param>
/// <param name="init">How the weight begins; by default <see cref="Initializer.PyTorch"/> of outputs/groups·K·K·K, as PyTorch has it, and the bias likewise.</param>
/// <exception cref="ArgumentException">A size is not above 0, or the channels do not fall into the groups.</exception>
public sealed class ConvTranspose3D(int inputs, int outputs, PerAxis kernelSize, Generator random, int groups = 1, bool bias = true, Initializer? init = null)
    : TransposedConvolution(3, inputs, outputs, kernelSize, random, groups, bias, init);
