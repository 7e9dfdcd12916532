using GraphCompiler.Batching;

namespace GraphCompiler.Operations;

/// <summary>What becomes of an element that is written to where something stands.</summary>
internal enum ScatterMode
{
    /// <summary>It takes the place; of several, the last one in row-major order stays.</summary>
    Set,

    /// <summary>The two are multiplied.</summary>
    Multiply,

    /// <summary>The two are multiplied, and none of them is zero.</summary>
    MultiplyNonzero,

    /// <summary>The larger stays; NaN before all.</summary>
    Max,

    /// <summary>The smaller stays; NaN before all.</summary>
    Min,
}

/// <summary>A base into which elements are written at indices along an axis, one after the other; the indices have the base's rank.</summary>
internal sealed record ScatterOp(int Along, ScatterMode Mode) : SingleResultOp
{
    protected override NodeType InferResult(TypeContext context)
    {
        Scattering.RequireSource(context, Along);
        if (Mode != ScatterMode.Set)
        {
            context.RequireNumber();
        }

        return context.Inputs[0].Results[0];
    }

    protected override Node?[] PullbackResult(Node node, Node cotangent)
    {
        (Node x, Node indices, Node source) = (node.Inputs[0], node.Inputs[1], node.Inputs[2]);
        switch (Mode)
        {
            case ScatterMode.Set:
                // Of writes to one place, the one whose position is found there.
                Node position = Ops.Reshape(Ops.Arange(indices.Shape.ElementCount), indices.Shape);
                Node last = node.CreatePart(this, Ops.Full(x.Shape, -1, DType.Int64), indices, position);
                Node wins = Ops.Equal(node.CreatePart(new GatherOp(Along), last, indices), position);
                return [node.CreatePart(this, cotangent, indices, Ops.ZerosLike(source)), null, Ops.Where(wins, node.CreatePart(new GatherOp(Along), cotangent, indices), 0)];
            case ScatterMode.Multiply:
                Node?[] pulled = Differentiation.ReverseMode.PullWithin([Product(node)], [cotangent], [x, source]);
                return [pulled[0], null, x == source ? null : pulled[1]];
            case ScatterMode.MultiplyNonzero:
                Node scaled = cotangent * node;
                return [scaled / x, null, node.CreatePart(new GatherOp(Along), scaled, indices) / source];
            default:
                // Ties share evenly; where NaN won, nothing is equal to it.
                Node own = Ops.Equal(x, node);
                Node theirs = Ops.Equal(source, node.CreatePart(new GatherOp(Along), node, indices));
                Node count = node.CreatePart(new ScatterAddOp(Along), Ops.Cast(own, x.DType), indices, Ops.Cast(theirs, x.DType));
                Node share = cotangent / Ops.Maximum(count, Ops.Scalar(1, x.DType));
                return [Ops.Where(own, share, 0), null, Ops.Where(theirs, node.CreatePart(new GatherOp(Along), share, indices), 0)];
        }
    }

    protected override Node BatchResult(BatchContext context) => context.OnBatched(new ScatterOp(Along + 1, Mode))[0];

    public override double[]? BoundErrors(RoundingErrors errors) => errors.Unknown();

    protected override TensorValue EvaluateResult(EvaluationContext context) => Scattering.Write(
        context.Inputs[0],
        context.Inputs[2],
        i => Scattering.Target(context, i, Along),
        (old, added) => Mode switch
        {
            ScatterMode.Set => added,
            ScatterMode.Max => Math.Max(old, added),
            ScatterMode.Min => Math.Min(old, added),
            _ => old * added,
        },
        (old, added) => Mode switch
        {
            ScatterMode.Set => added,
            ScatterMode.Max => Math.Max(old, added),
            ScatterMode.Min => Math.Min(old, added),
            _ => unchecked(old * added),
        });

    /// <summary>
    /// The same product, written so that its derivatives are exact where factors are zero: that of the others, times an elementary symmetric
    /// polynomial of the zeros, of as many as there are, by Newton's identities. Beyond three zeros the first three derivatives are zero.
    /// </summary>
    private Node Product(Node node)
    {
        (Node x, Node indices, Node source) = (node.Inputs[0], node.Inputs[1], node.Inputs[2]);
        (Node empty, Node none) = (Ops.Equal(x, 0), Ops.Equal(source, 0));
        Node others = node.CreatePart(new ScatterOp(Along, ScatterMode.MultiplyNonzero), Ops.Where(empty, 1, x), indices, Ops.Where(none, 1, source));
        Node zeros = node.CreatePart(new ScatterAddOp(Along), Ops.Cast(empty, x.DType), indices, Ops.Cast(none, x.DType));
        Node Power(int power) => node.CreatePart(new ScatterAddOp(Along), Ops.Where(empty, Raise(x, power), 0), indices, Ops.Where(none, Raise(source, power), 0));
        (Node first, Node second, Node third) = (Power(1), Power(2), Power(3));
        Node two = ((first * first) - second) * 0.5;
        Node three = ((first * first * first) - (3 * first * second) + (2 * third)) * (1.0 / 6);
        return others * Ops.Where(Ops.Equal(zeros, 0), 1, Ops.Where(Ops.Equal(zeros, 1), first, Ops.Where(Ops.Equal(zeros, 2), two, Ops.Where(Ops.Equal(zeros, 3), three, 0))));
    }

    private static Node Raise(Node x, int power) => power == 1 ? x : x * Raise(x, power - 1);
}

/// <summary>The positions of true elements of a vector in order, as many as there is room for; −1 in the rest.</summary>
internal sealed record NonZeroOp(Dim Bound) : IntegerOp
{
    protected override NodeType InferResult(TypeContext context)
    {
        context.RequireBool();
        return context.Inputs[0].Rank == 1 ? new NodeType(DType.Int64, [Bound]) : throw context.BadShape("it takes a vector.");
    }

    /// <summary>Each true element's position is written to the place that the true ones before it leave; those for which there is no room, and others, to one more.</summary>
    protected override Node BatchResult(BatchContext context)
    {
        Node mask = context.Inputs[0];
        Node before = Ops.CumulativeSum(Ops.Cast(mask, DType.Int64), 1) - 1;
        Node room = Ops.BroadcastTo(Ops.DimValue(Bound), mask.Shape);
        Node places = Ops.Where(mask & (before < room), before, room);
        Node all = Ops.Scatter(Ops.Full([context.Size, Bound + 1], -1, DType.Int64), 1, places, Ops.Iota(mask.Shape, 1));
        return Ops.Slice(all, 1, 0, Bound);
    }

    protected override TensorValue EvaluateResult(EvaluationContext context)
    {
        long[] mask = context.Inputs[0].Integers;
        long[] shape = context.ResultShape();
        IEnumerable<long> found = Enumerable.Range(0, mask.Length).Where(i => mask[i] != 0).Select(i => (long)i);
        return TensorValue.OfIntegers(DType.Int64, shape, [.. found.Concat(Enumerable.Repeat(-1L, (int)shape[0])).Take((int)shape[0])]);
    }
}
