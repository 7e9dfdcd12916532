using GraphCompiler.Operations;

namespace GraphCompiler.Batching;

/// <summary>
/// Batching: one walk from inputs to roots that makes of the nodes of one example those of all examples of a batch. What no batched input reaches is the same for
/// all examples and has no batch axis; random numbers differ, if they are to.
/// </summary>
internal sealed class BatchWalk(Dim size, VmapRandomness randomness)
{
    // What tells the random numbers of operations apart, the same for all examples: each draws numbers of its own from it.
    private readonly HashSet<Node> streams = [];

    /// <summary>How many examples there are.</summary>
    public Dim Size => size;

    /// <summary>Whether what stands for a node of one example has the batch axis.</summary>
    public static bool IsBatched(Node node, NodeType example) => node.Rank > example.Shape.Rank;

    /// <summary>What stands for a node of one example, with the batch axis, along which it is repeated if all examples share it.</summary>
    public Node Batched(Node node, NodeType example) => IsBatched(node, example) ? node : Ops.BroadcastTo(node, Shape.Of([size, .. node.Shape]));

    /// <summary>Whether random numbers are drawn from a node.</summary>
    public bool IsStream(Node node) => node.Op is RandomStreamOp || streams.Contains(node);

    /// <summary>Whether each example draws other random numbers from a node.</summary>
    public bool IsDrawnApart(Node node) => randomness == VmapRandomness.Different && IsStream(node);

    /// <summary>A node from which examples draw, if they draw from another one.</summary>
    public Node StreamLike(Node node, Node origin)
    {
        if (IsStream(origin))
        {
            streams.Add(node);
        }

        return node;
    }

    /// <summary>What stands for roots, given what stands for some nodes; below those nothing is looked at.</summary>
    public Node[] Apply(IReadOnlyList<Node> roots, IReadOnlyList<Node> inputs, IReadOnlyList<Node> given)
    {
        Dictionary<Node, Node[]> made = [];
        for (int i = 0; i < inputs.Count; i++)
        {
            made[inputs[i]] = [given[i]];
        }

        foreach (Node node in GraphWalk.TopologicalOrder(roots, made.ContainsKey))
        {
            if (!made.ContainsKey(node))
            {
                made[node] = node.Op is OutputOp output ? [Cut(node, made[node.Inputs[0]][output.Index])] : Of(node, [.. node.Inputs.Select(i => made[i][0])]);
            }
        }

        return [.. roots.Select(r => made[r][0])];
    }

    /// <summary>A function on parameters of its own: what they are, and what stands for the results.</summary>
    /// <param name="function">The function of one example.</param>
    /// <param name="isBatched">Which parameters have the batch axis.</param>
    /// <param name="origins">What each stands for where the function is applied.</param>
    public (Node[] Parameters, Node[] Results) On(Function function, IReadOnlyList<bool> isBatched, IReadOnlyList<Node> origins) => BodyTrace.Outside(() =>
    {
        Node[] parameters =
        [
            .. function.Parameters.Select((p, i) => StreamLike(
                Ops.Placeholder(isBatched[i] ? new NodeType(p.DType, Shape.Of([size, .. p.Shape])) : p.Type, p.Name!, p.RequiresGrad), origins[i])),
        ];
        return (parameters, Apply(function.Results, function.Parameters, parameters));
    });

    private static Node Cut(Node example, Node result) => !example.CutsGradient || !result.RequiresGrad ? result
        : result.Op.IsLeaf ? Node.Create(new DetachOp(), result)
        : result.Rebuild(result.Inputs, requiresGrad: false);

    private Node[] Of(Node node, NodeList inputs)
    {
        using NodeOrigins.Scope origin = NodeOrigins.Of(node);
        bool isReached = false;
        for (int i = 0; i < inputs.Count; i++)
        {
            isReached |= IsDrawnApart(inputs[i]) || IsBatched(inputs[i], node.Inputs[i].Results[0]);
        }

        bool makesStreams = node.Op is MovementOp || (node.Op is RandomBitsOp bits && RandomRules.AreStreams(bits));
        if (!isReached || (makesStreams && IsStream(inputs[0])))
        {
            // What all examples share is the user's own node where nothing below it has changed.
            Node same = node.Inputs.Equals(inputs) ? node : new Node(node.Op, inputs, node.CutsGradient ? false : null, node.Name, node.Scope, from: node.From);
            return makesStreams ? [StreamLike(same, inputs[0])] : [.. Ops.Outputs(same)];
        }

        Node[] results = OpRules.Batch(node, new BatchContext(this, node, inputs));
        for (int i = 0; i < results.Length; i++)
        {
            NodeType example = node.Results[i];
            NodeType expected = IsBatched(results[i], example) ? example with { Shape = Shape.Of([size, .. example.Shape]) } : example;
            if (results[i].Type != expected)
            {
                throw new InvalidOperationException($"{node.Op.Name} for a batch of {size} gives {results[i].Type}, not {expected}.");
            }

            results[i] = Cut(node, results[i]);
        }

        return results;
    }
}
