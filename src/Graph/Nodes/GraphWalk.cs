namespace GraphCompiler.Nodes;

/// <summary>Walks over graphs without recursion: depth is bounded by memory, not by the stack.</summary>
internal static class GraphWalk
{
    /// <summary>
    /// Every node that the roots reach, each after its inputs; the order is the same for the same graph. Nodes for which <paramref name="stop"/>
    /// holds are listed, but what lies below them is not looked at. <paramref name="inputsOf"/> says what a node's inputs count as, its own by default.
    /// </summary>
    public static List<Node> TopologicalOrder(IEnumerable<Node> roots, Func<Node, bool>? stop = null, Func<Node, NodeList>? inputsOf = null)
    {
        List<Node> order = [];
        HashSet<Node> seen = [];
        var stack = new Stack<(Node Node, int Next)>();
        foreach (Node root in roots)
        {
            if (seen.Add(root))
            {
                stack.Push((root, 0));
            }

            while (stack.TryPop(out (Node Node, int Next) top))
            {
                NodeList inputs = inputsOf is null ? top.Node.Inputs : inputsOf(top.Node);
                if (top.Next == inputs.Count || (top.Next == 0 && stop is not null && stop(top.Node)))
                {
                    order.Add(top.Node);
                    continue;
                }

                stack.Push((top.Node, top.Next + 1));
                Node input = inputs[top.Next];
                if (seen.Add(input))
                {
                    stack.Push((input, 0));
                }
            }
        }

        return order;
    }

    /// <summary>The number of each node in a list.</summary>
    public static Dictionary<Node, int> PositionsOf(IReadOnlyList<Node> nodes)
    {
        Dictionary<Node, int> positions = new(nodes.Count);
        foreach (Node node in nodes)
        {
            positions.Add(node, positions.Count);
        }

        return positions;
    }

    /// <summary>Every node that the roots reach, and every one of the bodies of operations among them, to any depth.</summary>
    public static IEnumerable<Node> WithBodies(IEnumerable<Node> roots)
    {
        HashSet<Node> seen = [];
        var bodies = new Queue<IEnumerable<Node>>([roots]);
        while (bodies.TryDequeue(out IEnumerable<Node>? body))
        {
            foreach (Node node in TopologicalOrder(body, seen.Contains).Where(seen.Add))
            {
                yield return node;
                foreach (Function function in node.Op.Bodies)
                {
                    bodies.Enqueue(function.Results);
                }
            }
        }
    }

    /// <summary>Rebuilds the roots bottom-up; <paramref name="rebuild"/> sees each node with its new inputs.</summary>
    public static Dictionary<Node, Node> Map(IEnumerable<Node> roots, Func<Node, NodeList, Node> rebuild, Func<Node, bool>? stop = null)
    {
        Dictionary<Node, Node> map = [];
        foreach (Node node in TopologicalOrder(roots, stop))
        {
            map[node] = stop is not null && stop(node) ? node : rebuild(node, [.. node.Inputs.Select(i => map[i])]);
        }

        return map;
    }

    /// <summary>The node on new inputs, or itself where none has changed.</summary>
    public static Node On(this Node node, NodeList inputs) => node.Inputs.Equals(inputs) ? node : node.Rebuild(inputs);

    /// <summary>The roots with some nodes replaced by others of the same type; what lies below a node where <paramref name="stop"/> holds stays.</summary>
    public static Node[] Substitute(IReadOnlyList<Node> roots, IReadOnlyDictionary<Node, Node> replacements, Func<Node, bool>? stop = null)
    {
        Dictionary<Node, Node> map = Map(
            roots,
            (node, inputs) =>
            {
                if (replacements.TryGetValue(node, out Node? replacement))
                {
                    return replacement;
                }

                // The flag is recomputed: what stands in for a placeholder may require gradients where the placeholder did not. What was cut off
                // from gradients stays cut off.
                return node.Inputs.Equals(inputs) ? node : new Node(node.Op, inputs, node.CutsGradient ? false : null, node.Name, node.Scope, from: node.From);
            },
            stop);
        return [.. roots.Select(r => map[r])];
    }
}
