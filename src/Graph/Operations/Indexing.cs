using GraphCompiler.Batching;

namespace GraphCompiler.Operations;

/// <summary>Whole slices picked along an axis: the axis is replaced by the axes of the indices (NumPy's take, an embedding look-up).</summary>
internal sealed record TakeOp(int Along) : SingleResultOp
{
    /// <summary>The axis as the user has it, for messages, where it is another.</summary>
    public int? UserAxis { get; init; }

    /// <summary>A slice without a gradient; null if all have one.</summary>
    public Dim? Padding { get; init; }

    protected override NodeType InferResult(TypeContext context)
    {
        Node x = context.Inputs[0];
        context.RequireIndices(1);
        context.RequireAxis(Along, x.Rank);
        return new NodeType(x.DType, Shape.Of([.. x.Shape.Take(Along), .. context.Inputs[1].Shape, .. x.Shape.Skip(Along + 1)]));
    }

    protected override Node?[] PullbackResult(Node node, Node cotangent) =>
        [node.CreatePart(new IndexAddOp(Along), Ops.ZerosLike(node.Inputs[0]), node.Inputs[1], WithoutPadding(cotangent, node.Inputs[1])), null];

    public override Node?[] Pushforward(Node node, Node?[] tangents) =>
        [tangents[0] is { } t ? WithoutPadding(node.CreatePart(this with { Padding = null }, t, node.Inputs[1]), node.Inputs[1]) : null];

    /// <summary>Slices with zeros in place of those that have no gradient.</summary>
    private Node WithoutPadding(Node slices, Node indices)
    {
        if (Padding is null)
        {
            return slices;
        }

        Node isPadding = Ops.Equal(indices, Ops.DimValue(Padding, indices.DType));
        return Ops.Where(Ops.Reshape(isPadding, Shape.Of([.. indices.Shape, .. Enumerable.Repeat(Dim.Of(1), slices.Rank - Along - indices.Rank)])), 0, slices);
    }

    protected override Node BatchResult(BatchContext context) =>
        !context.IsBatched(1) ? context.Create(this with { Along = Along + 1 }, context.Inputs[0], context.Inputs[1])
        : context.IsBatched(0) ? IndexBatching.Take(this, context)
        : Ops.MoveAxis(context.Create(this, context.Inputs[0], context.Inputs[1]), Along, 0);

    public override double[]? BoundErrors(RoundingErrors errors) => errors.Linear();

    protected override TensorValue EvaluateResult(EvaluationContext context)
    {
        TensorValue x = context.Inputs[0];
        TensorValue indices = context.Inputs[1];
        long[] shape = context.ResultShape();
        return TensorValue.Gather(x, shape, i => Source(context, EvaluationContext.Coordinates(i, shape), x.Shape, indices, Along));
    }

    /// <summary>The position in <paramref name="whole"/> that a position of the picked slices stands for.</summary>
    internal static long Source(EvaluationContext context, long[] at, long[] whole, TensorValue indices, int along)
    {
        ReadOnlySpan<long> place = at.AsSpan(along, indices.Rank);
        long index = indices.Integers[EvaluationContext.Position(place, indices.Shape)];
        long[] from = [.. at[..along], context.CheckIndex(index, whole[along], along, place), .. at[(along + indices.Rank)..]];
        return EvaluationContext.Position(from, whole);
    }
}

/// <summary>A base to which slices are added at indices along an axis; an index that occurs again adds again.</summary>
internal sealed record IndexAddOp(int Along) : SingleResultOp
{
    protected override NodeType InferResult(TypeContext context)
    {
        (Node x, Node indices, Node source) = (context.Inputs[0], context.Inputs[1], context.Inputs[2]);
        context.RequireIndices(1);
        context.RequireNumber();
        context.RequireAxis(Along, x.Rank);
        Shape expected = Shape.Of([.. x.Shape.Take(Along), .. indices.Shape, .. x.Shape.Skip(Along + 1)]);
        return source.Shape != expected ? throw context.BadShape($"the source must have the shape {expected}, not {source.Shape}.{Broadcasting.Declare(expected, source.Shape)}")
            : source.DType != x.DType ? throw context.BadDType($"the source must have the dtype {x.DType.Display()} of the base, not {source.DType.Display()}; use Cast.")
            : new NodeType(x.DType, x.Shape);
    }

    protected override Node?[] PullbackResult(Node node, Node cotangent) => [cotangent, null, node.CreatePart(new TakeOp(Along), cotangent, node.Inputs[1])];

    public override Node?[] Pushforward(Node node, Node?[] tangents) =>
        [node.CreatePart(this, tangents[0] ?? Ops.ZerosLike(node.Inputs[0]), node.Inputs[1], tangents[2] ?? Ops.ZerosLike(node.Inputs[2]))];

    protected override Node BatchResult(BatchContext context) => context.IsBatched(1)
        ? IndexBatching.Add(this, context)
        : context.Create(new IndexAddOp(Along + 1), context.Batched(0), context.Inputs[1], context.Batched(2));

    public override double[]? BoundErrors(RoundingErrors errors) => errors.AddedAt();

    protected override TensorValue EvaluateResult(EvaluationContext context)
    {
        TensorValue source = context.Inputs[2];
        return Scattering.Add(context.Inputs[0], source, i =>
            TakeOp.Source(context, EvaluationContext.Coordinates(i, source.Shape), context.Inputs[0].Shape, context.Inputs[1], Along));
    }
}

/// <summary>One element picked for each index, along an axis; the indices have the input's rank (PyTorch's gather).</summary>
internal sealed record GatherOp(int Along) : SingleResultOp
{
    protected override NodeType InferResult(TypeContext context)
    {
        Scattering.RequireAlong(context, Along);
        return new NodeType(context.Inputs[0].DType, context.Inputs[1].Shape);
    }

