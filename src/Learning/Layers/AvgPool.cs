namespace GraphCompiler.Learning;

/// <summary>The mean of each window: what <see cref="AvgPool1D"/>, <see cref="AvgPool2D"/> and <see cref="AvgPool3D"/> have in common.</summary>
public abstract class AvgPool : PoolLayer
{
    private protected AvgPool(int spatial, PerAxis kernelSize)
        : base(spatial, kernelSize)
    {
    }

    /// <summary>Whether the padding counts as elements of the mean.</summary>
    public bool CountIncludePad { get; init; } = true;

    /// <summary>What sums are divided by instead of the number of elements; 0 for that number.</summary>
    public int Divisor { get; init; }

    /// <inheritdoc/>
    protected sealed override Node Define(Node x)
    {
        Require.AnyFloat(x);
        Require.Places(x, Spatial);
        return Spatial switch
        {
            1 => Ops.AvgPool1D(x, KernelSize, Stride, Padding, Dilation, CeilMode, CountIncludePad, Divisor),
            2 => Ops.AvgPool2D(x, KernelSize, Stride, Padding, Dilation, CeilMode, CountIncludePad, Divisor),
            _ => Ops.AvgPool3D(x, KernelSize, Stride, Padding, Dilation, CeilMode, CountIncludePad, Divisor),
        };
    }
}

/// <summary>The mean of each window over one axis of floats, [N, C, L] or [C, L]. As PyTorch's <c>nn.AvgPool1d</c>.</summary>
/// <param name="kernelSize">Elements of a window.</param>
/// <exception cref="ArgumentException">A size is not above 0, or there is another number of them.</exception>
public sealed class AvgPool1D(PerAxis kernelSize) : AvgPool(1, kernelSize);

/// <summary>The mean of each window over two axes of floats, [N, C, H, W] or [C, H, W]. As PyTorch's <c>nn.AvgPool2d</c>.</summary>
/// <param name="kernelSize">Elements of a window along each axis.</param>
/// <exception cref="ArgumentException">A size is not above 0, or there is another number of them.</exception>
public sealed class AvgPool2D(PerAxis kernelSize) : AvgPool(2, kernelSize);

/// <summary>The mean of each window over three axes of floats, [N, C, D, H, W] or [C, D, H, W]. As PyTorch's <c>nn.AvgPool3d</c>.</summary>
/// <param name="kernelSize">Elements of a window along each axis.</param>
/// <exception cref="ArgumentException">A size is not above 0, or there is another number of them.</exception>
public sealed class AvgPool3D(PerAxis kernelSize) : AvgPool(3, kernelSize);
