using System.Diagnostics;
using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>How elements that are scattered to one place are combined.</summary>
public enum ScatterReduction
{
    /// <summary>Added up.</summary>
    Sum,

    /// <summary>Their mean.</summary>
    Mean,

    /// <summary>Multiplied.</summary>
    Prod,

    /// <summary>The largest; NaN before all.</summary>
    Max,

    /// <summary>The smallest; NaN before all.</summary>
    Min,
}

public static partial class Ops
{
    /// <summary>x with elements replaced at indices along an axis. Of several elements for one place the last in row-major order stays, and the gradient is its alone.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="indices">int32 or int64 of x's rank, no larger along the other axes; each in [0, size of the axis).</param>
    /// <param name="source">Values of x's dtype and the shape of the indices.</param>
    public static Node Scatter(Node x, int axis, Node indices, Node source) => Scatter("Scatter", ScatterMode.Set, x, axis, indices, source);

    /// <summary>x with a number at indices along an axis.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="indices">int32 or int64 of x's rank, no larger along the other axes; each in [0, size of the axis).</param>
    /// <param name="value">The number.</param>
    public static Node Scatter(Node x, int axis, Node indices, double value) => Scatter(x, axis, indices, Full(NotNull(indices).Shape, value, NotNull(x).DType));

    /// <summary>
    /// x combined with elements of a source at indices along an axis (PyTorch's scatter_reduce). The largest and smallest share their gradient
    /// evenly among ties; that of a product is exact where factors are zero, to the third order.
    /// </summary>
    /// <param name="x">Numbers.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="indices">int32 or int64 of x's rank, no larger along the other axes; each in [0, size of the axis).</param>
    /// <param name="source">Numbers of x's dtype and the shape of the indices.</param>
    /// <param name="reduction">How they are combined.</param>
    /// <param name="includeSelf">Whether what x holds counts where something is written; where nothing is, it stays in any case.</param>
    public static Node ScatterReduce(Node x, int axis, Node indices, Node source, ScatterReduction reduction, bool includeSelf = true) =>
        ScatterReduce("ScatterReduce", x, Axis.Normalize(axis, NotNull(x).Rank, "ScatterReduce", x), NotNull(indices), source, reduction, includeSelf);

    /// <summary>
    /// x combined with whole slices of a source at indices along an axis (PyTorch's index_reduce). Ties and zeros as in
    /// <see cref="ScatterReduce(Node, int, Node, Node, ScatterReduction, bool)"/>.
    /// </summary>
    /// <param name="x">Numbers.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="indices">int32 or int64, a vector; each in [0, size of the axis).</param>
    /// <param name="source">Numbers of x's dtype; the shape is x's with the number of indices along the axis.</param>
    /// <param name="reduction">How they are combined.</param>
    /// <param name="includeSelf">Whether what x holds counts where something is written; where nothing is, it stays in any case.</param>
    public static Node IndexReduce(Node x, int axis, Node indices, Node source, ScatterReduction reduction, bool includeSelf = true)
    {
        int along = Axis.Normalize(axis, NotNull(x).Rank, "IndexReduce", x);
        return ScatterReduce("IndexReduce", x, along, AlongAxis("IndexReduce", x, along, indices), source, reduction, includeSelf);
    }

    /// <summary>
    /// The slices of each segment of an axis combined: those with one number in a vector of segments, in any order. A segment without slices has the sum 0, the
    /// product 1, the mean NaN (0 for integers), and as its largest or smallest what any element beats. Ties and zeros as in
    /// <see cref="ScatterReduce(Node, int, Node, Node, ScatterReduction, bool)"/>.
    /// </summary>
    /// <param name="x">Numbers.</param>
    /// <param name="segments">int32 or int64, a vector: the segment of each slice, in [0, count); another is an error when the graph runs.</param>
    /// <param name="count">How many segments there are, the size of the axis in the result; a symbol is allowed.</param>
    /// <param name="reduction">How slices are combined.</param>
    /// <param name="axis">The axis.</param>
    public static Node SegmentReduce(Node x, Node segments, Dim count, ScatterReduction reduction = ScatterReduction.Sum, int axis = 0)
    {
        const string Name = "SegmentReduce";
        int along = Axis.Normalize(axis, RequireNumber(Name, x).Rank, Name, x);
        ArgumentNullException.ThrowIfNull(count);
        CheckCount(Name, count);
        if (NotNull(segments).Rank != 1 || segments.Shape[0] != x.Shape[along] || !segments.DType.IsInteger())
        {
            throw new ShapeException(
                $"{Name}: the segments must be int32 or int64 [{x.Shape[along]}], one for each slice along axis {axis}, not {segments.Type}.{Broadcasting.Declare([x.Shape[along]], segments.Shape)} Inputs: {x.Describe()}, {segments.Describe()}.");
        }

        Shape shape = x.Shape.With(along, count);
        Node result = Known(Name, reduction) is ScatterReduction.Sum or ScatterReduction.Mean
            ? IndexAdd(Zeros(shape, x.DType), along, segments, x).Named(Name)
            : ScatterReduce(Name, BroadcastTo(Neutral(reduction, x.DType), shape), along, AlongAxis(Name, x, along, segments), x, reduction, includeSelf: true);
        if (reduction == ScatterReduction.Mean)
        {
            Node members = IndexAdd(Zeros([count], x.DType), 0, segments, Ones(segments.Shape, x.DType)).Named(Name);
            result /= Reshape(members, Shape.Of(shape.Select((d, a) => a == along ? d : Dim.Of(1))));
        }

        return FunctionParts.Of(Name, result, x, segments);
    }

