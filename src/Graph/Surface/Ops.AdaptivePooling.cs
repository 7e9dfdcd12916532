using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>
    /// Means of as many windows as the result has elements along each of one to three spatial axes: window i of o over n elements goes from ⌊i·n/o⌋ up to
    /// ⌈(i + 1)·n/o⌉, so windows may differ in length and overlap by one.
    /// </summary>
    /// <param name="x">Floats, [N, C, spatial axes…].</param>
    /// <param name="outputSize">The result's size along each spatial axis; a single number stands for all of them.</param>
    public static Node AdaptiveAvgPool(Node x, PerAxis outputSize)
    {
        int spatial = SpatialAxes(NotNull(x), "AdaptiveAvgPool");
        int[] sizes = AdaptiveSizes("AdaptiveAvgPool", ref x, outputSize);
        if (!x.DType.IsFloat())
        {
            throw new DTypeException($"AdaptiveAvgPool: it takes float32 or float64, not {x.DType.Display()}; use Cast. Input: {x.Describe()}.");
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

        return y;
    }

    /// <summary>
    /// The largest elements of as many windows as the result has elements along each of one to three spatial axes: window i of o over n elements goes from
    /// ⌊i·n/o⌋ up to ⌈(i + 1)·n/o⌉.
    /// </summary>
    /// <param name="x">Numbers, [N, C, spatial axes…].</param>
    /// <param name="outputSize">The result's size along each spatial axis; a single number stands for all of them.</param>
    /// <remarks>At ties the gradient goes to the first, row by row; a NaN in a window is its result.</remarks>
    public static Node AdaptiveMaxPool(Node x, PerAxis outputSize) => AdaptiveMaxPool("AdaptiveMaxPool", x, outputSize, withIndices: false).Values;

    /// <summary>
    /// The largest elements of the windows of <see cref="AdaptiveMaxPool(Node, PerAxis)"/>, and the int64 position of each in its channel's input, row-major:
    /// what <see cref="MaxUnpool"/> takes.
    /// </summary>
    /// <param name="x">Numbers, [N, C, spatial axes…].</param>
    /// <param name="outputSize">The result's size along each spatial axis; a single number stands for all of them.</param>
    /// <remarks>At ties the first, row by row; a NaN in a window is its result.</remarks>
    public static (Node Values, Node Indices) AdaptiveMaxPoolWithIndices(Node x, PerAxis outputSize)
    {
        (Node values, Node? indices) = AdaptiveMaxPool("AdaptiveMaxPoolWithIndices", x, outputSize, withIndices: true);
        return (values, indices!);
    }

    private static (Node Values, Node? Indices) AdaptiveMaxPool(string op, Node x, PerAxis outputSize, bool withIndices)
    {
        int spatial = SpatialAxes(NotNull(x), op);
        RequireNumber(op, x);
        int[] sizes = AdaptiveSizes(op, ref x, outputSize);
        if (Enumerable.Range(0, spatial).All(i => x.Shape[2 + i].Constant % sizes[i] == 0))
        {
            PerAxis each = PerAxis.Create([.. sizes.Select((o, i) => (int)(x.Shape[2 + i].Constant!.Value / o))]);
            return withIndices ? MaxPoolWithIndices(x, each) : (MaxPool(op, spatial, x, each, default, default, default, ceilMode: false).Values, null);
        }

        double least = x.DType.IsFloat() ? double.NegativeInfinity : x.DType.Row().Least;
        Node y = x;
        Node? at = withIndices ? Reshape(Arange(Shape.Of(x.Shape.Skip(2)).ElementCount), Shape.Of([1, 1, .. x.Shape.Skip(2)])) : null;
        for (int i = spatial - 1; i >= 0; i--)
        {
            (Node parts, Node isWithin, _) = AdaptiveWindows(y, 2 + i, sizes[i], DType.Int64);
            Node others = Constant(TensorValue.Full(x.DType, [], least));
            (y, Node index) = MaxWithIndex(Where(isWithin, parts, others), 3 + i);
            if (at is not null)
            {
                // Along the first axis each channel has the same positions.
                (Node places, _, _) = AdaptiveWindows(at, 2 + i, sizes[i], DType.Int64);
                at = Squeeze(Gather(BroadcastTo(places, parts.Shape), 3 + i, Unsqueeze(index, 3 + i)), 3 + i);
            }
        }

        return (y, at);
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
