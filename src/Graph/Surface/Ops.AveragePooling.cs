using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
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

    /// <summary>The p-norm of each window of one spatial axis without the outer absolute values, (Σ xᵖ)^(1/p), as in PyTorch.</summary>
    /// <param name="x">Floats, [N, C, L] or [C, L].</param>
    /// <param name="norm">p; for an odd one the elements should not be negative. Infinity gives the largest element.</param>
    /// <param name="kernelSize">Elements of a window.</param>
    /// <param name="stride">From a window to the next; the kernel size by default.</param>
    /// <param name="ceilMode">Whether windows may reach beyond the end; what they lack counts as the mean of the others.</param>
    public static Node LpPool1D(Node x, double norm, PerAxis kernelSize, PerAxis stride = default, bool ceilMode = false) =>
        LpPool("LpPool1D", 1, x, norm, kernelSize, stride, ceilMode);

    /// <summary>The p-norm of each window of two spatial axes without the outer absolute values, (Σ xᵖ)^(1/p), as in PyTorch.</summary>
    /// <param name="x">Floats, [N, C, H, W] or [C, H, W].</param>
    /// <param name="norm">p; for an odd one the elements should not be negative. Infinity gives the largest element.</param>
    /// <param name="kernelSize">Elements of a window along each axis.</param>
    /// <param name="stride">From a window to the next; the kernel size by default.</param>
    /// <param name="ceilMode">Whether windows may reach beyond the end; what they lack counts as the mean of the others.</param>
    public static Node LpPool2D(Node x, double norm, PerAxis kernelSize, PerAxis stride = default, bool ceilMode = false) =>
        LpPool("LpPool2D", 2, x, norm, kernelSize, stride, ceilMode);

    /// <summary>The p-norm of each window of three spatial axes without the outer absolute values, (Σ xᵖ)^(1/p), as in PyTorch.</summary>
    /// <param name="x">Floats, [N, C, D, H, W] or [C, D, H, W].</param>
    /// <param name="norm">p; for an odd one the elements should not be negative. Infinity gives the largest element.</param>
    /// <param name="kernelSize">Elements of a window along each axis.</param>
    /// <param name="stride">From a window to the next; the kernel size by default.</param>
    /// <param name="ceilMode">Whether windows may reach beyond the end; what they lack counts as the mean of the others.</param>
    public static Node LpPool3D(Node x, double norm, PerAxis kernelSize, PerAxis stride = default, bool ceilMode = false) =>
        LpPool("LpPool3D", 3, x, norm, kernelSize, stride, ceilMode);

    private static Node AveragePool(
        string op, int spatial, Node x, PerAxis kernelSize, PerAxis stride, PerAxis padding, bool ceilMode, bool countIncludePad, int divisor)
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

        PoolAxis[] axes = PoolAxes(op, ref batched, kernelSize, stride, padding, default, ceilMode);
        Node padded = PadSpatial(batched, [.. axes.Select(a => (Dim)a.Low)], [.. axes.Select(a => a.High)], 0);
        Node windows = Create(new WindowsOp([.. axes.Select(a => a.Window)]), padded);

        // Elements of a window outside, so that neighbouring windows share vectors.
        Node sum = Sum(Permute(windows, [.. Enumerable.Range(2 + spatial, spatial), .. Enumerable.Range(0, 2 + spatial)]), [.. Enumerable.Range(0, spatial)]);
        Node mean = sum / (divisor > 0 ? Scalar(divisor, x.DType) : Elements(batched, axes, ceilMode, countIncludePad, sum.Shape));
        return WithoutBatch(mean, isAlone);
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

    private static Node LpPool(string op, int spatial, Node x, double norm, PerAxis kernelSize, PerAxis stride, bool ceilMode)
    {
        (Node batched, bool isAlone) = WithBatch(op, spatial, RequireFloat(op, x));
        if (double.IsPositiveInfinity(norm))
        {
            return MaxPool(op, spatial, x, kernelSize, stride, default, default, ceilMode).Values;
        }

        if (!(norm > 0))
        {
            throw new ShapeException($"{op}: the norm {norm} must be above 0. Input: {x.Describe()}.");
        }

        long elements = kernelSize.For(spatial, 1, 1, op, "kernel size").Aggregate(1L, (product, size) => product * size);
        Node mean = AveragePool(op, spatial, Pow(batched, norm), kernelSize, stride, default, ceilMode, true, 0);
        return WithoutBatch(Pow(mean * elements, 1 / norm), isAlone);
    }
}
