using GraphCompiler.Operations;

namespace GraphCompiler.Differentiation;

/// <summary>Reverse mode: one walk over a <see cref="StableGraph"/> from roots to targets that carries cotangents. What contributes nothing is never built.</summary>
internal static class ReverseMode
{
    /// <summary>The cotangents of targets, given those of roots; null for a target that no root with a cotangent reaches.</summary>
    public static Node?[] Pull(IReadOnlyList<Node> roots, IReadOnlyList<Node?> seeds, IReadOnlyList<Node> targets) =>
        Walk(roots, seeds, targets, null);

    /// <summary>
    /// The same, where targets count as independent of each other: a cotangent that reaches one goes no further, and what lies below them is not
    /// looked at. This is what a part of a graph needs, whose inputs may depend on one another outside of it.
    /// </summary>
    public static Node?[] PullWithin(IReadOnlyList<Node> roots, IReadOnlyList<Node?> seeds, IReadOnlyList<Node> targets) =>
        Walk(roots, seeds, targets, new HashSet<Node>(targets).Contains);

    /// <summary>The same, where no target lies below a node for which <paramref name="stop"/> holds.</summary>
    public static Node?[] PullAbove(IReadOnlyList<Node> roots, IReadOnlyList<Node?> seeds, IReadOnlyList<Node> targets, Func<Node, bool> stop) =>
        Walk(roots, seeds, targets, stop);

    private static Node?[] Walk(IReadOnlyList<Node> roots, IReadOnlyList<Node?> seeds, IReadOnlyList<Node> targets, Func<Node, bool>? stop)
    {
        var graph = new StableGraph(roots, targets, stop);
        Dictionary<Node, Node?[]> cotangents = [];
        for (int i = 0; i < roots.Count; i++)
        {
            Add(cotangents, roots[i], 0, seeds[i]);
        }

        for (int i = graph.Order.Count - 1; i >= 0; i--)
        {
            Node node = graph.Order[i];
            if (!graph.IsOnPath(node) || node.Op.IsLeaf || (stop is not null && stop(node)) || !cotangents.TryGetValue(node, out Node?[]? own))
            {
                continue;
            }

            if (node.Op is OutputOp output)
            {
                Add(cotangents, node.Inputs[0], output.Index, own[0]);
                continue;
            }

            Node?[] pulled = graph.Pullback(node, own);
            NodeList inputs = graph.InputsOf(node);
            for (int k = 0; k < inputs.Count; k++)
            {
                if (graph.IsOnPath(inputs[k]))
                {
                    Add(cotangents, inputs[k], 0, pulled[k]);
                }
            }
        }

        return [.. targets.Select(t => cotangents.TryGetValue(t, out Node?[]? found) ? found[0] : null)];
    }

    private static void Add(Dictionary<Node, Node?[]> cotangents, Node node, int result, Node? contribution)
    {
        if (contribution is null)
        {
            return;
        }

        if (contribution.Results[0] != node.Results[result])
        {
            throw new GradientException($"The cotangent of {node.Describe()} is {contribution.Results[0]}.");
        }

        if (!cotangents.TryGetValue(node, out Node?[]? own))
        {
            cotangents[node] = own = new Node?[node.Results.Count];
        }

        own[result] = own[result] is { } sum ? sum + contribution : contribution;
    }
}
