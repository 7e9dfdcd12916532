using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>
    /// The matrix product with PyTorch's rules: vector·vector is a dot product, a vector beside a matrix gains an axis that then goes away, and
    /// leading axes are batches that broadcast.
    /// </summary>
    /// <param name="a">Numbers, […, M, K] or [K].</param>
    /// <param name="b">Numbers of the same dtype, […, K, N] or [K].</param>
    /// <exception cref="ShapeException">An input is a scalar, the inner sizes differ, or the batches do not broadcast.</exception>
    public static Node MatMul(Node a, Node b)
    {
        NotNull(a);
        NotNull(b);
        if (a.Rank == 0 || b.Rank == 0)
        {
            throw new ShapeException($"MatMul: both inputs need at least one axis; multiply by a scalar with *. Inputs: {a.Describe()}, {b.Describe()}.");
        }

        Dim left = a.Shape[^1];
        Dim right = b.Rank == 1 ? b.Shape[0] : b.Shape[^2];
        if (left != right)
        {
            throw new ShapeException($"MatMul: the inner sizes differ, {left} of {a.Shape} and {right} of {b.Shape}; […, M, K] · […, K, N] is needed.{Broadcasting.Declare([left], [right])} Inputs: {a.Describe()}, {b.Describe()}.");
        }

        if (a.DType != b.DType)
        {
            throw new DTypeException($"MatMul: the inputs have different dtypes, {a.DType.Display()} and {b.DType.Display()}; nothing is promoted implicitly, use Cast. Inputs: {a.Describe()}, {b.Describe()}.");
        }

        Node rows = a.Rank == 1 ? Unsqueeze(a, 0) : a;
        Node columns = b.Rank == 1 ? Unsqueeze(b, 1) : b;
        Node product = Batched(rows, columns);
        if (b.Rank == 1)
        {
            product = Reshape(product, Shape.Of(product.Shape.SkipLast(1)));
            return a.Rank == 1 ? Reshape(product, Shape.Of(product.Shape.SkipLast(1))) : product;
        }

        return a.Rank == 1 ? Reshape(product, product.Shape.Without([product.Rank - 2])) : product;
    }

    private static Node Batched(Node a, Node b)
    {
        // Batches that share one matrix on the right are more rows of one product.
        if (b.Rank == 2 && a.Rank > 2)
        {
            Node flat = Flatten(a, 0, a.Rank - 2);
            return Reshape(Create(new MatMulOp(), flat, b), a.Shape.With(a.Rank - 1, b.Shape[1]));
        }

        Shape batch = Broadcasting.Join($"MatMul of {a.Shape} and {b.Shape}: batch axes", Shape.Of(a.Shape.SkipLast(2)), Shape.Of(b.Shape.SkipLast(2)));
        return Create(
            new MatMulOp(),
            BroadcastTo(a, Shape.Of([.. batch, .. a.Shape.TakeLast(2)])),
            BroadcastTo(b, Shape.Of([.. batch, .. b.Shape.TakeLast(2)])));
    }
}
