using GraphCompiler.Operations;

namespace GraphCompiler.Planning;

/// <summary>What the body of a loop does with a row, done with all rows at once: their axis comes first.</summary>
internal static class AllRows
{
    /// <summary>Whether an operation of one input moves a row's elements in a way that all rows' can be moved.</summary>
    public static bool Move(Node node) => node.Op is ReshapeOp or PermuteOp or BroadcastToOp or SliceOp or FlipOp;

    /// <summary>An elementwise operation or a movement on all rows.</summary>
    /// <param name="node">The operation on a row.</param>
    /// <param name="rows">All rows of its inputs.</param>
    public static Node On(Node node, params ReadOnlySpan<Node> rows)
    {
        Dim count = rows[0].Shape[0];
        switch (node.Op)
        {
            case ElementwiseOp:
                return node.CreatePart(node.Op, rows);
            case ReshapeOp reshape:
                return node.CreatePart(new ReshapeOp([count, .. reshape.To]), rows);
            case PermuteOp permute:
                return Permuted(rows[0], [0, .. permute.Order.Select(a => a + 1)]);
            case SliceOp slice:
                return node.CreatePart(new SliceOp([new SliceRange(0, count, 1), .. slice.Ranges]), rows);
            case FlipOp flip:
                return node.CreatePart(new FlipOp([.. flip.Axes.Select(a => a + 1)]), rows);
            case BroadcastToOp broadcast:
                IEnumerable<Dim> ones = Enumerable.Repeat<Dim>(1, node.Rank - node.Inputs[0].Rank);
                return node.CreatePart(new BroadcastToOp([count, .. broadcast.To]), Reshaped(rows[0], [count, .. ones, .. node.Inputs[0].Shape]));
            default:
                throw new InvalidOperationException($"{node.Op.Name} is not known for all rows at once.");
        }
    }

    /// <summary>A product with the same right factor for each row: one of all rows' rows, [B…, T·M, K] · [B…, K, N].</summary>
    /// <param name="product">The product of one row's left factor.</param>
    /// <param name="rows">All left factors, [T, B…, M, K].</param>
    /// <param name="factor">The right one, [B…, K, N].</param>
    /// <returns>[T, B…, M, N].</returns>
    public static Node Product(Node product, Node rows, Node factor)
    {
        int batch = rows.Rank - 3;
        Node left = Joined(rows, batch);
        Node all = product.CreatePart(new MatMulOp(), left, factor);
        Shape apart = [.. all.Shape.Take(batch), rows.Shape[0], rows.Shape[batch + 1], all.Shape[^1]];
        return Permuted(Reshaped(all, apart), [batch, .. Enumerable.Range(0, batch), batch + 1, batch + 2]);
    }

    /// <summary>The sum of all rows' products: one of all rows' inner axes, [B…, M, T·K] · [B…, T·K, N].</summary>
    /// <param name="product">The product of one row.</param>
    /// <param name="left">All left factors, [T, B…, M, K].</param>
    /// <param name="right">All right ones, [T, B…, K, N].</param>
    public static Node SumOfProducts(Node product, Node left, Node right) =>
        product.CreatePart(new MatMulOp(), Joined(left, left.Rank - 2), Joined(right, right.Rank - 3));

    /// <summary>The sum of all rows' sums over axes.</summary>
    public static Node SumOfSums(Node sum, Node rows) => sum.CreatePart(new SumOp([0, .. ((SumOp)sum.Op).Axes.Select(a => a + 1)]), rows);

    /// <summary>The last two axes in the other order.</summary>
    public static Node Transposed(Node node) => Permuted(node, [.. Enumerable.Range(0, node.Rank - 2), node.Rank - 1, node.Rank - 2]);

    /// <summary>The rows' axis moved behind so many others, and one with the one that follows it there.</summary>
    private static Node Joined(Node rows, int behind)
    {
        Shape shape = rows.Shape;
        return Reshaped(
            Permuted(rows, [.. Enumerable.Range(1, behind), 0, .. Enumerable.Range(behind + 1, rows.Rank - behind - 1)]),
            [.. shape.Skip(1).Take(behind), shape[0] * shape[behind + 1], .. shape.Skip(behind + 2)]);
    }

    private static Node Reshaped(Node node, Shape shape) => node.Shape == shape ? node : node.CreatePart(new ReshapeOp(shape), node);

    private static Node Permuted(Node node, int[] order)
    {
        Node source = node.Op is PermuteOp ? node.Inputs[0] : node;
        EquatableArray<int> all = node.Op is PermuteOp before ? [.. order.Select(a => before.Order[a])] : [.. order];
        return Axis.AreInOrder([.. all]) ? source : node.CreatePart(new PermuteOp(all), source);
    }
}
