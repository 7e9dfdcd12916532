namespace GraphCompiler.Operations;

/// <summary>
/// Weighted sums over windows, [N, C, S…] with [O, C/Groups, K…] → [N, O, P…]: a product of matrices with the windows as columns; where each channel is
/// by itself, elementwise work on the taps of a window. Its derivatives by either input are <see cref="ConvolutionTransposeOp"/> and such a product.
/// </summary>
internal sealed record ConvolutionOp(EquatableArray<long> Stride, EquatableArray<long> Dilation, int Groups) : CompositeOp
{
    // Taps of a window that are written out one by one where each channel is by itself: more make an expression that is too long.
    private const long MostTaps = 27;

    public override string Name => "Convolution";

    public override Node[] Expand(IReadOnlyList<Node> inputs)
    {
        (Node x, Node weight) = (inputs[0], inputs[1]);
        var shape = new ConvolutionShape(this, x.Shape, weight.Shape);
        return [shape.IsByChannel && weight.Shape.Skip(2).Aggregate(Dim.Of(1), (n, d) => n * d).Constant <= MostTaps ? Taps(shape, x, weight) : Product(shape, x, weight)];
    }

    public override NodeType[] Infer(TypeContext context)
    {
        (Node x, Node weight) = (context.Inputs[0], context.Inputs[1]);
        context.RequireSameTypes();
        context.RequireNumber();
        ConvolutionShape.Require(context, Stride.Count, Groups, x, weight);
        var shape = new ConvolutionShape(this, x.Shape, weight.Shape);
        context.RequireSame(x.Shape[1], weight.Shape[1] * Groups, $"{x.Shape} has {x.Shape[1]} channels, and the weight {weight.Shape} is for {weight.Shape[1]} in each of {Groups} groups.");
        foreach (Window window in shape.Windows)
        {
            Dim size = x.Shape[window.Axis];
            context.RequireAtLeast(size, window.Reach, $"the kernel spans {window.Reach} elements along axis {window.Axis}, more than the {size} of the padded input.");
        }

        return [new NodeType(x.DType, Shape.Of([x.Shape[0], weight.Shape[0], .. shape.Positions]))];
    }

