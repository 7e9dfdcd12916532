using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>Nodes repeated along axes of size 1 to their common shape.</summary>
    /// <param name="nodes">At least one.</param>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    public static NodeList BroadcastTensors(params IReadOnlyList<Node> nodes) => Broadcasting.Together("BroadcastTensors", Some("BroadcastTensors", nodes));

    /// <summary>The whole tensor again and again, side by side (NumPy's tile).</summary>
    /// <param name="x">Any values.</param>
    /// <param name="counts">How often along each of the last axes; if there are more than axes, x gains leading ones. A symbol is allowed.</param>
    public static Node Tile(Node x, params ReadOnlySpan<Dim> counts)
    {
        Dim[] times = counts.ToArray();
        int rank = Math.Max(NotNull(x).Rank, times.Length);
        Shape own = Shape.Of([.. Enumerable.Repeat(Dim.Of(1), rank - x.Rank), .. x.Shape]);
        times = [.. Enumerable.Repeat(Dim.Of(1), rank - times.Length), .. times];
        foreach (Dim count in times)
        {
            CheckCount("Tile", count, "a count");
        }

        // Beside each axis a new one, along which it repeats.
        var split = new List<Dim>();
        var wide = new List<Dim>();
        for (int axis = 0; axis < rank; axis++)
        {
            if (times[axis].Constant != 1)
            {
                split.Add(1);
                wide.Add(times[axis]);
            }

            split.Add(own[axis]);
            wide.Add(own[axis]);
        }

        return Reshape(BroadcastTo(Reshape(x, Shape.Of(split)), Shape.Of(wide)), Shape.Of(own.Select((d, axis) => d * times[axis])));
    }

    /// <summary>The whole tensor again and again, side by side (PyTorch's Tensor.repeat): <see cref="Tile"/> with a count for every axis.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="counts">How often along each axis; more than axes give x leading ones. A symbol is allowed.</param>
    /// <exception cref="ShapeException">There are fewer counts than axes.</exception>
    public static Node Repeat(Node x, params ReadOnlySpan<Dim> counts) => counts.Length >= NotNull(x).Rank
        ? Tile(x, counts)
        : throw new ShapeException($"Repeat: {InvariantText.Count(counts.Length, "count")} for {InvariantText.Count(x.Rank, "axis")}; give one for every axis, or use Tile, which counts from the last. Input: {x.Describe()}.");

    /// <summary>Each element of an axis several times in a row.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="count">How often; a symbol is allowed.</param>
    /// <param name="axis">The axis; null for all of x as one axis.</param>
    public static Node RepeatInterleave(Node x, Dim count, int? axis = null)
    {
        ArgumentNullException.ThrowIfNull(count);
        if (axis is not { } along)
        {
            return RepeatInterleave(Flatten(x), count, 0);
        }

        along = Axis.Normalize(along, NotNull(x).Rank, "RepeatInterleave", x);
        CheckCount("RepeatInterleave", count);
        Node apart = Unsqueeze(x, along + 1);
        return Reshape(BroadcastTo(apart, apart.Shape.With(along + 1, count)), x.Shape.With(along, x.Shape[along] * count));
    }

    /// <summary>Each element of an axis as often in a row as its own count says.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="counts">A count an element, at least 0.</param>
    /// <param name="axis">The axis, of constant size; null for all of x as one axis.</param>
    /// <returns>x with as many elements along the axis as the counts add up to, or these alone.</returns>
    /// <exception cref="ShapeException">A count is negative, or there are not as many as elements.</exception>
    public static Node RepeatInterleave(Node x, IReadOnlyList<int> counts, int? axis = null)
    {
        ArgumentNullException.ThrowIfNull(counts);
        if (axis is not { } along)
        {
            return RepeatInterleave(Flatten(x), counts, 0);
        }

        along = Axis.Normalize(along, NotNull(x).Rank, "RepeatInterleave", x);
        if (x.Shape[along].Constant != counts.Count || counts.Any(c => c < 0))
        {
            throw new ShapeException($"RepeatInterleave: axis {axis} of size {x.Shape[along]} needs as many counts, each at least 0, not {InvariantText.List(counts)}. Input: {x.Describe()}.");
        }

        return Take(x, Constant([.. counts.SelectMany((c, i) => Enumerable.Repeat((long)i, c))]), along);
    }

    /// <summary>Coordinates of a grid: for each of several vectors, its values over the grid that all span.</summary>
    /// <param name="nodes">Vectors, or scalars as vectors of one element.</param>
    /// <param name="xy">Whether the second vector runs along the rows of the grid and the first along its columns (NumPy's default); false is PyTorch's "ij".</param>
    public static NodeList MeshGrid(IReadOnlyList<Node> nodes, bool xy = false)
    {
        Node[] vectors = [.. Some("MeshGrid", nodes).ToArray().Select(n => n.Rank == 0 ? Unsqueeze(n, 0) : n)];
        if (vectors.FirstOrDefault(n => n.Rank != 1) is { } wrong)
        {
            throw new ShapeException($"MeshGrid: it takes vectors, not {wrong.Describe()}.");
        }

        int[] axes = [.. Enumerable.Range(0, vectors.Length).Select(i => xy && i < 2 && vectors.Length > 1 ? 1 - i : i)];
        Shape grid = Shape.Of(axes.Select(a => vectors[a].Shape[0]));
        return [.. vectors.Select((n, i) => BroadcastTo(Reshape(n, Shape.Of(axes.Select(a => a == i ? n.Shape[0] : Dim.Of(1)))), grid))];
    }

    private static ReadOnlySpan<Node> Some(string op, IReadOnlyList<Node> nodes)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        foreach (Node node in nodes)
        {
            NotNull(node, nameof(nodes));
        }

        return nodes.Count > 0 ? nodes.ToArray() : throw new ShapeException($"{op}: there is nothing to work on; give at least one node.");
    }
}
