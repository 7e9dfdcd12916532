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
        List<Node> order = GraphWalk.TopologicalOrder(nodes);
        if (!order.Exists(n => n.Op.HasEffects))
        {
            return [.. nodes];
        }

        HashSet<Node> forward = [.. GraphWalk.TopologicalOrder(nodes.Where((_, i) => isForward[i]))];
        List<Node> effects = InOrder(order, forward);
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

    /// <summary>Those that have effects: each after those whose results it needs, and of what may come next the first that was written.</summary>
    private static List<Node> InOrder(List<Node> order, HashSet<Node> forward)
    {
        List<Node> effects = [];
        Dictionary<Node, int> waiting = order.ToDictionary(n => n, n => n.Inputs.Distinct().Count());
        ILookup<Node, Node> readers = order.SelectMany(n => n.Inputs.Distinct().Select(i => (Input: i, Node: n))).ToLookup(r => r.Input, r => r.Node);
        var ready = new PriorityQueue<Node, (bool, long)>();
        foreach (Node node in order.Where(n => waiting[n] == 0))
        {
            ready.Enqueue(node, Priority(node));
        }

        while (ready.TryDequeue(out Node? next, out _))
        {
            if (next.Op.HasEffects)
            {
                effects.Add(next);
            }

            foreach (Node reader in readers[next])
            {
                if (--waiting[reader] == 0)
                {
                    ready.Enqueue(reader, Priority(reader));
                }
            }
        }

        return effects;

        // What has no effect lets others be ready.
        (bool IsBackward, long Number) Priority(Node node) => node.Op.HasEffects ? (!forward.Contains(node), NumberOf(node)) : (false, 0);
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
