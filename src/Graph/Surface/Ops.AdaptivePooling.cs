using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>
    /// Means of as many windows as the result has elements along its spatial axis: window i of o over n elements goes from ⌊i·n/o⌋ up to
    /// ⌈(i + 1)·n/o⌉, so windows may differ in length and overlap by one.
    /// </summary>
    /// <param name="x">Floats, [N, C, L] or [C, L].</param>
    /// <param name="outputSize">The result's size along the spatial axis.</param>
    public static Node AdaptiveAvgPool1D(Node x, PerAxis outputSize) => AdaptiveAvgPool("AdaptiveAvgPool1D", 1, x, outputSize);

    /// <summary>
    /// Means of as many windows as the result has elements along each of two spatial axes: window i of o over n elements goes from ⌊i·n/o⌋ up to
    /// ⌈(i + 1)·n/o⌉, so windows may differ in length and overlap by one.
    /// </summary>
    /// <param name="x">Floats, [N, C, H, W] or [C, H, W].</param>
    /// <param name="outputSize">The result's size along each spatial axis; a single number stands for both.</param>
    public static Node AdaptiveAvgPool2D(Node x, PerAxis outputSize) => AdaptiveAvgPool("AdaptiveAvgPool2D", 2, x, outputSize);

    /// <summary>
    /// Means of as many windows as the result has elements along each of three spatial axes: window i of o over n elements goes from ⌊i·n/o⌋ up to
    /// ⌈(i + 1)·n/o⌉, so windows may differ in length and overlap by one.
    /// </summary>
    /// <param name="x">Floats, [N, C, D, H, W] or [C, D, H, W].</param>
    /// <param name="outputSize">The result's size along each spatial axis; a single number stands for all three.</param>
    public static Node AdaptiveAvgPool3D(Node x, PerAxis outputSize) => AdaptiveAvgPool("AdaptiveAvgPool3D", 3, x, outputSize);

    /// <summary>
    /// The largest elements of as many windows as the result has elements along its spatial axis: window i of o over n elements goes from
    /// ⌊i·n/o⌋ up to ⌈(i + 1)·n/o⌉.
    /// </summary>
    /// <param name="x">Numbers, [N, C, L] or [C, L].</param>
    /// <param name="outputSize">The result's size along the spatial axis.</param>
    /// <remarks>At ties the gradient goes to the first; a NaN in a window is its result.</remarks>
    public static Node AdaptiveMaxPool1D(Node x, PerAxis outputSize) => AdaptiveMaxPool("AdaptiveMaxPool1D", 1, x, outputSize).Values;

    /// <summary>
    /// The largest elements of as many windows as the result has elements along each of two spatial axes: window i of o over n elements goes from
    /// ⌊i·n/o⌋ up to ⌈(i + 1)·n/o⌉.
    /// </summary>
    /// <param name="x">Numbers, [N, C, H, W] or [C, H, W].</param>
    /// <param name="outputSize">The result's size along each spatial axis; a single number stands for both.</param>
    /// <remarks>At ties the gradient goes to the first, row by row; a NaN in a window is its result.</remarks>
    public static Node AdaptiveMaxPool2D(Node x, PerAxis outputSize) => AdaptiveMaxPool("AdaptiveMaxPool2D", 2, x, outputSize).Values;

    /// <summary>
    /// The largest elements of as many windows as the result has elements along each of three spatial axes: window i of o over n elements goes from
    /// ⌊i·n/o⌋ up to ⌈(i + 1)·n/o⌉.
    /// </summary>
    /// <param name="x">Numbers, [N, C, D, H, W] or [C, D, H, W].</param>
    /// <param name="outputSize">The result's size along each spatial axis; a single number stands for all three.</param>
    /// <remarks>At ties the gradient goes to the first, row by row; a NaN in a window is its result.</remarks>
    public static Node AdaptiveMaxPool3D(Node x, PerAxis outputSize) => AdaptiveMaxPool("AdaptiveMaxPool3D", 3, x, outputSize).Values;

    /// <summary>
    /// The largest elements of the windows of <see cref="AdaptiveMaxPool1D"/>, and the int64 position of each in its channel's input: what
    /// <see cref="MaxUnpool1D"/> takes.
    /// </summary>
    /// <param name="x">Numbers, [N, C, L] or [C, L].</param>
    /// <param name="outputSize">The result's size along the spatial axis.</param>
    /// <remarks>At ties the first; a NaN in a window is its result.</remarks>
    public static (Node Values, Node Indices) AdaptiveMaxPool1DWithIndices(Node x, PerAxis outputSize) =>
        AdaptiveMaxPool("AdaptiveMaxPool1DWithIndices", 1, x, outputSize);

    /// <summary>
    /// The largest elements of the windows of <see cref="AdaptiveMaxPool2D"/>, and the int64 position of each in its channel's input, row-major: what
    /// <see cref="MaxUnpool2D"/> takes.
    /// </summary>
    /// <param name="x">Numbers, [N, C, H, W] or [C, H, W].</param>
    /// <param name="outputSize">The result's size along each spatial axis; a single number stands for both.</param>
    /// <remarks>At ties the first, row by row; a NaN in a window is its result.</remarks>
    public static (Node Values, Node Indices) AdaptiveMaxPool2DWithIndices(Node x, PerAxis outputSize) =>
        AdaptiveMaxPool("AdaptiveMaxPool2DWithIndices", 2, x, outputSize);

    /// <summary>
    /// The largest elements of the windows of <see cref="AdaptiveMaxPool3D"/>, and the int64 position of each in its channel's input, row-major: what
    /// <see cref="MaxUnpool3D"/> takes.
    /// </summary>
    /// <param name="x">Numbers, [N, C, D, H, W] or [C, D, H, W].</param>
    /// <param name="outputSize">The result's size along each spatial axis; a single number stands for all three.</param>
    /// <remarks>At ties the first, row by row; a NaN in a window is its result.</remarks>
    public static (Node Values, Node Indices) AdaptiveMaxPool3DWithIndices(Node x, PerAxis outputSize) =>
        AdaptiveMaxPool("AdaptiveMaxPool3DWithIndices", 3, x, outputSize);

    private static Node AdaptiveAvgPool(string op, int spatial, Node input, PerAxis outputSize)
    {
        (Node x, bool isAlone) = WithBatch(op, spatial, input);
        int[] sizes = AdaptiveSizes(op, ref x, outputSize);
        if (!x.DType.IsFloat())
        {
            throw new DTypeException($"{op}: it takes float32 or float64, not {x.DType.Display()}; use Cast. Input: {input.Describe()}.");
        }

        Node y = x;
        for (int i = spatial - 1; i >= 0; i--)
        {
            Dim size = x.Shape[2 + i];
            if (sizes[i] == 1)
            {
                y = Mean(y, 2 + i, keepDims: true);
            }
            else if (size.Constant % sizes[i] == 0)
            {
                long each = size.Constant!.Value / sizes[i];
                y = Mean(Create(new WindowsOp([new Window(2 + i, each, each, 1)]), y), -1);
            }
            else
            {
                (Node parts, Node isWithin, Node length) = AdaptiveWindows(y, 2 + i, sizes[i], x.DType);
                Node sum = Sum(Where(isWithin, parts, 0), 3 + i);
                y = sum / Reshape(length, Shape.Of([sizes[i], .. Enumerable.Repeat(Dim.Of(1), sum.Rank - 3 - i)]));
            }
        }

        return WithoutBatch(y, isAlone);
    }

    private static (Node Values, Node Indices) AdaptiveMaxPool(string op, int spatial, Node input, PerAxis outputSize)
    {
        (Node x, bool isAlone) = WithBatch(op, spatial, input);
        RequireNumber(op, input);
        int[] sizes = AdaptiveSizes(op, ref x, outputSize);
        if (Enumerable.Range(0, spatial).All(i => x.Shape[2 + i].Constant % sizes[i] == 0))
        {
            PerAxis each = PerAxis.Create([.. sizes.Select((o, i) => (int)(x.Shape[2 + i].Constant!.Value / o))]);
            return MaxPoolWithIndices(op, spatial, input, each, default, default, default, ceilMode: false);
        }

        double least = x.DType.IsFloat() ? double.NegativeInfinity : x.DType.Row().Least;
        Node y = x;
        Node at = Reshape(Arange(Shape.Of(x.Shape.Skip(2)).ElementCount), Shape.Of([1, 1, .. x.Shape.Skip(2)]));
        for (int i = spatial - 1; i >= 0; i--)
        {
            (Node parts, Node isWithin, _) = AdaptiveWindows(y, 2 + i, sizes[i], DType.Int64);
            Node others = Constant(TensorValue.Full(x.DType, [], least));
            (y, Node index) = MaxWithIndex(Where(isWithin, parts, others), 3 + i);

            // Along the first axis each channel has the same positions.
            (Node places, _, _) = AdaptiveWindows(at, 2 + i, sizes[i], DType.Int64);
            at = Squeeze(Gather(BroadcastTo(places, parts.Shape), 3 + i, Unsqueeze(index, 3 + i)), 3 + i);
        }

        return (WithoutBatch(y, isAlone), WithoutBatch(at, isAlone));
    }

    private static int[] AdaptiveSizes(string op, ref Node x, PerAxis outputSize)
    {
        int spatial = x.Rank - 2;
        int[] sizes = outputSize.IsGiven ? outputSize.For(spatial, 1, 1, op, "output size") : throw new ShapeException($"{op}: no output size is given.");
        for (int i = 0; i < spatial; i++)
        {
            x = Conditions.AtLeast(op, x, x.Shape[2 + i], 1, $"axis {i - spatial} has no elements.");
        }

        return sizes;
    }

    /// <summary>Uneven windows of an axis, as long as the longest and picked by index: [windows, elements] in its place, which elements count, and how many.</summary>
    private static (Node Parts, Node IsWithin, Node Length) AdaptiveWindows(Node x, int axis, int count, DType type)
    {
        Dim size = x.Shape[axis];
        Dim longest = size.Constant is { } n
            ? Enumerable.Range(0, count).Max(i => ((((i + 1) * n) + count - 1) / count) - (i * n / count))
            : ((size + (count - 1)) / count) + 1;
        Node whole = DimValue(size);
        Node divisor = Scalar(count, DType.Int64);
        Node window = Arange(count);
        Node start = TruncDivide(window * whole, divisor);
        Node end = TruncDivide(((window + 1) * whole) + (count - 1), divisor);
        Node at = Unsqueeze(start, 1) + Unsqueeze(Arange(longest), 0);
        Node isWithin = at < Unsqueeze(end, 1);
        Node parts = Take(x, Minimum(at, whole - 1), axis);
        Node mask = Reshape(isWithin, Shape.Of([count, longest, .. Enumerable.Repeat(Dim.Of(1), x.Rank - 1 - axis)]));
        return (parts, mask, Cast(end - start, type));
    }
}
