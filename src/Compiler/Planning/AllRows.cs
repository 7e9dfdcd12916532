using GraphCompiler.Operations;

namespace GraphCompiler.Planning;

/// <summary>Products of the body of a loop, done for all rows at once, whose axis comes first.</summary>
internal static class AllRows
{
    /// <summary>Products of which one factor is the same for all rows: one of all rows' rows, [B…, T·M, K] · [B…, K, N], where a batch would be one a row.</summary>
    /// <param name="product">The product of one row.</param>
    /// <param name="left">The left factors, [T, B…, M, K], or the one of all rows, [B…, M, K].</param>
    /// <param name="right">The right ones, [T, B…, K, N] or [B…, K, N].</param>
    /// <returns>[T, B…, M, N].</returns>
    public static Node Product(Node product, Node left, Node right)
    {
        if (left.Rank < right.Rank)
        {
            return Transposed(Product(product, Transposed(right), Transposed(left)));
        }

        int batch = right.Rank - 2;
        Node all = product.CreatePart(new MatMulOp(), Joined(left, batch), right);
        Shape apart = [.. all.Shape.Take(batch), left.Shape[0], left.Shape[batch + 1], all.Shape[^1]];
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

    private static Node Transposed(Node node) => Permuted(node, [.. Enumerable.Range(0, node.Rank - 2), node.Rank - 1, node.Rank - 2]);

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
