using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>What a quantile is whose rank lies between two elements.</summary>
public enum QuantileInterpolation
{
    /// <summary>Between the two, as far as the rank is.</summary>
    Linear,

    /// <summary>The element below.</summary>
    Lower,

    /// <summary>The element above.</summary>
    Higher,

    /// <summary>Half-way between the two.</summary>
    Midpoint,

    /// <summary>The nearer one, of two equally near the one of even rank.</summary>
    Nearest,
}

public static partial class Ops
{
    private const string QuantileRule = "a quantile is from 0 to 1";

    /// <summary>The quantile q over axes: the element of rank q·(n − 1) among n in ascending order; NaN where there is one. The gradient goes to the elements that it is made of.</summary>
    /// <param name="x">Floats, at least one along the axes.</param>
    /// <param name="q">Which, from 0, the least, to 1, the greatest.</param>
    /// <param name="axes">The axes; all by default.</param>
    /// <param name="keepDims">Whether the axes stay with size 1.</param>
    /// <param name="interpolation">What it is between two ranks.</param>
    public static Node Quantile(Node x, double q, Axes axes = default, bool keepDims = false, QuantileInterpolation interpolation = QuantileInterpolation.Linear) =>
        Quantile("Quantile", x, RequireQuantile("Quantile", q), axes, keepDims, interpolation, skipsNaN: false);

    /// <summary>Quantiles over axes, see <see cref="Quantile(Node, double, Axes, bool, QuantileInterpolation)"/>; of linear ones a gradient flows into q, too.</summary>
    /// <param name="x">Floats, at least one along the axes.</param>
    /// <param name="q">Which, of x's dtype, in which ranks are computed: a scalar or a vector [Q], each from 0 to 1; another is an error when the graph runs.</param>
    /// <param name="axes">The axes; all by default.</param>
    /// <param name="keepDims">Whether the axes stay with size 1.</param>
    /// <param name="interpolation">What they are between two ranks.</param>
    /// <returns>[Q, …], without Q for a scalar.</returns>
    public static Node Quantile(Node x, Node q, Axes axes = default, bool keepDims = false, QuantileInterpolation interpolation = QuantileInterpolation.Linear) =>
        Quantile("Quantile", x, RequireQuantiles("Quantile", x, q), axes, keepDims, interpolation, skipsNaN: false);

    /// <summary>The quantile q over axes of what is not NaN; NaN where nothing else is.</summary>
    /// <param name="x">Floats, at least one along the axes.</param>
    /// <param name="q">Which, from 0, the least, to 1, the greatest.</param>
    /// <param name="axes">The axes; all by default.</param>
    /// <param name="keepDims">Whether the axes stay with size 1.</param>
    /// <param name="interpolation">What it is between two ranks.</param>
    public static Node NaNQuantile(Node x, double q, Axes axes = default, bool keepDims = false, QuantileInterpolation interpolation = QuantileInterpolation.Linear) =>
        Quantile("NaNQuantile", x, RequireQuantile("NaNQuantile", q), axes, keepDims, interpolation, skipsNaN: true);

    /// <summary>Quantiles over axes of what is not NaN; NaN where nothing else is.</summary>
    /// <param name="x">Floats, at least one along the axes.</param>
    /// <param name="q">Which, of x's dtype, in which ranks are computed: a scalar or a vector [Q], each from 0 to 1; another is an error when the graph runs.</param>
    /// <param name="axes">The axes; all by default.</param>
    /// <param name="keepDims">Whether the axes stay with size 1.</param>
    /// <param name="interpolation">What they are between two ranks.</param>
    /// <returns>[Q, …], without Q for a scalar.</returns>
    public static Node NaNQuantile(Node x, Node q, Axes axes = default, bool keepDims = false, QuantileInterpolation interpolation = QuantileInterpolation.Linear) =>
        Quantile("NaNQuantile", x, RequireQuantiles("NaNQuantile", x, q), axes, keepDims, interpolation, skipsNaN: true);

    /// <summary>The median of all elements that are not NaN: of an even number the lower of the two in the middle, NaN of nothing else. Elements equal to it share the gradient evenly.</summary>
    /// <param name="x">Floats, at least one.</param>
    public static Node NaNMedian(Node x)
    {
        RequireFloat("NaNMedian", x);
        return FunctionParts.OfSizes("NaNMedian", Create(new MedianOp(SkipsNaN: true), Conditions.AtLeast("NaNMedian", x, x.Shape.ElementCount, 1, "there are no elements to choose from.")), x);
    }

