namespace GraphCompiler.Operations;

/// <summary>
/// Asks pullbacks that users wrote: given inputs, results and the results' cotangents, null where nothing depends on one, they return the cotangents of the inputs,
/// null for none.
/// </summary>
internal static class UserPullback
{
    [ThreadStatic]
    private static bool isTrying;

    /// <summary>What a pullback returns, for those inputs that it is told of.</summary>
    /// <exception cref="GradientException">It does not return one cotangent for each input, of its shape and dtype.</exception>
    public static IReadOnlyList<Node?> Pull(Node node, int listed, Func<NodeList, NodeList, IReadOnlyList<Node?>, IReadOnlyList<Node?>> rule, IReadOnlyList<Node?> cotangents)
    {
        IReadOnlyList<Node?> pulled = rule(node.Inputs[..listed], Ops.Outputs(node), cotangents)
            ?? throw new GradientException($"The pullback of {node.Describe()} returned null; return a list with one cotangent for each input, null for none.");
        if (pulled.Count != listed)
        {
            throw new GradientException($"The pullback of {node.Describe()} returned {InvariantText.Count(pulled.Count, "cotangent")} for {InvariantText.Count(listed, "input")}; return one for each, null for none.");
        }

        for (int i = 0; i < pulled.Count; i++)
        {
            if (pulled[i] is not { } cotangent)
            {
                continue;
            }

            NodeType input = node.Inputs[i].Results[0];
            if (!input.DType.IsFloat())
            {
                throw new GradientException($"The pullback of {node.Describe()} returned a cotangent {cotangent.Results[0]} for input {i}, which is {input}: {input.DType.Display()} has no gradients; return null for it.");
            }

            if (cotangent.Results[0] != input)
            {
                throw new GradientException($"The pullback of {node.Describe()} returned a cotangent {cotangent.Results[0]} for input {i}, which is {input}.");
            }
        }

        return pulled;
    }

    /// <summary>Asks a pullback for what it would return, so that a mistake in it is known where the function is used.</summary>
    /// <exception cref="GradientException">It does not return one cotangent for each input, of its shape and dtype.</exception>
    public static void Try(Node node)
    {
        // Two pullbacks may call each other's functions without an end.
        if (isTrying)
        {
            return;
        }

        isTrying = true;
        try
        {
            node.Op.Pullback(node, [.. node.Results.Select((r, i) => r.DType.IsFloat() ? Ops.Placeholder(r, $"cotangent{i}", requiresGrad: false) : null)]);
        }
        finally
        {
            isTrying = false;
        }
    }
}
