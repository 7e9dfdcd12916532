using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>
/// A closed piece of graph: its results depend on its parameters and on nothing else, and none of its nodes stands in another graph. Compared by the
/// identity of its nodes.
/// </summary>
public sealed record Function
{
    internal Function(NodeList parameters, NodeList results) => (Parameters, Results) = (parameters, results);

    /// <summary>Inputs that stand for what the function is applied to.</summary>
    public NodeList Parameters { get; }

    /// <summary>What it gives.</summary>
    public NodeList Results { get; }

    /// <summary>
    /// Builds a body on placeholders and closes it: what existed before and is used in it becomes a further parameter, and its nodes are made anew, as
    /// those that the body saw may have been given away.
    /// </summary>
    /// <param name="name">What is built, for messages.</param>
    /// <param name="parameters">The placeholders: type, name, and whether gradients flow through them.</param>
    /// <param name="body">Builds the results.</param>
    /// <param name="captured">What existed before, in the order of the further parameters.</param>
    /// <exception cref="GraphException">The body gives no result, a null, or a node of another body that has ended.</exception>
    internal static Function Trace(
        string name, IReadOnlyList<(NodeType Type, string Name, bool RequiresGrad)> parameters, Func<NodeList, IReadOnlyList<Node>> body, out Node[] captured)
    {
        Node[] used;
        (Function function, used) = BodyTrace.Of(name, trace =>
        {
            Node[] placeholders = [.. parameters.Select(p => Ops.Placeholder(p.Type, p.Name, p.RequiresGrad, trace))];
            IReadOnlyList<Node> results = body(placeholders);
            return results is null || results.Count == 0 || results.Contains(null!)
                ? throw new GraphException($"{name}: the body must return at least one node, and no null.")
                : BodyTrace.Outside(() => Close(trace, placeholders, results));
        });
        captured = [.. used.Select(u => u.Op is OutputOp ? u.Rebuild(u.Inputs) : u)];
        return function;
    }

    /// <summary>The one result of a body.</summary>
    /// <exception cref="GraphException">It is null.</exception>
    internal static Node Given(string name, Node? result) => result ?? throw new GraphException($"{name}: the body gave null; it must return a node.");

    /// <summary>The results on other inputs.</summary>
    internal Node[] Apply(IReadOnlyList<Node> inputs)
    {
        var map = Parameters.Zip(inputs).ToDictionary(p => p.First, p => p.Second);
        return GraphWalk.Substitute([.. Results], map);
    }

    private static (Function Function, Node[] Captured) Close(BodyTrace trace, Node[] placeholders, IReadOnlyList<Node> results)
    {
        List<Node> own = [];
        List<Node> captured = [];
        Dictionary<Node, Node> map = [];
        foreach (Node placeholder in placeholders)
        {
            own.Add(map[placeholder] = Ops.Placeholder(placeholder.Results[0], placeholder.Name!, placeholder.RequiresGrad));
        }

        foreach (Node node in GraphWalk.TopologicalOrder(results, IsFromOutside))
        {
            if (IsFromOutside(node))
            {
                captured.Add(node);
                own.Add(map[node] = Ops.Placeholder(node.Results[0], node.Title ?? $"captured{captured.Count - 1}", node.RequiresGrad));
            }
            else if (!map.ContainsKey(node))
            {
                map[node] = node.Rebuild([.. node.Inputs.Select(i => map[i])]);
            }
        }

        return (new Function([.. own], [.. results.Select(r => map[r])]), [.. captured]);

        // One result of an operation with several is what comes from outside, not all of them.
        bool IsFromOutside(Node node) => node.MadeIn != trace || (node.Op is OutputOp && node.Inputs[0].MadeIn != trace);
    }
}
