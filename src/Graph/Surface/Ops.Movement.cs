using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>The elements, in row-major order, under another shape.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="shape">As many elements; one size may be −1, which stands for what is left.</param>
    /// <exception cref="ShapeException">The numbers of elements differ, or more than one size is −1.</exception>
    public static Node Reshape(Node x, Shape shape)
    {
        NotNull(x);
        int[] open = [.. Enumerable.Range(0, shape.Rank).Where(i => shape[i].Constant == -1)];
        if (open.Length > 1)
        {
            throw new ShapeException($"Reshape: {shape} leaves more than one size open; at most one may be -1. Input: {x.Describe()}.");
        }

        if (open.Length == 1)
        {
            Dim known = shape.Where((_, i) => i != open[0]).Aggregate(Dim.Of(1), (product, d) => product * d);
            Dim rest = known.Constant == 0 ? 0 : x.Shape.ElementCount / known;
            Shape filled = shape.With(open[0], rest);
            string message = $"{x.Shape} has {InvariantText.Count(x.Shape.ElementCount, "element")}, {shape} as {filled} has {filled.ElementCount}.";
            return FunctionParts.OfSizes("Reshape", Reshape(Conditions.Same("Reshape", x, x.Shape.ElementCount, filled.ElementCount, message), filled), x);
        }

        CheckSizes("Reshape", shape);
        return shape == x.Shape ? x : Create(new ReshapeOp(shape), x);
    }

    /// <summary>Joins neighbouring axes into one.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="startAxis">The first axis to join.</param>
    /// <param name="endAxis">The last axis to join.</param>
    public static Node Flatten(Node x, int startAxis = 0, int endAxis = -1)
    {
        if (NotNull(x).Rank == 0)
        {
            return Reshape(x, [1]);
        }

        int start = Axis.Normalize(startAxis, x.Rank, "Flatten", x);
        int end = Axis.Normalize(endAxis, x.Rank, "Flatten", x);
        if (start > end)
        {
            throw new ShapeException($"Flatten: the axes {startAxis} to {endAxis} are in the wrong order. Input: {x.Describe()}.");
        }

        Dim joined = Enumerable.Range(start, end - start + 1).Aggregate(Dim.Of(1), (product, a) => product * x.Shape[a]);
        return Reshape(x, Shape.Of([.. x.Shape.Take(start), joined, .. x.Shape.Skip(end + 1)]));
    }

    /// <summary>One axis as several.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="sizes">Sizes whose product is the axis' size; one may be −1, which stands for what is left.</param>
    /// <exception cref="ShapeException">The product is another, or more than one size is −1.</exception>
    public static Node Unflatten(Node x, int axis, Shape sizes)
    {
        int along = Axis.Normalize(axis, NotNull(x).Rank, "Unflatten", x);
        Dim whole = x.Shape[along];
        Dim[] known = [.. sizes.Where(d => d.Constant != -1)];
        Dim product = known.Aggregate(Dim.Of(1), (total, d) => total * d);
        if (sizes.Rank - known.Length > 1 || sizes.Rank == 0)
        {
            throw new ShapeException($"Unflatten: {(sizes.Rank == 0 ? "no sizes are given" : $"{sizes} leaves more than one size open; at most one may be -1")}. Input: {x.Describe()}.");
        }

        CheckSizes("Unflatten", Shape.Of(known));
        Dim rest = product.Constant == 0 ? 0 : whole / product;
        Dim all = known.Length < sizes.Rank ? product * rest : product;
        x = Conditions.Same("Unflatten", x, all, whole, $"axis {axis} of size {whole} is no product of {sizes}.");
        return Reshape(x, Shape.Of([.. x.Shape.Take(along), .. sizes.Select(d => d.Constant == -1 ? rest : d), .. x.Shape.Skip(along + 1)]));
    }

    /// <summary>Drops axes of size 1.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="axes">The axes; by default every axis of constant size 1. A named axis of another size stays, as in PyTorch.</param>
    public static Node Squeeze(Node x, Axes axes = default)
    {
        EquatableArray<int> normal = Axis.Normalize(axes, NotNull(x), "Squeeze");
        return Reshape(x, x.Shape.Without([.. normal.Where(a => x.Shape[a].Constant == 1)]));
    }

    /// <summary>Adds an axis of size 1.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="axis">Where it will stand in the result; −1 is last.</param>
    public static Node Unsqueeze(Node x, int axis)
    {
        int at = Axis.Normalize(axis, NotNull(x).Rank + 1, "Unsqueeze", x);
        return Reshape(x, Shape.Of([.. x.Shape.Take(at), Dim.Of(1), .. x.Shape.Skip(at)]));
    }

    /// <summary>Swaps two axes; by default the last two.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="axis0">One axis.</param>
    /// <param name="axis1">The other.</param>
    public static Node Transpose(Node x, int axis0 = -2, int axis1 = -1)
    {
        int a = Axis.Normalize(axis0, NotNull(x).Rank, "Transpose", x);
        int b = Axis.Normalize(axis1, x.Rank, "Transpose", x);
        return Permute(x, [.. Enumerable.Range(0, x.Rank).Select(i => i == a ? b : i == b ? a : i)]);
    }

    /// <summary>Puts the axes in another order: result axis i is axis axes[i].</summary>
    /// <param name="x">Any values.</param>
    /// <param name="axes">Every axis once.</param>
    public static Node Permute(Node x, params ReadOnlySpan<int> axes)
    {
        var normal = new int[axes.Length];
        for (int i = 0; i < axes.Length; i++)
        {
            normal[i] = Axis.Normalize(axes[i], NotNull(x).Rank, "Permute", x);
        }

        return normal.Length == NotNull(x).Rank && Axis.AreInOrder(normal) ? x : Create(new PermuteOp(EquatableArray.Create<int>(normal)), x);
    }

    /// <summary>
    /// The same elements under sizes that are said to be theirs, where symbols leave that open, as of [N] and [M], or of formulas: each call checks it.
    /// </summary>
    /// <param name="x">Any values.</param>
    /// <param name="shape">A size for each axis; −1 keeps the size that the axis has.</param>
    /// <exception cref="ShapeException">There are more or fewer axes, or two sizes are never equal.</exception>
    public static Node AssumeShape(Node x, Shape shape)
    {
        const string Name = "AssumeShape";
        if (shape.Rank != NotNull(x).Rank)
        {
            throw new ShapeException($"{Name}: {shape} must have a size for each of the {InvariantText.Count(x.Rank, "axis")} of {x.Shape}. Input: {x.Describe()}.");
        }

        Node same = x;
        Shape to = Shape.Of(shape.Select((d, i) => d.Constant == -1 ? x.Shape[i] : d));
        CheckSizes(Name, to);
        for (int i = 0; i < to.Rank; i++)
        {
            same = Conditions.Same(Name, same, x.Shape[i], to[i], $"axis {i} has the size {x.Shape[i]}, which is said to be {to[i]}.");
        }

        return to == x.Shape ? x : FunctionParts.OfSizes(Name, Create(new ReshapeOp(to), same), x);
    }

    /// <summary>Repeats axes of size 1, and adds leading ones, to reach a shape.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="shape">The shape; −1 keeps the size that the axis has.</param>
    /// <exception cref="ShapeException">An axis of another size would have to change.</exception>
    public static Node BroadcastTo(Node x, Shape shape)
    {
        NotNull(x);
        int lead = shape.Rank - x.Rank;
        Shape to = shape.Any(d => d.Constant == -1)
            ? Shape.Of(shape.Select((d, i) => d.Constant == -1 && i >= lead ? x.Shape[i - lead] : d))
            : shape;
        CheckSizes("BroadcastTo", to);
        return to == x.Shape ? x : Create(new BroadcastToOp(to), x);
    }

    /// <summary>A part of an axis: elements start, start + step, … as long as they are below stop, or above it if the step is negative, as in Python.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="start">The first element; a negative number counts from the end; null is 0, or the last element if the step is negative.</param>
    /// <param name="stop">The end, which is not included; a negative number counts from the end; null is behind the last element, or before the first if the step is negative.</param>
    /// <param name="step">The distance between elements, not 0.</param>
    /// <remarks>Numbers beyond the ends of an axis of constant size are cut to it; of a symbolic axis they are an error once its size is known.</remarks>
    public static Node Slice(Node x, int axis, Dim? start = null, Dim? stop = null, long step = 1)
    {
        int along = Axis.Normalize(axis, NotNull(x).Rank, "Slice", x);
        if (RequireStep("Slice", x, step) < 0)
        {
            (start, stop) = Backwards(x.Shape[along], start, stop);
            return Slice(Flip(x, along), along, start, stop, -Math.Max(step, -long.MaxValue));
        }

        Dim size = x.Shape[along];
        Dim from = Place(start ?? 0, size);
        Dim to = Place(stop ?? size, size);
        Dim length = step == 1 ? to - from : (to - from + (step - 1)) / step;
        if (length.Constant < 0)
        {
            length = 0;
        }

        if (from == Dim.Of(0) && length == size && step == 1)
        {
            return x;
        }

        IEnumerable<SliceRange> ranges = x.Shape.Select((d, i) => i == along ? new SliceRange(from, length, step) : new SliceRange(0, d, 1));
        return Create(new SliceOp(ranges.ToEquatableArray()), x);

        static Dim Place(Dim at, Dim size)
        {
            Dim placed = at.Constant < 0 ? size + at : at;
            return placed.Constant is { } p && size.Constant is { } s ? Math.Clamp(p, 0, s) : placed;
        }
    }

    /// <summary>A part of an axis as a C# range: <c>Slice(x, 0, 1..^1)</c>.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="range">The range.</param>
    /// <param name="step">The distance between elements, at least 1.</param>
    public static Node Slice(Node x, int axis, Range range, long step = 1)
    {
        int along = Axis.Normalize(axis, NotNull(x).Rank, "Slice", x);
        if (step < 1)
        {
            throw new ShapeException($"Slice: the step {step} through the range {range} must be at least 1; to go backwards, give start and stop. Input: {x.Describe()}.");
        }

        Dim size = x.Shape[along];
        return Slice(x, along, Of(range.Start), Of(range.End), step);

        // Below 0 would count from the end once more.
        Dim Of(Index index) => !index.IsFromEnd ? index.Value : size.Constant is { } s ? Math.Max(0, s - index.Value) : size - index.Value;
    }

    private static long RequireStep(string op, Node x, long step) => step != 0
        ? step
        : throw new ShapeException($"{op}: the step 0 must be at least 1, or below 0 to go backwards. Input: {x.Describe()}.");

    /// <summary>Start and stop of a way backwards as those of one forwards through the flipped axis.</summary>
    private static (Dim Start, Dim Stop) Backwards(Dim size, Dim? start, Dim? stop)
    {
        return (start is null ? 0 : Place(start), stop is null ? size : Place(stop));

        Dim Place(Dim at)
        {
            Dim placed = size - 1 - (at.Constant < 0 ? size + at : at);
            return placed.Constant is { } p && size.Constant is { } s ? Math.Clamp(p, 0, s) : placed;
        }
    }

    /// <summary>One element of an axis; the axis goes away.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="index">The element; a negative number counts from the end.</param>
    /// <exception cref="ShapeException">There is no such element.</exception>
    public static Node Select(Node x, int axis, long index)
    {
        int along = Axis.Normalize(axis, NotNull(x).Rank, "Select", x);
        return FunctionParts.OfSizes("Select", Reshape(Element("Select", x, along, index), x.Shape.Without([along])), x);
    }

    /// <summary>One element of an axis, which stays with size 1.</summary>
    private static Node Element(string op, Node x, int along, long index)
    {
        Dim size = x.Shape[along];
        x = Conditions.HasElement(op, x, size, index, $"there is no element {index} along axis {along} of size {size}.");
        return Part(x, along, new SliceRange(index < 0 ? size + index : index, 1, 1));
    }

    /// <summary>Tensors one after the other along an axis.</summary>
    /// <param name="nodes">At least one; they may differ only in the size of that axis.</param>
    /// <param name="axis">The axis.</param>
    public static Node Concat(IReadOnlyList<Node> nodes, int axis = 0)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        if (nodes.Count == 0)
        {
            throw new ShapeException("Concat: there is nothing to join; give at least one node.");
        }

        foreach (Node node in nodes)
        {
            NotNull(node, nameof(nodes));
        }

        int along = Axis.Normalize(axis, nodes[0].Rank, "Concat", nodes[0]);
        return nodes.Count == 1 ? nodes[0] : Create(new ConcatOp(along), [.. nodes]);
    }

    /// <summary>Tensors of one shape side by side along a new axis.</summary>
    /// <param name="nodes">At least one.</param>
    /// <param name="axis">Where the new axis will stand.</param>
    public static Node Stack(IReadOnlyList<Node> nodes, int axis = 0)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        if (nodes.Count == 0)
        {
            throw new ShapeException("Stack: there is nothing to stack; give at least one node.");
        }

        foreach (Node node in nodes)
        {
            if (NotNull(node).Shape != nodes[0].Shape)
            {
                throw new ShapeException($"Stack: the shapes {nodes[0].Shape} and {node.Shape} differ; all must be equal.{Broadcasting.Declare(nodes[0].Shape, node.Shape)}");
            }
        }

        int along = Axis.Normalize(axis, nodes[0].Rank + 1, "Stack", nodes[0]);
        return Concat([.. nodes.Select(n => Unsqueeze(n, along))], along);
    }

    /// <summary>A number around an axis.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="before">How many elements to add before; a negative number takes away.</param>
    /// <param name="after">How many elements to add after; a negative number takes away.</param>
    /// <param name="value">The number.</param>
    public static Node Pad(Node x, int axis, Dim before, Dim after, double value = 0)
    {
        int along = Axis.Normalize(axis, NotNull(x).Rank, "Pad", x);
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        Dim left = x.Shape[along] + (before.Constant < 0 ? before : 0) + (after.Constant < 0 ? after : 0);
        Node within = Conditions.AtLeast("Pad", x, left, 0, $"{before} before and {after} after take away more than the {InvariantText.Count(x.Shape[along], "element")} of axis {axis}.");

        if (before.Constant < 0)
        {
            return FunctionParts.OfSizes("Pad", Pad(Conditions.AskedBy("Pad", within, Slice(within, along, before * -1)), along, 0, after, value), x);
        }

        if (after.Constant < 0)
        {
            return FunctionParts.OfSizes("Pad", Pad(Conditions.AskedBy("Pad", within, Slice(within, along, 0, x.Shape[along] + after)), along, before, 0, value), x);
        }

        if (before.Constant == 0 && after.Constant == 0)
        {
            return within;
        }

        Scalar(value, x);
        IEnumerable<PadRange> ranges = x.Shape.Select((_, i) => i == along ? new PadRange(before, after, 0) : new PadRange(0, 0, 0));
        return Create(new PadOp(ranges.ToEquatableArray(), x.Shape.With(along, before + x.Shape[along] + after), value), within);
    }

    /// <summary>A number, or elements of x itself, around its last axes.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="widths">How many elements to add before and after, for each of the last axes in their order, where PyTorch begins with the last one.</param>
    /// <param name="mode">
    /// What they are: <see cref="PaddingMode.Zeros"/> stands for the value. There and with <see cref="PaddingMode.Circular"/> negative widths take away. Mirrored elements must be fewer than the axis
    /// has, those from the other end no more.
    /// </param>
    /// <param name="value">The number of <see cref="PaddingMode.Zeros"/>.</param>
    public static Node Pad(Node x, IReadOnlyList<(Dim Before, Dim After)> widths, PaddingMode mode = PaddingMode.Zeros, double value = 0)
    {
        ArgumentNullException.ThrowIfNull(widths);
        if (widths.Count > NotNull(x).Rank)
        {
            throw new ShapeException($"Pad: there are widths for {InvariantText.Count(widths.Count, "axis")}, and {x.Shape} has {x.Rank}. Input: {x.Describe()}.");
        }

        bool takesAway = widths.Any(w => w.Before.Constant < 0 || w.After.Constant < 0);
        if (takesAway && Known("Pad", mode) is PaddingMode.Reflect or PaddingMode.Replicate)
        {
            throw new ShapeException($"Pad: the widths of {mode} must not be negative. Input: {x.Describe()}.");
        }

        Scalar(value, x);
        Node kept = x;
        if (takesAway && mode == PaddingMode.Circular)
        {
            // What is taken away does not come in at the other end.
            kept = Around("Pad", x, [.. widths.Select(w => (w.Before.Constant < 0 ? w.Before : 0, w.After.Constant < 0 ? w.After : 0))], PaddingMode.Zeros);
            widths = [.. widths.Select(w => (w.Before.Constant < 0 ? 0 : w.Before, w.After.Constant < 0 ? 0 : w.After))];
        }

        return FunctionParts.OfSizes("Pad", Around("Pad", kept, [.. widths], Known("Pad", mode), value), x);
    }
}
