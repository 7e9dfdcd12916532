using GraphCompiler.Operations;

namespace GraphCompiler.Differentiation;

/// <summary>Forward mode: one walk over a <see cref="StableGraph"/> from inputs to roots that carries tangents. An op without a pushforward has its pullback transposed.</summary>
internal static class ForwardMode
{
    /// <summary>The tangents of roots, given those of inputs; null where none reaches.</summary>
    public static Node?[] Push(IReadOnlyList<Node> roots, IReadOnlyList<Node> inputs, IReadOnlyList<Node?> directions) =>
        Walk(roots, inputs, directions, null);

    /// <summary>The same, where nothing below inputs is looked at: each has the tangent that it is given, null for none.</summary>
    public static Node?[] PushWithin(IReadOnlyList<Node> roots, IReadOnlyList<Node> inputs, IReadOnlyList<Node?> directions) =>
        Walk(roots, inputs, directions, new HashSet<Node>(inputs).Contains);

    private static Node?[] Walk(IReadOnlyList<Node> roots, IReadOnlyList<Node> inputs, IReadOnlyList<Node?> directions, Func<Node, bool>? stop)
    {
        var graph = new StableGraph(roots, inputs, stop);
        Dictionary<Node, Node?[]> tangents = [];
        Dictionary<Node, Node> given = [];
        for (int i = 0; i < inputs.Count; i++)
        {
            if (directions[i] is { } direction)
            {
                given[inputs[i]] = given.TryGetValue(inputs[i], out Node? former) ? former + direction : direction;
            }
        }

        foreach (Node node in graph.Order)
        {
            if (!graph.IsOnPath(node))
            {
                continue;
            }

            if (stop is null || !stop(node))
            {
                Push(node);
            }

            // An input that depends on another moves with it and by its own tangent: reverse mode adds up the same way.
            if (given.TryGetValue(node, out Node? own))
            {
                tangents[node] = [tangents.GetValueOrDefault(node)?[0] is { } sum ? sum + own : own];
            }
        }

        return [.. roots.Select(r => tangents.GetValueOrDefault(r)?[0])];

        void Push(Node node)
        {
            if (node.Op.IsLeaf)
            {
                return;
            }

            if (node.Op is OutputOp output)
            {
                tangents[node] = [tangents.GetValueOrDefault(node.Inputs[0])?[output.Index]];
                return;
            }

            Node?[] own = [.. graph.InputsOf(node).Select(n => tangents.GetValueOrDefault(n)?[0])];
            if (own.Any(t => t is not null))
            {
                tangents[node] = graph.Pushforward(node, own) ?? TransposePullback(node, own);
            }
        }
    }

    /// <summary>
    /// The pullback is linear in the cotangent u, so its own pullback with respect to u, seeded with the tangents, is the pushforward
    /// (Townsend, "A new trick for calculating Jacobian vector products", 2017).
    /// </summary>
    private static Node?[] TransposePullback(Node node, Node?[] tangents)
    {
        using NodeOrigins.Scope origin = NodeOrigins.OfDerivative(node);
        Node[] cotangents = [.. node.Results.Select((r, i) => Ops.Placeholder(r, $"cotangent{i}", r.DType.IsFloat()))];
        Node?[] pulled = OpRules.Pullback(node, [.. cotangents.Select(c => c.DType.IsFloat() ? c : null)]);
        int[] used = [.. Enumerable.Range(0, tangents.Length).Where(i => tangents[i] is not null && pulled[i] is not null)];
        HashSet<Node> outside = [node, .. node.Inputs, .. tangents.OfType<Node>()];
        Node?[] pushed = ReverseMode.PullAbove([.. used.Select(i => pulled[i]!)], [.. used.Select(i => tangents[i])], cotangents, outside.Contains);

        // What is left of u in a linear function's derivative can only be multiplied by zero or be looked at for its shape.
        Dictionary<Node, Node> zeros = cotangents.Where(c => c.DType.IsFloat()).ToDictionary(c => c, Ops.ZerosLike);
        return [.. pushed.Select(p => p is null ? null : GraphWalk.Substitute([p], zeros, outside.Contains)[0])];
    }
}
