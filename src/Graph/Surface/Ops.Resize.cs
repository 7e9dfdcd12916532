using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>How a tensor of another size gets its elements.</summary>
public enum ResizeMode
{
    /// <summary>The element ⌊i·ratio⌋, as in PyTorch and OpenCV.</summary>
    Nearest,

    /// <summary>The element whose centre is nearest, ⌊(i + ½)·ratio⌋.</summary>
    NearestExact,

    /// <summary>Between the two neighbours along each axis: linear, bilinear, trilinear.</summary>
    Linear,

    /// <summary>A cubic through four neighbours along each axis, with PyTorch's a = −¾.</summary>
    Cubic,

    /// <summary>The mean of the elements that an element of the result covers, wholly or in part: <see cref="Ops.AdaptiveAvgPool2D"/>. Sizes must be numbers.</summary>
    Area,
}

public static partial class Ops
{
    // What the cubic's slope at the neighbours is a multiple of.
    private const double CubicSlope = -0.75;

    /// <summary>Other sizes of one to three spatial axes (PyTorch's interpolate).</summary>
    /// <param name="x">[N, C, spatial axes…]: any values for the nearest, floats between them.</param>
    /// <param name="size">The sizes of the spatial axes.</param>
    /// <param name="mode">Where elements come from.</param>
    /// <param name="alignCorners">Whether the first and last elements stay where they are; else elements are taken as squares of equal size, and their edges stay.</param>
    /// <exception cref="ShapeException">The sizes do not fit the axes, an axis has no elements, or corners of the nearest are to be aligned.</exception>
    public static Node Resize(Node x, Shape size, ResizeMode mode = ResizeMode.Nearest, bool alignCorners = false)
    {
        int spatial = SpatialAxes(NotNull(x), "Resize");
        return size.Rank != spatial
            ? throw new ShapeException($"Resize: the size {size} must have a number for each of the {spatial} spatial axes of [N, C, …] = {x.Shape}.{(size.Rank == x.Rank - 1 ? Unbatched : string.Empty)} Input: {x.Describe()}.")
            : Composite.Of("Resize", x, x => ResizeTo("Resize", x, size, null, mode, alignCorners), ("Size", size), ("Mode", mode), ("AlignCorners", alignCorners));
    }

    /// <summary>Spatial axes that are so many times as long, rounded down (PyTorch's interpolate with a scale factor).</summary>
    /// <param name="x">[N, C, one to three spatial axes…]: any values for the nearest, floats between them.</param>
    /// <param name="scale">The factor of every spatial axis. For an axis of symbolic size it must be a fraction of small whole numbers.</param>
    /// <param name="mode">Where elements come from.</param>
    /// <param name="alignCorners">Whether the first and last elements stay where they are.</param>
    /// <exception cref="ShapeException">The factor is not above 0, or no fraction that a symbolic size can be multiplied by.</exception>
    public static Node ResizeBy(Node x, double scale, ResizeMode mode = ResizeMode.Nearest, bool alignCorners = false)
    {
        int spatial = SpatialAxes(NotNull(x), "ResizeBy");
        return scale > 0 && double.IsFinite(scale)
            ? Composite.Of(
                "ResizeBy",
                x,
                x => ResizeTo("ResizeBy", x, Shape.Of(x.Shape.Skip(2).Select(d => Scaled(d, scale))), scale, mode, alignCorners),
                ("Scale", scale),
                ("Mode", mode),
                ("AlignCorners", alignCorners))
            : throw new ShapeException($"ResizeBy: the factor {scale} of the {spatial} spatial axes must be above 0. Input: {x.Describe()}.");
    }

    private static Dim Scaled(Dim size, double scale)
    {
        if (size.Constant is { } n)
        {
            return (long)Math.Floor(n * scale);
        }

        for (long denominator = 1; denominator <= 64; denominator++)
        {
            double numerator = scale * denominator;
            if (numerator == Math.Round(numerator) && numerator / denominator == scale)
            {
                return size * (long)numerator / denominator;
            }
        }

        throw new ShapeException($"ResizeBy: the factor {scale} is no fraction with a denominator of at most 64, which it must be for the symbolic size {size}; give sizes to Resize instead.");
    }

