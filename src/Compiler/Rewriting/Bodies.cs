using GraphCompiler.Operations;

namespace GraphCompiler.Rewriting;

/// <summary>What loops and branches run is a graph of its own, which passes work on as they do on what is around it.</summary>
internal static class Bodies
{
    /// <summary>Runs a pass on nodes, and on the bodies of the loops and branches that it leaves, to any depth. A body that several have stays one.</summary>
    public static Node[] Run(Node[] roots, Func<Node[], Node[]> pass)
    {
        Dictionary<Function, Function> known = [];
        return Run(roots);

        Node[] Run(Node[] nodes)
        {
            nodes = pass(nodes);
            if (!AreIn(nodes))
            {
                return nodes;
            }

            Dictionary<Node, Node> map = GraphWalk.Map(nodes, (node, inputs) => With(node, inputs, Function));
            return [.. nodes.Select(n => map[n])];
        }

        Function Function(Function body)
        {
            if (!known.TryGetValue(body, out Function? changed))
            {
                Node[] results = Run([.. body.Results]);
                known.Add(body, changed = results.SequenceEqual(body.Results) ? body : new Function(body.Parameters, [.. results]));
            }

            return changed;
        }
    }

    /// <summary>Whether there are loops or branches.</summary>
    public static bool AreIn(IEnumerable<Node> roots) => GraphWalk.TopologicalOrder(roots).Exists(Has);

    /// <summary>Whether a node is a loop or a branch.</summary>
    public static bool Has(Node node) => node.Op is LoopOp or BranchOp;

    /// <summary>A node on other inputs, with other bodies if it is a loop or a branch.</summary>
    public static Node With(Node node, NodeList inputs, Func<Function, Function> body) => node.Op switch
    {
        LoopOp loop => node.As(loop with { Body = body(loop.Body), Condition = loop.Condition is { } condition ? body(condition) : null }, inputs),
        BranchOp branch => node.As(new BranchOp(body(branch.Then), body(branch.Otherwise)), inputs),
        _ => node.On(inputs),
    };

    /// <summary>The roots with nodes replaced by others, all at once: what takes a place stands on nodes that are replaced, too.</summary>
    public static Node[] Replace(Node[] roots, IReadOnlyDictionary<Node, Node> replaced)
    {
        Dictionary<Node, Node> map = [];
        foreach (Node node in GraphWalk.TopologicalOrder(roots, inputsOf: n => replaced.TryGetValue(n, out Node? other) ? [other] : n.Inputs))
        {
            map.Add(node, replaced.TryGetValue(node, out Node? other) ? map[other] : node.On([.. node.Inputs.Select(i => map[i])]));
        }

        return [.. roots.Select(r => map[r])];
    }

    /// <summary>A node for each result of a loop or a branch: two would be two buffers.</summary>
    public static Node[] ResultsOf(Node node) => node.Results.Count == 1 ? [node] : [.. Enumerable.Range(0, node.Results.Count).Select(i => node.CreatePart(new OutputOp(i), node))];

    /// <summary>Of a body, what depends on the first of its parameters, so many, they among it.</summary>
    public static HashSet<Node> Changing(Function body, int parameters)
    {
        HashSet<Node> changing = [.. body.Parameters.Take(parameters)];
        changing.UnionWith(GraphWalk.TopologicalOrder(body.Results).Where(n => n.Op.HasEffects || n.Inputs.Any(changing.Contains)));
        return changing;
    }

    /// <summary>A node with another operation in its place.</summary>
    public static Node As(this Node node, Op op, NodeList inputs) =>
        node.Op == op && node.Inputs.Equals(inputs) ? node : new Node(op, inputs, node.RequiresGrad, node.Name, node.Scope, from: node.From);
}
