using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>The largest element of each window of one spatial axis.</summary>
    /// <param name="x">Numbers, [N, C, L] or [C, L].</param>
    /// <param name="kernelSize">Elements of a window.</param>
    /// <param name="stride">From a window to the next; the kernel size by default.</param>
    /// <param name="padding">What is added on both sides and never wins; at most half of what a window spans.</param>
    /// <param name="dilation">From an element of a window to the next.</param>
    /// <param name="ceilMode">Whether windows may reach beyond the end, as long as they begin within the input or the padding before it.</param>
    /// <remarks>At ties the gradient goes to the first; a NaN in a window is its result.</remarks>
    public static Node MaxPool1D(Node x, PerAxis kernelSize, PerAxis stride = default, PerAxis padding = default, PerAxis dilation = default, bool ceilMode = false) =>
        MaxPool("MaxPool1D", 1, x, kernelSize, stride, padding, dilation, ceilMode).Values;

    /// <summary>The largest element of each window of two spatial axes.</summary>
    /// <param name="x">Numbers, [N, C, H, W] or [C, H, W].</param>
    /// <param name="kernelSize">Elements of a window along each axis.</param>
    /// <param name="stride">From a window to the next; the kernel size by default.</param>
    /// <param name="padding">What is added on both sides and never wins; at most half of what a window spans.</param>
    /// <param name="dilation">From an element of a window to the next.</param>
    /// <param name="ceilMode">Whether windows may reach beyond the end, as long as they begin within the input or the padding before it.</param>
    /// <remarks>At ties the gradient goes to the first, row by row; a NaN in a window is its result.</remarks>
    public static Node MaxPool2D(Node x, PerAxis kernelSize, PerAxis stride = default, PerAxis padding = default, PerAxis dilation = default, bool ceilMode = false) =>
        MaxPool("MaxPool2D", 2, x, kernelSize, stride, padding, dilation, ceilMode).Values;

    /// <summary>The largest element of each window of three spatial axes.</summary>
    /// <param name="x">Numbers, [N, C, D, H, W] or [C, D, H, W].</param>
    /// <param name="kernelSize">Elements of a window along each axis.</param>
    /// <param name="stride">From a window to the next; the kernel size by default.</param>
    /// <param name="padding">What is added on both sides and never wins; at most half of what a window spans.</param>
    /// <param name="dilation">From an element of a window to the next.</param>
    /// <param name="ceilMode">Whether windows may reach beyond the end, as long as they begin within the input or the padding before it.</param>
    /// <remarks>At ties the gradient goes to the first, row by row; a NaN in a window is its result.</remarks>
    public static Node MaxPool3D(Node x, PerAxis kernelSize, PerAxis stride = default, PerAxis padding = default, PerAxis dilation = default, bool ceilMode = false) =>
        MaxPool("MaxPool3D", 3, x, kernelSize, stride, padding, dilation, ceilMode).Values;

    /// <summary>
    /// The largest element of each window of one to three spatial axes, and the int64 position of it in its channel's input, row-major: what
    /// <see cref="MaxUnpool"/> takes.
    /// </summary>
    /// <param name="x">Numbers, [N, C, spatial axes…].</param>
    /// <param name="kernelSize">Elements of a window along each axis.</param>
    /// <param name="stride">From a window to the next; the kernel size by default.</param>
    /// <param name="padding">What is added on both sides and never wins; at most half of what a window spans.</param>
    /// <param name="dilation">From an element of a window to the next.</param>
    /// <param name="ceilMode">Whether windows may reach beyond the end, as long as they begin within the input or the padding before it.</param>
    public static (Node Values, Node Indices) MaxPoolWithIndices(Node x, PerAxis kernelSize, PerAxis stride = default, PerAxis padding = default, PerAxis dilation = default, bool ceilMode = false)
    {
        int spatial = SpatialAxes(NotNull(x), "MaxPoolWithIndices");
        (Node values, Node index, PoolAxis[] axes) = MaxPool("MaxPoolWithIndices", spatial, x, kernelSize, stride, padding, dilation, ceilMode);
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
            row *= x.Shape[2 + i];
            rest = i == 0 ? rest : TruncDivide(rest, size);
        }

        return (values, position);
    }

    /// <summary>
    /// Elements put back where <see cref="MaxPoolWithIndices"/> found them, zeros elsewhere. A position that occurs again, as for windows that overlap, gets
    /// the mean of its elements.
    /// </summary>
    /// <param name="x">Floats, [N, C, spatial axes…].</param>
    /// <param name="indices">int32 or int64 of x's shape, each a position in a channel of the result, row-major; another is an error when the graph runs.</param>
    /// <param name="outputSize">The sizes of the result's spatial axes.</param>
    public static Node MaxUnpool(Node x, Node indices, Shape outputSize)
    {
        int spatial = SpatialAxes(RequireFloat("MaxUnpool", x), "MaxUnpool");
        if (NotNull(indices).Shape != x.Shape || outputSize.Rank != spatial)
        {
            throw new ShapeException(
                $"MaxUnpool: the indices must have the shape {x.Shape} of the input, not {indices.Shape}, and the output size one number for each of {spatial} axes, not {outputSize}. Inputs: {x.Describe()}, {indices.Describe()}.");
        }

        Node flat = Flatten(x, 2);
        Node at = Flatten(indices, 2);
        Node zeros = Zeros([x.Shape[0], x.Shape[1], outputSize.ElementCount], x.DType);
        Node sum = ScatterAdd(zeros, 2, at, flat).Named("MaxUnpool");
        Node count = ScatterAdd(zeros, 2, at, OnesLike(flat)).Named("MaxUnpool");
        return FunctionParts.Of("MaxUnpool", Reshape(sum / Maximum(count, OnesLike(count)), Shape.Of([x.Shape[0], x.Shape[1], .. outputSize])), x, indices);
    }

    /// <summary>The mean of each window of one spatial axis.</summary>
    /// <param name="x">Floats, [N, C, L] or [C, L].</param>
    /// <param name="kernelSize">Elements of a window.</param>
    /// <param name="stride">From a window to the next; the kernel size by default.</param>
    /// <param name="padding">Zeros on both sides; at most half of a window.</param>
    /// <param name="ceilMode">Whether windows may reach beyond the end, as long as they begin within the input or the padding before it.</param>
    /// <param name="countIncludePad">Whether the padding counts as elements of the mean; what is beyond it never does.</param>
    /// <param name="divisor">What sums are divided by instead of the number of elements; 0 for that number.</param>
    public static Node AvgPool1D(
        Node x, PerAxis kernelSize, PerAxis stride = default, PerAxis padding = default, bool ceilMode = false, bool countIncludePad = true, int divisor = 0) =>
        AveragePool("AvgPool1D", 1, x, kernelSize, stride, padding, ceilMode, countIncludePad, divisor);

    /// <summary>The mean of each window of two spatial axes.</summary>
    /// <param name="x">Floats, [N, C, H, W] or [C, H, W].</param>
    /// <param name="kernelSize">Elements of a window along each axis.</param>
    /// <param name="stride">From a window to the next; the kernel size by default.</param>
    /// <param name="padding">Zeros on both sides; at most half of a window.</param>
    /// <param name="ceilMode">Whether windows may reach beyond the end, as long as they begin within the input or the padding before it.</param>
    /// <param name="countIncludePad">Whether the padding counts as elements of the mean; what is beyond it never does.</param>
    /// <param name="divisor">What sums are divided by instead of the number of elements; 0 for that number.</param>
    public static Node AvgPool2D(
        Node x, PerAxis kernelSize, PerAxis stride = default, PerAxis padding = default, bool ceilMode = false, bool countIncludePad = true, int divisor = 0) =>
        AveragePool("AvgPool2D", 2, x, kernelSize, stride, padding, ceilMode, countIncludePad, divisor);

    /// <summary>The mean of each window of three spatial axes.</summary>
    /// <param name="x">Floats, [N, C, D, H, W] or [C, D, H, W].</param>
    /// <param name="kernelSize">Elements of a window along each axis.</param>
    /// <param name="stride">From a window to the next; the kernel size by default.</param>
    /// <param name="padding">Zeros on both sides; at most half of a window.</param>
    /// <param name="ceilMode">Whether windows may reach beyond the end, as long as they begin within the input or the padding before it.</param>
    /// <param name="countIncludePad">Whether the padding counts as elements of the mean; what is beyond it never does.</param>
    /// <param name="divisor">What sums are divided by instead of the number of elements; 0 for that number.</param>
    public static Node AvgPool3D(
        Node x, PerAxis kernelSize, PerAxis stride = default, PerAxis padding = default, bool ceilMode = false, bool countIncludePad = true, int divisor = 0) =>
        AveragePool("AvgPool3D", 3, x, kernelSize, stride, padding, ceilMode, countIncludePad, divisor);

    /// <summary>The p-norm of each window of one to three spatial axes without the outer absolute values, (Σ xᵖ)^(1/p), as in PyTorch.</summary>
    /// <param name="x">Floats, [N, C, spatial axes…].</param>
    /// <param name="norm">p; for an odd one the elements should not be negative. Infinity gives the largest element.</param>
    /// <param name="kernelSize">Elements of a window along each axis.</param>
    /// <param name="stride">From a window to the next; the kernel size by default.</param>
    /// <param name="ceilMode">Whether windows may reach beyond the end; what they lack counts as the mean of the others.</param>
    public static Node LpPool(Node x, double norm, PerAxis kernelSize, PerAxis stride = default, bool ceilMode = false)
    {
        int spatial = SpatialAxes(RequireFloat("LpPool", x), "LpPool");
        if (double.IsPositiveInfinity(norm))
        {
            return MaxPool("LpPool", spatial, x, kernelSize, stride, default, default, ceilMode).Values;
        }

        if (!(norm > 0))
        {
            throw new ShapeException($"LpPool: the norm {norm} must be above 0. Input: {x.Describe()}.");
        }

        long elements = kernelSize.For(spatial, 1, 1, "LpPool", "kernel size").Aggregate(1L, (product, size) => product * size);
        return Pow(AveragePool("LpPool", spatial, Pow(x, norm), kernelSize, stride, default, ceilMode, true, 0) * elements, 1 / norm);
    }

    private static (Node Values, Node Index, PoolAxis[] Axes) MaxPool(
        string op, int spatial, Node x, PerAxis kernelSize, PerAxis stride, PerAxis padding, PerAxis dilation, bool ceilMode)
    {
        (Node batched, bool isAlone) = PoolInput(op, spatial, x);
        RequireNumber(op, x);
        PoolAxis[] axes = PoolAxes(op, ref batched, kernelSize, stride, padding, dilation, ceilMode);
        Node pooled = Create(new MaxPoolOp([.. axes]), batched);
        Node values = Output(pooled, 0);
        return (isAlone ? Reshape(values, Shape.Of(values.Shape.Skip(1))) : values, Output(pooled, 1), axes);
    }

    private static Node AveragePool(
        string op, int spatial, Node x, PerAxis kernelSize, PerAxis stride, PerAxis padding, bool ceilMode, bool countIncludePad, int divisor)
    {
        (Node batched, bool isAlone) = PoolInput(op, spatial, x);
        if (!x.DType.IsFloat())
        {
            throw new DTypeException($"{op}: it takes float32 or float64, not {x.DType.Display()}; use Cast. Input: {x.Describe()}.");
        }

        if (divisor < 0)
        {
            throw new ShapeException($"{op}: the divisor {divisor} must be above 0, or 0 for the number of elements.");
        }

        PoolAxis[] axes = PoolAxes(op, ref batched, kernelSize, stride, padding, default, ceilMode);
        Node padded = PadSpatial(batched, [.. axes.Select(a => (Dim)a.Low)], [.. axes.Select(a => a.High)], 0);
        Node windows = Create(new WindowsOp([.. axes.Select(a => a.Window)]), padded);

        // Elements of a window outside, so that neighbouring windows share vectors.
        Node sum = Sum(Permute(windows, [.. Enumerable.Range(2 + spatial, spatial), .. Enumerable.Range(0, 2 + spatial)]), [.. Enumerable.Range(0, spatial)]);
        Node mean = sum / (divisor > 0 ? Scalar(divisor, x.DType) : Elements(batched, axes, ceilMode, countIncludePad, sum.Shape));
        return isAlone ? Reshape(mean, Shape.Of(mean.Shape.Skip(1))) : mean;
    }

    /// <summary>How many elements of each window a mean counts.</summary>
    private static Node Elements(Node x, PoolAxis[] axes, bool ceilMode, bool countIncludePad, Shape shape)
    {
        Node? count = null;
        double whole = 1;
        for (int i = 0; i < axes.Length; i++)
        {
            (Window window, int low, _) = axes[i];
            if (!ceilMode && (countIncludePad || low == 0))
            {
                whole *= window.Size.Constant!.Value;
                continue;
            }

            Node start = (Iota(Shape.Of(shape.Select((d, axis) => axis == 2 + i ? d : 1)), 2 + i, x.DType) * window.Stride) - low;
            Node end = Minimum(start + DimValue(window.Size, x.DType), DimValue(countIncludePad ? x.Shape[2 + i] + low : x.Shape[2 + i], x.DType));
            Node length = end - (countIncludePad ? start : Maximum(start, Scalar(0, x.DType)));
            count = count is null ? length : count * length;
        }

        return count is null ? Scalar(whole, x.DType) : whole == 1 ? count : count * whole;
    }

    private static (Node Batched, bool IsAlone) PoolInput(string op, int spatial, Node x) =>
        NotNull(x).Rank == spatial + 2 ? (x, false)
        : x.Rank == spatial + 1 ? (Unsqueeze(x, 0), true)
        : throw new ShapeException($"{op}: the input must be [N, C, …] or [C, …] with {InvariantText.Count(spatial, "spatial axis")}, not {x.Shape}. Input: {x.Describe()}.");

    /// <summary>Windows along the spatial axes, and x with what they ask of its sizes.</summary>
    private static PoolAxis[] PoolAxes(string op, ref Node x, PerAxis kernelSize, PerAxis stride, PerAxis padding, PerAxis dilation, bool ceilMode)
    {
        int spatial = x.Rank - 2;
        Window[] windows = SpatialWindows(op, spatial, kernelSize, stride, dilation, 0);
        int[] pad = padding.For(spatial, 0, 0, op, "padding");
        var axes = new PoolAxis[spatial];
        for (int i = 0; i < spatial; i++)
        {
            (Window window, Dim size, int low) = (windows[i], x.Shape[2 + i], pad[i]);
            long reach = window.Reach.Constant!.Value;
            if (2 * low > reach)
            {
                throw new ShapeException($"{op}: the padding {low} is more than half of the {InvariantText.Count(reach, "element")} that a window spans along axis {i - spatial}.");
            }

            Dim high = low;
            if (ceilMode)
            {
                // The last window begins before the input ends, and the one before does not reach the end of the padded input.
                Dim last = (low + window.Stride <= reach ? size + (2 * low) - reach + (window.Stride - 1) : size + low - 1) / window.Stride;
                high = (last * window.Stride) + Math.Max(reach, window.Stride) - size - low;
            }

            axes[i] = new PoolAxis(window, low, high);
            string message = $"a window spans {InvariantText.Count(reach, "element")} along axis {i - spatial}, more than the {low + size + high} of the padded input.";
            x = Conditions.AtLeast(op, x, low + size + high, reach, message);
            x = Conditions.AtLeast(op, x, size, 1, $"axis {i - spatial} has no elements.");
        }

        return axes;
    }
}
