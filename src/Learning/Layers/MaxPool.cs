namespace GraphCompiler.Learning;

/// <summary>The largest element of each window: what <see cref="MaxPool1D"/>, <see cref="MaxPool2D"/> and <see cref="MaxPool3D"/> have in common.</summary>
public abstract class MaxPool : PoolLayer
{
    private protected MaxPool(int spatial, PerAxis kernelSize)
        : base(spatial, kernelSize)
    {
    }

    /// <summary>Defines the largest elements and their positions, which <see cref="Ops.MaxUnpool2D"/> and its like take.</summary>
    /// <param name="x">What the layer is applied to.</param>
    /// <returns>The largest elements, and of each the int64 position in its channel's input, row-major.</returns>
    /// <exception cref="ShapeException">The rank or a size does not fit.</exception>
    public (Node Values, Node Indices) ForwardWithIndices(Node x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Within(() =>
        {
            Require.Places(x, Spatial);
            return Spatial switch
            {
                1 => Ops.MaxPool1DWithIndices(x, KernelSize, Stride, Padding, Dilation, CeilMode),
                2 => Ops.MaxPool2DWithIndices(x, KernelSize, Stride, Padding, Dilation, CeilMode),
                _ => Ops.MaxPool3DWithIndices(x, KernelSize, Stride, Padding, Dilation, CeilMode),
            };
        });
    }

    /// <inheritdoc/>
    protected sealed override Node Define(Node x)
    {
        Require.Places(x, Spatial);
        return Spatial switch
        {
            1 => Ops.MaxPool1D(x, KernelSize, Stride, Padding, Dilation, CeilMode),
            2 => Ops.MaxPool2D(x, KernelSize, Stride, Padding, Dilation, CeilMode),
            _ => Ops.MaxPool3D(x, KernelSize, Stride, Padding, Dilation, CeilMode),
        };
    }
}

/// <summary>The largest element of each window over one axis of numbers, [N, C, L] or [C, L]. As PyTorch's <c>nn.MaxPool1d</c>.</summary>
/// <param name="kernelSize">Elements of a window.</param>
/// <exception cref="ArgumentException">A size is not above 0, or there is another number of them.</exception>
public sealed class MaxPool1D(PerAxis kernelSize) : MaxPool(1, kernelSize);

/// <summary>The largest element of each window over two axes of numbers, [N, C, H, W] or [C, H, W]. As PyTorch's <c>nn.MaxPool2d</c>.</summary>
/// <param name="kernelSize">Elements of a window along each axis.</param>
/// <exception cref="ArgumentException">A size is not above 0, or there is another number of them.</exception>
public sealed class MaxPool2D(PerAxis kernelSize) : MaxPool(2, kernelSize);

/// <summary>The largest element of each window over three axes of numbers, [N, C, D, H, W] or [C, D, H, W]. As PyTorch's <c>nn.MaxPool3d</c>.</summary>
/// <param name="kernelSize">Elements of a window along each axis.</param>
/// <exception cref="ArgumentException">A size is not above 0, or there is another number of them.</exception>
public sealed class MaxPool3D(PerAxis kernelSize) : MaxPool(3, kernelSize);