    public override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        (Node x, Node weight) = (node.Inputs[0], node.Inputs[1]);
        return
        [
            x.RequiresGrad ? Node.Create(new ConvolutionTransposeOp(Stride, Dilation, Groups, [.. x.Shape.Skip(2)]), cotangents[0]!, weight) : null,
            weight.RequiresGrad ? WeightGradient(new ConvolutionShape(this, x.Shape, weight.Shape), x, cotangents[0]!) : null,
        ];
    }

    public override Node?[] Pushforward(Node node, Node?[] tangents) => ConvolutionShape.Bilinear(this, node, tangents);

    /// <summary>The gradient of a weight: sums over batch and positions of windows times the cotangent.</summary>
    internal static Node WeightGradient(ConvolutionShape shape, Node x, Node cotangent)
    {
        int spatial = shape.Windows.Length;
        int groups = shape.Groups;
        Node windows = shape.WindowsOf(x);

        // [G, C/G, K…, N, P…], and [G, O/G, N, P…] of the cotangent.
        Node columns = Ops.Permute(windows, [1, 2, .. Enumerable.Range(3 + spatial, spatial), 0, .. Enumerable.Range(3, spatial)]);
        Node split = Ops.Reshape(cotangent, Shape.Of([cotangent.Shape[0], groups, shape.OutputsOfGroup, .. shape.Positions]));
        Node rows = Ops.Permute(split, [1, 2, 0, .. Enumerable.Range(3, spatial)]);
        if (shape.IsByChannel)
        {
            Node each = Ops.Reshape(rows, Shape.Of([groups, shape.OutputsOfGroup, .. Enumerable.Repeat(Dim.Of(1), spatial), .. rows.Shape.Skip(2)]));
            return Ops.Reshape(Ops.Sum(columns * each, [.. Enumerable.Range(2 + spatial, 1 + spatial)]), shape.Weight);
        }

        Node a = Ops.Flatten(rows, 2, -1);
        Node b = Ops.Flatten(Ops.Flatten(columns, 2 + spatial, -1), 1, 1 + spatial);
        return Ops.Reshape(Node.Create(new MatMulOp(), a, Ops.Transpose(b)), shape.Weight);
    }

    private static Node Product(ConvolutionShape shape, Node x, Node weight)
    {
        int spatial = shape.Windows.Length;
        Node columns = Ops.Permute(shape.WindowsOf(x), [0, 1, 2, .. Enumerable.Range(3 + spatial, spatial), .. Enumerable.Range(3, spatial)]);
        Node b = Ops.Flatten(Ops.Flatten(columns, 3 + spatial, -1), 2, 2 + spatial);
        Node a = Ops.Reshape(weight, Shape.Of([shape.Groups, shape.OutputsOfGroup, b.Shape[2]]));
        Node product = Node.Create(new MatMulOp(), Ops.BroadcastTo(a, Shape.Of([x.Shape[0], .. a.Shape])), b);
        return Ops.Reshape(product, Shape.Of([x.Shape[0], weight.Shape[0], .. shape.Positions]));
    }

    private static Node Taps(ConvolutionShape shape, Node x, Node weight)
    {
        int spatial = shape.Windows.Length;
        Node sum = null!;
        Node inputs = Ops.Unsqueeze(x, 2);
        Node weights = Ops.Reshape(weight, Shape.Of([shape.Groups, shape.OutputsOfGroup, .. weight.Shape.Skip(2), .. Enumerable.Repeat(Dim.Of(1), spatial)]));
        long[] sizes = [.. weight.Shape.Skip(2).Select(d => d.Constant!.Value)];
        for (long tap = 0; tap < TensorValue.CountOf(sizes); tap++)
        {
            long[] at = EvaluationContext.Coordinates(tap, sizes);
            Node part = inputs;
            Node factor = weights;
            for (int i = 0; i < spatial; i++)
            {
                long start = at[i] * Dilation(i);
                IEnumerable<SliceRange> ranges = part.Shape.Select((d, axis) => axis == 3 + i ? new SliceRange(start, shape.Positions[i], shape.Windows[i].Stride) : new SliceRange(0, d, 1));
                part = Node.Create(new SliceOp([.. ranges]), part);
                factor = Ops.Select(factor, 2, at[i]);
            }

            Node product = part * factor;
            sum = sum is null ? product : sum + product;
        }

        return Ops.Reshape(sum, Shape.Of([x.Shape[0], weight.Shape[0], .. shape.Positions]));

        long Dilation(int i) => shape.Windows[i].Dilation;
    }
}

/// <summary>
/// The transpose of <see cref="ConvolutionOp"/> in its input, [N, O, P…] with [O, C/Groups, K…] → [N, C, Sizes…]: a column for each position, added up as
/// overlapping windows.
/// </summary>
internal sealed record ConvolutionTransposeOp(EquatableArray<long> Stride, EquatableArray<long> Dilation, int Groups, EquatableArray<Dim> Sizes) : CompositeOp
{
    public override string Name => "ConvolutionTranspose";

    public override Node[] Expand(IReadOnlyList<Node> inputs)
    {
        (Node x, Node weight) = (inputs[0], inputs[1]);
        ConvolutionShape shape = ShapeOf(x, weight);
        int spatial = Stride.Count;
        Node rows = Ops.Reshape(x, Shape.Of([x.Shape[0], Groups, shape.OutputsOfGroup, .. x.Shape.Skip(2)]));
        Node windows;
        if (shape.IsByChannel && shape.OutputsOfGroup.Constant == 1)
        {
            Node each = Ops.Reshape(x, Shape.Of([.. x.Shape, .. Enumerable.Repeat(Dim.Of(1), spatial)]));
            windows = each * Ops.Reshape(weight, Shape.Of([weight.Shape[0], .. Enumerable.Repeat(Dim.Of(1), spatial), .. weight.Shape.Skip(2)]));
        }
        else
        {
            Dim column = weight.Shape.Skip(1).Aggregate(Dim.Of(1), (product, size) => product * size);
            Node a = Ops.Transpose(Ops.Reshape(weight, Shape.Of([Groups, shape.OutputsOfGroup, column])));
            Node columns = Node.Create(new MatMulOp(), Ops.BroadcastTo(a, Shape.Of([x.Shape[0], .. a.Shape])), Ops.Flatten(rows, 3, -1));
            Node split = Ops.Reshape(columns, Shape.Of([x.Shape[0], weight.Shape[1] * Groups, .. weight.Shape.Skip(2), .. x.Shape.Skip(2)]));
            windows = Ops.Permute(split, [0, 1, .. Enumerable.Range(2 + spatial, spatial), .. Enumerable.Range(2, spatial)]);
        }

        return [Node.Create(new OverlapAddOp([.. shape.Windows], Shape.Of([x.Shape[0], weight.Shape[1] * Groups, .. Sizes])), windows)];
    }

