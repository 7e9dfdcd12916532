using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>
    /// The elements along an axis in order, and the int64 positions they come from. Sorting is stable: equal elements keep their order. NaN counts as the
    /// greatest. The gradient goes to the elements that the values come from.
    /// </summary>
    /// <param name="x">Numbers.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="descending">Whether the greatest comes first.</param>
    public static (Node Values, Node Indices) Sort(Node x, int axis = -1, bool descending = false)
    {
        RequireNumber("Sort", x);
        int along = Axis.Normalize(axis, x.Rank, "Sort", x);
        return FunctionParts.OfSizes("Sort", Picked(x, along, Ordered("Sort", x, along, descending)), x);
    }

    /// <summary>The int64 positions of the elements along an axis in order; equal elements keep theirs, and NaN counts as the greatest. No gradient.</summary>
    /// <param name="x">Numbers.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="descending">Whether the greatest comes first.</param>
    public static Node ArgSort(Node x, int axis = -1, bool descending = false)
    {
        RequireNumber("ArgSort", x);
        return Ordered("ArgSort", x, Axis.Normalize(axis, x.Rank, "ArgSort", x), descending);
    }

    /// <summary>The elements along the first axis in ascending order (PyTorch's msort).</summary>
    /// <param name="x">Numbers.</param>
    public static Node MSort(Node x)
    {
        RequireNumber("MSort", x);
        Axis.Normalize(0, x.Rank, "MSort", x);
        return Sort(x, 0).Values;
    }

    /// <summary>The k greatest or least elements along an axis, in order, and their int64 positions: of equal ones the first. NaN counts as the greatest.</summary>
    /// <param name="x">Numbers, at least k along the axis.</param>
    /// <param name="k">How many.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="largest">Whether to take the greatest, the greatest first; else the least, the least first.</param>
    public static (Node Values, Node Indices) TopK(Node x, int k, int axis = -1, bool largest = true)
    {
        RequireNumber("TopK", x);
        int along = Axis.Normalize(axis, x.Rank, "TopK", x);
        string message = $"{InvariantText.Count(k, "element")} cannot be taken of the {x.Shape[along]} along axis {along}.";
        Node from = k >= 0 ? Conditions.AtLeast("TopK", x, x.Shape[along], k, message) : throw new ShapeException($"TopK: {message} Input: {x.Describe()}.");
        return FunctionParts.OfSizes("TopK", Picked(from, along, OfRanks("TopK", from, along, largest, 0, k)), x);
    }

    /// <summary>The k-th least element along an axis, counted from 1, and its int64 position; of equal ones the first that are left. NaN counts as the greatest.</summary>
    /// <param name="x">Numbers, at least k along the axis.</param>
    /// <param name="k">Which, at least 1.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="keepDims">Whether the axis stays with size 1.</param>
    public static (Node Values, Node Indices) KthValue(Node x, int k, int axis = -1, bool keepDims = false)
    {
        RequireNumber("KthValue", x);
        int along = Axis.Normalize(axis, x.Rank, "KthValue", x);
        string message = $"there is no element {k} among the {x.Shape[along]} along axis {along}; k counts from 1.";
        Node from = k >= 1 ? Conditions.AtLeast("KthValue", x, x.Shape[along], k, message) : throw new ShapeException($"KthValue: {message} Input: {x.Describe()}.");
        return FunctionParts.OfSizes("KthValue", Pick(from, along, keepDims, OfRanks("KthValue", from, along, descending: false, k - 1, 1)), x);
    }

    /// <summary>
    /// The median of all elements: of an even number the lower of the two in the middle, NaN if there is one. Elements equal to it share the gradient
    /// evenly.
    /// </summary>
    /// <param name="x">Numbers, at least one.</param>
    public static Node Median(Node x)
    {
        RequireNumber("Median", x);
        return FunctionParts.OfSizes("Median", Create(new MedianOp(SkipsNaN: false), Conditions.AtLeast("Median", x, x.Shape.ElementCount, 1, "there are no elements to choose from.")), x);
    }

    /// <summary>
    /// The median along an axis: of an even number the lower of the two in the middle, NaN if there is one. With its int64 position, to which the gradient
    /// goes alone.
    /// </summary>
    /// <param name="x">Numbers, at least one along the axis.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="keepDims">Whether the axis stays with size 1.</param>
    public static (Node Values, Node Indices) MedianWithIndex(Node x, int axis, bool keepDims = false)
    {
        RequireNumber("MedianWithIndex", x);
        int along = Axis.Normalize(axis, x.Rank, "MedianWithIndex", x);
        Dim size = x.Shape[along];
        Node some = Conditions.AtLeast("MedianWithIndex", x, size, 1, $"axis {along} has no elements to choose from.");
        Node index = OfRanks("MedianWithIndex", some, along, descending: false, (size - 1) / 2, 1);
        if (x.DType.IsFloat())
        {
            // NaN is sorted to the end; the first of them counts.
            Node isNaN = IsNaN(some);
            index = Where(Any(isNaN, along, keepDims: true), ArgMax(Cast(isNaN, DType.Int64), along, keepDims: true), index);
        }

        return FunctionParts.OfSizes("MedianWithIndex", Pick(some, along, keepDims, index), x);
    }

    /// <summary>
    /// Where values would be put into sorted rows: the int64 number of elements that are less, or less or equal. NaN counts as the greatest. No gradient.
    /// PyTorch's bucketize is the same with the values first.
    /// </summary>
    /// <param name="sorted">Numbers, ascending along the last axis: one row for all values, or as many as the values have. Others give positions that mean nothing.</param>
    /// <param name="values">Numbers of the same dtype.</param>
    /// <param name="right">Whether to go behind equal elements.</param>
    public static Node SearchSorted(Node sorted, Node values, bool right = false)
    {
        if (NotNull(sorted).Rank != 1)
        {
            return Create(new SearchSortedOp(right), sorted, NotNull(values));
        }

        // One row for all values: they are one row, too.
        return Reshape(Create(new SearchSortedOp(right), sorted, Reshape(NotNull(values), [values.Shape.ElementCount])), values.Shape);
    }

    /// <summary>Whether each element is among others; NaN is not. No gradient.</summary>
    /// <param name="x">Numbers.</param>
    /// <param name="among">Numbers of the same dtype, any shape.</param>
    public static Node IsIn(Node x, Node among)
    {
        RequireNumber("IsIn", x);
        RequireSameType("IsIn", x, NotNull(among));
        Node sorted = Sort(Flatten(among)).Values;
        Node place = SearchSorted(sorted, x);

        // What comes behind all others is looked for in a place of its own.
        return Equal(Take(Pad(sorted, 0, 0, 1), place), x) & (place < DimValue(sorted.Shape[0]));
    }

    private static Node Ordered(string op, Node x, int along, bool descending) => OfRanks(op, x, along, descending, 0, x.Shape[along]);

    /// <summary>The positions of the elements of some ranks, part of a function.</summary>
    private static Node OfRanks(string op, Node x, int along, bool descending, Dim first, Dim count) =>
        Conditions.AskedBy(op, x, Create(new ArgSortOp(along, descending, first, count), x));

    private static (Node Values, Node Indices) Picked(Node x, int along, Node indices) => (Gather(x, along, indices), indices);
}
