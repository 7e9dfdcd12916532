namespace GraphCompiler.Learning;

/// <summary>A layer that makes one number of each window over one to three axes of places, for each channel: what the pools have in common but for the adaptive ones.</summary>
/// <remarks>Along each axis there are (size + padding − (K − 1)·dilation − 1)/stride + 1 windows, rounded down.</remarks>
public abstract class PoolLayer : Layer
{
    private protected PoolLayer(int spatial, PerAxis kernelSize)
    {
        Require.Sizes(kernelSize, spatial);
        (Spatial, KernelSize, Stride) = (spatial, kernelSize, kernelSize);
    }

    /// <summary>Elements of a window along each axis.</summary>
    public PerAxis KernelSize { get; }

    /// <summary>From a window to the next; the kernel size by default.</summary>
    public PerAxis Stride { get; init; }

    /// <summary>What is added around the input: widths, <see cref="Padding.Same"/> or <see cref="Padding.Valid"/>.</summary>
    public Padding Padding { get; init; }

    /// <summary>From an element of a window to the next.</summary>
    public PerAxis Dilation { get; init; } = 1;

    /// <summary>Whether windows may reach beyond the end, as long as they begin within the input or the padding before it.</summary>
    public bool CeilMode { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{GetType().Name}({KernelSize})";

    private protected int Spatial { get; }
}
