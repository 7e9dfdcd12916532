using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>The differences x[i + 1] − x[i] of neighbours along an axis, which loses one element each time they are taken.</summary>
    /// <param name="x">Numbers.</param>
    /// <param name="order">How many times to take differences, at least 0.</param>
    /// <param name="axis">The axis, of at least as many elements as are lost.</param>
    /// <exception cref="ShapeException">The axis has fewer elements; for symbolic sizes a <see cref="BindingException"/> once they are known.</exception>
    public static Node Diff(Node x, int order = 1, int axis = -1)
    {
        RequireNumber("Diff", x);
        int along = Axis.Normalize(axis, x.Rank, "Diff", x);
        if (order < 0)
        {
            throw new GraphException($"Diff: the order {order} is below 0. Input: {x.Describe()}.");
        }

        Node differences = Conditions.AtLeast("Diff", x, x.Shape[along], order, $"axis {axis} of size {x.Shape[along]} has no differences of order {order}.");
        for (int i = 0; i < order; i++)
        {
            differences = Slice(differences, along, 1) - Slice(differences, along, 0, -1);
        }

        return FunctionParts.OfSizes("Diff", differences, x);
    }

    /// <summary>
    /// The slope of samples along an axis at equal distances: half of the difference of both neighbours, and one-sided differences at the ends (PyTorch's and NumPy's
    /// gradient).
    /// </summary>
    /// <param name="y">Floats.</param>
    /// <param name="spacing">The distance between neighbouring samples.</param>
    /// <param name="axis">The axis, of at least one element more than the order of the edges.</param>
    /// <param name="edgeOrder">How the error at the ends falls with the distance: 1, from two samples, or 2, from three.</param>
    /// <exception cref="ShapeException">The axis has fewer elements; for symbolic sizes a <see cref="BindingException"/> once they are known.</exception>
    public static Node NumericalGradient(Node y, double spacing = 1, int axis = -1, int edgeOrder = 1)
    {
        RequireFloat("NumericalGradient", y);
        int along = Axis.Normalize(axis, y.Rank, "NumericalGradient", y);
        return Slopes(WithSamples("NumericalGradient", y, along, axis, RequireEdge(edgeOrder) + 1), Full([], spacing, y.DType), along, edgeOrder);
    }

    /// <summary>The slope of samples along an axis: that of the parabola through both neighbours, and one-sided differences at the ends (PyTorch's and NumPy's gradient).</summary>
    /// <param name="y">Floats.</param>
    /// <param name="x">Where the samples lie, of y's dtype: [n] for the n samples of the axis, or a shape that broadcasts with y's.</param>
    /// <param name="axis">The axis, of at least one element more than the order of the edges.</param>
    /// <param name="edgeOrder">How the error at the ends falls with the distance: 1, from two samples, or 2, from three.</param>
    /// <exception cref="ShapeException">The axis has fewer elements; for symbolic sizes a <see cref="BindingException"/> once they are known.</exception>
    public static Node NumericalGradient(Node y, Node x, int axis = -1, int edgeOrder = 1)
    {
        (int along, Node places) = Places("NumericalGradient", y, x, axis);
        int least = RequireEdge(edgeOrder) + 1;
        return Slopes(WithSamples("NumericalGradient", y, along, axis, least), Diff(WithSamples("NumericalGradient", places, along, axis, least), 1, along), along, edgeOrder);
    }

    /// <summary>The integral of samples along an axis at equal distances by the trapezoidal rule; 0 of one sample.</summary>
    /// <param name="y">Floats.</param>
    /// <param name="spacing">The distance between neighbouring samples.</param>
    /// <param name="axis">The axis, of at least one element.</param>
    /// <exception cref="ShapeException">The axis has no element; for symbolic sizes a <see cref="BindingException"/> once they are known.</exception>
    public static Node Trapezoid(Node y, double spacing = 1, int axis = -1)
    {
        (Node areas, int along) = Areas("Trapezoid", y, axis);
        return Sum(areas, along) * (spacing / 2);
    }

    /// <summary>The integral of samples along an axis by the trapezoidal rule.</summary>
    /// <param name="y">Floats.</param>
    /// <param name="x">Where the samples lie, of y's dtype: [n] for the n samples of the axis, or a shape that broadcasts with y's.</param>
    /// <param name="axis">The axis, of at least one element.</param>
    /// <exception cref="ShapeException">The axis has no element; for symbolic sizes a <see cref="BindingException"/> once they are known.</exception>
    public static Node Trapezoid(Node y, Node x, int axis = -1)
    {
        (Node areas, int along) = Areas("Trapezoid", y, x, axis);
        return Sum(areas, along) * 0.5;
    }

    /// <summary>The integral from the first sample to each of the others along an axis at equal distances, by the trapezoidal rule: one element fewer.</summary>
    /// <param name="y">Floats.</param>
    /// <param name="spacing">The distance between neighbouring samples.</param>
    /// <param name="axis">The axis, of at least one element.</param>
    /// <exception cref="ShapeException">The axis has no element; for symbolic sizes a <see cref="BindingException"/> once they are known.</exception>
    public static Node CumulativeTrapezoid(Node y, double spacing = 1, int axis = -1)
    {
        (Node areas, int along) = Areas("CumulativeTrapezoid", y, axis);
        return CumulativeSum(areas, along) * (spacing / 2);
    }

    /// <summary>The integral from the first sample to each of the others along an axis, by the trapezoidal rule: one element fewer.</summary>
    /// <param name="y">Floats.</param>
    /// <param name="x">Where the samples lie, of y's dtype: [n] for the n samples of the axis, or a shape that broadcasts with y's.</param>
    /// <param name="axis">The axis, of at least one element.</param>
    /// <exception cref="ShapeException">The axis has no element; for symbolic sizes a <see cref="BindingException"/> once they are known.</exception>
    public static Node CumulativeTrapezoid(Node y, Node x, int axis = -1)
    {
        (Node areas, int along) = Areas("CumulativeTrapezoid", y, x, axis);
        return CumulativeSum(areas, along) * 0.5;
    }

    /// <summary>Twice the areas between neighbouring samples at the distance 1.</summary>
    private static (Node Areas, int Along) Areas(string op, Node y, int axis)
    {
        RequireFloat(op, y);
        int along = Axis.Normalize(axis, y.Rank, op, y);
        y = WithSamples(op, y, along, axis, 1);
        return (Slice(y, along, 1) + Slice(y, along, 0, -1), along);
    }

    private static (Node Areas, int Along) Areas(string op, Node y, Node x, int axis)
    {
        (int along, Node places) = Places(op, y, x, axis);
        return (Diff(WithSamples(op, places, along, axis, 1), 1, along) * Areas(op, y, axis).Areas, along);
    }

    /// <summary>Where samples lie, with as many axes as they have.</summary>
    private static (int Along, Node Places) Places(string op, Node y, Node x, int axis)
    {
        RequireFloat(op, y);
        int along = Axis.Normalize(axis, y.Rank, op, y);
        Node places = NotNull(x).Rank == 1 ? Reshape(x, Shape.Of(Enumerable.Range(0, y.Rank).Select(a => a == along ? x.Shape[0] : Dim.Of(1)))) : x;
        return places.Rank == y.Rank && places.Shape[along] == y.Shape[along]
            ? (along, places)
            : throw new ShapeException(
                $"{op}: places {x.Shape} do not fit samples {y.Shape} along axis {along}; give [{y.Shape[along]}] or a shape that broadcasts with the samples'.{Broadcasting.Declare(y.Shape, x.Shape)} Inputs: {y.Describe()}, {x.Describe()}.");
    }

    /// <summary>Slopes from the distances between neighbours, or the one distance between all.</summary>
    private static Node Slopes(Node y, Node distances, int along, int edgeOrder)
    {
        Node steps = Diff(y, 1, along) / distances;
        (Node before, Node after) = (Slice(steps, along, 0, -1), Slice(steps, along, 1));
        (Node near, Node far) = distances.Rank == 0 ? (distances, distances) : (Slice(distances, along, 0, -1), Slice(distances, along, 1));

        // Each one-sided difference counts as much as the other side is long.
        Node share = near / (near + far);
        Node inner = before + (share * (after - before));
        Node first = Slice(steps, along, 0, 1);
        Node last = Slice(steps, along, -1);
        if (edgeOrder == 2)
        {
            Node bend = after - before;
            Node shareOfLast = far / (near + far);
            first -= Slice(bend, along, 0, 1) * (distances.Rank == 0 ? share : Slice(share, along, 0, 1));
            last += Slice(bend, along, -1) * (distances.Rank == 0 ? shareOfLast : Slice(shareOfLast, along, -1));
        }

        return Concat([first, inner, last], along);
    }

    private static int RequireEdge(int edgeOrder) => edgeOrder is 1 or 2
        ? edgeOrder
        : throw InvariantText.OutOfRange(nameof(edgeOrder), edgeOrder, "NumericalGradient: the order of the edges is 1 or 2.");

    private static Node WithSamples(string op, Node x, int along, int axis, int least) =>
        Conditions.AtLeast(op, x, x.Shape[along], least, $"axis {axis} has {(least == 1 ? "no samples" : $"{InvariantText.Count(x.Shape[along], "sample")}, fewer than {least}")}.");
}