    /// <summary>x with whole slices replaced at indices along an axis (PyTorch's index_copy). Of several slices for one place the last stays.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="indices">int32 or int64, a vector; each in [0, size of the axis).</param>
    /// <param name="source">Values of x's dtype; the shape is x's with the number of indices along the axis.</param>
    public static Node IndexCopy(Node x, int axis, Node indices, Node source)
    {
        int along = Axis.Normalize(axis, NotNull(x).Rank, "IndexCopy", x);
        return Scatter("IndexCopy", ScatterMode.Set, x, along, AlongAxis("IndexCopy", x, along, indices), source);
    }

    /// <summary>x with a number in the slices at indices along an axis.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="indices">int32 or int64, a vector; each in [0, size of the axis).</param>
    /// <param name="value">The number.</param>
    public static Node IndexFill(Node x, int axis, Node indices, double value) => IndexFill(x, axis, indices, Scalar(value, NotNull(x)));

    /// <summary>x with a scalar in the slices at indices along an axis.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="indices">int32 or int64, a vector; each in [0, size of the axis).</param>
    /// <param name="value">A scalar of x's dtype.</param>
    public static Node IndexFill(Node x, int axis, Node indices, Node value)
    {
        int along = Axis.Normalize(axis, NotNull(x).Rank, "IndexFill", x);
        Node wide = AlongAxis("IndexFill", x, along, indices);
        return NotNull(value).Rank == 0
            ? Scatter("IndexFill", ScatterMode.Set, x, along, wide, BroadcastTo(value, wide.Shape))
            : throw new ShapeException($"IndexFill: the value must be a scalar, not {value.Describe()}.");
    }

    /// <summary>x with a number where a mask is true.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="mask">Bools. Both broadcast.</param>
    /// <param name="value">The number.</param>
    public static Node MaskedFill(Node x, Node mask, double value) => Where(mask, value, x);

    /// <summary>x with a scalar where a mask is true.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="mask">Bools. Both broadcast.</param>
    /// <param name="value">A scalar of x's dtype.</param>
    public static Node MaskedFill(Node x, Node mask, Node value) => Where(mask, value, x);

    /// <summary>x with the elements of a source, in order, where a mask is true. Where the source has run out, x stays.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="mask">Bools. Both broadcast.</param>
    /// <param name="source">Values of x's dtype, any shape.</param>
    public static Node MaskedScatter(Node x, Node mask, Node source)
    {
        Node[] both = Broadcasting.Together("MaskedScatter", NotNull(x), NotNull(mask));
        Node values = Flatten(NotNull(source));
        (Node places, _) = TruePlaces(both[1], values.Shape[0]);

        // What finds no place goes behind the last element, which is cut off again.
        Node written = Scatter("MaskedScatter", ScatterMode.Set, Pad(Flatten(both[0]), 0, 0, 1), 0, places, values);
        return Reshape(Slice(written, 0, 0, both[0].Shape.ElementCount), both[0].Shape);
    }

    /// <summary>
    /// The elements of x where a mask is true, in order, in a tensor of fixed size: a number fills the rest, and what does not fit is left out. The
    /// count says how many there are, whether or not they fit.
    /// </summary>
    /// <param name="x">Any values.</param>
    /// <param name="mask">Bools. Both broadcast.</param>
    /// <param name="bound">How many elements the result has room for; a symbol is allowed.</param>
    /// <param name="fill">The number behind the last element.</param>
    public static (Node Values, Node Count) MaskedSelect(Node x, Node mask, Dim bound, double fill = 0)
    {
        Node[] both = Broadcasting.Together("MaskedSelect", NotNull(x), NotNull(mask));
        (Node places, Node count) = TruePlaces(both[1], bound);
        return (Take(Pad(Flatten(both[0]), 0, 0, 1, fill), places), count);
    }

