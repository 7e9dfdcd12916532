using GraphCompiler.Batching;

namespace GraphCompiler.Operations;

/// <summary>
/// Asks derivatives that users wrote: pullbacks, given inputs, results and the results' cotangents, return the cotangents of the inputs; pushforwards, given the inputs'
/// tangents, return those of the results. Null stands for none.
/// </summary>
internal static class UserDerivatives
{
    [ThreadStatic]
    private static bool isTrying;

    /// <summary>What a pullback returns, for those inputs that it is told of.</summary>
    /// <exception cref="GradientException">It does not return one cotangent for each input, of its shape and dtype.</exception>
    public static IReadOnlyList<Node?> Pull(Node node, int listed, Func<NodeList, NodeList, IReadOnlyList<Node?>, IReadOnlyList<Node?>> rule, IReadOnlyList<Node?> cotangents) =>
        Checked(node, "pullback", "cotangent", "input", [.. node.Inputs[..listed].Select(n => n.Results[0])], rule(node.Inputs[..listed], Ops.Outputs(node), cotangents));

    /// <summary>What a pushforward returns, which is told of the same inputs.</summary>
    /// <exception cref="GradientException">It does not return one tangent for each result, of its shape and dtype.</exception>
    public static IReadOnlyList<Node?> Push(Node node, int listed, Func<NodeList, NodeList, IReadOnlyList<Node?>, IReadOnlyList<Node?>> rule, IReadOnlyList<Node?> tangents) =>
        Checked(node, "pushforward", "tangent", "result", node.Results, rule(node.Inputs[..listed], Ops.Outputs(node), [.. tangents.Take(listed)]));

    /// <summary>Asks for what the derivatives, and the function for many examples, would return, so that a mistake in them is known where the function is used.</summary>
    /// <returns>Where the function is used in a body: what they use from outside of it beside what they are given.</returns>
    /// <exception cref="GradientException">One does not return what it should.</exception>
    public static NodeList Try(Node node)
    {
        // Two pullbacks may call each other's functions without an end.
        if (isTrying)
        {
            return [];
        }

        isTrying = true;
        try
        {
            return
            [
                .. UsedBy(node, "pullback", () => node.Op.Pullback(node, Directions(node.Results, "cotangent")))
                    .Union(UsedBy(node, "pushforward", () => node.Op.Pushforward(node, Directions(node.Inputs.Select(n => n.Results[0]), "tangent")) ?? []))
                    .Union(UsedBy(node, "batch function", () => node.Op is CallOp { Batched: not null } call ? CallBatching.Try(call, node) : [])),
            ];
        }
        finally
        {
            isTrying = false;
        }
    }

    private static Node?[] Directions(IEnumerable<NodeType> types, string name) =>
        [.. types.Select((t, i) => t.DType.IsFloat() ? Ops.Placeholder(t, $"{name}{i}", requiresGrad: false, BodyTrace.Current) : null)];

    private static IReadOnlyList<Node?> Checked(Node node, string rule, string direction, string role, EquatableArray<NodeType> types, IReadOnlyList<Node?>? given)
    {
        if (given is null)
        {
            throw new GradientException($"The {rule} of {node.Describe()} returned null; return a list with one {direction} for each {role}, null for none.");
        }

        if (given.Count != types.Count)
        {
            throw new GradientException($"The {rule} of {node.Describe()} returned {InvariantText.Count(given.Count, direction)} for {InvariantText.Count(types.Count, role)}; return one for each, null for none.");
        }

        for (int i = 0; i < given.Count; i++)
        {
            if (given[i] is { } returned && (!types[i].DType.IsFloat() || returned.Results[0] != types[i]))
            {
                string why = types[i].DType.IsFloat() ? string.Empty : $": {types[i].DType.Display()} has no gradients; return null for it";
                throw new GradientException($"The {rule} of {node.Describe()} returned a {direction} {returned.Results[0]} for {role} {i}, which is {types[i]}{why}.");
            }
        }

        return given;
    }

    /// <summary>Asks a rule. What belongs to a body around is refused where it is not given: derivatives are taken when that body has ended.</summary>
    private static List<Node> UsedBy(Node node, string name, Func<Node?[]> rule)
    {
        if (BodyTrace.Current is null)
        {
            rule();
            return [];
        }

        HashSet<Node> given = [node, .. node.Inputs];
        (BodyTrace own, Node?[] returned) = BodyTrace.Of(name, trace => (trace, rule()));
        List<Node> used = [];
        foreach (Node each in GraphWalk.TopologicalOrder(returned.OfType<Node>(), IsFromOutside).Where(n => IsFromOutside(n) && !given.Contains(n)))
        {
            if (each.MadeIn is { } around)
            {
                throw new GraphException($"The {name} of {node.Describe()} uses {each.Describe()}, which was made in the body of {around.Function} and is not among the inputs; add it to the inputs.");
            }

            used.Add(each);
        }

        return used;

        bool IsFromOutside(Node n) => given.Contains(n) || (n.MadeIn != own && !n.IsKnown);
    }
}
