using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>What is seen beyond the edges of a tensor that is sampled.</summary>
public enum GridPadding
{
    /// <summary>Zeros.</summary>
    Zeros,

    /// <summary>The elements at the edge.</summary>
    Border,

    /// <summary>The elements mirrored at the edge, again and again.</summary>
    Reflection,
}

public static partial class Ops
{
    /// <summary>
    /// Samples at places: grid[n, i, j] = (x, y) says where in the input, from −1 at its left and top to 1 at its right and bottom, the element [n, c, i, j]
    /// of the result comes from; with three spatial axes (x, y, z).
    /// </summary>
    /// <param name="x">Floats, [N, C, H, W] or [N, C, D, H, W].</param>
    /// <param name="grid">Floats of the same dtype, [N, result's spatial axes…, 2 or 3].</param>
    /// <param name="mode">Between the neighbours, or the nearest element, which has no slope in the grid; <see cref="ResizeMode.Cubic"/> for two axes only.</param>
    /// <param name="padding">What is beyond the edges.</param>
    /// <param name="alignCorners">Whether −1 and 1 are the centres of the first and last elements, not their edges.</param>
    /// <exception cref="ShapeException">The shapes do not fit each other.</exception>
    public static Node GridSample(Node x, Node grid, ResizeMode mode = ResizeMode.Linear, GridPadding padding = GridPadding.Zeros, bool alignCorners = false)
    {
        NotNull(x);
        NotNull(grid);
        if (Known("GridSample", mode) == ResizeMode.Area)
        {
            throw new ShapeException($"GridSample: a place in a grid has no {mode}; choose another mode. Input: {x.Describe()}.");
        }

        Known("GridSample", padding);
        int spatial = x.Rank - 2;
        if (spatial is not (2 or 3) || grid.Rank != x.Rank || grid.Shape[^1].Constant != spatial || grid.Shape[0] != x.Shape[0])
        {
            throw new ShapeException(
                $"GridSample: [N, C, two or three spatial axes] with a grid [N, as many axes, 2 or 3] is needed, not {x.Shape} and {grid.Shape}.{(x.Rank is 3 or 4 && grid.Rank == x.Rank && grid.Shape[^1].Constant == x.Rank - 1 ? Unbatched : string.Empty)} Inputs: {x.Describe()}, {grid.Describe()}.");
        }

        if (!x.DType.IsFloat() || grid.DType != x.DType)
        {
            throw new DTypeException($"GridSample: both inputs must be float32 or float64 alike, not {x.DType.Display()} and {grid.DType.Display()}; use Cast.");
        }

        if (mode == ResizeMode.Cubic && spatial != 2)
        {
            throw new ShapeException($"GridSample: cubic takes two spatial axes, not {spatial}. Input: {x.Describe()}.");
        }

        return Composite.Of("GridSample", x, grid, (x, grid) => Sampled(x, grid, mode, padding, alignCorners), ("Mode", mode), ("Padding", padding), ("AlignCorners", alignCorners));
    }

    private static Node Sampled(Node x, Node grid, ResizeMode mode, GridPadding padding, bool alignCorners)
    {
        int spatial = x.Rank - 2;
        x = x.Shape.Skip(2).Aggregate(x, (all, size) => Conditions.AtLeast("GridSample", all, size, 1, $"there is nothing to sample in {x.Shape}."));
        var sampler = new GridSampler(x, padding, alignCorners);

        // The grid's last axis counts from the innermost axis of the input.
        Node[] places = [.. Enumerable.Range(0, spatial).Select(i => sampler.Place(Flatten(Select(grid, -1, spatial - 1 - i), 1), i))];
        Node flat = mode switch
        {
            ResizeMode.Linear => sampler.Linear(places),
            ResizeMode.Cubic => sampler.Cubic(places),
            _ => sampler.Nearest(places),
        };
        return Reshape(flat, Shape.Of([x.Shape[0], x.Shape[1], .. grid.Shape.Skip(1).SkipLast(1)]));
    }

    /// <summary>The grid for <see cref="GridSample"/> that an affine map of the result's places gives: grid[n, i, j] = theta[n]·(x, y, 1).</summary>
    /// <param name="theta">Floats, [N, 2, 3] or [N, 3, 4].</param>
    /// <param name="size">The spatial sizes of the result, two or three.</param>
    /// <param name="alignCorners">Whether −1 and 1 are the centres of the first and last elements, not their edges.</param>
    /// <exception cref="ShapeException">The sizes do not fit theta.</exception>
    public static Node AffineGrid(Node theta, Shape size, bool alignCorners = false)
    {
        int spatial = size.Rank;
        if (NotNull(theta).Rank != 3 || spatial is not (2 or 3) || theta.Shape[1].Constant != spatial || theta.Shape[2].Constant != spatial + 1)
        {
            throw new ShapeException($"AffineGrid: [N, 2, 3] with two sizes or [N, 3, 4] with three is needed, not {theta.Shape} with {size}. Input: {theta.Describe()}.");
        }

        if (!theta.DType.IsFloat())
        {
            throw new DTypeException($"AffineGrid: it takes float32 or float64, not {theta.DType.Display()}; use Cast. Input: {theta.Describe()}.");
        }

        return Composite.Of("AffineGrid", theta, theta => AffinePlaces(theta, size, alignCorners), ("Size", size), ("AlignCorners", alignCorners));
    }

