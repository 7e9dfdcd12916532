using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>The sum over axes; 0 of nothing.</summary>
    /// <param name="x">Numbers.</param>
    /// <param name="axes">The axes; all by default.</param>
    /// <param name="keepDims">Whether the axes stay with size 1.</param>
    public static Node Sum(Node x, Axes axes = default, bool keepDims = false) => Reduce("Sum", a => new SumOp(a), x, axes, keepDims);

    /// <summary>The mean over axes; NaN of nothing.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="axes">The axes; all by default.</param>
    /// <param name="keepDims">Whether the axes stay with size 1.</param>
    public static Node Mean(Node x, Axes axes = default, bool keepDims = false)
    {
        RequireFloat("Mean", x);
        Axis.Normalize(axes, x, "Mean");
        return Sum(x, axes, keepDims) / DimValue(CountAlong(x, axes), x.DType);
    }

    /// <summary>The product over axes; 1 of nothing. The gradient is exact where factors are zero.</summary>
    /// <param name="x">Numbers.</param>
    /// <param name="axes">The axes; all by default.</param>
    /// <param name="keepDims">Whether the axes stay with size 1.</param>
    public static Node Prod(Node x, Axes axes = default, bool keepDims = false) => Reduce("Prod", a => new ProdOp(a), x, axes, keepDims);

    /// <summary>The largest over axes, NaN if there is one; ties share the gradient evenly (PyTorch's amax).</summary>
    /// <param name="x">Numbers, at least one along the axes.</param>
    /// <param name="axes">The axes; all by default.</param>
    /// <param name="keepDims">Whether the axes stay with size 1.</param>
    public static Node Max(Node x, Axes axes = default, bool keepDims = false) => Reduce("Max", a => new MaxOp(a), x, axes, keepDims);

    /// <summary>The smallest over axes, NaN if there is one; ties share the gradient evenly (PyTorch's amin).</summary>
    /// <param name="x">Numbers, at least one along the axes.</param>
    /// <param name="axes">The axes; all by default.</param>
    /// <param name="keepDims">Whether the axes stay with size 1.</param>
    public static Node Min(Node x, Axes axes = default, bool keepDims = false) => Reduce("Min", a => new MinOp(a), x, axes, keepDims);

    /// <summary>The largest along one axis and its int64 position, the first at a tie; the gradient goes to that element alone (PyTorch's max with dim).</summary>
    /// <param name="x">Numbers, at least one along the axis.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="keepDims">Whether the axis stays with size 1.</param>
    public static (Node Values, Node Indices) MaxWithIndex(Node x, int axis, bool keepDims = false) => Pick("MaxWithIndex", x, axis, keepDims, ArgMax);

    /// <summary>The smallest along one axis and its int64 position, the first at a tie; the gradient goes to that element alone (PyTorch's min with dim).</summary>
    /// <param name="x">Numbers, at least one along the axis.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="keepDims">Whether the axis stays with size 1.</param>
    public static (Node Values, Node Indices) MinWithIndex(Node x, int axis, bool keepDims = false) => Pick("MinWithIndex", x, axis, keepDims, ArgMin);

    /// <summary>The smallest and the largest over axes, NaN if there is one; ties share the gradients evenly.</summary>
    /// <param name="x">Numbers, at least one along the axes.</param>
    /// <param name="axes">The axes; all by default.</param>
    /// <param name="keepDims">Whether the axes stay with size 1.</param>
    public static (Node Min, Node Max) AMinMax(Node x, Axes axes = default, bool keepDims = false)
    {
        foreach (int axis in Axis.Normalize(axes, RequireNumber("AMinMax", x), "AMinMax"))
        {
            x = Conditions.AtLeast("AMinMax", x, x.Shape[axis], 1, $"axis {axis} has no elements to choose from.");
        }

        return (Min(x, axes, keepDims), Max(x, axes, keepDims));
    }

    /// <summary>The int64 position of the first largest element; over several axes, its row-major position among them. No gradient.</summary>
    /// <param name="x">Numbers, at least one along the axes.</param>
    /// <param name="axes">The axes; all by default.</param>
    /// <param name="keepDims">Whether the axes stay with size 1.</param>
    public static Node ArgMax(Node x, Axes axes = default, bool keepDims = false) => ArgExtremum("ArgMax", along => new ArgMaxOp(along), x, axes, keepDims);

    /// <summary>The int64 position of the first smallest element; over several axes, its row-major position among them. No gradient.</summary>
    /// <param name="x">Numbers, at least one along the axes.</param>
    /// <param name="axes">The axes; all by default.</param>
    /// <param name="keepDims">Whether the axes stay with size 1.</param>
    public static Node ArgMin(Node x, Axes axes = default, bool keepDims = false) => ArgExtremum("ArgMin", along => new ArgMinOp(along), x, axes, keepDims);

    /// <summary>Whether any element over axes is true or not 0 (NaN is not 0); false of nothing. No gradient.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="axes">The axes; all by default.</param>
    /// <param name="keepDims">Whether the axes stay with size 1.</param>
    public static Node Any(Node x, Axes axes = default, bool keepDims = false) => NotEqual(Count("Any", NotEqual(x, 0), axes, keepDims), 0);

    /// <summary>Whether all elements over axes are true or not 0 (NaN is not 0); true of nothing. No gradient.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="axes">The axes; all by default.</param>
    /// <param name="keepDims">Whether the axes stay with size 1.</param>
    public static Node All(Node x, Axes axes = default, bool keepDims = false) => Equal(Count("All", Equal(x, 0), axes, keepDims), 0);

    /// <summary>How many elements over axes are true or not 0 (NaN is not 0), as int64. No gradient.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="axes">The axes; all by default.</param>
    /// <param name="keepDims">Whether the axes stay with size 1.</param>
    public static Node CountNonZero(Node x, Axes axes = default, bool keepDims = false) => Count("CountNonZero", NotEqual(x, 0), axes, keepDims);

    /// <summary>The largest along axes that stay with size 1; −∞ of nothing.</summary>
    internal static Node Largest(Node x, Axes axes) => Reduce("Max", a => new MaxOp(a) { MayBeOfNothing = true }, x, axes, keepDims: true);

    /// <summary>What is to be subtracted along axes before exponentials are taken: the largest, or 0 where that is not finite. It has no gradient.</summary>
    private static Node Level(Node x, Axes axes)
    {
        Node top = Detach(Largest(x, axes));
        return Where(IsFinite(top), top, 0);
    }

    /// <summary>The number of elements along axes.</summary>
    internal static Dim CountAlong(Node x, Axes axes) =>
        Axis.Normalize(axes, x, "Mean").Aggregate(Dim.Of(1), (product, a) => product * x.Shape[a]);

    private static Node RequireFloat(string op, Node x) => NotNull(x).DType.IsFloat() ? x
        : throw new DTypeException($"{op}: it takes float32 or float64, not {x.DType.Display()}; use Cast. Input: {x.Describe()}.");

    private static Node RequireNumber(string op, Node x) => NotNull(x).DType != DType.Bool ? x
        : throw new DTypeException($"{op}: it takes numbers, not bool; use Cast. Input: {x.Describe()}.");

    private static Node Count(string name, Node bools, Axes axes, bool keepDims) => Reduce(name, a => new SumOp(a), Cast(bools, DType.Int64), axes, keepDims);

    private static Node Reduce(string name, Func<EquatableArray<int>, Op> op, Node x, Axes axes, bool keepDims)
    {
        EquatableArray<int> normal = Axis.Normalize(axes, NotNull(x), name);
        Node reduced = Create(op(normal), x);
        return keepDims ? Axis.Keep(reduced, normal, x.Shape) : reduced;
    }

    private static Node ArgExtremum(string name, Func<int, Op> op, Node x, Axes axes, bool keepDims)
    {
        RequireNumber(name, x);
        EquatableArray<int> normal = Axis.Normalize(axes, x, name);
        Node result = normal.Count == 1 ? Create(op(normal[0]), x) : Create(op(x.Rank - normal.Count), AsLast(x, normal));
        return keepDims ? Axis.Keep(result, normal, x.Shape) : result;
    }

    /// <summary>Axes as one, behind the others.</summary>
    private static Node AsLast(Node x, EquatableArray<int> axes)
    {
        int[] kept = [.. Enumerable.Range(0, x.Rank).Where(a => !axes.Contains(a))];
        return Reshape(Permute(x, [.. kept, .. axes]), Shape.Of([.. kept.Select(a => x.Shape[a]), CountAlong(x, axes.ToArray())]));
    }

    private static (Node Values, Node Indices) Pick(string op, Node x, int axis, bool keepDims, Func<Node, Axes, bool, Node> position)
    {
        int along = Axis.Normalize(axis, RequireNumber(op, x).Rank, op, x);
        Node some = Conditions.AtLeast(op, x, x.Shape[along], 1, $"axis {axis} has no elements to choose from.");
        return FunctionParts.OfSizes(op, Pick(some, along, keepDims, position(some, along, true)), x);
    }

    private static (Node Values, Node Indices) Pick(Node x, int axis, bool keepDims, Node indices)
    {
        Node values = Gather(x, axis, indices);
        return keepDims ? (values, indices) : (Squeeze(values, axis), Squeeze(indices, axis));
    }
}