    /// <summary>
    /// The positions of elements other than zero, in row-major order, in a tensor of fixed size [bound, rank of x]: −1 fills the rest, and what does
    /// not fit is left out. The count says how many there are, whether or not they fit.
    /// </summary>
    /// <param name="x">Any values; NaN is not zero.</param>
    /// <param name="bound">How many positions the result has room for; a symbol is allowed.</param>
    public static (Node Indices, Node Count) NonZero(Node x, Dim bound)
    {
        ArgumentNullException.ThrowIfNull(bound);
        Node mask = NotNull(x).DType == DType.Bool ? x : NotEqual(x, 0);
        CheckCount("NonZero", bound);
        Node flat = Create(new NonZeroOp(bound), Flatten(mask));
        var places = new Node[x.Rank];
        Dim step = 1;
        for (int axis = x.Rank - 1; axis >= 0; axis--)
        {
            Node whole = FloorDivide(flat, DimValue(step));
            Node place = axis == 0 ? whole : Remainder(whole, DimValue(x.Shape[axis]));
            places[axis] = Where(flat < 0, -1, place);
            step *= x.Shape[axis];
        }

        return (x.Rank == 0 ? Zeros([bound, 0], DType.Int64) : Stack(places, 1), CountTrue(mask));
    }

    /// <summary>1 at each index along a new last axis, 0 elsewhere.</summary>
    /// <param name="indices">int32 or int64, each in [0, classes).</param>
    /// <param name="classes">The size of the new axis; a symbol is allowed.</param>
    /// <param name="dtype">The element type.</param>
    public static Node OneHot(Node indices, Dim classes, DType dtype = DType.Int64)
    {
        ArgumentNullException.ThrowIfNull(classes);
        CheckCount("OneHot", classes);
        return Scatter("OneHot", ScatterMode.Set, Zeros([.. NotNull(indices).Shape, classes], dtype), -1, Unsqueeze(indices, -1), Ones([.. indices.Shape, 1], dtype));
    }

    private static Node ScatterReduce(string op, Node x, int along, Node indices, Node source, ScatterReduction reduction, bool includeSelf)
    {
        Known(op, reduction);
        if (x.DType == DType.Bool)
        {
            throw new DTypeException($"{op}: it takes numbers, not bool; use Cast. Input: {x.Describe()}.");
        }

        Node given = x;
        if (!includeSelf)
        {
            Node hit = Scatter(Zeros(x.Shape, DType.Bool), along, indices, 1).Named(op);
            x = Where(hit, Neutral(reduction, x.DType), x);
        }

        return FunctionParts.Of(op, Reduced(), given, indices, source);

        Node Reduced()
        {
            switch (reduction)
            {
                case ScatterReduction.Prod:
                    return Scatter(op, ScatterMode.Multiply, x, along, indices, source);
                case ScatterReduction.Max:
                    return Scatter(op, ScatterMode.Max, x, along, indices, source);
                case ScatterReduction.Min:
                    return Scatter(op, ScatterMode.Min, x, along, indices, source);
                case ScatterReduction.Mean:
                    Node sum = ScatterAdd(x, along, indices, source).Named(op);
                    Node count = ScatterAdd(includeSelf ? OnesLike(x) : ZerosLike(x), along, indices, OnesLike(source)).Named(op);
                    return sum / Maximum(count, Scalar(1, x.DType));
                default:
                    return ScatterAdd(x, along, indices, source).Named(op);
            }
        }
    }

    private static Node Scatter(string op, ScatterMode mode, Node x, int axis, Node indices, Node source)
    {
        Node result = Create(new ScatterOp(Axis.Normalize(axis, NotNull(x).Rank, op, x), mode), x, NotNull(indices), NotNull(source));
        return op == result.Op.Name ? result : result.Named(op);
    }

    /// <summary>A vector of indices as one for every element of the slices.</summary>
    private static Node AlongAxis(string op, Node x, int along, Node indices) => NotNull(indices).Rank == 1
        ? BroadcastTo(Reshape(indices, Shape.Of(x.Shape.Select((_, axis) => axis == along ? indices.Shape[0] : Dim.Of(1)))), x.Shape.With(along, indices.Shape[0]))
        : throw new ShapeException($"{op}: the indices must be a vector, not {indices.Describe()}.");

    /// <summary>Places of true elements in row-major order; behind the last one, the number of elements.</summary>
    private static (Node Places, Node Count) TruePlaces(Node mask, Dim bound)
    {
        ArgumentNullException.ThrowIfNull(bound);
        CheckCount("MaskedSelect", bound);
        Node found = Create(new NonZeroOp(bound), Flatten(mask));
        return (Where(found < 0, DimValue(mask.Shape.ElementCount), found), CountTrue(mask));
    }

    private static Node CountTrue(Node mask) => Sum(Cast(mask, DType.Int64));

    /// <summary>What changes nothing.</summary>
    private static Node Neutral(ScatterReduction reduction, DType type) => reduction switch
    {
        ScatterReduction.Prod => Scalar(1, type),
        ScatterReduction.Sum or ScatterReduction.Mean => Scalar(0, type),
        ScatterReduction.Max => Extreme(type, greatest: false),
        ScatterReduction.Min => Extreme(type, greatest: true),
        _ => throw new UnreachableException($"{reduction} has no neutral number."),
    };
}
