using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>The mean of each window of one spatial axis.</summary>
    /// <param name="x">Floats, [N, C, L] or [C, L].</param>
    /// <param name="kernelSize">Elements of a window.</param>
    /// <param name="stride">From a window to the next; the kernel size by default.</param>
    /// <param name="padding">Zeros around the input.</param>
    /// <param name="dilation">From an element of a window to the next.</param>
    /// <param name="ceilMode">Whether windows may reach beyond the end, as long as they begin within the input or the padding before it.</param>
    /// <param name="countIncludePad">Whether the padding counts as elements of the mean; what is beyond it never does.</param>
    /// <param name="divisor">What sums are divided by instead of the number of elements; 0 for that number.</param>
    /// <remarks>The mean of a window that holds no element of x is 0 where the padding counts, and NaN, as that of nothing, where it does not.</remarks>
    public static Node AvgPool1D(
        Node x, PerAxis kernelSize, PerAxis stride = default, Padding padding = default, PerAxis dilation = default, bool ceilMode = false, bool countIncludePad = true, int divisor = 0) =>
        AveragePool("AvgPool1D", 1, x, kernelSize, stride, padding, dilation, ceilMode, countIncludePad, divisor);

    /// <summary>The mean of each window of two spatial axes.</summary>
    /// <param name="x">Floats, [N, C, H, W] or [C, H, W].</param>
    /// <param name="kernelSize">Elements of a window along each axis.</param>
    /// <param name="stride">From a window to the next; the kernel size by default.</param>
    /// <param name="padding">Zeros around the input.</param>
    /// <param name="dilation">From an element of a window to the next.</param>
    /// <param name="ceilMode">Whether windows may reach beyond the end, as long as they begin within the input or the padding before it.</param>
    /// <param name="countIncludePad">Whether the padding counts as elements of the mean; what is beyond it never does.</param>
    /// <param name="divisor">What sums are divided by instead of the number of elements; 0 for that number.</param>
    /// <remarks>The mean of a window that holds no element of x is 0 where the padding counts, and NaN, as that of nothing, where it does not.</remarks>
    public static Node AvgPool2D(
        Node x, PerAxis kernelSize, PerAxis stride = default, Padding padding = default, PerAxis dilation = default, bool ceilMode = false, bool countIncludePad = true, int divisor = 0) =>
        AveragePool("AvgPool2D", 2, x, kernelSize, stride, padding, dilation, ceilMode, countIncludePad, divisor);

    /// <summary>The mean of each window of three spatial axes.</summary>
    /// <param name="x">Floats, [N, C, D, H, W] or [C, D, H, W].</param>
    /// <param name="kernelSize">Elements of a window along each axis.</param>
    /// <param name="stride">From a window to the next; the kernel size by default.</param>
    /// <param name="padding">Zeros around the input.</param>
    /// <param name="dilation">From an element of a window to the next.</param>
    /// <param name="ceilMode">Whether windows may reach beyond the end, as long as they begin within the input or the padding before it.</param>
    /// <param name="countIncludePad">Whether the padding counts as elements of the mean; what is beyond it never does.</param>
    /// <param name="divisor">What sums are divided by instead of the number of elements; 0 for that number.</param>
    /// <remarks>The mean of a window that holds no element of x is 0 where the padding counts, and NaN, as that of nothing, where it does not.</remarks>
    public static Node AvgPool3D(
        Node x, PerAxis kernelSize, PerAxis stride = default, Padding padding = default, PerAxis dilation = default, bool ceilMode = false, bool countIncludePad = true, int divisor = 0) =>
        AveragePool("AvgPool3D", 3, x, kernelSize, stride, padding, dilation, ceilMode, countIncludePad, divisor);

    /// <summary>The p-norm of each window of one spatial axis without the outer absolute values, (Σ xᵖ)^(1/p), as in PyTorch.</summary>
    /// <param name="x">Floats, [N, C, L] or [C, L].</param>
    /// <param name="order">p; for an odd one the elements should not be negative. Infinity gives the largest element.</param>
    /// <param name="kernelSize">Elements of a window.</param>
    /// <param name="stride">From a window to the next; the kernel size by default.</param>
    /// <param name="padding">Zeros around the input.</param>
    /// <param name="dilation">From an element of a window to the next.</param>
    /// <param name="ceilMode">Whether windows may reach beyond the end; what they lack counts as the mean of the others.</param>
    public static Node LpPool1D(
        Node x, double order, PerAxis kernelSize, PerAxis stride = default, Padding padding = default, PerAxis dilation = default, bool ceilMode = false) =>
        LpPool("LpPool1D", 1, x, order, kernelSize, stride, padding, dilation, ceilMode);

    /// <summary>The p-norm of each window of two spatial axes without the outer absolute values, (Σ xᵖ)^(1/p), as in PyTorch.</summary>
    /// <param name="x">Floats, [N, C, H, W] or [C, H, W].</param>
    /// <param name="order">p; for an odd one the elements should not be negative. Infinity gives the largest element.</param>
    /// <param name="kernelSize">Elements of a window along each axis.</param>
    /// <param name="stride">From a window to the next; the kernel size by default.</param>
    /// <param name="padding">Zeros around the input.</param>
    /// <param name="dilation">From an element of a window to the next.</param>
    /// <param name="ceilMode">Whether windows may reach beyond the end; what they lack counts as the mean of the others.</param>
    public static Node LpPool2D(
        Node x, double order, PerAxis kernelSize, PerAxis stride = default, Padding padding = default, PerAxis dilation = default, bool ceilMode = false) =>
        LpPool("LpPool2D", 2, x, order, kernelSize, stride, padding, dilation, ceilMode);

    /// <summary>The p-norm of each window of three spatial axes without the outer absolute values, (Σ xᵖ)^(1/p), as in PyTorch.</summary>
    /// <param name="x">Floats, [N, C, D, H, W] or [C, D, H, W].</param>
    /// <param name="order">p; for an odd one the elements should not be negative. Infinity gives the largest element.</param>
    /// <param name="kernelSize">Elements of a window along each axis.</param>
    /// <param name="stride">From a window to the next; the kernel size by default.</param>
    /// <param name="padding">Zeros around the input.</param>
    /// <param name="dilation">From an element of a window to the next.</param>
    /// <param name="ceilMode">Whether windows may reach beyond the end; what they lack counts as the mean of the others.</param>
    public static Node LpPool3D(
        Node x, double order, PerAxis kernelSize, PerAxis stride = default, Padding padding = default, PerAxis dilation = default, bool ceilMode = false) =>
        LpPool("LpPool3D", 3, x, order, kernelSize, stride, padding, dilation, ceilMode);

    private static Node AveragePool(
        string op, int spatial, Node x, PerAxis kernelSize, PerAxis stride, Padding padding, PerAxis dilation, bool ceilMode, bool countIncludePad, int divisor)
    {
        (Node batched, bool isAlone) = WithBatch(op, spatial, x);
        if (!x.DType.IsFloat())
        {
            throw new DTypeException($"{op}: it takes float32 or float64, not {x.DType.Display()}; use Cast. Input: {x.Describe()}.");
        }

        if (divisor < 0)
        {
            throw new ShapeException($"{op}: the divisor {divisor} must be above 0, or 0 for the number of elements.");
        }

        PoolAxis[] axes = PoolAxes(op, ref batched, kernelSize, stride, padding, dilation, ceilMode);
        (Dim Before, Dim After)[] counted = Widths(op, x, countIncludePad ? padding : Padding.Valid, [.. axes.Select(a => a.Window)]);
        Node pooled = Composite.Of(
            "AvgPool",
            batched,
            x =>
            {
                Node padded = PadSpatial(x, [.. axes.Select(a => (Dim)a.Low)], [.. axes.Select(a => a.High)], 0);
                Node windows = Create(new WindowsOp([.. axes.Select(a => a.Window)]), padded);

                // Elements of a window outside, so that neighbouring windows share vectors.
                Node sum = Sum(Permute(windows, [.. Enumerable.Range(2 + spatial, spatial), .. Enumerable.Range(0, 2 + spatial)]), [.. Enumerable.Range(0, spatial)]);
                return sum / (divisor > 0 ? Scalar(divisor, x.DType) : Elements(x, axes, counted, sum.Shape));
            },
            ("Axes", axes.ToEquatableArray()),
            ("CountedLows", counted.Select(c => c.Before).ToEquatableArray()),
            ("CountedHighs", counted.Select(c => c.After).ToEquatableArray()),
            ("Divisor", divisor));
        return WithoutBatch(pooled, isAlone);
    }

    /// <summary>How many elements of each window a mean counts: those of x and of widths around it.</summary>
    private static Node Elements(Node x, PoolAxis[] axes, (Dim Before, Dim After)[] widths, Shape shape)
    {
        DType type = MaxPoolOp.IndexType(x.DType);
        Node? count = null;
        long whole = 1;
        for (int i = 0; i < axes.Length; i++)
        {
            (Window window, int low, Dim high) = axes[i];
            long size = window.Size.Constant!.Value;
            if (Dim.AtLeast(widths[i].Before, low) == true && Dim.AtLeast(widths[i].After, high) == true)
            {
                whole *= size;
                continue;
            }

            // How many elements of a window lie before the first that counts, and before the end of those.
            Node start = (Iota(Shape.Of(shape.Select((d, axis) => axis == 2 + i ? d : 1)), 2 + i, type) * window.Stride) - low;
            Node first = Taps(-start - DimValue(widths[i].Before, type));
            Node end = Minimum(Taps(DimValue(x.Shape[2 + i] + widths[i].After, type) - start), Scalar(size, type));
            Node length = Maximum(end - first, Scalar(0, type));
            count = count is null ? length : count * length;

            Node Taps(Node distance)
            {
                Node ahead = Maximum(distance, Scalar(0, type));
                return window.Dilation == 1 ? ahead : TruncDivide(ahead + (window.Dilation - 1), Scalar(window.Dilation, type));
            }
        }

        return count is null ? Scalar(whole, x.DType) : Cast(whole == 1 ? count : count * whole, x.DType);
    }

    private static Node LpPool(string op, int spatial, Node x, double order, PerAxis kernelSize, PerAxis stride, Padding padding, PerAxis dilation, bool ceilMode)
    {
        (Node batched, bool isAlone) = WithBatch(op, spatial, RequireFloat(op, x));
        if (double.IsPositiveInfinity(order))
        {
            return MaxPool(op, spatial, x, kernelSize, stride, padding, dilation, ceilMode).Values;
        }

        if (!(order > 0))
        {
            throw new ShapeException($"{op}: the order {order} must be above 0. Input: {x.Describe()}.");
        }

        long elements = kernelSize.For(spatial, 1, 1, op, "kernel size").Aggregate(1L, (product, size) => product * size);
        Node mean = AveragePool(op, spatial, Pow(batched, order), kernelSize, stride, padding, dilation, ceilMode, countIncludePad: true, divisor: 0);
        return WithoutBatch(Pow(mean * elements, 1 / order), isAlone);
    }
}
