using GraphCompiler.Batching;

namespace GraphCompiler.Operations;

/// <summary>How pooling goes over one axis: windows, and what stands before the first element and after the last.</summary>
internal readonly record struct PoolAxis(Window Window, int Low, Dim High)
{
    /// <summary>The number of windows over an axis of a size.</summary>
    public Dim Positions(Dim size) => Window.Positions(Low + size + High);
}

/// <summary>
/// The largest element of each window of [N, C, S…], and which of the window's elements that is, counted row-major: the first of equals, and the first
/// NaN before all. The gradient goes there alone. What is around the input never wins: an element that is −∞ comes before it.
/// </summary>
internal sealed record MaxPoolOp(EquatableArray<PoolAxis> Axes) : CompositeOp
{
    // Elements of a window that are compared one by one; the position among more is found axis by axis.
    private const long MostTaps = 16;

    private int Spatial => Axes.Count;

    private EquatableArray<Window> Windows => [.. Axes.Select(a => a.Window)];

    public override Node[] Expand(IReadOnlyList<Node> inputs)
    {
        Node windows = Node.Create(new WindowsOp(Windows), Padded(inputs[0]));
        if (Axes.Aggregate(Dim.Of(1), (n, a) => n * a.Window.Size).Constant <= MostTaps)
        {
            (Node largest, Node index) = ByTaps(windows);
            return [largest, First(index)];
        }

        return [Ops.Max(ElementsFirst(windows), [.. Enumerable.Range(0, Spatial)]), First(ByAxes(windows))];
    }

    public override NodeType[] Infer(TypeContext context)
    {
        Node x = context.Inputs[0];
        context.RequireNumber();
        if (x.Rank != Spatial + 2)
        {
            throw context.BadShape($"the input must have batch, channels and {InvariantText.Count(Spatial, "spatial axis")}, not {x.Shape}.");
        }

        Shape shape = Shape.Of([x.Shape[0], x.Shape[1], .. Axes.Select((a, i) => a.Positions(x.Shape[2 + i]))]);
        for (int i = 0; i < Spatial; i++)
        {
            Dim size = Axes[i].Low + x.Shape[2 + i] + Axes[i].High;
            context.RequireAtLeast(x.Shape[2 + i], 1, $"axis {2 + i} has no elements to choose from.");
            context.RequireAtLeast(size, Axes[i].Window.Reach, $"a window along axis {2 + i} spans {InvariantText.Count(Axes[i].Window.Reach, "element")}, more than the {size} of the padded input.");
        }

        return [new NodeType(x.DType, shape), new NodeType(IndexType(x.DType), shape)];
    }

    public override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        Node x = node.Inputs[0];
        if (cotangents[0] is not { } cotangent)
        {
            return [null];
        }

