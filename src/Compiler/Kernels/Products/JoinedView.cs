using GraphCompiler.Operations;

namespace GraphCompiler.Kernels.Products;

/// <summary>One of the axes that an axis of a matrix is made of.</summary>
internal readonly record struct AxisPart(Dim Size, Dim Stride);

/// <summary>
/// A view some of whose axes are several axes of the source side by side, which no single stride leads through: the windows of a convolution, flattened
/// into the rows or columns of a matrix. <paramref name="Parts"/> says what each axis is made of, outside in; an axis of size 1 may have no part.
/// </summary>
internal sealed record JoinedView(Node Source, Dim Offset, EquatableArray<EquatableArray<AxisPart>> Parts)
{
    /// <summary>How a node that is nothing but movements is read; null where neither strides nor joined axes lead to memory.</summary>
    public static JoinedView? Find(Node node, IMaterialization materialization)
    {
        var movements = new Stack<Node>();
        View? view;
        while ((view = PointwiseExpression.ViewOf(node, materialization)) is null)
        {
            if (node.Op is not MovementOp)
            {
                return null;
            }

            movements.Push(node);
            node = node.Inputs[0];
        }

        JoinedView? joined = materialization.IsMaterialized(view.Source)
            ? new JoinedView(view.Source, view.Offset, [.. node.Shape.Select((size, axis) => EquatableArray.Create([new AxisPart(size, view.Strides[axis])]))])
            : null;
        while (joined is not null && movements.TryPop(out Node? movement))
        {
            joined = joined.Move(movement);
        }

        return joined;
    }

    private JoinedView? Move(Node node)
    {
        Shape from = node.Inputs[0].Shape;
        switch (node.Op)
        {
            case PermuteOp permute:
                return this with { Parts = [.. permute.Order.Select(a => Parts[a])] };
            case BroadcastToOp:
                int lead = node.Rank - from.Rank;
                return this with
                {
                    Parts = [.. node.Shape.Select((size, axis) => axis < lead || from[axis - lead] != size ? EquatableArray.Create([new AxisPart(size, 0)]) : Parts[axis - lead])],
                };
            case AfterOp:
                return this;
            case ReshapeOp:
                return Reshape(node.Shape) is { } parts ? this with { Parts = parts } : null;
            default:
                return null;
        }
    }

    /// <summary>The axes of another shape: parts are matched from the left, one or several to an axis, or one to several axes.</summary>
    private EquatableArray<EquatableArray<AxisPart>>? Reshape(Shape to)
    {
        AxisPart[] old = [.. Parts.SelectMany(p => p).Where(p => p.Size.Constant != 1)];
        var axes = new EquatableArray<AxisPart>[to.Rank];
        int o = 0;
        int t = 0;
        for (; t < to.Rank; t++)
        {
            if (to[t].Constant == 1)
            {
                axes[t] = [];
                continue;
            }

            if (o == old.Length)
            {
                return null;
            }

            if (View.Count([.. old.Skip(o).Select(p => p.Size)], to[t]) is { } parts)
            {
                axes[t] = Join(old.AsSpan(o, parts));
                o += parts;
            }
            else if (View.Count([.. to.Skip(t)], old[o].Size) is { } several)
            {
                Dim stride = old[o].Stride;
                for (int i = t + several - 1; i >= t; i--)
                {
                    axes[i] = [new AxisPart(to[i], stride)];
                    stride *= to[i];
                }

                t += several - 1;
                o++;
            }
            else
            {
                return null;
            }
        }

        return o == old.Length ? EquatableArray.Create<EquatableArray<AxisPart>>(axes) : null;
    }

    private static EquatableArray<AxisPart> Join(ReadOnlySpan<AxisPart> parts)
    {
        List<AxisPart> joined = [];
        foreach (AxisPart part in parts)
        {
            if (joined.Count > 0 && joined[^1].Stride == part.Stride * part.Size)
            {
                joined[^1] = new AxisPart(joined[^1].Size * part.Size, part.Stride);
            }
            else
            {
                joined.Add(part);
            }
        }

        return EquatableArray.Create<AxisPart>([.. joined]);
    }
}
