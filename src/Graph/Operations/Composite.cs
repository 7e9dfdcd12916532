using System.Text;

namespace GraphCompiler.Operations;

/// <summary>
/// A function that is written as others and is there for its name, which exporters and viewers look for. Its derivative is that of its parts in either mode, so that it is to
/// the bit what the parts would be. Attributes hold all that the body depends on but its inputs: two of equal attributes are the same.
/// </summary>
internal sealed record NamedOp(string FunctionName, EquatableArray<NodeAttribute> Attributes, Func<IReadOnlyList<Node>, Node[]> Body) : CompositeOp
{
    public override string Name => FunctionName;

    public bool Equals(NamedOp? other) => other is not null && FunctionName == other.FunctionName && Attributes == other.Attributes;

    public override int GetHashCode() => HashCode.Combine(FunctionName, Attributes);

    public override Node[] Expand(IReadOnlyList<Node> inputs) => Body(inputs);

    public override Node?[] Pushforward(Node node, Node?[] tangents) => PushParts(node, tangents);

    protected override bool PrintMembers(StringBuilder builder)
    {
        builder.AppendJoin(", ", Attributes.Select(a => $"{a.Name} = {a.Value}"));
        return Attributes.Count > 0;
    }
}

/// <summary>
/// Makes functions composites, a line each. Bodies take nodes from their parameters alone, and check them: they run where the node is made. An input that may be left out is null; where
/// others follow it, the attribute <c>Given</c> says which are there.
/// </summary>
internal static class Composite
{
    public static Node Of(string name, Node x, Func<Node, Node> body, params ReadOnlySpan<(string Name, object? Value)> attributes) =>
        Ops.Create(new NamedOp(name, Listed(attributes), inputs => [body(inputs[0])]), x);

    public static Node Of<TA, TB>(string name, TA a, TB b, Func<TA, TB, Node> body, params ReadOnlySpan<(string Name, object? Value)> attributes)
        where TA : Node?
        where TB : Node? =>
        One(name, [a, b], n => body((TA)n[0]!, (TB)n[1]!), attributes);

    public static Node Of<TA, TB, TC>(string name, TA a, TB b, TC c, Func<TA, TB, TC, Node> body, params ReadOnlySpan<(string Name, object? Value)> attributes)
        where TA : Node?
        where TB : Node?
        where TC : Node? =>
        One(name, [a, b, c], n => body((TA)n[0]!, (TB)n[1]!, (TC)n[2]!), attributes);

    public static Node Of<TA, TB, TC, TD>(string name, TA a, TB b, TC c, TD d, Func<TA, TB, TC, TD, Node> body, params ReadOnlySpan<(string Name, object? Value)> attributes)
        where TA : Node?
        where TB : Node?
        where TC : Node?
        where TD : Node? =>
        One(name, [a, b, c, d], n => body((TA)n[0]!, (TB)n[1]!, (TC)n[2]!, (TD)n[3]!), attributes);

    public static Node Of<TA, TB, TC, TD, TE>(
        string name, TA a, TB b, TC c, TD d, TE e, Func<TA, TB, TC, TD, TE, Node> body, params ReadOnlySpan<(string Name, object? Value)> attributes)
        where TA : Node?
        where TB : Node?
        where TC : Node?
        where TD : Node?
        where TE : Node? =>
        One(name, [a, b, c, d, e], n => body((TA)n[0]!, (TB)n[1]!, (TC)n[2]!, (TD)n[3]!, (TE)n[4]!), attributes);

    /// <summary>The results of a function of any number of inputs.</summary>
    public static Node[] Several(string name, ReadOnlySpan<Node?> inputs, Func<Node?[], Node[]> body, params ReadOnlySpan<(string Name, object? Value)> attributes)
    {
        // Whoever names a result names the node, too.
        Node node = Make(name, inputs, body, attributes).Named(name);
        return [.. Ops.Outputs(node).Select(output => FunctionParts.Of(name, output, [.. node.Inputs]))];
    }

    private static Node One(string name, ReadOnlySpan<Node?> inputs, Func<Node?[], Node> body, ReadOnlySpan<(string Name, object? Value)> attributes) =>
        Make(name, inputs, n => [body(n)], attributes);

    private static Node Make(string name, ReadOnlySpan<Node?> inputs, Func<Node?[], Node[]> body, ReadOnlySpan<(string Name, object? Value)> attributes)
    {
        List<Node> given = [];
        List<int> positions = [];
        for (int i = 0; i < inputs.Length; i++)
        {
            if (inputs[i] is { } input)
            {
                given.Add(input);
                positions.Add(i);
            }
        }

        int count = inputs.Length;
        bool isGapless = positions[^1] == positions.Count - 1;
        return Ops.Create(new NamedOp(name, Listed([.. attributes, ("Given", isGapless ? null : positions.ToEquatableArray())]), Spread), [.. given]);

        Node[] Spread(IReadOnlyList<Node> nodes)
        {
            var all = new Node?[count];
            for (int i = 0; i < nodes.Count; i++)
            {
                all[positions[i]] = nodes[i];
            }

            return body(all);
        }
    }

    private static EquatableArray<NodeAttribute> Listed(ReadOnlySpan<(string Name, object? Value)> attributes)
    {
        List<NodeAttribute> listed = [];
        foreach ((string name, object? value) in attributes)
        {
            listed.AddRange(NodeAttribute.Of(name, value));
        }

        return listed.ToEquatableArray();
    }
}
