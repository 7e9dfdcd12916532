using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>The largest element of each window of one spatial axis.</summary>
    /// <param name="x">Numbers, [N, C, L] or [C, L].</param>
    /// <param name="kernelSize">Elements of a window.</param>
    /// <param name="stride">From a window to the next; the kernel size by default.</param>
    /// <param name="padding">What is added around the input and never wins.</param>
    /// <param name="dilation">From an element of a window to the next.</param>
    /// <param name="ceilMode">Whether windows may reach beyond the end, as long as they begin within the input or the padding before it.</param>
    /// <remarks>At ties the gradient goes to the first; a NaN in a window is its result, and −∞ or the least integer that of a window that holds no element of x.</remarks>
    public static Node MaxPool1D(Node x, PerAxis kernelSize, PerAxis stride = default, Padding padding = default, PerAxis dilation = default, bool ceilMode = false) =>
        MaxPool("MaxPool1D", 1, x, kernelSize, stride, padding, dilation, ceilMode).Values;

    /// <summary>The largest element of each window of two spatial axes.</summary>
    /// <param name="x">Numbers, [N, C, H, W] or [C, H, W].</param>
    /// <param name="kernelSize">Elements of a window along each axis.</param>
    /// <param name="stride">From a window to the next; the kernel size by default.</param>
    /// <param name="padding">What is added around the input and never wins.</param>
    /// <param name="dilation">From an element of a window to the next.</param>
    /// <param name="ceilMode">Whether windows may reach beyond the end, as long as they begin within the input or the padding before it.</param>
    /// <remarks>At ties the gradient goes to the first, row by row; a NaN in a window is its result, and −∞ or the least integer that of a window that holds no element of x.</remarks>
    public static Node MaxPool2D(Node x, PerAxis kernelSize, PerAxis stride = default, Padding padding = default, PerAxis dilation = default, bool ceilMode = false) =>
        MaxPool("MaxPool2D", 2, x, kernelSize, stride, padding, dilation, ceilMode).Values;

    /// <summary>The largest element of each window of three spatial axes.</summary>
    /// <param name="x">Numbers, [N, C, D, H, W] or [C, D, H, W].</param>
    /// <param name="kernelSize">Elements of a window along each axis.</param>
    /// <param name="stride">From a window to the next; the kernel size by default.</param>
    /// <param name="padding">What is added around the input and never wins.</param>
    /// <param name="dilation">From an element of a window to the next.</param>
    /// <param name="ceilMode">Whether windows may reach beyond the end, as long as they begin within the input or the padding before it.</param>
    /// <remarks>At ties the gradient goes to the first, row by row; a NaN in a window is its result, and −∞ or the least integer that of a window that holds no element of x.</remarks>
    public static Node MaxPool3D(Node x, PerAxis kernelSize, PerAxis stride = default, Padding padding = default, PerAxis dilation = default, bool ceilMode = false) =>
        MaxPool("MaxPool3D", 3, x, kernelSize, stride, padding, dilation, ceilMode).Values;

    /// <summary>
    /// The largest element of each window of one spatial axis, and the int64 position of it in its channel's input: what <see cref="MaxUnpool1D"/> takes.
    /// </summary>
    /// <param name="x">Numbers, [N, C, L] or [C, L].</param>
    /// <param name="kernelSize">Elements of a window.</param>
    /// <param name="stride">From a window to the next; the kernel size by default.</param>
    /// <param name="padding">What is added around the input and never wins.</param>
    /// <param name="dilation">From an element of a window to the next.</param>
    /// <param name="ceilMode">Whether windows may reach beyond the end, as long as they begin within the input or the padding before it.</param>
    /// <remarks>At ties the first; a NaN in a window is its result.</remarks>
    /// <exception cref="ShapeException">A window holds no element of x, and so no position.</exception>
    public static (Node Values, Node Indices) MaxPool1DWithIndices(
        Node x, PerAxis kernelSize, PerAxis stride = default, Padding padding = default, PerAxis dilation = default, bool ceilMode = false) =>
        MaxPoolWithIndices("MaxPool1DWithIndices", 1, x, kernelSize, stride, padding, dilation, ceilMode);

    /// <summary>
    /// The largest element of each window of two spatial axes, and the int64 position of it in its channel's input, row-major: what <see cref="MaxUnpool2D"/> takes.
    /// </summary>
    /// <param name="x">Numbers, [N, C, H, W] or [C, H, W].</param>
    /// <param name="kernelSize">Elements of a window along each axis.</param>
    /// <param name="stride">From a window to the next; the kernel size by default.</param>
    /// <param name="padding">What is added around the input and never wins.</param>
    /// <param name="dilation">From an element of a window to the next.</param>
    /// <param name="ceilMode">Whether windows may reach beyond the end, as long as they begin within the input or the padding before it.</param>
    /// <remarks>At ties the first, row by row; a NaN in a window is its result.</remarks>
    /// <exception cref="ShapeException">A window holds no element of x, and so no position.</exception>
    public static (Node Values, Node Indices) MaxPool2DWithIndices(
        Node x, PerAxis kernelSize, PerAxis stride = default, Padding padding = default, PerAxis dilation = default, bool ceilMode = false) =>
        MaxPoolWithIndices("MaxPool2DWithIndices", 2, x, kernelSize, stride, padding, dilation, ceilMode);

    /// <summary>
    /// The largest element of each window of three spatial axes, and the int64 position of it in its channel's input, row-major: what <see cref="MaxUnpool3D"/> takes.
    /// </summary>
    /// <param name="x">Numbers, [N, C, D, H, W] or [C, D, H, W].</param>
    /// <param name="kernelSize">Elements of a window along each axis.</param>
    /// <param name="stride">From a window to the next; the kernel size by default.</param>
    /// <param name="padding">What is added around the input and never wins.</param>
    /// <param name="dilation">From an element of a window to the next.</param>
    /// <param name="ceilMode">Whether windows may reach beyond the end, as long as they begin within the input or the padding before it.</param>
    /// <remarks>At ties the first, row by row; a NaN in a window is its result.</remarks>
    /// <exception cref="ShapeException">A window holds no element of x, and so no position.</exception>
    public static (Node Values, Node Indices) MaxPool3DWithIndices(
        Node x, PerAxis kernelSize, PerAxis stride = default, Padding padding = default, PerAxis dilation = default, bool ceilMode = false) =>
        MaxPoolWithIndices("MaxPool3DWithIndices", 3, x, kernelSize, stride, padding, dilation, ceilMode);

    /// <summary>
    /// Elements put back where <see cref="MaxPool1DWithIndices"/> found them, zeros elsewhere. A position that occurs again, as for windows that overlap, gets
    /// the mean of its elements.
    /// </summary>
    /// <param name="x">Floats, [N, C, L] or [C, L].</param>
    /// <param name="indices">int32 or int64 of x's shape, each a position in a channel of the result; another is an error when the graph runs.</param>
    /// <param name="outputSize">The size of the result's spatial axis.</param>
    public static Node MaxUnpool1D(Node x, Node indices, Shape outputSize) => MaxUnpool("MaxUnpool1D", 1, x, indices, outputSize);

    /// <summary>
    /// Elements put back where <see cref="MaxPool2DWithIndices"/> found them, zeros elsewhere. A position that occurs again, as for windows that overlap, gets
    /// the mean of its elements.
    /// </summary>
    /// <param name="x">Floats, [N, C, H, W] or [C, H, W].</param>
    /// <param name="indices">int32 or int64 of x's shape, each a position in a channel of the result, row-major; another is an error when the graph runs.</param>
    /// <param name="outputSize">The sizes of the result's spatial axes.</param>
    public static Node MaxUnpool2D(Node x, Node indices, Shape outputSize) => MaxUnpool("MaxUnpool2D", 2, x, indices, outputSize);

    /// <summary>
    /// Elements put back where <see cref="MaxPool3DWithIndices"/> found them, zeros elsewhere. A position that occurs again, as for windows that overlap, gets
    /// the mean of its elements.
    /// </summary>
    /// <param name="x">Floats, [N, C, D, H, W] or [C, D, H, W].</param>
    /// <param name="indices">int32 or int64 of x's shape, each a position in a channel of the result, row-major; another is an error when the graph runs.</param>
    /// <param name="outputSize">The sizes of the result's spatial axes.</param>
    public static Node MaxUnpool3D(Node x, Node indices, Shape outputSize) => MaxUnpool("MaxUnpool3D", 3, x, indices, outputSize);

    private static (Node Values, Node Index, PoolAxis[] Axes) MaxPool(
        string op, int spatial, Node x, PerAxis kernelSize, PerAxis stride, Padding padding, PerAxis dilation, bool ceilMode, bool withPositions = false)
    {
        (Node batched, bool isAlone) = WithBatch(op, spatial, x);
        RequireNumber(op, x);
        PoolAxis[] axes = PoolAxes(op, ref batched, kernelSize, stride, padding, dilation, ceilMode);
        batched = withPositions ? axes.Aggregate(batched, (all, axis) => Occupied(op, all, axis)) : batched;
        Node pooled = Create(new MaxPoolOp([.. axes]), batched);
        return (WithoutBatch(Output(pooled, 0), isAlone), Output(pooled, 1), axes);
    }

    private static (Node Values, Node Indices) MaxPoolWithIndices(
        string op, int spatial, Node x, PerAxis kernelSize, PerAxis stride, Padding padding, PerAxis dilation, bool ceilMode)
    {
        (Node values, Node index, PoolAxis[] axes) = MaxPool(op, spatial, x, kernelSize, stride, padding, dilation, ceilMode, withPositions: true);
        Node rest = Cast(index, DType.Int64);
        Node position = Full(rest.Shape, 0, DType.Int64);
        Dim row = 1;
        for (int i = spatial - 1; i >= 0; i--)
        {
            (Window window, int low, _) = axes[i];
            Node size = DimValue(window.Size);
            Node within = i == 0 ? rest : FMod(rest, size);
            Node at = (Iota(rest.Shape, 2 + i) * window.Stride) + (within * window.Dilation) - low;
            position += at * DimValue(row);
            row *= x.Shape[^(spatial - i)];
            rest = i == 0 ? rest : TruncDivide(rest, size);
        }

        return (values, WithoutBatch(position, x.Rank == spatial + 1));
    }

    /// <summary>x, if each window along an axis holds an element of it: those that begin before its first element do, and the last does.</summary>
    private static Node Occupied(string op, Node x, PoolAxis axis)
    {
        (Window window, int low, Dim high) = axis;
        Dim size = x.Shape[window.Axis];
        long reach = window.Reach.Constant!.Value;
        string message = $"a window along axis {window.Axis - x.Rank} holds no element of the {size}, and so has no position: the padding is too wide or the dilation too large.";
        long first = 0;
        for (long before = low; before > 0; before -= window.Stride)
        {
            first = Math.Max(first, (window.Dilation - (before % window.Dilation)) % window.Dilation);
        }

        x = Conditions.AtLeast(op, x, reach - 1, low, message);
        x = first == 0 ? x : Conditions.AtLeast(op, x, size, first + 1, message);

        // Where windows may reach beyond the end, they begin before it.
        return high.Constant >= reach ? Conditions.AtLeast(op, x, size + low, ((axis.Positions(size) - 1) * window.Stride) + 1, message) : x;
    }

    private static Node MaxUnpool(string op, int spatial, Node x, Node indices, Shape outputSize)
    {
        (Node batched, bool isAlone) = WithBatch(op, spatial, RequireFloat(op, x));
        if (NotNull(indices).Shape != x.Shape || outputSize.Rank != spatial)
        {
            throw new ShapeException(
                $"{op}: the indices must have the shape {x.Shape} of the input, not {indices.Shape}, and the output size {InvariantText.Count(spatial, "number")}, not {outputSize}. Inputs: {x.Describe()}, {indices.Describe()}.");
        }

        Node flat = Flatten(batched, 2);
        Node at = Reshape(indices, flat.Shape);
        Node zeros = Zeros([flat.Shape[0], flat.Shape[1], outputSize.ElementCount], x.DType);
        Node sum = ScatterAdd(zeros, 2, at, flat).Named(op);
        Node count = ScatterAdd(zeros, 2, at, OnesLike(flat)).Named(op);
        Node whole = Reshape(sum / Maximum(count, OnesLike(count)), Shape.Of([flat.Shape[0], flat.Shape[1], .. outputSize]));
        return FunctionParts.Of(op, WithoutBatch(whole, isAlone), x, indices);
    }
}
