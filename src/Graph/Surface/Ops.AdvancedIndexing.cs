using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>
    /// Elements as NumPy and PyTorch index them, also written <c>x[…]</c>: numbers, ranges and tensors of indices, an axis each, with new axes between
    /// them; axes that are not named stay. Several tensors of indices broadcast and pick together; where they stand side by side their axes take the
    /// place of those they index, else they come first.
    /// </summary>
    /// <param name="x">Any values.</param>
    /// <param name="parts">What to take, an axis each. Indices in tensors are in [−size, size); another is an error when the graph runs.</param>
    /// <exception cref="ShapeException">There are more parts than axes, or an element is not there.</exception>
    /// <exception cref="DTypeException">Indices are bool, whose result would have a size that depends on values, or floats.</exception>
    public static Node At(Node x, params ReadOnlySpan<AxisIndex> parts)
    {
        (Node whole, int named, int rests) = (NotNull(x), 0, 0);
        foreach (AxisIndex part in parts)
        {
            named += part.Kind is AxisIndex.Form.Rest or AxisIndex.Form.NewAxis ? 0 : 1;
            rests += part.Kind == AxisIndex.Form.Rest ? 1 : 0;
        }

        if (named > whole.Rank || rests > 1)
        {
            throw new ShapeException($"At: {(rests > 1 ? "the rest is named twice" : $"{InvariantText.Count(whole.Rank, "axis")} cannot take {InvariantText.Count(named, "index")}")}. Input: {whole.Describe()}.");
        }

        // Axes keep their numbers until all parts are taken, so that messages name those of x; then some go away and new ones come.
        List<(int Axis, int Own, Node Indices)> picked = [];
        List<Dim> sizes = [];
        int axis = 0;
        foreach (AxisIndex part in parts)
        {
            switch (part.Kind)
            {
                case AxisIndex.Form.Rest:
                    sizes.AddRange(x.Shape.Skip(axis).Take(whole.Rank - named));
                    axis += whole.Rank - named;
                    break;
                case AxisIndex.Form.NewAxis:
                    sizes.Add(1);
                    break;
                case AxisIndex.Form.Position when part.Step != 0:
                    throw new ShapeException($"At: ^0 stands behind the last element; the last one is ^1. Input: {whole.Describe()}.");
                case AxisIndex.Form.Position:
                    x = Element("At", x, axis++, part.At);
                    break;
                case AxisIndex.Form.Range:
                    x = Conditions.AskedBy("At", x, Slice(x, axis, part.Range));
                    sizes.Add(x.Shape[axis++]);
                    break;
                case AxisIndex.Form.Steps:
                    x = Conditions.AskedBy("At", x, Slice(x, axis, part.Start, part.Stop, part.Step));
                    sizes.Add(x.Shape[axis++]);
                    break;
                default:
                    picked.Add((sizes.Count, axis, Positions(whole, part.Indices!)));
                    sizes.Add(x.Shape[axis++]);
                    break;
            }
        }

        x = Reshape(x, Shape.Of([.. sizes, .. x.Shape.Skip(axis)]));
        return picked.Count == 0 ? FunctionParts.OfSizes("At", x, whole)
            : FunctionParts.Of("At", picked.Count == 1 ? PickAlong("At", x, picked[0].Axis, picked[0].Own, picked[0].Indices) : Pick(x, picked), [whole, .. picked.Select(p => p.Indices)]);
    }

    /// <summary>
    /// x with values at indices along its first axes (PyTorch's index_put): <c>x[i, j] = values</c>. Of several values for one place the last stays,
    /// or all are added to what stands there.
    /// </summary>
    /// <param name="x">Any values.</param>
    /// <param name="indices">int32 or int64, one for each of the first axes, which broadcast; each in [−size, size of its axis).</param>
    /// <param name="values">Values of x's dtype that broadcast to the shape of the indices and the axes of x behind those indexed.</param>
    /// <param name="accumulate">Whether values are added.</param>
    public static Node IndexPut(Node x, IReadOnlyList<Node> indices, Node values, bool accumulate = false)
    {
        int count = Some("IndexPut", indices).Length;
        if (count > NotNull(x).Rank)
        {
            throw new ShapeException($"IndexPut: {InvariantText.Count(x.Rank, "axis")} cannot take {InvariantText.Count(count, "index")}. Input: {x.Describe()}.");
        }

        Node[] together = Broadcasting.Together("IndexPut", [.. indices.Select(i => Positions(x, i))]);
        Node joined = Join("IndexPut", x, [.. together.Select((n, axis) => (axis, axis, n))]);
        Shape rest = Shape.Of(x.Shape.Skip(count));
        Node wide = Reshape(BroadcastTo(NotNull(values), [.. joined.Shape, .. rest]), [joined.Shape.ElementCount, .. rest]);
        Node flat = Flatten(x, 0, count - 1);
        Node at = Flatten(joined);
        return FunctionParts.Of("IndexPut", Reshape(accumulate ? IndexAdd(flat, 0, at, wide) : IndexCopy(flat, 0, at, wide), x.Shape), [x, values, .. indices]);
    }

    /// <summary>Elements at indices along several axes at once: those axes are joined into one, whose places are computed.</summary>
    private static Node Pick(Node x, List<(int Axis, int Own, Node Indices)> picked)
    {
        int[] axes = [.. picked.Select(p => p.Axis)];
        int[] rest = [.. Enumerable.Range(0, x.Rank).Except(axes)];
        Node[] together = Broadcasting.Together("At", [.. picked.Select(p => p.Indices)]);
        Node result = Take(Flatten(Permute(x, [.. axes, .. rest]), 0, axes.Length - 1), Join("At", x, [.. picked.Zip(together, (p, indices) => (p.Axis, p.Own, indices))]));
        int added = result.Rank - rest.Length;
        return axes[^1] - axes[0] == axes.Length - 1 ? MoveAxis(result, [.. Enumerable.Range(0, added)], [.. Enumerable.Range(axes[0], added)]) : result;
    }

    /// <summary>Indices of one shape along several axes as places in row-major order; each is checked against its own axis.</summary>
    private static Node Join(string op, Node x, (int Axis, int Own, Node Indices)[] picked) => picked
        .Select(p => (p.Axis, Place: PickAlong(op, Arange(x.Shape[p.Axis]), 0, p.Own, p.Indices)))
        .Aggregate((Node?)null, (total, p) => total is null ? p.Place : (total * DimValue(x.Shape[p.Axis])) + p.Place)!;

    /// <summary>Elements at indices that may count from the end, along an axis that the user may have as another.</summary>
    private static Node PickAlong(string op, Node x, int along, int own, Node indices) =>
        Create(new TakeOp(along) { UserAxis = own }, x, FromEnd(indices, x.Shape[along])).Named(op);

    private static Node Positions(Node x, Node indices) => NotNull(indices).DType.IsInteger()
        ? Cast(indices, DType.Int64)
        : throw new DTypeException($"At: indices must be int32 or int64, not {indices.DType.Display()}{(indices.DType == DType.Bool ? ", for how many are true is not known when the graph is made; use Where, MaskedFill, or MaskedSelect with a bound" : "; use Cast")}. Input: {x.Describe()}.");

    /// <summary>Negative indices counted from the end; those beyond either end stay, to be named when they are checked.</summary>
    private static Node FromEnd(Node indices, Dim size)
    {
        Node end = DimValue(size);
        return Where((indices < 0) & (indices >= -end), indices + end, indices);
    }
}
