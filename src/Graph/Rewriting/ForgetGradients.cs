using GraphCompiler.Operations;

namespace GraphCompiler.Rewriting;

/// <summary>Drops what matters only to differentiation, once it is done: the flags that keep equal nodes apart, and detachments.</summary>
internal static class ForgetGradients
{
    public static Node[] Run(IReadOnlyList<Node> roots)
    {
        Dictionary<Node, Node> map = GraphWalk.Map(roots, (node, inputs) =>
            node.Op is DetachOp ? inputs[0]
            : !node.RequiresGrad && node.Inputs.SequenceEqual(inputs) || node.Op.IsLeaf ? node
            : node.Rebuild(inputs, requiresGrad: false));
        return [.. roots.Select(r => map[r])];
    }
}
