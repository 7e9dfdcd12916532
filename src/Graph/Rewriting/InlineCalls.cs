using GraphCompiler.Operations;

namespace GraphCompiler.Rewriting;

/// <summary>Replaces composites by the operations they are made of, to any depth.</summary>
internal static class InlineCalls
{
    public static Node[] Run(IReadOnlyList<Node> roots) => Run(roots, _ => false);

    /// <summary>The same, but for some: conditions on sizes, so that what they ask can be read off the nodes, or what is computed whole.</summary>
    public static Node[] Run(IReadOnlyList<Node> roots, Func<Node, bool> keeps)
    {
        Dictionary<Node, Node> map = [];
        Dictionary<Node, Node[]> expanded = [];
        Inline(roots);
        return [.. roots.Select(r => map[r])];

        void Inline(IReadOnlyList<Node> nodes)
        {
            foreach (Node node in GraphWalk.TopologicalOrder(nodes, map.ContainsKey))
            {
                if (map.ContainsKey(node))
                {
                    continue;
                }

                if (node.Op is OutputOp output && expanded.TryGetValue(node.Inputs[0], out Node[]? results))
                {
                    map[node] = results[output.Index];
                    continue;
                }

                Node[] inputs = [.. node.Inputs.Select(i => map[i])];
                if (node.Op is CompositeOp composite && !keeps(node))
                {
                    foreach (Node input in inputs)
                    {
                        map[input] = input;
                    }

                    Node[] parts = Expand(composite, node, inputs);
                    Inline(parts);
                    expanded[node] = [.. parts.Select(p => map[p])];
                    map[node] = expanded[node][0];
                }
                else
                {
                    map[node] = node.On([.. inputs]);
                }
            }
        }
    }
    private static Node[] Expand(CompositeOp composite, Node node, Node[] inputs)
    {
        using NodeOrigins.Scope origin = NodeOrigins.Of(node);
        return composite.Expand(node, inputs);
    }
}
