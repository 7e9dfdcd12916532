using GraphCompiler.Operations;

namespace GraphCompiler.Kernels;

/// <summary>
/// How a node's elements are read from the buffer of another: element [i, j, …] stands at Offset + i·Strides[0] + j·Strides[1] + …, counted in
/// elements. Movement operations change the view and move nothing.
/// </summary>
internal sealed record View(Node Source, Dim Offset, EquatableArray<Dim> Strides)
{
    /// <summary>A materialised node as it lies in memory, row-major.</summary>
    public static View Dense(Node source) => new(source, 0, RowMajor(source.Shape));

    public static EquatableArray<Dim> RowMajor(Shape shape)
    {
        var strides = new Dim[shape.Rank];
        Dim stride = 1;
        for (int axis = shape.Rank - 1; axis >= 0; axis--)
        {
            strides[axis] = stride;
            stride *= shape[axis];
        }

        return EquatableArray.Create<Dim>(strides);
    }

    /// <summary>The strides, over the axes of a shape, of a dense tensor that lacks some of them: 0 along those.</summary>
    public static EquatableArray<Dim> RowMajorWithout(Shape shape, EquatableArray<int> axes)
    {
        EquatableArray<Dim> rowMajor = RowMajor(shape.Without(axes));
        int next = 0;
        return Enumerable.Range(0, shape.Rank).Select(axis => axes.Contains(axis) ? 0 : rowMajor[next++]).ToEquatableArray();
    }

    /// <summary>The view of a movement operation's result, given that of its input; null where none exists and the input must be copied first.</summary>
    public View? Move(Node node)
    {
        Node input = node.Inputs[0];
        switch (node.Op)
        {
            case BroadcastToOp:
                int lead = node.Rank - input.Rank;
                return this with
                {
                    Strides = Enumerable.Range(0, node.Rank).Select(i => i < lead || input.Shape[i - lead] != node.Shape[i] ? 0 : Strides[i - lead]).ToEquatableArray(),
                };
            case PermuteOp permute:
                return this with { Strides = permute.Order.Select(a => Strides[a]).ToEquatableArray() };
            case SliceOp slice:
                return this with
                {
                    Offset = slice.Ranges.Select((r, axis) => r.Start * Strides[axis]).Aggregate(Offset, (sum, d) => sum + d),
                    Strides = slice.Ranges.Select((r, axis) => Strides[axis] * r.Step).ToEquatableArray(),
                };
            case FlipOp flip:
                return this with
                {
                    Offset = flip.Axes.Aggregate(Offset, (sum, axis) => sum + ((input.Shape[axis] - 1) * Strides[axis])),
                    Strides = Strides.Select((s, axis) => flip.Axes.Contains(axis) ? s * -1 : s).ToEquatableArray(),
                };
            case DiagonalOp diagonal:
                return this with
                {
                    Offset = Offset + (diagonal.FirstRow * Strides[diagonal.Rows]) + (diagonal.FirstColumn * Strides[diagonal.Columns]),
                    Strides = [.. Strides.Where((_, axis) => axis != diagonal.Rows && axis != diagonal.Columns), Strides[diagonal.Rows] + Strides[diagonal.Columns]],
                };
            case WindowsOp windows:
                return this with
                {
                    Strides =
                    [
                        .. Strides.Select((stride, axis) => windows.Windows.FirstOrDefault(w => w.Axis == axis) is { Stride: > 0 } window ? stride * window.Stride : stride),
                        .. windows.Windows.Select(w => Strides[w.Axis] * w.Dilation),
                    ],
                };
            case AfterOp:
                return this;
            case ReshapeOp:
                return Reshape(input.Shape, node.Shape) is { } strides ? this with { Strides = strides } : null;
            default:
                throw new InvalidOperationException($"{node.Op.Name} moves elements, and nothing says with which strides: add a line to View.Move.");
        }
    }

    /// <summary>The view under another shape of as many elements; null where no strides lead through.</summary>
    public View? Reshaped(Shape from, Shape to) => from == to ? this : Reshape(from, to) is { } strides ? this with { Strides = strides } : null;

    /// <summary>How many of the first sizes make up a whole; null if none do.</summary>
    public static int? Count(IReadOnlyList<Dim> sizes, Dim whole)
    {
        Dim product = 1;
        for (int i = 0; i < sizes.Count; i++)
        {
            product *= sizes[i];
            if (product == whole)
            {
                return i + 1;
            }
        }

        return null;
    }

    /// <summary>
    /// Strides under another shape: groups of axes whose products of sizes agree are matched from the left; a group keeps its elements evenly
    /// spaced only if its axes lie row-major among themselves.
    /// </summary>
    private EquatableArray<Dim>? Reshape(Shape from, Shape to)
    {
        if (Strides == RowMajor(from))
        {
            return RowMajor(to);
        }

        List<int> old = [];
        for (int axis = 0; axis < from.Rank; axis++)
        {
            if (from[axis].Constant != 1)
            {
                old.Add(axis);
            }
        }

        var strides = new Dim[to.Rank];
        Array.Fill(strides, 0);
        int o = 0;
        int t = 0;
        while (true)
        {
            while (t < to.Rank && to[t].Constant == 1)
            {
                t++;
            }

            if (o == old.Count || t == to.Rank)
            {
                return o == old.Count && t == to.Rank ? EquatableArray.Create<Dim>(strides) : null;
            }

            int oldEnd = o + 1;
            int newEnd = t + 1;
            Dim oldCount = from[old[o]];
            Dim newCount = to[t];
            while (oldCount != newCount)
            {
                // Grow whichever side is surely smaller; give up where symbols leave it open.
                if (Dim.AtLeast(oldCount, newCount + 1) == true && newEnd < to.Rank)
                {
                    newCount *= to[newEnd++];
                }
                else if (Dim.AtLeast(newCount, oldCount + 1) == true && oldEnd < old.Count)
                {
                    oldCount *= from[old[oldEnd++]];
                }
                else if (newEnd == t + 1 && Count([.. old.Skip(o).Select(axis => from[axis])], newCount) is { } several)
                {
                    (oldCount, oldEnd) = (newCount, o + several);
                }
                else if (oldEnd == o + 1 && Count([.. to.Skip(t)], oldCount) is { } parts)
                {
                    (newCount, newEnd) = (oldCount, t + parts);
                }
                else
                {
                    return null;
                }
            }

            for (int i = o; i + 1 < oldEnd; i++)
            {
                if (Strides[old[i]] != Strides[old[i + 1]] * from[old[i + 1]])
                {
                    return null;
                }
            }

            Dim stride = Strides[old[oldEnd - 1]];
            for (int i = newEnd - 1; i >= t; i--)
            {
                strides[i] = stride;
                stride *= to[i];
            }

            o = oldEnd;
            t = newEnd;
        }
    }
}
