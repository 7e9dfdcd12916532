using GraphCompiler.Operations;

namespace GraphCompiler.Rewriting;

/// <summary>
/// Transposes of products are products of transposes, (A·B)ᵀ = Bᵀ·Aᵀ, where nothing else reads the product: operands are read by strides anyway, or copied
/// into panels, and the result then lies where it is wanted. So is a gradient of a weight that is stored as [outputs, inputs]. The sums are the same.
/// </summary>
internal static class TurnProducts
{
    // A product's columns are worked on in vectors: fewer rows than this make worse columns than the copy costs.
    private const long LeastRows = 32;

    public static Node[] Run(IReadOnlyList<Node> roots)
    {
        List<Node> order = GraphWalk.TopologicalOrder(roots);
        Node[] turned = [.. order.Where(n => n.Op is PermuteOp permute && SwapsMatrixAxes(permute) && IsWorthTurning(n.Inputs[0]))];
        if (turned.Length == 0)
        {
            return [.. roots];
        }

        Dictionary<Node, int> readers = order.SelectMany(n => n.Inputs).Concat(roots).GroupBy(n => n).ToDictionary(g => g.Key, g => g.Count());
        HashSet<Node> alone = [.. turned.Where(n => readers[n.Inputs[0]] == 1)];
        Dictionary<Node, Node> map = GraphWalk.Map(roots, (node, inputs) => alone.Contains(node)
            ? Node.Create(new MatMulOp(), Ops.Transpose(inputs[0].Inputs[1]), Ops.Transpose(inputs[0].Inputs[0]))
            : node.On(inputs));

        // Transposes of transposes vanish.
        Node[] results = [.. roots.Select(r => map[r])];
        return Rewriter.Run(Simplify.Rules, results).Of(results);
    }

    private static bool SwapsMatrixAxes(PermuteOp permute)
    {
        int rank = permute.Order.Count;
        return rank >= 2 && permute.Order.Select((axis, i) => (axis, i)).All(p => p.axis == (p.i < rank - 2 ? p.i : (2 * rank) - 3 - p.i));
    }

    private static bool IsWorthTurning(Node node) => node.Op is MatMulOp && node.Shape[^1].Constant is >= LeastRows && node.Shape[^2].Constant is >= LeastRows;
}