    /// <summary>
    /// The median along an axis of what is not NaN: of an even number the lower of the two in the middle, the first NaN of nothing else. With its int64 position,
    /// to which the gradient goes alone.
    /// </summary>
    /// <param name="x">Floats, at least one along the axis.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="keepDims">Whether the axis stays with size 1.</param>
    public static (Node Values, Node Indices) NaNMedianWithIndex(Node x, int axis, bool keepDims = false)
    {
        RequireFloat("NaNMedianWithIndex", x);
        int along = Axis.Normalize(axis, x.Rank, "NaNMedianWithIndex", x);
        Node some = Conditions.AtLeast("NaNMedianWithIndex", x, x.Shape[along], 1, $"axis {axis} has no elements to choose from.");
        Node count = Sum(Cast(Equal(some, some), DType.Int64), along, keepDims: true);
        Node index = Gather(Ordered("NaNMedianWithIndex", some, along, descending: false), along, Maximum(count - 1, Scalar(0, DType.Int64)) / 2);
        return FunctionParts.OfSizes("NaNMedianWithIndex", Pick(some, along, keepDims, index), x);
    }

    /// <summary>
    /// The element that occurs most often along an axis, of several the least, and the int64 position of its first occurrence, to which the gradient goes alone. 0 and
    /// −0 are one, and so are all NaNs, which count as the greatest.
    /// </summary>
    /// <param name="x">Numbers, at least one along the axis.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="keepDims">Whether the axis stays with size 1.</param>
    public static (Node Values, Node Indices) Mode(Node x, int axis = -1, bool keepDims = false)
    {
        int along = Axis.Normalize(axis, RequireNumber("Mode", x).Rank, "Mode", x);
        Node given = x;
        x = Conditions.AtLeast("Mode", x, x.Shape[along], 1, $"axis {axis} has no elements to choose from.");

        // Equal elements lie in runs; the end of the first of the longest is farthest from where its run began.
        Node order = Ordered("Mode", x, along, descending: false);
        Node sorted = Gather(x, along, order);
        Node before = Roll(sorted, 1, along);
        Node place = Iota(x.Shape, along);
        Node isFirst = Equal(place, 0) | (NotEqual(sorted, before) & !(NotEqual(sorted, sorted) & NotEqual(before, before)));
        Node start = CumulativeMax(Where(isFirst, place, 0), along).Values;
        Node end = ArgMax(place - start, along, keepDims: true);
        return FunctionParts.OfSizes("Mode", Pick(x, along, keepDims, Gather(order, along, Gather(start, along, end))), given);
    }

    private static Node RequireQuantile(string op, double q) => q >= 0 && q <= 1
        ? Scalar(q, DType.Float64)
        : throw new GraphException($"{op}: {QuantileRule}; it is {q}.");

    private static Node RequireQuantiles(string op, Node x, Node q)
    {
        RequireFloat(op, x);
        RequireSameType(op, x, NotNull(q));
        return q.Rank <= 1
            ? Within(op, QuantileRule, q, 0, 1)
            : throw new ShapeException($"{op}: the quantiles must be a scalar or a vector, not {q.Shape}. Inputs: {x.Describe()}, {q.Describe()}.");
    }

    private static Node Quantile(string op, Node x, Node q, Axes axes, bool keepDims, QuantileInterpolation interpolation, bool skipsNaN)
    {
        RequireFloat(op, x);
        EquatableArray<int> along = Axis.Normalize(axes, x, op);
        foreach (int axis in along)
        {
            x = Conditions.AtLeast(op, x, x.Shape[axis], 1, $"axis {axis} has no elements to choose from.");
        }

        // NaN is sorted to the end: there is its rank.
        Node all = AsLast(x, along);
        Node sorted = Sort(all).Values;
        Node isNumber = Equal(all, all);
        Node most = DimValue(all.Shape[^1] - 1, q.DType);
        Node rank = Reshape(q, [q.Shape.ElementCount]) * (skipsNaN ? Maximum(Sum(Cast(isNumber, q.DType), -1, keepDims: true) - 1, Scalar(0, q.DType)) : most);
        rank = skipsNaN ? rank : Where(All(isNumber, -1, keepDims: true), rank, most);

        Node found = Known(op, interpolation) switch
        {
            QuantileInterpolation.Lower => At(Floor(rank)),
            QuantileInterpolation.Higher => At(Ceil(rank)),
            QuantileInterpolation.Nearest => At(Round(rank)),
            QuantileInterpolation.Midpoint => Between(Scalar(0.5, x.DType)),
            _ => Between(Cast(rank - Floor(rank), x.DType)),
        };
        Shape rest = Shape.Of(x.Shape.Select((d, a) => along.Contains(a) ? Dim.Of(1) : d).Where((_, a) => keepDims || !along.Contains(a)));
        return Reshape(q.Rank == 0 ? found : MoveAxis(found, -1, 0), q.Rank == 0 ? rest : [q.Shape[0], .. rest]);

        Node At(Node place) => Gather(sorted, sorted.Rank - 1, Cast(place, DType.Int64));

        Node Between(Node weight)
        {
            // All that lies between a number and an infinity is infinite, and nothing between two of them is known.
            (Node below, Node above) = (At(Floor(rank)), At(Ceil(rank)));
            return Where(Equal(weight, 0), below, Where(IsInfinity(below) | IsInfinity(above), below + above, Lerp(below, above, weight)));
        }
    }
}
