using GraphCompiler.Operations;

namespace GraphCompiler.Kernels.Products;

/// <summary>An axis of an image over which windows move: position p takes the elements p·Stride − Before + t·Dilation for each of its taps.</summary>
/// <param name="Size">Elements of the image.</param>
/// <param name="Taps">Elements of a window.</param>
/// <param name="Stride">From a window to the next.</param>
/// <param name="Dilation">From an element of a window to the next.</param>
/// <param name="Before">Zeros before the image.</param>
/// <param name="Positions">Windows.</param>
internal readonly record struct WindowAxis(long Size, long Taps, long Stride, long Dilation, long Before, long Positions)
{
    /// <summary>Where an element of a window lies, which may be outside of the image.</summary>
    public long At(long position, long tap) => (position * Stride) - Before + (tap * Dilation);

    public bool IsInside(long at) => at >= 0 && at < Size;

    /// <summary>Whether some windows reach over the ends of the image.</summary>
    public bool ReachesOut => !IsInside(At(0, 0)) || !IsInside(At(Positions - 1, Taps - 1));
}

/// <summary>
/// A convolution of images that a kernel of its own computes, with output channels in lanes: windows are read where they lie, and what is outside of the
/// image is known to be zeros. Sums over channels and taps of a window are the inner axis of a product, channels of a group its rows, positions its columns.
/// </summary>
/// <param name="Channels">Input channels of a group.</param>
/// <param name="Rows">Over the rows of an image.</param>
/// <param name="Columns">Over its columns.</param>
/// <param name="Image">The distances in the input: between channels, rows and columns.</param>
/// <param name="Filter">The distances in the weight: between output channels, channels, rows and columns.</param>
internal sealed record WholeConvolution(long Channels, WindowAxis Rows, WindowAxis Columns, EquatableArray<Dim> Image, EquatableArray<Dim> Filter)
{
    // Products of a sum: chains of them, added up in order, keep the bound that products have.
    private const long MostProducts = 8192;

    // Taps of a window, of which those of a row are written out.
    private const long MostTaps = 64;
    private const long MostTapsOfRow = 11;

    // Output channels of a group, and how many of four lanes must have one.
    private const long FewestOutputs = 16;
    private const long LanesOfFour = 3;

    /// <summary>Which nodes are convolutions to be computed whole.</summary>
    public static Func<Node, bool> Of(CompileOptions options) =>
        node => options.Passes.WholeConvolutions && options.Width != VectorWidth.Scalar && node.Op is ConvolutionOp convolution && node.Inputs.Count == 2 && IsWorthIt(convolution, node, options.Width);

    /// <summary>[N, groups, channels of a group, positions].</summary>
    public static Shape ShapeOf(ConvolutionOp op, Node node) => [node.Shape[0], op.Groups, node.Shape[1] / op.Groups, node.Shape[2] * node.Shape[3]];

    public static MatMulProblem? ProblemOf(Node root, Node node, Epilogue? epilogue, IMaterialization materialization)
    {
        (Node x, Node weight) = (node.Inputs[0], node.Inputs[1]);
        if (PointwiseExpression.ViewOf(x, materialization) is not { } image || PointwiseExpression.ViewOf(weight, materialization) is not { } filter)
        {
            return null;
        }

        var op = (ConvolutionOp)node.Op;
        Shape shape = ShapeOf(op, node);
        WindowAxis[] axes = AxesOf(op, node);
        var windows = new WholeConvolution(weight.Shape[1].Constant!.Value, axes[0], axes[1], [.. image.Strides.Skip(1)], filter.Strides);
        return new MatMulProblem(
            root,
            Shape.Of(shape.Take(2)),
            shape[2],
            shape[3],
            weight.Shape[1] * weight.Shape[2] * weight.Shape[3],
            new Matrix(filter.Source, filter.Offset, [0, filter.Strides[0] * shape[2]], 0, 0),
            new Matrix(image.Source, image.Offset, [image.Strides[0], image.Strides[1] * weight.Shape[1]], 0, 0),
            Matrix.Of(View.Dense(root).Reshaped(root.Shape, shape)!),
            epilogue)
        {
            Windows = windows,
        };
    }

    private static bool IsWorthIt(ConvolutionOp op, Node node, VectorWidth width)
    {
        (Node x, Node weight) = (node.Inputs[0], node.Inputs[1]);
        if (op.Stride.Count != 2 || !(node.DType is DType.Float32 or DType.Float64)
            || !x.Shape.Skip(1).Concat(weight.Shape).All(d => d.IsConstant) || !op.Margins.All(m => m.Before.IsConstant && m.After.IsConstant))
        {
            return false;
        }

        long taps = (weight.Shape[2] * weight.Shape[3]).Constant!.Value;
        long outputs = weight.Shape[0].Constant!.Value / op.Groups;
        long lanes = width.Bits() / 8 / node.DType.Size();
        return taps is > 1 and <= MostTaps
            && weight.Shape[3].Constant <= MostTapsOfRow
            && weight.Shape[1].Constant > 0 && taps * weight.Shape[1].Constant <= MostProducts
            && outputs >= FewestOutputs && outputs * 4 >= (outputs + lanes - 1) / lanes * lanes * LanesOfFour
            && node.Shape[2].Constant > 0 && node.Shape[3].Constant > 0 && x.Shape[2].Constant > 0 && x.Shape[3].Constant > 0;
    }

    private static WindowAxis[] AxesOf(ConvolutionOp op, Node node) =>
    [
        .. Enumerable.Range(0, 2).Select(i => new WindowAxis(
            node.Inputs[0].Shape[2 + i].Constant!.Value,
            node.Inputs[1].Shape[2 + i].Constant!.Value,
            op.Stride[i],
            op.Dilation[i],
            op.Margins[i].Before.Constant!.Value,
            node.Shape[2 + i].Constant!.Value)),
    ];
}
