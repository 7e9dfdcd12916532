using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>Axes run backwards.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="axes">The axes; all by default.</param>
    public static Node Flip(Node x, Axes axes = default)
    {
        EquatableArray<int> normal = Axis.Normalize(axes, NotNull(x), "Flip");
        EquatableArray<int> real = normal.Where(a => x.Shape[a].Constant is not (0 or 1)).ToEquatableArray();
        return real.Count == 0 ? x : Create(new FlipOp(real), x);
    }

    /// <summary>Elements moved along an axis; those that leave it at one end come in at the other.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="shift">How far, toward higher indices; negative numbers move toward lower ones. Of a symbolic axis, no further than its size.</param>
    /// <param name="axis">The axis; null moves through all of x in row-major order.</param>
    public static Node Roll(Node x, int shift, int? axis = null)
    {
        if (axis is not { } given)
        {
            return Reshape(Roll(Flatten(x), shift, 0), x.Shape);
        }

        int along = Axis.Normalize(given, NotNull(x).Rank, "Roll", x);
        Dim size = x.Shape[along];
        Dim cut = size.Constant is { } n
            ? n == 0 ? 0 : ((-(shift % n)) + n) % n
            : shift > 0 ? size - shift : -(long)shift;
        Node within = size.IsConstant ? x : Conditions.AtLeast("Roll", x, size, Math.Abs((long)shift), $"a shift by {shift} goes beyond axis {axis} of size {size}.");
        return cut.Constant == 0 ? x
            : FunctionParts.OfSizes("Roll", Concat([Part(within, along, new SliceRange(cut, size - cut, 1)), Part(within, along, new SliceRange(0, cut, 1))], along), x);
    }

    /// <summary>Elements moved along several axes, see <see cref="Roll(Node, int, int?)"/>.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="shifts">How far along each.</param>
    /// <param name="axes">The axes, as many; one that occurs again moves again.</param>
    public static Node Roll(Node x, IReadOnlyList<int> shifts, IReadOnlyList<int> axes)
    {
        ArgumentNullException.ThrowIfNull(shifts);
        ArgumentNullException.ThrowIfNull(axes);
        return shifts.Count == axes.Count
            ? shifts.Zip(axes).Aggregate(NotNull(x), (y, r) => Roll(y, r.First, r.Second))
            : throw new ShapeException($"Roll: {InvariantText.Count(shifts.Count, "shift")} for {InvariantText.Count(axes.Count, "axis")}; give as many. Input: {NotNull(x).Describe()}.");
    }

    /// <summary>The plane of two axes turned by quarters of a circle, from the first axis toward the second.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="times">How many quarters; negative numbers turn the other way.</param>
    /// <param name="axis0">The first axis.</param>
    /// <param name="axis1">The second axis.</param>
    public static Node Rot90(Node x, int times = 1, int axis0 = 0, int axis1 = 1)
    {
        int a = Axis.Normalize(axis0, NotNull(x).Rank, "Rot90", x);
        int b = Axis.Normalize(axis1, x.Rank, "Rot90", x);
        return a == b ? throw new ShapeException($"Rot90: two different axes span a plane, not {axis0} and {axis1}. Input: {x.Describe()}.")
            : (((times % 4) + 4) % 4) switch
            {
                0 => x,
                1 => Transpose(Flip(x, b), a, b),
                2 => Flip(x, (int[])[a, b]),
                _ => Transpose(Flip(x, a), a, b),
            };
    }

    /// <summary>One axis moved to another place; the others keep their order (PyTorch's movedim).</summary>
    /// <param name="x">Any values.</param>
    /// <param name="source">The axis.</param>
    /// <param name="destination">Where it will stand.</param>
    public static Node MoveAxis(Node x, int source, int destination) => MoveAxis(x, [source], [destination]);

    /// <summary>Axes moved to other places; the others keep their order (PyTorch's movedim).</summary>
    /// <param name="x">Any values.</param>
    /// <param name="source">The axes.</param>
    /// <param name="destination">Where each will stand.</param>
    public static Node MoveAxis(Node x, IReadOnlyList<int> source, IReadOnlyList<int> destination)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(destination);
        int[] from = [.. source.Select(a => Axis.Normalize(a, NotNull(x).Rank, "MoveAxis", x))];
        int[] to = [.. destination.Select(a => Axis.Normalize(a, NotNull(x).Rank, "MoveAxis", x))];
        if (from.Length != to.Length || from.Distinct().Count() < from.Length || to.Distinct().Count() < to.Length)
        {
            throw new ShapeException($"MoveAxis: the axes {InvariantText.List(source)} cannot move to {InvariantText.List(destination)}; give as many of both, each once. Input: {NotNull(x).Describe()}.");
        }

        var rest = new Queue<int>(Enumerable.Range(0, NotNull(x).Rank).Except(from));
        return Permute(x, [.. Enumerable.Range(0, x.Rank).Select(i => Array.IndexOf(to, i) is var at and >= 0 ? from[at] : rest.Dequeue())]);
    }

    /// <summary>Tensors one after the other along axis 1, or along axis 0 if they are vectors; scalars count as vectors.</summary>
    /// <param name="nodes">At least one.</param>
    public static Node HStack(params IReadOnlyList<Node> nodes)
    {
        Node[] parts = AtLeast("HStack", nodes, n => n.Rank == 0 ? Unsqueeze(n, 0) : n);
        return Concat(parts, parts[0].Rank == 1 ? 0 : 1);
    }

    /// <summary>Tensors one after the other along axis 0; vectors count as rows.</summary>
    /// <param name="nodes">At least one.</param>
    public static Node VStack(params IReadOnlyList<Node> nodes) =>
        Concat(AtLeast("VStack", nodes, n => n.Rank < 2 ? Reshape(n, Shape.Of([1, n.Rank == 0 ? 1 : n.Shape[0]])) : n));

    /// <summary>Tensors one after the other along axis 2; vectors count as [1, N, 1], matrices as [M, N, 1].</summary>
    /// <param name="nodes">At least one.</param>
    public static Node DStack(params IReadOnlyList<Node> nodes) => Concat(
        AtLeast("DStack", nodes, n => n.Rank == 2 ? Unsqueeze(n, 2) : n.Rank < 2 ? Reshape(n, Shape.Of([1, n.Rank == 0 ? 1 : n.Shape[0], 1])) : n), 2);

    /// <summary>Vectors and numbers as columns, matrices as they are, one after the other along axis 1.</summary>
    /// <param name="nodes">At least one.</param>
    public static Node ColumnStack(params IReadOnlyList<Node> nodes) => Concat(
        AtLeast("ColumnStack", nodes, n => n.Rank < 2 ? Reshape(n, Shape.Of([n.Rank == 0 ? 1 : n.Shape[0], 1])) : n), 1);

    /// <summary>Groups of r² channels as squares of r by r neighbours: [N, C·r², H, W] → [N, C, H·r, W·r].</summary>
    /// <param name="x">Any values, […, C·r², H, W].</param>
    /// <param name="factor">r, at least 1.</param>
    public static Node PixelShuffle(Node x, int factor)
    {
        RequireImages(x, factor, "PixelShuffle");
        return Composite.Of(
            "PixelShuffle",
            x,
            x =>
            {
                Dim channels = x.Shape[^3] / ((long)factor * factor);
                Node whole = Conditions.Same(
                    "PixelShuffle", x, channels * factor * factor, x.Shape[^3], $"the input has {InvariantText.Count(x.Shape[^3], "channel")}, which is no multiple of {(long)factor * factor}.");

                (int lead, Dim height, Dim width) = (x.Rank - 3, x.Shape[^2], x.Shape[^1]);
                Node split = Reshape(whole, Shape.Of([.. x.Shape.SkipLast(3), channels, factor, factor, height, width]));
                Node moved = Permute(split, [.. Enumerable.Range(0, lead + 1), lead + 3, lead + 1, lead + 4, lead + 2]);
                return Reshape(moved, Shape.Of([.. x.Shape.SkipLast(3), channels, height * factor, width * factor]));
            },
            ("Factor", factor));
    }

    /// <summary>Squares of r by r neighbours as r² channels: [N, C, H·r, W·r] → [N, C·r², H, W].</summary>
    /// <param name="x">Any values, […, C, H·r, W·r].</param>
    /// <param name="factor">r, at least 1.</param>
    public static Node PixelUnshuffle(Node x, int factor)
    {
        RequireImages(x, factor, "PixelUnshuffle");
        return Composite.Of(
            "PixelUnshuffle",
            x,
            x =>
            {
                (int lead, Dim height, Dim width) = (x.Rank - 3, x.Shape[^2] / factor, x.Shape[^1] / factor);
                string message = $"images of {x.Shape[^2]} by {x.Shape[^1]} do not divide by {factor}.";
                Node whole = Conditions.Same("PixelUnshuffle", x, height * factor, x.Shape[^2], message);
                whole = Conditions.Same("PixelUnshuffle", whole, width * factor, x.Shape[^1], message);

                Node split = Reshape(whole, Shape.Of([.. x.Shape.SkipLast(2), height, factor, width, factor]));
                Node moved = Permute(split, [.. Enumerable.Range(0, lead + 1), lead + 2, lead + 4, lead + 1, lead + 3]);
                return Reshape(moved, Shape.Of([.. x.Shape.SkipLast(3), x.Shape[^3] * factor * factor, height, width]));
            },
            ("Factor", factor));
    }

    private static Node[] AtLeast(string op, IReadOnlyList<Node> nodes, Func<Node, Node> shape) => [.. Some(op, nodes).ToArray().Select(shape)];

    private static void RequireImages(Node x, int factor, string op)
    {
        if (NotNull(x).Rank < 3 || factor < 1)
        {
            throw new ShapeException($"{op}: it takes images, […, C, H, W], and a factor of at least 1, not {factor}. Input: {x.Describe()}.");
        }
    }
}
