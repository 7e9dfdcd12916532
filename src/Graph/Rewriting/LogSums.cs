using GraphCompiler.Operations;

namespace GraphCompiler.Rewriting;

/// <summary>Recognises logarithms of sums of exponentials, which overflow.</summary>
internal static class LogSums
{
    /// <summary>log s for s = Σexp(x) over axes, kept or not. Null for another s, and where the largest x is subtracted already.</summary>
    public static Node? Of(Node s, MatchContext m)
    {
        Node sum = Unshaped(s, m);
        if (!m.Is<SumOp>(sum) || !m.Is<ExpOp>(sum.Inputs[0]))
        {
            return null;
        }

        EquatableArray<int> axes = ((SumOp)sum.Op).Axes;
        Node x = sum.Inputs[0].Inputs[0];
        return x.Op is SubOp && IsLargest(Source(x.Inputs[1]), x.Inputs[0], axes) ? null : Ops.Reshape(Ops.LogSumExp(x, Axes.Create(axes.AsSpan())), s.Shape);
    }

    /// <summary>log s for s = c·Σexp(x) or Σexp(x)/c with numbers c, as in a mean. Null for another s.</summary>
    public static Node? OfMultiple(Node s, MatchContext m)
    {
        if (m.Is<MulOp>(s))
        {
            (Node c, Node rest) = IsNumber(s.Inputs[0]) ? (s.Inputs[0], s.Inputs[1]) : (s.Inputs[1], s.Inputs[0]);
            return IsNumber(c) && OfAny(rest) is { } log ? log + Ops.Log(c) : null;
        }

        return m.Is<DivOp>(s) && IsNumber(s.Inputs[1]) && OfAny(s.Inputs[0]) is { } whole ? whole - Ops.Log(s.Inputs[1]) : null;

        Node? OfAny(Node node) => Of(node, m) ?? OfMultiple(node, m);
    }

    /// <summary>
    /// log Σexp(x − l) + l for the largest l of x along the same axes, whether detached or not, for its slopes cancel: with infinities this is right
    /// as well. Null for anything else.
    /// </summary>
    public static Node? OfShifted(Node log, Node added, MatchContext m)
    {
        Node inner = Unshaped(log, m);
        Node? sum = m.Is<LogOp>(inner) ? Unshaped(inner.Inputs[0], m) : null;
        if (sum is null || !m.Is<SumOp>(sum) || !m.Is<ExpOp>(sum.Inputs[0]) || !m.Is<SubOp>(sum.Inputs[0].Inputs[0]))
        {
            return null;
        }

        EquatableArray<int> axes = ((SumOp)sum.Op).Axes;
        (Node x, Node taken) = (sum.Inputs[0].Inputs[0].Inputs[0], sum.Inputs[0].Inputs[0].Inputs[1]);
        Node level = taken.Op is BroadcastToOp ? taken.Inputs[0] : taken;
        return IsAlong(level.Shape, x.Shape, axes) && IsOwn(taken) && IsOwn(level) && IsOwn(added)
            ? Ops.Reshape(Ops.LogSumExp(x, Axes.Create(axes.AsSpan())), log.Shape)
            : null;

        // A largest that is kept is a target, which is not to be passed by; a maximum that is made finite is already LogSumExp's.
        bool IsOwn(Node node)
        {
            for (; !m.IsKept(node); node = node.Inputs[0])
            {
                if (node.Op is not (ReshapeOp or DetachOp or BroadcastToOp) || (node.Op is BroadcastToOp && !ReferenceEquals(node, taken)))
                {
                    return IsLargest(node, x, axes);
                }
            }

            return false;
        }
    }

    private static Node Unshaped(Node node, MatchContext m) => m.Is<ReshapeOp>(node) ? node.Inputs[0] : node;

    private static bool IsNumber(Node node) => Splat.Of(node) is not null || (node.Op is BroadcastToOp ? node.Inputs[0] : node).Op is DimValueOp;

    private static bool IsLargest(Node node, Node x, EquatableArray<int> axes) => node.Op is MaxOp max && max.Axes == axes && ReferenceEquals(node.Inputs[0], x);

    /// <summary>Where what is subtracted comes from: its shape, a detachment and what stands for infinities aside.</summary>
    private static Node Source(Node node)
    {
        while (node.Op is ReshapeOp or BroadcastToOp or DetachOp or WhereOp)
        {
            node = node.Inputs[node.Op is WhereOp ? 1 : 0];
        }

        return node;
    }

    /// <summary>Whether a shape is another one with axes of size 1, or as broadcasting completes it.</summary>
    private static bool IsAlong(Shape shape, Shape full, EquatableArray<int> axes) =>
        shape.Rank <= full.Rank
        && Enumerable.Repeat(Dim.Of(1), full.Rank - shape.Rank).Concat(shape).SequenceEqual(full.Select((d, a) => axes.Contains(a) ? Dim.Of(1) : d));
}