        Node index = Ops.Output(node, 1);
        Shape ones = Shape.Of(Enumerable.Repeat(Dim.Of(1), Spatial));
        Node chosen = Ops.Equal(Ops.Reshape(index, Shape.Of([.. index.Shape, .. ones])), Counted(index.DType));
        Node parts = Ops.Where(chosen, Ops.Reshape(cotangent, Shape.Of([.. cotangent.Shape, .. ones])), 0);
        Node sum = Node.Create(new OverlapAddOp(Windows, PaddedShape(x.Shape)), parts);
        SliceRange[] inside = [.. x.Shape.Select((size, axis) => new SliceRange(axis < 2 ? 0 : Axes[axis - 2].Low, size, 1))];
        return [sum.Shape == x.Shape ? sum : Node.Create(new SliceOp([.. inside]), sum)];
    }

    public override Node[] Batch(BatchContext context)
    {
        Node pooled = context.Create(this, context.Merged(0, 0));
        return [context.Split(Ops.Output(pooled, 0), 0), context.Split(Ops.Output(pooled, 1), 0, result: 1)];
    }

    /// <summary>The dtype of positions: as wide as the values, so that both share vectors.</summary>
    public static DType IndexType(DType values) => values.Row().Integer;

    private Shape PaddedShape(Shape shape) => Shape.Of(shape.Select((size, axis) => axis < 2 ? size : Axes[axis - 2].Low + size + Axes[axis - 2].High));

    private Node Padded(Node x)
    {
        double least = x.DType.IsFloat() ? double.NegativeInfinity : x.DType.Row().Least;
        PadRange[] ranges = [new(0, 0, 0), new(0, 0, 0), .. Axes.Select(a => new PadRange(a.Low, a.High, 0))];
        return PaddedShape(x.Shape) == x.Shape ? x : Node.Create(new PadOp([.. ranges], PaddedShape(x.Shape), least), x);
    }

    /// <summary>[N, C, P…, K…] as [K…, N, C, P…]: neighbouring windows share vectors.</summary>
    private Node ElementsFirst(Node windows) => Ops.Permute(windows, [.. Enumerable.Range(2 + Spatial, Spatial), .. Enumerable.Range(0, 2 + Spatial)]);

    /// <summary>The elements of a window, counted row-major, in the shape of a window.</summary>
    private Node Counted(DType type)
    {
        Shape shape = Shape.Of(Axes.Select(a => a.Window.Size));
        Node count = Ops.Iota(shape, 0, type);
        for (int i = 1; i < Spatial; i++)
        {
            count = (count * Ops.DimValue(shape[i], type)) + Ops.Iota(shape, i, type);
        }

        return count;
    }

    private (Node Values, Node Index) ByTaps(Node windows)
    {
        DType type = IndexType(windows.DType);
        long[] sizes = [.. Axes.Select(a => a.Window.Size.Constant!.Value)];
        Node? best = null;
        Node index = Ops.Full(Shape.Of(windows.Shape.Take(2 + Spatial)), 0, type);
        for (long tap = 0; tap < TensorValue.CountOf(sizes); tap++)
        {
            Node element = EvaluationContext.Coordinates(tap, sizes).Aggregate(windows, (part, at) => Ops.Select(part, 2 + Spatial, at));
            if (best is not null)
            {
                Node wins = windows.DType.IsFloat() ? Ops.LogicalNot(element <= best) & Ops.Equal(best, best) : element > best;
                index = Ops.Where(wins, Ops.Scalar(tap, type), index);
            }

            best = best is null ? element : Ops.Maximum(best, element);
        }

        return (best!, index);
    }

    private Node ByAxes(Node windows)
    {
        (Node values, Node index) = Ops.MaxWithIndex(windows, -1);
        for (int i = Spatial - 2; i >= 0; i--)
        {
            Node outer;
            Node within = index;
            Dim inner = Axes.Skip(i + 1).Aggregate(Dim.Of(1), (n, a) => n * a.Window.Size);
            (values, outer) = Ops.MaxWithIndex(values, -1, keepDims: true);
            index = Ops.Squeeze((outer * Ops.DimValue(inner)) + Ops.Gather(within, -1, outer), -1);
            values = Ops.Squeeze(values, -1);
        }

        return Ops.Cast(index, IndexType(windows.DType));
    }

    /// <summary>The first element wins only if it is the largest or all are the least there is: then the first that lies in the input has won.</summary>
    private Node First(Node index)
    {
        if (Axes.All(a => a.Low == 0))
        {
            return index;
        }

        Node first = Ops.Full(index.Shape, 0, index.DType);
        for (int i = 0; i < Spatial; i++)
        {
            Window window = Axes[i].Window;
            Node before = (-window.Stride * Ops.Iota(index.Shape, 2 + i, index.DType)) + Axes[i].Low;
            Node skipped = Ops.Maximum(before, Ops.Scalar(0, index.DType));
            skipped = window.Dilation == 1 ? skipped : Ops.TruncDivide(skipped + (window.Dilation - 1), Ops.Scalar(window.Dilation, index.DType));
            first = (first * Ops.DimValue(window.Size, index.DType)) + skipped;
        }

        return Ops.Where(Ops.Equal(index, 0), first, index);
    }
}
