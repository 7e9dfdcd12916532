using GraphCompiler.Kernels;
using GraphCompiler.Kernels.Products;
using GraphCompiler.Operations;

namespace GraphCompiler.Fusion;

/// <summary>Whether the kernel of a matrix product may compute elementwise results beside its own.</summary>
/// <param name="materialization">Which nodes have a value of their own.</param>
/// <param name="known">What they compute.</param>
/// <param name="waysOf">The ways to compute a product.</param>
internal sealed class ProductCheck(Materialization materialization, KnownWork known, Func<Node, MatMulChoice> waysOf)
{
    // A loop over a block keeps every one of them in registers until the last is computed.
    private const int MostResults = 8;

    // Beyond this, operands and results stream from and to memory, which a loop of its own does faster: an Adam step on a gradient of 17 MB took 6.7 ms
    // with its product, 6.2 ms apart.
    private const long MostBytes = 4 << 20;

    /// <summary>Why not; null if it may.</summary>
    /// <param name="product">The node that the kernel leaves.</param>
    /// <param name="before">The results that it computes already.</param>
    /// <param name="work">Those to be added.</param>
    /// <param name="further">How it would compute all of them.</param>
    public string? Reason(Node product, IReadOnlyList<Node> before, IReadOnlyList<Node> work, out Epilogue? further)
    {
        further = null;
        Node[] all = [.. before, .. work];
        if (work.FirstOrDefault(n => n.Op is not ElementwiseOp || n.Shape != product.Shape) is { } other)
        {
            return $"{other.Op.Name} {other.Shape} is no elementwise work on {product.Shape}";
        }

        if (all.Length > MostResults)
        {
            return $"{all.Length} results are too many for a product's kernel";
        }

        if (Costs.Bytes(product) > MostBytes)
        {
            return "what it reads and writes streams faster by itself";
        }

        HashSet<Node> computed = [product, .. all];
        EquatableArray<Dim> dense = View.RowMajor(product.Shape);
        foreach (Node node in work)
        {
            if (known.Of(node).Reads.Select(r => r.View).FirstOrDefault(v => computed.Contains(v.Source) && !(v.Offset == Dim.Of(0) && Domain.SameAccess(product.Shape, v.Strides, dense))) is { } view)
            {
                return $"{node.Op.Name} reads {view.Source.Op.Name} elsewhere than where it is computed";
            }
        }

        MatMulChoice ways = waysOf(product);
        if (ways.IsColumn || ways.Variants.Any(v => v.IsDots))
        {
            return "the product is not computed in tiles";
        }

        further = Epilogue.Find(all, product, computed, materialization, ways.Problem.Shape);
        return further is null ? "it is too much for a product's kernel, or its operands lie otherwise" : null;
    }
}
