using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>Some elements of an axis in a row.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="start">The first element; a negative number counts from the end.</param>
    /// <param name="length">How many.</param>
    /// <exception cref="ShapeException">They are not all there; for symbolic sizes a <see cref="BindingException"/> once they are known.</exception>
    public static Node Narrow(Node x, int axis, Dim start, Dim length)
    {
        int along = Axis.Normalize(axis, NotNull(x).Rank, "Narrow", x);
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(length);
        Dim from = start.Constant < 0 ? x.Shape[along] + start : start;
        string message = $"the range (start {start}, {InvariantText.Count(length, "element")}) is not within axis {axis} of size {x.Shape[along]}.";
        Node within = Conditions.AtLeast("Narrow", Conditions.AtLeast("Narrow", x, length, 0, message), from, 0, message);
        within = Conditions.AtLeast("Narrow", within, x.Shape[along], from + length, message);
        return FunctionParts.OfSizes("Narrow", Part(within, along, new SliceRange(from, length, 1)), x);
    }

    /// <summary>Parts of one size along an axis; the last one may be shorter.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="size">The size of a part, at least 1.</param>
    /// <param name="axis">The axis; how many parts it has must be known: its size is a number, or a number of times the size of a part.</param>
    public static NodeList Split(Node x, Dim size, int axis = 0)
    {
        int along = Axis.Normalize(axis, NotNull(x).Rank, "Split", x);
        ArgumentNullException.ThrowIfNull(size);
        Dim whole = x.Shape[along];
        if (size.Constant < 1)
        {
            throw new ShapeException($"Split: the size of a part must be at least 1, not {size}. Input: {x.Describe()}.");
        }

        if (whole.Constant is { } n && size.Constant is { } s)
        {
            return Pieces(x, along, s, Math.Max(1, (n + s - 1) / s));
        }

        return Times(whole, size) is { } count && count > 0
            ? Pieces(x, along, size, count)
            : throw new ShapeException($"Split: how many parts of {size} axis {axis} of size {whole} has is not known before its size is; give the sizes of the parts. Input: {x.Describe()}.");
    }

    /// <summary>Parts of given sizes along an axis.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="sizes">The sizes of the parts, which together are the axis; symbols are allowed.</param>
    /// <param name="axis">The axis.</param>
    /// <exception cref="ShapeException">They do not add up to the axis' size.</exception>
    public static NodeList Split(Node x, IReadOnlyList<Dim> sizes, int axis = 0)
    {
        int along = Axis.Normalize(axis, NotNull(x).Rank, "Split", x);
        ArgumentNullException.ThrowIfNull(sizes);
        CheckSizes("Split", Shape.Of(sizes));
        Dim sum = sizes.Aggregate(Dim.Of(0), (total, d) => total + d);
        Node whole = Conditions.Same("Split", x, sum, x.Shape[along], $"the parts {InvariantText.List(sizes)} add up to {sum}, not to the size {x.Shape[along]} of axis {axis}.");
        whole = sizes.Aggregate(whole, (all, size) => Conditions.AtLeast("Split", all, size, 0, $"the parts {InvariantText.List(sizes)} cannot have the size {size}."));
        whole = Reshape(whole, x.Shape.With(along, sum));
        var parts = new Node[sizes.Count];
        Dim start = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i] = FunctionParts.OfSizes("Split", Part(whole, along, new SliceRange(start, sizes[i], 1)), x);
            start += sizes[i];
        }

        return parts;
    }

    /// <summary>At most so many parts of equal size along an axis; the last one may be shorter, and PyTorch's rule may give fewer.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="count">How many, at least 1.</param>
    /// <param name="axis">The axis, of constant size or a size that surely divides by the count.</param>
    public static NodeList Chunk(Node x, int count, int axis = 0)
    {
        int along = Axis.Normalize(axis, NotNull(x).Rank, "Chunk", x);
        if (count < 1)
        {
            throw new ShapeException($"Chunk: there must be at least one part, not {count}. Input: {x.Describe()}.");
        }

        Dim whole = x.Shape[along];
        if (whole.Constant is { } n)
        {
            // An axis of size 0 is cut into as many empty parts.
            return n == 0 ? Pieces(x, along, 0, count) : Split(x, (n + count - 1) / count, along);
        }

        Dim size = whole / count;
        return size * count == whole
            ? Pieces(x, along, size, count)
            : throw new ShapeException($"Chunk: {count} parts of axis {axis} of size {whole} may be unequal, or fewer; give the sizes of the parts with Split. Input: {x.Describe()}.");
    }

    /// <summary>Parts of an axis between positions.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="positions">Where the second and each further part begins; a negative number counts from the end. Of two that are not in order the part between them is empty.</param>
    /// <param name="axis">The axis; positions outside of it are cut to it if its size is a number, else an error once it is known.</param>
    public static NodeList TensorSplit(Node x, IReadOnlyList<Dim> positions, int axis = 0)
    {
        int along = Axis.Normalize(axis, NotNull(x).Rank, "TensorSplit", x);
        Items.ThrowIfNull(positions);
        Dim size = x.Shape[along];
        Dim[] ends = [0, .. positions.Select(Place), size];
        return [.. Enumerable.Range(0, ends.Length - 1).Select(i => Between(ends[i], ends[i + 1]))];

        Dim Place(Dim position)
        {
            Dim at = position.Constant < 0 ? size + position : position;
            return at.Constant is { } p && size.Constant is { } s ? Math.Clamp(p, 0, s) : at;
        }

        Node Between(Dim start, Dim end)
        {
            string message = $"the positions {InvariantText.List(positions)} are not in order within axis {axis} of size {size}.";
            Dim length = Dim.AtLeast(start, end) == true ? 0 : end - start;
            Node whole = Conditions.AtLeast("TensorSplit", Conditions.AtLeast("TensorSplit", Conditions.AtLeast("TensorSplit", x, length, 0, message), start, 0, message), size, start + length, message);
            return Part(whole, along, new SliceRange(start, length, 1));
        }
    }

    /// <summary>So many parts along an axis whose sizes differ by at most one, the larger ones first.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="count">How many, at least 1.</param>
    /// <param name="axis">The axis, of constant size or a size that surely divides by the count.</param>
    public static NodeList TensorSplit(Node x, int count, int axis = 0)
    {
        int along = Axis.Normalize(axis, NotNull(x).Rank, "TensorSplit", x);
        if (count < 1)
        {
            throw new ShapeException($"TensorSplit: there must be at least one part, not {count}. Input: {x.Describe()}.");
        }

        Dim whole = x.Shape[along];
        Dim size = whole / count;
        return whole.Constant is { } n ? TensorSplit(x, [.. Enumerable.Range(1, count - 1).Select(i => Dim.Of((i * (n / count)) + Math.Min(i, n % count)))], along)
            : size * count == whole ? Pieces(x, along, size, count)
            : throw new ShapeException($"TensorSplit: how long {count} parts of axis {axis} of size {whole} are is not known before its size is; give positions. Input: {x.Describe()}.");
    }

    /// <summary>The elements of an axis, which goes away.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="axis">The axis, of constant size.</param>
    public static NodeList Unbind(Node x, int axis = 0)
    {
        int along = Axis.Normalize(axis, NotNull(x).Rank, "Unbind", x);
        return x.Shape[along].Constant is { } size
            ? [.. Enumerable.Range(0, (int)size).Select(i => Select(x, along, i))]
            : throw new ShapeException($"Unbind: the size {x.Shape[along]} of axis {axis} must be a number. Input: {x.Describe()}.");
    }

    /// <summary>x with one element of an axis replaced.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="source">Values of x's dtype; the shape is x's without the axis.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="index">The element; a negative number counts from the end.</param>
    public static Node SelectScatter(Node x, Node source, int axis, long index)
    {
        int along = Axis.Normalize(axis, NotNull(x).Rank, "SelectScatter", x);
        Shape expected = x.Shape.Without([along]);
        if (NotNull(source).Shape != expected || source.DType != x.DType)
        {
            throw new ShapeException($"SelectScatter: the source must be {new NodeType(x.DType, expected)}, not {source.Describe()}. Input: {x.Describe()}.");
        }

        Node within = Conditions.HasElement("SelectScatter", x, x.Shape[along], index, $"there is no element {index} along axis {along} of size {x.Shape[along]}.");
        Dim from = index < 0 ? x.Shape[along] + index : index;
        return FunctionParts.OfSizes("SelectScatter", Replace(within, Unsqueeze(source, along), along, new SliceRange(from, 1, 1)), x, source);
    }

    /// <summary>x with a part of an axis replaced, see <see cref="Slice(Node, int, Dim?, Dim?, long)"/>.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="source">Values of x's dtype and of the shape of the part.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="start">The first element; a negative number counts from the end; null is 0, or the last element if the step is negative.</param>
    /// <param name="stop">The end, which is not included; a negative number counts from the end; null is behind the last element, or before the first if the step is negative.</param>
    /// <param name="step">The distance between elements, not 0.</param>
    public static Node SliceScatter(Node x, Node source, int axis, Dim? start = null, Dim? stop = null, long step = 1)
    {
        int along = Axis.Normalize(axis, NotNull(x).Rank, "SliceScatter", x);
        if (RequireStep("SliceScatter", x, step) < 0)
        {
            (start, stop) = Backwards(x.Shape[along], start, stop);
            return Flip(SliceScatter(Flip(x, along), source, along, start, stop, -Math.Max(step, -long.MaxValue)), along);
        }

        Node part = Slice(x, along, start, stop, step);
        if (NotNull(source).Type != part.Type)
        {
            throw new ShapeException($"SliceScatter: the source must be {part.Type}, not {source.Describe()}. Input: {x.Describe()}.");
        }

        return part == x ? source
            : FunctionParts.OfSizes("SliceScatter", Replace(Conditions.Asking("SliceScatter", part), source, along, ((SliceOp)part.Op).Ranges[along]), x, source);
    }

    private static Node[] Pieces(Node x, int along, Dim size, long count) =>
        [.. Enumerable.Range(0, checked((int)count)).Select(i => Part(x, along, new SliceRange(
            size * i, x.Shape[along].Constant is { } n && size.Constant is { } s ? Math.Min(s, n - (s * i)) : size, 1)))];

    /// <summary>How many times a size is in another one, if it is a number of times whatever the symbols.</summary>
    private static long? Times(Dim whole, Dim size) => (whole / size).Constant is { } count && size * count == whole ? count : null;

    private static Node Part(Node x, int along, SliceRange range) => range == new SliceRange(0, x.Shape[along], 1)
        ? x
        : Create(new SliceOp(x.Shape.Select((d, i) => i == along ? range : new SliceRange(0, d, 1)).ToEquatableArray()), x);

    private static Node Replace(Node x, Node source, int along, SliceRange range)
    {
        if (range.Step == 1)
        {
            Dim end = range.Start + range.Size;
            Node[] parts = [Part(x, along, new SliceRange(0, range.Start, 1)), source, Part(x, along, new SliceRange(end, x.Shape[along] - end, 1))];
            return Concat([.. parts.Where(p => p.Shape[along].Constant != 0 || p == source)], along);
        }

        if (range.Size.Constant == 0)
        {
            return x;
        }

        Dim after = x.Shape[along] - range.Start - ((range.Size - 1) * range.Step) - 1;
        Node hit = Spread(Ones(Shape.Of(x.Shape.Select((_, i) => i == along ? range.Size : 1)), DType.Bool));
        return Where(hit, Spread(source), x);

        Node Spread(Node node) => Create(
            new PadOp(
                node.Shape.Select((_, i) => i == along ? new PadRange(range.Start, after, range.Step - 1) : new PadRange(0, 0, 0)).ToEquatableArray(),
                node.Shape.With(along, x.Shape[along]),
                0),
            node);
    }
}