    private static Node ResizeTo(string op, Node x, Shape size, double? scale, ResizeMode mode, bool alignCorners)
    {
        bool isNearest = Known(op, mode) is ResizeMode.Nearest or ResizeMode.NearestExact;
        if ((isNearest || mode == ResizeMode.Area) && alignCorners)
        {
            throw new ShapeException($"{op}: corners can be aligned between elements only, not with {mode}. Input: {x.Describe()}.");
        }

        if (!isNearest && !x.DType.IsFloat())
        {
            throw new DTypeException($"{op}: between elements it takes float32 or float64, not {x.DType.Display()}; use Cast. Input: {x.Describe()}.");
        }

        for (int i = 0; i < size.Rank; i++)
        {
            Dim from = x.Shape[2 + i];
            string message = $"axis {i - size.Rank} goes from {from} to {InvariantText.Count(size[i], "element")}; both must be at least 1.";
            x = Conditions.AtLeast(op, Conditions.AtLeast(op, x, from, 1, message), size[i], 1, message);
            x = mode == ResizeMode.Area || (from == size[i] && (scale is null or 1)) ? x
                : isNearest ? ToNearest(x, 2 + i, size[i], scale, mode)
                : Between(x, 2 + i, size[i], scale, mode, alignCorners);
        }

        return mode != ResizeMode.Area ? x
            : size.Constants is { } sizes ? AdaptiveAvgPool(op, size.Rank, x, [.. sizes.Select(d => checked((int)d))])
            : throw new ShapeException($"{op}: areas need sizes that are numbers, not {size}. Input: {x.Describe()}.");
    }

    private static Node ToNearest(Node x, int axis, Dim size, double? scale, ResizeMode mode)
    {
        Dim from = x.Shape[axis];
        if ((size / from).Constant is { } times && from * times == size && (scale is null || scale == times))
        {
            Node repeated = BroadcastTo(Unsqueeze(x, axis + 1), Shape.Of([.. x.Shape.Take(axis + 1), times, .. x.Shape.Skip(axis + 1)]));
            return Flatten(repeated, axis, axis + 1);
        }

        Node i = Arange(size);
        Node at;
        if (scale is { } factor)
        {
            Node place = (Cast(i, DType.Float64) + (mode == ResizeMode.Nearest ? 0 : 0.5)) * (1 / factor);
            at = Cast(Floor(place), DType.Int64);
        }
        else
        {
            at = mode == ResizeMode.Nearest
                ? TruncDivide(i * DimValue(from), DimValue(size))
                : TruncDivide(((2 * i) + 1) * DimValue(from), DimValue(size * 2));
        }

        return Take(x, Minimum(at, DimValue(from - 1)), axis);
    }

    private static Node Between(Node x, int axis, Dim size, double? scale, ResizeMode mode, bool alignCorners)
    {
        Dim from = x.Shape[axis];
        Node last = DimValue(from - 1);
        Node i = Arange(size, dtype: DType.Float64);
        Node place = alignCorners
            ? i * (DimValue(from - 1, DType.Float64) / Maximum(DimValue(size - 1, DType.Float64), Scalar(1, DType.Float64)))
            : ((i + 0.5) * (scale is { } factor ? Scalar(1 / factor, DType.Float64) : DimValue(from, DType.Float64) / DimValue(size, DType.Float64))) - 0.5;
        place = mode == ResizeMode.Linear ? Clamp(place, Scalar(0, DType.Float64), DimValue(from - 1, DType.Float64)) : place;
        Node floor = Floor(place);
        Node below = Cast(floor, DType.Int64);
        Node part = place - floor;
        Node[] weights = mode == ResizeMode.Linear ? [1 - part, part] : CubicWeights(part);
        int first = mode == ResizeMode.Linear ? 0 : -1;
        Shape along = Shape.Of([size, .. Enumerable.Repeat(Dim.Of(1), x.Rank - 1 - axis)]);
        Node? sum = null;
        for (int tap = 0; tap < weights.Length; tap++)
        {
            Node element = Take(x, Maximum(Minimum(below + (first + tap), last), Scalar(0, DType.Int64)), axis);
            Node term = element * Reshape(Cast(weights[tap], x.DType), along);
            sum = sum is null ? term : sum + term;
        }

        return sum!;
    }

    /// <summary>The weights of the elements 1 before, at, 1 and 2 behind, for a place so far behind an element.</summary>
    private static Node[] CubicWeights(Node part)
    {
        return [Outer(part + 1), Inner(part), Inner(1 - part), Outer(2 - part)];

        static Node Inner(Node d) => (((((CubicSlope + 2) * d) - (CubicSlope + 3)) * d) * d) + 1;

        static Node Outer(Node d) => (((((CubicSlope * d) - (5 * CubicSlope)) * d) + (8 * CubicSlope)) * d) - (4 * CubicSlope);
    }
}
