using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>The variance over axes: the mean squared distance from the mean, with <paramref name="correction"/> taken off the count.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="axes">The axes; all by default.</param>
    /// <param name="keepDims">Whether the axes stay with size 1.</param>
    /// <param name="correction">1 for the unbiased estimate (the default, as in PyTorch), 0 for the population's variance.</param>
    public static Node Variance(Node x, Axes axes = default, bool keepDims = false, double correction = 1)
    {
        RequireFloat("Variance", x);
        EquatableArray<int> along = Axis.Normalize(axes, x, "Variance");
        Node squares = Node.Create(new SquaresAboutMeanOp(along), x);
        Node count = DimValue(CountAlong(x, axes), x.DType);
        return (keepDims ? squares : Reshape(squares, x.Shape.Without(along))) / (correction == 0 ? count : Maximum(count - correction, Scalar(0, x.DType)));
    }

    /// <summary>The square root of the <see cref="Variance"/>; its gradient is 0 where the deviation is 0.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="axes">The axes; all by default.</param>
    /// <param name="keepDims">Whether the axes stay with size 1.</param>
    /// <param name="correction">1 for the unbiased estimate (the default, as in PyTorch), 0 for the population's deviation.</param>
    public static Node StandardDeviation(Node x, Axes axes = default, bool keepDims = false, double correction = 1)
    {
        RequireFloat("StandardDeviation", x);
        Axis.Normalize(axes, x, "StandardDeviation");
        return Root(Variance(x, axes, keepDims, correction));
    }

    /// <summary>log Σexp(x) over axes, without overflow; −∞ of nothing, and where all elements are −∞, with the gradient NaN there, as in PyTorch.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="axes">The axes; all by default.</param>
    /// <param name="keepDims">Whether the axes stay with size 1.</param>
    public static Node LogSumExp(Node x, Axes axes = default, bool keepDims = false)
    {
        RequireFloat("LogSumExp", x);
        EquatableArray<int> along = Axis.Normalize(axes, x, "LogSumExp");

        Node shift = Level(x, axes);
        Node result = Log(Sum(Exp(x - shift), axes, keepDims: true)) + shift;
        return keepDims ? result : Reshape(result, x.Shape.Without(along));
    }

    /// <summary>The sum over axes of what is not NaN; 0 of nothing. NaN gets the gradient 0.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="axes">The axes; all by default.</param>
    /// <param name="keepDims">Whether the axes stay with size 1.</param>
    public static Node NaNSum(Node x, Axes axes = default, bool keepDims = false)
    {
        RequireFloat("NaNSum", x);
        Axis.Normalize(axes, x, "NaNSum");
        return Sum(Where(IsNaN(x), 0, x), axes, keepDims);
    }

    /// <summary>The mean over axes of what is not NaN; NaN of nothing. NaN gets the gradient 0.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="axes">The axes; all by default.</param>
    /// <param name="keepDims">Whether the axes stay with size 1.</param>
    public static Node NaNMean(Node x, Axes axes = default, bool keepDims = false)
    {
        RequireFloat("NaNMean", x);
        Axis.Normalize(axes, x, "NaNMean");
        return NaNSum(x, axes, keepDims) / Sum(Cast(Equal(x, x), x.DType), axes, keepDims);
    }

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

        x = Conditions.AtLeast("Diff", x, x.Shape[along], order, $"axis {axis} of size {x.Shape[along]} has no differences of order {order}.");
        for (int i = 0; i < order; i++)
        {
            x = Slice(x, along, 1) - Slice(x, along, 0, -1);
        }

        return x;
    }

    /// <summary>The integral of samples along an axis at equal distances by the trapezoidal rule; 0 of one sample.</summary>
    /// <param name="y">Floats.</param>
    /// <param name="spacing">The distance between neighbouring samples.</param>
    /// <param name="axis">The axis, of at least one element.</param>
    /// <exception cref="ShapeException">The axis has no element; for symbolic sizes a <see cref="BindingException"/> once they are known.</exception>
    public static Node Trapezoid(Node y, double spacing = 1, int axis = -1)
    {
        RequireFloat("Trapezoid", y);
        int along = Axis.Normalize(axis, y.Rank, "Trapezoid", y);
        y = WithSample(y, along, axis);
        return Sum(Slice(y, along, 1) + Slice(y, along, 0, -1), along) * (spacing / 2);
    }

    /// <summary>The integral of samples along an axis by the trapezoidal rule.</summary>
    /// <param name="y">Floats.</param>
    /// <param name="x">Where the samples lie, of y's dtype: [n] for the n samples of the axis, or a shape that broadcasts with y's.</param>
    /// <param name="axis">The axis, of at least one element.</param>
    /// <exception cref="ShapeException">The axis has no element; for symbolic sizes a <see cref="BindingException"/> once they are known.</exception>
    public static Node Trapezoid(Node y, Node x, int axis = -1)
    {
        RequireFloat("Trapezoid", y);
        int along = Axis.Normalize(axis, y.Rank, "Trapezoid", y);
        Node places = NotNull(x).Rank == 1 ? Reshape(x, Shape.Of(Enumerable.Range(0, y.Rank).Select(a => a == along ? x.Shape[0] : Dim.Of(1)))) : x;
        if (places.Rank != y.Rank || places.Shape[along] != y.Shape[along])
        {
            throw new ShapeException(
                $"Trapezoid: places {x.Shape} do not fit samples {y.Shape} along axis {along}; give [{y.Shape[along]}] or a shape that broadcasts with the samples'.{Broadcasting.Declare(y.Shape, x.Shape)} Inputs: {y.Describe()}, {x.Describe()}.");
        }

        y = WithSample(y, along, axis);
        places = WithSample(places, along, axis);
        return Sum(Diff(places, 1, along) * (Slice(y, along, 1) + Slice(y, along, 0, -1)), along) * 0.5;
    }

    private static Node WithSample(Node x, int along, int axis) => Conditions.AtLeast("Trapezoid", x, x.Shape[along], 1, $"axis {axis} has no samples.");
}
