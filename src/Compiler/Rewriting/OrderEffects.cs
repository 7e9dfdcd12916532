using GraphCompiler.Operations;

namespace GraphCompiler.Rewriting;

/// <summary>
/// Lets each host function that has an effect, and each loop or branch with one in it, follow the one that was written before it: as an input that it does not look
/// at. Those that the forward part runs come before those that only the backward part does.
/// </summary>
internal static class OrderEffects
{
    /// <param name="nodes">The roots.</param>
    /// <param name="isForward">Which of them are of the forward part.</param>
    public static Node[] Run(IReadOnlyList<Node> nodes, IReadOnlyList<bool> isForward)
    {
        Node[] effects = [.. GraphWalk.TopologicalOrder(nodes).Where(n => n.Op.HasEffects)];
        if (effects.Length == 0)
        {
            return [.. nodes];
        }

        HashSet<Node> forward = [.. GraphWalk.TopologicalOrder(nodes.Where((_, i) => isForward[i]))];
        effects = [.. effects.OrderBy(n => !forward.Contains(n)).ThenBy(NumberOf)];
        Dictionary<Node, Node> before = effects.Skip(1).Zip(effects, (after, first) => (after, first)).ToDictionary(p => p.after, p => p.first);
        Dictionary<Node, Node> map = [];
        foreach (Node node in GraphWalk.TopologicalOrder(nodes, inputsOf: n => before.TryGetValue(n, out Node? first) ? [.. n.Inputs, first] : n.Inputs))
        {
            NodeList inputs = [.. node.Inputs.Select(i => map[i])];
            Node ordered = node.Op.HasEffects ? Bodies.With(node, inputs, InBody) : node.On(inputs);
            map[node] = before.TryGetValue(node, out Node? first) ? After(ordered, Ops.Output(map[first], 0)) : ordered;
        }

        return [.. nodes.Select(n => map[n])];
    }

    private static Function InBody(Function body) => new(body.Parameters, [.. Run(body.Results, [.. body.Results.Select(_ => true)])]);

    private static long NumberOf(Node node) => node.Op is HostFunctionOp { Effect: { } effect } ? effect.Number
        : node.Op.Bodies.SelectMany(b => GraphWalk.TopologicalOrder(b.Results)).Where(n => n.Op.HasEffects).Min(NumberOf);

    private static Node After(Node node, Node before)
    {
        return Bodies.With(node, [.. node.Inputs, before], Taking);

        Function Taking(Function body) => new([.. body.Parameters, Ops.Placeholder(before.Results[0], "before", requiresGrad: false)], body.Results);
    }
}
