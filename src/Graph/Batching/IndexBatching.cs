using GraphCompiler.Operations;

namespace GraphCompiler.Batching;

/// <summary>
/// Slices at indices that each example has of its own. Rows are rows of one tensor in which those of all examples lie one after the other; slices along other axes are picked element by element.
/// </summary>
internal static class IndexBatching
{
    public static Node Take(TakeOp take, BatchContext context)
    {
        (Node x, Node own) = (context.Inputs[0], context.Inputs[1]);
        Shape shape = context.Node.Inputs[0].Shape;
        if (AreRows(shape, take.Along))
        {
            Node rows = context.Create(new TakeOp(0), Ops.Flatten(x, 0, 1), OfRows(context, take.UserAxis, shape[0]));
            return WithoutPadding(take, rows, Ops.Reshape(own, Shape.Of([.. own.Shape, .. Ones(shape.Rank - 1)])));
        }

        Node indices = OfElements(context, shape, take.Along);
        Node elements = context.Create(new GatherOp(take.Along + 1), x, indices);
        return Ops.Reshape(WithoutPadding(take, elements, indices), context.Batched(context.Node.Shape));
    }

    public static Node Add(IndexAddOp add, BatchContext context)
    {
        (Node x, Node source) = (context.Batched(0), context.Batched(2));
        Shape shape = context.Node.Shape;
        if (AreRows(shape, add.Along))
        {
            return Ops.Reshape(context.Create(add, Ops.Flatten(x, 0, 1), OfRows(context, null, shape[0]), source), x.Shape);
        }

        Node indices = OfElements(context, shape, add.Along);
        return context.Create(new ScatterAddOp(add.Along + 1), x, indices, Ops.Reshape(source, indices.Shape));
    }

    /// <summary>Whether slices are worth to be moved as a whole.</summary>
    private static bool AreRows(Shape x, int along) => along == 0 && x.Rank > 1;

    /// <summary>The indices as those of rows of all examples, each of which is looked up among its own example's, so that one that is not there is an error as it is.</summary>
    private static Node OfRows(BatchContext context, int? userAxis, Dim count)
    {
        Node own = context.Create(new TakeOp(0) { UserAxis = userAxis }, Ops.Arange(count), context.Inputs[1]);
        return own + (Ops.Iota(own.Shape, 0) * Ops.DimValue(count));
    }

    /// <summary>The indices as those of all elements of the slices.</summary>
    private static Node OfElements(BatchContext context, Shape x, int along)
    {
        Node indices = context.Inputs[1];
        Dim count = indices.Shape.Skip(1).Aggregate(Dim.Of(1), (product, size) => product * size);
        Node narrow = Ops.Reshape(indices, Shape.Of([context.Size, .. Ones(along), count, .. Ones(x.Rank - along - 1)]));
        return Ops.BroadcastTo(narrow, Shape.Of([context.Size, .. x.With(along, count)]));
    }

    private static Node WithoutPadding(TakeOp take, Node slices, Node indices) =>
        take.Padding is null ? slices : Ops.Where(Ops.Equal(indices, Ops.DimValue(take.Padding, indices.DType)), Ops.Detach(slices), slices);

    private static IEnumerable<Dim> Ones(int count) => Enumerable.Repeat(Dim.Of(1), count);
}
