using GraphCompiler.Kernels;
using GraphCompiler.Kernels.Products;
using GraphCompiler.Operations;

namespace GraphCompiler.Fusion;

/// <summary>Whether the kernel of a matrix product may compute elementwise results beside its own.</summary>
internal sealed class ProductCheck(ChosenBuffers choice, AnchorReads reads, VectorWidth width)
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
    public string? Reason(Node product, IReadOnlyList<Node> before, IReadOnlyList<Node> work)
    {
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
            if (reads.Of(node).Views.FirstOrDefault(v => computed.Contains(v.Source) && !(v.Offset == Dim.Of(0) && Domain.SameAccess(product.Shape, v.Strides, dense))) is { } view)
            {
                return $"{node.Op.Name} reads {view.Source.Op.Name} elsewhere than where it is computed";
            }
        }

        if (MatMulProblem.Find(product, choice.Epilogues.GetValueOrDefault(product), choice.Materialization) is not { } problem || MatMulChoice.Of(problem, choice.Materialization, width).Variants.Any(v => v.IsDots) || problem.N.Constant == 1)
        {
            return "the product is not computed in tiles";
        }

        return Epilogue.Find(all, product, computed, choice.Materialization, problem.Shape) is null ? "it is too much for a product's kernel, or its operands lie otherwise" : null;
    }
}
