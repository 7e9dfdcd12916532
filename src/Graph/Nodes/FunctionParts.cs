namespace GraphCompiler.Nodes;

/// <summary>
/// What a function that is made of several nodes was given. Parts that may fail bear its name, and whoever names the result names them, too, so that
/// errors speak of what the user wrote.
/// </summary>
/// <param name="Name">The name that the parts bear.</param>
/// <param name="Inputs">Where the parts end.</param>
internal sealed record FunctionParts(string Name, NodeList Inputs)
{
    /// <summary>The result of a function whose parts may fail.</summary>
    public static Node Of(string name, Node result, params ReadOnlySpan<Node?> inputs)
    {
        List<Node> given = [];
        foreach (Node? input in inputs)
        {
            given.AddRange(input is null ? [] : [input]);
        }

        return given.Contains(result) || result.Op.IsLeaf
            ? result
            : new Node(result.Op, result.Inputs, result.RequiresGrad, result.Name, result.Scope, new FunctionParts(name, [.. given]));
    }

    /// <summary>The same of a function that asks something of sizes alone, which symbols may leave open.</summary>
    public static Node OfSizes(string name, Node result, params ReadOnlySpan<Node?> inputs)
    {
        bool isOpen = false;
        foreach (Node? input in inputs)
        {
            isOpen |= input is not null && input.Shape.Constants is null;
        }

        return isOpen ? Of(name, result, inputs) : result;
    }

    /// <summary>The results of a function that asks something of sizes alone.</summary>
    public static (Node Values, Node Indices) OfSizes(string name, (Node Values, Node Indices) results, Node x) =>
        (OfSizes(name, results.Values, x), OfSizes(name, results.Indices, x));

    /// <summary>Nodes whose parts bear another name.</summary>
    public Node[] Renamed(IReadOnlyList<Node> nodes, string name, string? scope)
    {
        Dictionary<Node, Node> map = GraphWalk.Map(
            nodes, (node, inputs) => node.Name == Name ? new Node(node.Op, inputs, node.RequiresGrad, name, scope) : node.On(inputs), Inputs.Contains);
        return [.. nodes.Select(n => map[n])];
    }
}