    protected override Node?[] PullbackResult(Node node, Node cotangent) =>
        [node.CreatePart(new ScatterAddOp(Along), Ops.ZerosLike(node.Inputs[0]), node.Inputs[1], cotangent), null];

    public override Node?[] Pushforward(Node node, Node?[] tangents) => [tangents[0] is { } t ? node.CreatePart(this, t, node.Inputs[1]) : null];

    /// <summary>Examples that share what is picked from pick more of it.</summary>
    protected override Node BatchResult(BatchContext context) => context.IsBatched(0)
        ? context.Create(new GatherOp(Along + 1), context.Inputs[0], context.Batched(1))
        : context.Split(context.Create(this, context.Inputs[0], context.Merged(1, Along)), Along);

    public override double[]? BoundErrors(RoundingErrors errors) => errors.Linear();

    protected override TensorValue EvaluateResult(EvaluationContext context)
    {
        TensorValue x = context.Inputs[0];
        return TensorValue.Gather(x, context.Inputs[1].Shape, i => Scattering.Target(context, i, Along));
    }
}

/// <summary>A base to which elements are added at indices along an axis; the indices have the base's rank (PyTorch's scatter_add).</summary>
internal sealed record ScatterAddOp(int Along) : SingleResultOp
{
    protected override NodeType InferResult(TypeContext context)
    {
        Scattering.RequireSource(context, Along);
        context.RequireNumber();
        return context.Inputs[0].Results[0];
    }

    protected override Node?[] PullbackResult(Node node, Node cotangent) => [cotangent, null, node.CreatePart(new GatherOp(Along), cotangent, node.Inputs[1])];

    public override Node?[] Pushforward(Node node, Node?[] tangents) =>
        [node.CreatePart(this, tangents[0] ?? Ops.ZerosLike(node.Inputs[0]), node.Inputs[1], tangents[2] ?? Ops.ZerosLike(node.Inputs[2]))];

    protected override Node BatchResult(BatchContext context) => context.OnBatched(new ScatterAddOp(Along + 1))[0];

    public override double[]? BoundErrors(RoundingErrors errors) => errors.AddedAt();

    protected override TensorValue EvaluateResult(EvaluationContext context) =>
        Scattering.Add(context.Inputs[0], context.Inputs[2], i => Scattering.Target(context, i, Along));
}

/// <summary>What the indexing operations share.</summary>
internal static class Scattering
{
    public static void RequireAlong(TypeContext context, int along)
    {
        (Node x, Node indices) = (context.Inputs[0], context.Inputs[1]);
        context.RequireIndices(1);
        context.RequireAxis(along, x.Rank);
        if (indices.Rank != x.Rank)
        {
            throw context.BadShape($"the indices must have the rank {x.Rank} of {x.Shape}, not {indices.Rank} as {indices.Shape}.");
        }

        for (int axis = 0; axis < x.Rank; axis++)
        {
            if (axis != along)
            {
                context.RequireAtLeast(x.Shape[axis], indices.Shape[axis], $"the indices are larger than axis {axis}: {indices.Shape[axis]} against {x.Shape[axis]}.");
            }
        }
    }

    /// <summary>Also asks for a third input of the shape of the indices and the dtype of the first.</summary>
    public static void RequireSource(TypeContext context, int along)
    {
        RequireAlong(context, along);
        (Node x, Node indices, Node source) = (context.Inputs[0], context.Inputs[1], context.Inputs[2]);
        if (source.Shape != indices.Shape)
        {
            throw context.BadShape($"the source must have the shape {indices.Shape} of the indices, not {source.Shape}.{Broadcasting.Declare(indices.Shape, source.Shape)}");
        }

        if (source.DType != x.DType)
        {
            throw context.BadDType($"the source must have the dtype {x.DType.Display()} of the base, not {source.DType.Display()}; use Cast.");
        }
    }

    /// <summary>The position in the first input that the index at a position stands for.</summary>
    public static long Target(EvaluationContext context, long position, int along)
    {
        long[] whole = context.Inputs[0].Shape;
        long[] at = EvaluationContext.Coordinates(position, context.Inputs[1].Shape);
        at[along] = context.CheckIndex(context.Inputs[1].Integers[position], whole[along], along, at);
        return EvaluationContext.Position(at, whole);
    }

    public static TensorValue Add(TensorValue target, TensorValue source, Func<long, long> position)
    {
        if (!target.DType.IsFloat())
        {
            return Write(target, source, position, (old, added) => old + added, (old, added) => unchecked(old + added));
        }

        NeumaierSum[] sums = [.. target.Reals.Select(x => new NeumaierSum(x))];
        for (long i = 0; i < source.Count; i++)
        {
            sums[position(i)].Add(source.Reals[i]);
        }

        return TensorValue.OfReals(target.DType, target.Shape, [.. sums.Select(sum => sum.Value)]);
    }

    /// <summary>Elements combined one after the other with what stands at their positions.</summary>
    public static TensorValue Write(TensorValue target, TensorValue source, Func<long, long> position, Func<double, double, double> reals, Func<long, long, long> integers)
    {
        if (target.DType.IsFloat())
        {
            double[] values = [.. target.Reals];
            for (long i = 0; i < source.Count; i++)
            {
                long at = position(i);
                values[at] = reals(values[at], source.Reals[i]);
            }

            return TensorValue.OfReals(target.DType, target.Shape, values);
        }

        long[] whole = [.. target.Integers];
        for (long i = 0; i < source.Count; i++)
        {
            long at = position(i);
            whole[at] = integers(whole[at], source.Integers[i]);
        }

        return TensorValue.OfIntegers(target.DType, target.Shape, whole);
    }
}
