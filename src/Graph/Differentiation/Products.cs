using GraphCompiler.Operations;

namespace GraphCompiler.Differentiation;

/// <summary>The pullback of a product: each factor's slope is the product of the others, exact where factors are zero, to any order.</summary>
internal static class Products
{
    public static Node Pullback(Node x, EquatableArray<int> axes, Node cotangent)
    {
        // One trailing axis of all factors, the kept axes before it.
        int[] kept = [.. Enumerable.Range(0, x.Rank).Where(a => !axes.Contains(a))];
        int[] order = [.. kept, .. axes];
        Node moved = Ops.Permute(x, order);
        Dim count = axes.Aggregate(Dim.Of(1), (product, a) => product * x.Shape[a]);
        Shape flat = Shape.Of([.. kept.Select(a => x.Shape[a]), count]);
        Node factors = Ops.Reshape(moved, flat);
        Node slopes = count.Constant is { } n ? Others(factors, n) : OthersOfSymbolicCount(factors);
        Node gradient = slopes * Ops.BroadcastTo(Ops.Unsqueeze(cotangent, -1), flat);
        int[] back = new int[order.Length];
        for (int i = 0; i < order.Length; i++)
        {
            back[order[i]] = i;
        }

        return Ops.Permute(Ops.Reshape(gradient, moved.Shape), back);
    }

    /// <summary>Products of the others by halving: the halves' others are scaled by the product of the opposite half; n·log n work.</summary>
    private static Node Others(Node x, long n)
    {
        if (n <= 1)
        {
            return Ops.OnesLike(x);
        }

        long half = (n + 1) / 2;
        int last = x.Rank - 1;

        // An odd count gets a factor of 1, which changes no product.
        Node even = n % 2 == 0 ? x : Ops.Pad(x, last, 0, 1, 1);
        Node a = Ops.Slice(even, last, 0, half);
        Node b = Ops.Slice(even, last, half, 2 * half);

        // Pairs (a_i, b_i): the others of a_i are b_i and the other pairs' products.
        Node pairs = Others(a * b, half);
        Node both = Ops.Concat([pairs * b, pairs * a], last);
        return n % 2 == 0 ? both : Ops.Slice(both, last, 0, n);
    }

    /// <summary>Products of the others when their number is symbolic, so that no halving is known: those of all before times those of all after.</summary>
    private static Node OthersOfSymbolicCount(Node x)
    {
        int last = x.Rank - 1;
        Node before = Scanning.Previous(Ops.CumulativeProduct(x, last), last, reverse: false, first: 1);
        Node after = Scanning.Previous(Ops.CumulativeProduct(x, last, reverse: true), last, reverse: true, first: 1);
        return before * after;
    }
}
