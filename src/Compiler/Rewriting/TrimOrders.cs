using GraphCompiler.Operations;

namespace GraphCompiler.Rewriting;

/// <summary>Lets nothing be computed only because something else is to come after it.</summary>
internal static class TrimOrders
{
    public static Node[] Run(Node[] roots)
    {
        if (!GraphWalk.TopologicalOrder(roots).Exists(n => n.Op is AfterOp))
        {
            return roots;
        }

        HashSet<Node> needed = [.. GraphWalk.TopologicalOrder(roots, inputsOf: n => n.Op is AfterOp ? n.Inputs[..1] : n.Inputs)];
        Dictionary<Node, Node> map = [];
        foreach (Node node in GraphWalk.TopologicalOrder(roots, inputsOf: Kept))
        {
            map[node] = node.On([.. Kept(node).Select(i => map[i])]);
        }

        return [.. roots.Select(r => map[r])];

        NodeList Kept(Node node) => node.Op is AfterOp ? [.. node.Inputs.Where(needed.Contains)] : node.Inputs;
    }
}
