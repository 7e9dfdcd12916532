using GraphCompiler.Batching;

namespace GraphCompiler.Operations;

/// <summary>Elements of one tensor in other places: no value is computed, and a compiled graph reads the input with other strides where it can.</summary>
internal abstract record MovementOp : LinearOp;

/// <summary>The elements, in row-major order, under another shape of as many elements.</summary>
internal sealed record ReshapeOp(Shape To) : MovementOp
{
    protected override NodeType InferResult(TypeContext context)
    {
        Node x = context.Inputs[0];
        context.RequireSame(x.Shape.ElementCount, To.ElementCount, $"{x.Shape} has {InvariantText.Count(x.Shape.ElementCount, "element")}, {To} has {To.ElementCount}.");
        return new NodeType(x.DType, To);
    }

    protected override Node?[] PullbackResult(Node node, Node cotangent) => [Ops.Reshape(cotangent, node.Inputs[0].Shape)];

    protected override Node BatchResult(BatchContext context) => context.Create(new ReshapeOp(context.Batched(To)), context.Inputs[0]);

    protected override TensorValue EvaluateResult(EvaluationContext context)
    {
        long[] shape = context.ResultShape();
        return TensorValue.CountOf(shape) == context.Inputs[0].Count
            ? context.Inputs[0].Reshape(shape)
            : throw new BindingException($"{context.Node.Describe()}: {InvariantText.Count(context.Inputs[0].Count, "element")} cannot take the shape {InvariantText.List(shape)}.");
    }
}

/// <summary>Axes in another order: result axis i is input axis Order[i].</summary>
internal sealed record PermuteOp(EquatableArray<int> Order) : MovementOp
{
    protected override NodeType InferResult(TypeContext context)
    {
        Node x = context.Inputs[0];
        int[] sorted = [.. Order];
        Array.Sort(sorted);
        if (sorted.Length != x.Rank || !Axis.AreInOrder(sorted))
        {
            throw context.BadShape($"{Order} is not an order of the {InvariantText.Count(x.Rank, "axis")} of {x.Shape}; name each once.");
        }

        return new NodeType(x.DType, Shape.Of(Order.Select(a => x.Shape[a])));
    }

    internal EquatableArray<int> Inverse => Enumerable.Range(0, Order.Count).OrderBy(i => Order[i]).ToEquatableArray();

    protected override Node?[] PullbackResult(Node node, Node cotangent) => [Node.Create(new PermuteOp(Inverse), cotangent)];

    protected override Node BatchResult(BatchContext context) => context.Create(new PermuteOp([0, .. Axis.BehindBatch(Order)]), context.Inputs[0]);

    protected override TensorValue EvaluateResult(EvaluationContext context)
    {
        TensorValue x = context.Inputs[0];
        long[] shape = context.ResultShape();
        long[] from = new long[shape.Length];
        return TensorValue.Gather(x, shape, i =>
        {
            long[] to = EvaluationContext.Coordinates(i, shape);
            for (int axis = 0; axis < to.Length; axis++)
            {
                from[Order[axis]] = to[axis];
            }

            return EvaluationContext.Position(from, x.Shape);
        });
    }
}

/// <summary>Repeats along axes of size 1 and new leading axes. The one place where broadcasting happens, and in its pullback is undone.</summary>
internal sealed record BroadcastToOp(Shape To) : MovementOp
{
    /// <summary>The function that repeats a number, such as Zeros, for messages.</summary>
    internal string? Function { get; init; }

    public override string Name => Function ?? Kind;

    public override string Kind => "BroadcastTo";

    public bool Equals(BroadcastToOp? other) => other is not null && To == other.To;

    public override int GetHashCode() => To.GetHashCode();

    protected override NodeType InferResult(TypeContext context)
    {
        Node x = context.Inputs[0];
        int lead = To.Rank - x.Rank;
        bool fits = lead >= 0 && x.Shape.Select((d, i) => d.Constant == 1 || d == To[lead + i]).All(ok => ok);
        return fits ? new NodeType(x.DType, To) : throw context.BadShape(lead < 0
            ? $"{To} has fewer axes than {x.Shape}, and the shapes do not broadcast: axes are added, never taken away."
            : Broadcasting.Explain(x.Shape, To, onlyFirst: true));
    }

    protected override Node?[] PullbackResult(Node node, Node cotangent)
    {
        Node x = node.Inputs[0];
        int lead = To.Rank - x.Rank;
        EquatableArray<int> axes = Enumerable.Range(0, To.Rank).Where(i => i < lead || x.Shape[i - lead] != To[i]).ToEquatableArray();
        return [Ops.Reshape(axes.Count == 0 ? cotangent : Node.Create(new SumOp(axes), cotangent), x.Shape)];
    }

    protected override Node BatchResult(BatchContext context)
    {
        // New leading axes stand behind that of the batch.
        Shape shape = context.Node.Inputs[0].Shape;
        IEnumerable<Dim> added = Enumerable.Repeat(Dim.Of(1), To.Rank - shape.Rank);
        return context.Create(new BroadcastToOp(context.Batched(To)), Ops.Reshape(context.Inputs[0], context.Batched(Shape.Of([.. added, .. shape]))));
    }