    private static Node AffinePlaces(Node theta, Shape size, bool alignCorners)
    {
        int spatial = size.Rank;
        Shape one = Shape.Of(Enumerable.Repeat(Dim.Of(1), spatial + 2));
        Node sum = Column(spatial);
        for (int i = 0; i < spatial; i++)
        {
            int axis = spatial - 1 - i;
            Node count = Iota(one.With(1 + axis, size[axis]), 1 + axis, theta.DType);
            Node length = DimValue(size[axis], theta.DType);
            Node place = alignCorners
                ? ((count * 2) - (length - 1)) / Maximum(length - 1, OnesLike(length))
                : (((count * 2) + 1) / length) - 1;
            sum += Column(i) * place;
        }

        return BroadcastTo(sum, Shape.Of([theta.Shape[0], .. size, spatial]));

        Node Column(int at) => Reshape(Select(theta, 2, at), Shape.Of([theta.Shape[0], .. Enumerable.Repeat(Dim.Of(1), spatial), spatial]));
    }

    /// <summary>Samples of [N, C, S…] at places [N, L] along each axis, as [N, C, L].</summary>
    private sealed class GridSampler(Node x, GridPadding padding, bool alignCorners)
    {
        private readonly Node flat = Flatten(x, 2);

        /// <summary>A coordinate from −1 to 1 as one that counts elements.</summary>
        public Node Place(Node coordinate, int axis)
        {
            Node size = Size(axis);
            return alignCorners ? (coordinate + 1) * 0.5 * (size - 1) : (((coordinate + 1) * size) - 1) * 0.5;
        }

        public Node Nearest(Node[] places) => Element([.. places.Select((p, i) => Round(Inside(p, i)))]);

        public Node Linear(Node[] places)
        {
            Node[] inside = [.. places.Select(Inside)];
            Node[] floors = [.. inside.Select(Floor)];
            Node? sum = null;
            for (int corner = 0; corner < 1 << inside.Length; corner++)
            {
                Node? weight = null;
                var at = new Node[inside.Length];
                for (int i = 0; i < inside.Length; i++)
                {
                    bool isNext = (corner & (1 << i)) != 0;
                    Node part = inside[i] - floors[i];
                    Node factor = isNext ? part : 1 - part;
                    at[i] = isNext ? floors[i] + 1 : floors[i];
                    weight = weight is null ? factor : weight * factor;
                }

                Node term = Element(at) * Unsqueeze(weight!, 1);
                sum = sum is null ? term : sum + term;
            }

            return sum!;
        }

        public Node Cubic(Node[] places)
        {
            Node[] floors = [.. places.Select(Floor)];
            Node[][] weights = [.. places.Select((p, i) => CubicWeights(p - floors[i]))];
            Node? sum = null;
            for (int row = 0; row < 4; row++)
            {
                for (int column = 0; column < 4; column++)
                {
                    Node element = Element([Inside(floors[0] + (row - 1), 0), Inside(floors[1] + (column - 1), 1)]);
                    Node term = element * Unsqueeze(weights[0][row] * weights[1][column], 1);
                    sum = sum is null ? term : sum + term;
                }
            }

            return sum!;
        }

        private Node Size(int axis) => DimValue(x.Shape[2 + axis], x.DType);

        /// <summary>A place brought back into the input, where the padding says so.</summary>
        private Node Inside(Node place, int axis)
        {
            Node last = Size(axis) - 1;
            if (padding == GridPadding.Zeros)
            {
                return place;
            }

            if (padding == GridPadding.Reflection)
            {
                double low = alignCorners ? 0 : -0.5;
                Node span = alignCorners ? Maximum(last, OnesLike(last)) : Size(axis);
                Node distance = Abs(place - low);
                Node turns = Floor(distance / span);
                Node rest = distance - (turns * span);
                place = Where(Equal(turns - (2 * Floor(turns * 0.5)), 0), rest, span - rest) + low;
            }

            return Where(place <= 0, 0, Where(place >= last, BroadcastTo(last, place.Shape), place));
        }

        /// <summary>The elements at whole places, 0 beyond the edges.</summary>
        private Node Element(Node[] at)
        {
            Node? position = null;
            Node? isInside = null;
            for (int i = 0; i < at.Length; i++)
            {
                Node size = DimValue(x.Shape[2 + i]);
                Node index = Cast(at[i], DType.Int64);
                index = Maximum(Minimum(index, size - 1), Scalar(0, DType.Int64));
                Node within = (at[i] >= 0) & (at[i] <= Size(i) - 1);
                position = position is null ? index : (position * size) + index;
                isInside = isInside is null ? within : isInside & within;
            }

            Shape shape = Shape.Of([x.Shape[0], x.Shape[1], position!.Shape[1]]);
            Node elements = Gather(flat, 2, BroadcastTo(Unsqueeze(position, 1), shape));
            return Where(Unsqueeze(isInside!, 1), elements, 0);
        }
    }
}
