using GraphCompiler.Operations;

namespace GraphCompiler.Rewriting;

/// <summary>
/// Gives each loop and each branch bodies of its own, whose nodes so stand for its own memory: what a loop begins with is a copy, for the loop writes there,
/// and results of bodies are nodes that nothing else results in.
/// </summary>
internal static class SeparateBodies
{
    public static Node[] Run(Node[] roots) => Bodies.AreIn(roots) ? Walk(roots, [], (node, inputs) => node.On(inputs)) : roots;

    private static Node[] Walk(IReadOnlyList<Node> roots, Dictionary<Node, Node> map, Func<Node, NodeList, Node> other)
    {
        foreach (Node node in GraphWalk.TopologicalOrder(roots, map.ContainsKey))
        {
            if (!map.ContainsKey(node))
            {
                NodeList inputs = [.. node.Inputs.Select(i => map[i])];
                map.Add(node, Bodies.Has(node) ? Separate(node, inputs) : node.Op.IsLeaf || node.Op is ConstantOp ? node : other(node, inputs));
            }
        }

        return [.. roots.Select(r => map[r])];
    }

    private static Node Separate(Node node, NodeList inputs)
    {
        int carried = node.Op is LoopOp loop ? loop.Carried : 0;
        Node[] own = [.. inputs.Select((input, i) => i < carried ? CopyOf(input) : input)];
        Node separate = Bodies.With(node, [.. own], Fresh);
        return separate;
    }

    private static Function Fresh(Function body)
    {
        Node[] parameters = [.. body.Parameters.Select(p => Ops.Placeholder(p.Results[0], p.Name!, p.RequiresGrad))];
        Node[] results = Walk(body.Results, body.Parameters.Zip(parameters).ToDictionary(p => p.First, p => p.Second), (node, inputs) => node.Rebuild(inputs));
        HashSet<Node> taken = [];
        return new Function([.. parameters], [.. results.Select(r => IsElsewhere(r) || !taken.Add(r) ? CopyOf(r) : r)]);
    }

    /// <summary>Whether a value lies where something else lies, or may.</summary>
    private static bool IsElsewhere(Node node) => node.Op.IsLeaf || node.Op is ConstantOp || Bodies.Has(node) || (node.Op is OutputOp && Bodies.Has(node.Inputs[0]));

    private static Node CopyOf(Node node) => node.CreatePart(new BroadcastToOp(node.Shape), node);
}