    public override NodeType[] Infer(TypeContext context)
    {
        (Node x, Node weight) = (context.Inputs[0], context.Inputs[1]);
        context.RequireSameTypes();
        context.RequireNumber();
        ConvolutionShape.Require(context, Stride.Count, Groups, x, weight);
        context.RequireSame(x.Shape[1], weight.Shape[0], $"{x.Shape} has {x.Shape[1]} channels, and the weight {weight.Shape} is for {weight.Shape[0]}.");
        return [new NodeType(x.DType, Shape.Of([x.Shape[0], weight.Shape[1] * Groups, .. Sizes]))];
    }

    public override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        (Node x, Node weight) = (node.Inputs[0], node.Inputs[1]);
        return
        [
            x.RequiresGrad ? Node.Create(new ConvolutionOp(Stride, Dilation, Groups), cotangents[0]!, weight) : null,
            weight.RequiresGrad ? ConvolutionOp.WeightGradient(ShapeOf(x, weight), cotangents[0]!, x) : null,
        ];
    }

    public override Node?[] Pushforward(Node node, Node?[] tangents) => ConvolutionShape.Bilinear(this, node, tangents);

    private ConvolutionShape ShapeOf(Node x, Node weight) =>
        new(new ConvolutionOp(Stride, Dilation, Groups), Shape.Of([x.Shape[0], weight.Shape[1] * Groups, .. Sizes]), weight.Shape);
}

/// <summary>The sizes of a convolution of a padded input.</summary>
internal sealed class ConvolutionShape(ConvolutionOp op, Shape input, Shape weight)
{
    public Shape Weight => weight;

    public int Groups => op.Groups;

    public Dim OutputsOfGroup => weight[0] / op.Groups;

    /// <summary>Whether no sum runs over channels.</summary>
    public bool IsByChannel => weight[1].Constant == 1;

    public Window[] Windows { get; } = [.. Enumerable.Range(0, op.Stride.Count).Select(i => new Window(2 + i, weight[2 + i], op.Stride[i], op.Dilation[i]))];

    public Dim[] Positions => [.. Windows.Select(w => w.Positions(input[w.Axis]))];

    /// <summary>The windows of an input, [N, G, C/G, P…, K…].</summary>
    public Node WindowsOf(Node x) =>
        Ops.Reshape(Node.Create(new WindowsOp([.. Windows]), x), Shape.Of([x.Shape[0], Groups, weight[1], .. Positions, .. weight.Skip(2)]));

    public static void Require(TypeContext context, int spatial, int groups, Node x, Node weight)
    {
        if (x.Rank != spatial + 2 || weight.Rank != spatial + 2)
        {
            throw context.BadShape($"the input and the weight must have {spatial + 2} axes, not {x.Shape} and {weight.Shape}.");
        }

        if (groups < 1)
        {
            throw context.BadShape($"there must be at least 1 group, not {groups}.");
        }

        context.RequireSame(
            (weight.Shape[0] / groups) * groups, weight.Shape[0], $"the {weight.Shape[0]} channels along the first axis of the weight {weight.Shape} are no multiple of {groups} groups.");
    }

    public static Node?[] Bilinear(Op op, Node node, Node?[] tangents)
    {
        Node? left = tangents[0] is { } x ? Node.Create(op, x, node.Inputs[1]) : null;
        Node? right = tangents[1] is { } weight ? Node.Create(op, node.Inputs[0], weight) : null;
        return [left is null ? right : right is null ? left : left + right];
    }
}
