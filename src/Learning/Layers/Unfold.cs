namespace GraphCompiler.Learning;

/// <summary>
/// The windows of one to three axes of places as columns: [N, C, places…] gives [N, C·elements of a window, windows]. As PyTorch's <c>nn.Unfold</c>.
/// </summary>
/// <param name="kernelSize">Elements of a window along each axis; one number stands for all.</param>
public sealed class Unfold(PerAxis kernelSize) : Layer
{
    /// <summary>Elements of a window along each axis.</summary>
    public PerAxis KernelSize { get; } = kernelSize;

    /// <summary>From a window to the next.</summary>
    public PerAxis Stride { get; init; } = 1;

    /// <summary>Zeros around the input.</summary>
    public Padding Padding { get; init; }

    /// <summary>From an element of a window to the next.</summary>
    public PerAxis Dilation { get; init; } = 1;

    /// <inheritdoc/>
    public override string ToString() => $"Unfold({KernelSize})";

    /// <inheritdoc/>
    protected override Node Define(Node x) => Ops.Unfold(x, KernelSize, Dilation, Padding, Stride);
}

/// <summary>Columns put back where <see cref="Unfold"/> took them from, and added up where they overlap: [N, C·elements of a window, windows] gives [N, C, sizes…]. As PyTorch's <c>nn.Fold</c>.</summary>
/// <param name="outputSize">The sizes of the axes of places, outermost first.</param>
/// <param name="kernelSize">Elements of a window along each axis; one number stands for all.</param>
public sealed class Fold(Shape outputSize, PerAxis kernelSize) : Layer
{
    /// <summary>The sizes of the axes of places.</summary>
    public Shape OutputSize { get; } = outputSize;

    /// <summary>Elements of a window along each axis.</summary>
    public PerAxis KernelSize { get; } = kernelSize;

    /// <summary>From a window to the next.</summary>
    public PerAxis Stride { get; init; } = 1;

    /// <summary>What was added around, and goes away again.</summary>
    public Padding Padding { get; init; }

    /// <summary>From an element of a window to the next.</summary>
    public PerAxis Dilation { get; init; } = 1;

    /// <inheritdoc/>
    public override string ToString() => $"Fold({OutputSize}, {KernelSize})";

    /// <inheritdoc/>
    protected override Node Define(Node x) => Ops.Fold(x, OutputSize, KernelSize, Dilation, Padding, Stride);
}