    protected override TensorValue EvaluateResult(EvaluationContext context)
    {
        TensorValue x = context.Inputs[0];
        long[] shape = context.ResultShape();
        int lead = shape.Length - x.Rank;
        long[] from = new long[x.Rank];
        return TensorValue.Gather(x, shape, i =>
        {
            long[] to = EvaluationContext.Coordinates(i, shape);
            for (int axis = 0; axis < from.Length; axis++)
            {
                from[axis] = x.Shape[axis] == 1 ? 0 : to[lead + axis];
            }

            return EvaluationContext.Position(from, x.Shape);
        });
    }
}

/// <summary>Every Step-th of Size elements from Start along an axis.</summary>
internal readonly record struct SliceRange(Dim Start, Dim Size, long Step)
{
    public override string ToString() => $"{Start}+{Size}" + (Step == 1 ? string.Empty : $"*{Step}");
}

/// <summary>A regular part of a tensor: one range an axis.</summary>
internal sealed record SliceOp(EquatableArray<SliceRange> Ranges) : MovementOp
{
    protected override NodeType InferResult(TypeContext context)
    {
        Node x = context.Inputs[0];
        if (Ranges.Count != x.Rank)
        {
            throw context.BadShape($"{InvariantText.Count(Ranges.Count, "range")} cannot fit the {InvariantText.Count(x.Rank, "axis")} of {x.Shape}; give one an axis.");
        }

        for (int axis = 0; axis < x.Rank; axis++)
        {
            (Dim start, Dim size, long step) = Ranges[axis];
            if (size.Constant == 0)
            {
                continue;
            }

            context.RequireAtLeast(size, 0, $"the range of axis {axis} has a negative size, {size}.");
            context.RequireAtLeast(start, 0, $"the range of axis {axis} starts before 0.");
            context.RequireAtLeast(
                x.Shape[axis],
                start + ((size - 1) * step) + 1,
                $"the range of axis {axis} (start {start}, {InvariantText.Count(size, "element")}, step {step}) ends after its size {x.Shape[axis]}.");
        }

        return new NodeType(x.DType, Shape.Of(Ranges.Select(r => r.Size)));
    }

    protected override Node?[] PullbackResult(Node node, Node cotangent)
    {
        Node x = node.Inputs[0];
        IEnumerable<PadRange> pads = Ranges.Select((r, axis) =>
        {
            // An empty slice of a symbolic axis still gets back the axis' size.
            Dim covered = r.Size.Constant == 0 ? 0 : ((r.Size - 1) * r.Step) + 1;
            return r.Size.Constant == 0
                ? new PadRange(0, x.Shape[axis], 0)
                : new PadRange(r.Start, x.Shape[axis] - r.Start - covered, r.Step - 1);
        });
        return [Node.Create(new PadOp(pads.ToEquatableArray(), x.Shape, 0), cotangent)];
    }

    protected override Node BatchResult(BatchContext context) => context.Create(new SliceOp([new SliceRange(0, context.Size, 1), .. Ranges]), context.Inputs[0]);

    protected override TensorValue EvaluateResult(EvaluationContext context)
    {
        TensorValue x = context.Inputs[0];
        long[] shape = context.ResultShape();
        long[] starts = [.. Ranges.Select(r => context.ValueOf(r.Start))];
        return TensorValue.Gather(x, shape, i =>
        {
            long[] at = EvaluationContext.Coordinates(i, shape);
            for (int axis = 0; axis < at.Length; axis++)
            {
                at[axis] = starts[axis] + (at[axis] * Ranges[axis].Step);
            }

            return EvaluationContext.Position(at, x.Shape);
        });
    }
}

/// <summary>Elements added before, after and between (Interior a gap) the elements of an axis.</summary>
internal readonly record struct PadRange(Dim Low, Dim High, long Interior)
{
    public override string ToString() => $"{Low},{High}" + (Interior == 0 ? string.Empty : $",{Interior}");
}

/// <summary>A tensor inside a larger one that is filled with a number.</summary>
internal sealed record PadOp(EquatableArray<PadRange> Ranges, Shape To, double Value) : SingleResultOp
{
    protected override NodeType InferResult(TypeContext context)
    {
        Node x = context.Inputs[0];
        if (Ranges.Count != x.Rank)
        {
            throw context.BadShape($"{InvariantText.Count(Ranges.Count, "range")} cannot fit the {InvariantText.Count(x.Rank, "axis")} of {x.Shape}; give one an axis.");
        }

        for (int axis = 0; axis < x.Rank; axis++)
        {
            (Dim low, Dim high, long interior) = Ranges[axis];
            context.RequireAtLeast(low, 0, $"axis {axis} has a negative padding of {low} before it.");

            // With gaps, an axis that turns out empty leaves the high padding negative by at most one step.
            if (interior == 0)
            {
                context.RequireAtLeast(high, 0, $"axis {axis} has a negative padding of {high} after it.");
                context.RequireSame(To[axis], low + x.Shape[axis] + high, $"axis {axis} of size {x.Shape[axis]} padded by {low} and {high} does not give {To[axis]}.");
            }
        }

        return new NodeType(x.DType, To);
    }

