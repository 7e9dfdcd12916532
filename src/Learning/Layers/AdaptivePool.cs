namespace GraphCompiler.Learning;

/// <summary>
/// A layer of as many windows along each of one to three axes as its result has elements: window i of o over n elements goes from ⌊i·n/o⌋ up to ⌈(i + 1)·n/o⌉. What the
/// adaptive pools have in common.
/// </summary>
public abstract class AdaptivePoolLayer : Layer
{
    private protected AdaptivePoolLayer(int spatial, PerAxis outputSize)
    {
        Require.Sizes(outputSize, spatial);
        (Spatial, OutputSize) = (spatial, outputSize);
    }

    /// <summary>The sizes of the result's axes of places.</summary>
    public PerAxis OutputSize { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{GetType().Name}({OutputSize})";

    private protected int Spatial { get; }
}

/// <summary>The means of windows that are as many as is said: what <see cref="AdaptiveAvgPool1D"/>, <see cref="AdaptiveAvgPool2D"/> and <see cref="AdaptiveAvgPool3D"/> have in common.</summary>
public abstract class AdaptiveAvgPool : AdaptivePoolLayer
{
    private protected AdaptiveAvgPool(int spatial, PerAxis outputSize)
        : base(spatial, outputSize)
    {
    }

    /// <inheritdoc/>
    protected sealed override Node Define(Node x)
    {
        Require.AnyFloat(x);
        Require.Places(x, Spatial);
        return Spatial switch
        {
            1 => Ops.AdaptiveAvgPool1D(x, OutputSize),
            2 => Ops.AdaptiveAvgPool2D(x, OutputSize),
            _ => Ops.AdaptiveAvgPool3D(x, OutputSize),
        };
    }
}

/// <summary>
/// The largest elements of windows that are as many as is said: what <see cref="AdaptiveMaxPool1D"/>, <see cref="AdaptiveMaxPool2D"/> and <see cref="AdaptiveMaxPool3D"/> have in common.
/// </summary>
public abstract class AdaptiveMaxPool : AdaptivePoolLayer
{
    private protected AdaptiveMaxPool(int spatial, PerAxis outputSize)
        : base(spatial, outputSize)
    {
    }

    /// <inheritdoc/>
    protected sealed override Node Define(Node x)
    {
        Require.Places(x, Spatial);
        return Spatial switch
        {
            1 => Ops.AdaptiveMaxPool1D(x, OutputSize),
            2 => Ops.AdaptiveMaxPool2D(x, OutputSize),
            _ => Ops.AdaptiveMaxPool3D(x, OutputSize),
        };
    }
}

/// <summary>The means of windows over one axis of floats, [N, C, L] or [C, L]. As PyTorch's <c>nn.AdaptiveAvgPool1d</c>.</summary>
/// <param name="outputSize">The result's size of the axis.</param>
/// <exception cref="ArgumentException">A size is not above 0, or there is another number of them.</exception>
public sealed class AdaptiveAvgPool1D(PerAxis outputSize) : AdaptiveAvgPool(1, outputSize);

/// <summary>The means of windows over two axes of floats, [N, C, H, W] or [C, H, W]. As PyTorch's <c>nn.AdaptiveAvgPool2d</c>.</summary>
/// <param name="outputSize">The result's size along each axis; one number stands for all.</param>
/// <exception cref="ArgumentException">A size is not above 0, or there is another number of them.</exception>
public sealed class AdaptiveAvgPool2D(PerAxis outputSize) : AdaptiveAvgPool(2, outputSize);

/// <summary>The means of windows over three axes of floats, [N, C, D, H, W] or [C, D, H, W]. As PyTorch's <c>nn.AdaptiveAvgPool3d</c>.</summary>
/// <param name="outputSize">The result's size along each axis; one number stands for all.</param>
/// <exception cref="ArgumentException">A size is not above 0, or there is another number of them.</exception>
public sealed class AdaptiveAvgPool3D(PerAxis outputSize) : AdaptiveAvgPool(3, outputSize);

/// <summary>The largest elements of windows over one axis of numbers, [N, C, L] or [C, L]. As PyTorch's <c>nn.AdaptiveMaxPool1d</c>.</summary>
/// <param name="outputSize">The result's size of the axis.</param>
/// <exception cref="ArgumentException">A size is not above 0, or there is another number of them.</exception>
public sealed class AdaptiveMaxPool1D(PerAxis outputSize) : AdaptiveMaxPool(1, outputSize);

/// <summary>The largest elements of windows over two axes of numbers, [N, C, H, W] or [C, H, W]. As PyTorch's <c>nn.AdaptiveMaxPool2d</c>.</summary>
/// <param name="outputSize">The result's size along each axis; one number stands for all.</param>
/// <exception cref="ArgumentException">A size is not above 0, or there is another number of them.</exception>
public sealed class AdaptiveMaxPool2D(PerAxis outputSize) : AdaptiveMaxPool(2, outputSize);

/// <summary>The largest elements of windows over three axes of numbers, [N, C, D, H, W] or [C, D, H, W]. As PyTorch's <c>nn.AdaptiveMaxPool3d</c>.</summary>
/// <param name="outputSize">The result's size along each axis; one number stands for all.</param>
/// <exception cref="ArgumentException">A size is not above 0, or there is another number of them.</exception>
public sealed class AdaptiveMaxPool3D(PerAxis outputSize) : AdaptiveMaxPool(3, outputSize);
