using GraphCompiler.Operations;

namespace GraphCompiler.Rewriting;

/// <summary>
/// Lets each host function that has an effect follow the one that was written before it: as an input that it does not look at. Those that the forward part runs
/// come before those that only the backward part does.
/// </summary>
internal static class OrderEffects
{
    /// <param name="nodes">The roots.</param>
    /// <param name="isForward">Which of them are of the forward part.</param>
    public static Node[] Run(IReadOnlyList<Node> nodes, IReadOnlyList<bool> isForward)
    {
        List<Node> order = GraphWalk.TopologicalOrder(nodes);
        if (!order.Any(n => n.Op.HasEffects))
        {
            return [.. nodes];
        }

        HashSet<Node> forward = [.. GraphWalk.TopologicalOrder(nodes.Where((_, i) => isForward[i]))];
        Node[] effects = [.. order.Where(n => n.Op is HostFunctionOp { HasEffects: true }).OrderBy(n => !forward.Contains(n)).ThenBy(n => ((HostFunctionOp)n.Op).Effect!.Number)];
        Dictionary<Node, Node> before = effects.Skip(1).Zip(effects, (after, first) => (after, first)).ToDictionary(p => p.after, p => p.first);
        Dictionary<Node, Node> map = [];
        foreach (Node node in GraphWalk.TopologicalOrder(nodes, inputsOf: n => before.TryGetValue(n, out Node? first) ? [.. n.Inputs, first] : n.Inputs))
        {
            NodeList inputs = [.. node.Inputs.Select(i => map[i])];
            map[node] = before.TryGetValue(node, out Node? first) ? node.Rebuild([.. inputs, Ops.Output(map[first], 0)]) : node.On(inputs);
        }

        return [.. nodes.Select(n => map[n])];
    }
}
