using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>Whole slices picked along an axis: the axis is replaced by the axes of the indices (NumPy's take, PyTorch's index_select; an embedding look-up).</summary>
    /// <param name="x">Any values.</param>
    /// <param name="indices">int32 or int64, each in [0, size of the axis); another is an error when the graph runs.</param>
    /// <param name="axis">The axis.</param>
    public static Node Take(Node x, Node indices, int axis = 0) =>
        Create(new TakeOp(Axis.Normalize(axis, NotNull(x).Rank, "Take", x)), x, NotNull(indices));

    /// <summary>One element picked for each index: result[i, j] = x[i, indices[i, j]] for the last of two axes (PyTorch's gather, NumPy's take_along_axis).</summary>
    /// <param name="x">Any values.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="indices">int32 or int64 of x's rank, no larger along the other axes; each in [0, size of the axis).</param>
    public static Node Gather(Node x, int axis, Node indices) =>
        Create(new GatherOp(Axis.Normalize(axis, NotNull(x).Rank, "Gather", x)), x, NotNull(indices));

    /// <summary>x with elements of a source added at indices; an index that occurs again adds again (PyTorch's scatter_add).</summary>
    /// <param name="x">Numbers.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="indices">int32 or int64 of x's rank, no larger along the other axes; each in [0, size of the axis).</param>
    /// <param name="source">Numbers of x's dtype and the shape of the indices.</param>
    public static Node ScatterAdd(Node x, int axis, Node indices, Node source) =>
        Create(new ScatterAddOp(Axis.Normalize(axis, NotNull(x).Rank, "ScatterAdd", x)), x, NotNull(indices), NotNull(source));

    /// <summary>x with whole slices of a source added at indices along an axis (PyTorch's index_add).</summary>
    /// <param name="x">Numbers.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="indices">int32 or int64, each in [0, size of the axis).</param>
    /// <param name="source">Numbers of x's dtype; its shape is x's with the axis replaced by the axes of the indices.</param>
    public static Node IndexAdd(Node x, int axis, Node indices, Node source) =>
        Create(new IndexAddOp(Axis.Normalize(axis, NotNull(x).Rank, "IndexAdd", x)), x, NotNull(indices), NotNull(source));
}