    protected override Node?[] PullbackResult(Node node, Node cotangent)
    {
        Node x = node.Inputs[0];
        return [Node.Create(new SliceOp(Ranges.Select((r, axis) => new SliceRange(r.Low, x.Shape[axis], r.Interior + 1)).ToEquatableArray()), cotangent)];
    }

    public override Node?[] Pushforward(Node node, Node?[] tangents) => [tangents[0] is { } t ? Node.Create(this with { Value = 0 }, t) : null];

    protected override Node BatchResult(BatchContext context) =>
        context.Create(new PadOp([new PadRange(0, 0, 0), .. Ranges], context.Batched(To), Value), context.Inputs[0]);

    public bool Equals(PadOp? other) =>
        other is not null && Ranges == other.Ranges && To == other.To && BitConverter.DoubleToInt64Bits(Value) == BitConverter.DoubleToInt64Bits(other.Value);

    public override int GetHashCode() => HashCode.Combine(Ranges, To, BitConverter.DoubleToInt64Bits(Value));

    public override double[]? BoundErrors(RoundingErrors errors) => errors.Linear(this with { Value = 0 });

    protected override TensorValue EvaluateResult(EvaluationContext context)
    {
        TensorValue x = context.Inputs[0];
        long[] shape = context.ResultShape();
        long[] lows = [.. Ranges.Select(r => context.ValueOf(r.Low))];
        return TensorValue.Gather(
            x,
            shape,
            i =>
            {
                long[] at = EvaluationContext.Coordinates(i, shape);
                for (int axis = 0; axis < at.Length; axis++)
                {
                    long offset = at[axis] - lows[axis];
                    long step = Ranges[axis].Interior + 1;
                    if (offset < 0 || offset % step != 0 || offset / step >= x.Shape[axis])
                    {
                        return -1;
                    }

                    at[axis] = offset / step;
                }

                return EvaluationContext.Position(at, x.Shape);
            },
            Value);
    }
}

/// <summary>Tensors one after the other along an axis.</summary>
internal sealed record ConcatOp(int Along) : SingleResultOp
{
    protected override NodeType InferResult(TypeContext context)
    {
        Node first = context.Inputs[0];
        context.RequireSameTypes();
        context.RequireAxis(Along, first.Rank);
        Dim size = 0;
        foreach (Node input in context.Inputs)
        {
            if (input.Rank != first.Rank || Enumerable.Range(0, first.Rank).Any(a => a != Along && input.Shape[a] != first.Shape[a]))
            {
                throw context.BadShape($"{first.Shape} and {input.Shape} may differ only along axis {Along}.{Broadcasting.Declare(first.Shape.Without([Along]), input.Rank == first.Rank ? input.Shape.Without([Along]) : [])}");
            }

            size += input.Shape[Along];
        }

        return new NodeType(first.DType, first.Shape.With(Along, size));
    }

    protected override Node?[] PullbackResult(Node node, Node cotangent)
    {
        var parts = new Node?[node.Inputs.Count];
        Dim start = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            Dim size = node.Inputs[i].Shape[Along];
            parts[i] = node.Inputs[i].RequiresGrad ? Ops.Slice(cotangent, Along, start, start + size) : null;
            start += size;
        }

        return parts;
    }

    public override Node?[] Pushforward(Node node, Node?[] tangents) =>
        [Node.Create(this, [.. tangents.Select((t, i) => t ?? Ops.ZerosLike(node.Inputs[i]))])];

    protected override Node BatchResult(BatchContext context) => context.OnBatched(new ConcatOp(Along + 1))[0];

    public override double[]? BoundErrors(RoundingErrors errors) => errors.Linear();

    protected override TensorValue EvaluateResult(EvaluationContext context)
    {
        long[] shape = context.ResultShape();
        bool real = context.ResultType().IsFloat();
        double[] reals = new double[real ? TensorValue.CountOf(shape) : 0];
        long[] whole = new long[real ? 0 : TensorValue.CountOf(shape)];
        long start = 0;
        foreach (TensorValue x in context.Inputs)
        {
            for (long i = 0; i < x.Count; i++)
            {
                long[] at = EvaluationContext.Coordinates(i, x.Shape);
                at[Along] += start;
                long to = EvaluationContext.Position(at, shape);
                if (real)
                {
                    reals[to] = x.Reals[i];
                }
                else
                {
                    whole[to] = x.Integers[i];
                }
            }

            start += x.Shape[Along];
        }

        return real ? TensorValue.OfReals(context.ResultType(), shape, reals) : TensorValue.OfIntegers(context.ResultType(), shape, whole);
    }
}
