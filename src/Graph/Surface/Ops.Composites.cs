using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>x cut to [low, high]; slope 1 at the ends.</summary>
    /// <param name="x">Numbers.</param>
    /// <param name="low">The lower end; −∞ for none.</param>
    /// <param name="high">The upper end; +∞ for none.</param>
    public static Node Clamp(Node x, double low = double.NegativeInfinity, double high = double.PositiveInfinity) =>
        Clamp(x, Bound(RequireNumber("Clamp", x), low), Bound(x, high));

    /// <summary>x cut to [low, high]; slope 1 at the ends.</summary>
    /// <param name="x">Numbers.</param>
    /// <param name="low">The lower end, of x's dtype.</param>
    /// <param name="high">The upper end, of x's dtype; it wins where the two cross.</param>
    public static Node Clamp(Node x, Node low, Node high) => Clamp("Clamp", x, low, high);

    /// <summary>The larger of x and a number; slope 1 at the end.</summary>
    /// <param name="x">Numbers.</param>
    /// <param name="low">The lower end.</param>
    public static Node ClampMin(Node x, double low) => Clamp(RequireNumber("ClampMin", x), low);

    /// <summary>The larger of x and a lower end, NaN if either is; slope 1 for x at the end, where <see cref="Maximum"/> shares it.</summary>
    /// <param name="x">Numbers.</param>
    /// <param name="low">The lower end, of x's dtype; the shapes broadcast.</param>
    public static Node ClampMin(Node x, Node low) => Clamp("ClampMin", x, low, Bound(RequireNumber("ClampMin", x), double.PositiveInfinity));

    /// <summary>The smaller of x and a number; slope 1 at the end.</summary>
    /// <param name="x">Numbers.</param>
    /// <param name="high">The upper end.</param>
    public static Node ClampMax(Node x, double high) => Clamp(RequireNumber("ClampMax", x), double.NegativeInfinity, high);

    /// <summary>The smaller of x and an upper end, NaN if either is; slope 1 for x at the end, where <see cref="Minimum"/> shares it.</summary>
    /// <param name="x">Numbers.</param>
    /// <param name="high">The upper end, of x's dtype; the shapes broadcast.</param>
    public static Node ClampMax(Node x, Node high) => Clamp("ClampMax", x, Bound(RequireNumber("ClampMax", x), double.NegativeInfinity), high);

    /// <summary>A named function of nodes, kept whole in the graph; <see cref="CustomGradient(string, IReadOnlyList{Node}, Func{NodeList, Node}, Func{NodeList, Node, Node, IReadOnlyList{Node?}}, Func{NodeList, Node, IReadOnlyList{Node?}, Node?}?, Func{NodeList, IReadOnlyList{bool}, Node}?)"/> gives it a derivative of its own.</summary>
    /// <param name="name">The name, for messages and dumps.</param>
    /// <param name="inputs">What the function is applied to.</param>
    /// <param name="body">
    /// Builds the result from the inputs; called once, on placeholders. Other nodes that it uses become inputs of the call, too. What it makes has no value outside of
    /// it but as its result.
    /// </param>
    /// <returns>The result.</returns>
    /// <exception cref="GraphException">The body gives no result.</exception>
    public static Node Call(string name, IReadOnlyList<Node> inputs, Func<NodeList, Node> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        return Called("Call", name, inputs, x => [body(x)]);
    }

    /// <summary>A named function of nodes with several results; see the other overload.</summary>
    /// <param name="name">The name, for messages and dumps.</param>
    /// <param name="inputs">What the function is applied to.</param>
    /// <param name="body">Builds the results from the inputs.</param>
    /// <returns>The results.</returns>
    /// <exception cref="GraphException">The body gives no result.</exception>
    public static NodeList Call(string name, IReadOnlyList<Node> inputs, Func<NodeList, NodeList> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        return Outputs(Called("Call", name, inputs, body));
    }

    /// <summary>One result of a node that has several, which those who look at a graph meet among the inputs of its results.</summary>
    /// <param name="node">The node.</param>
    /// <param name="index">Which result, from 0.</param>
    public static Node Output(Node node, int index) =>
        NotNull(node).Results.Count == 1 && index == 0 ? node : Create(new OutputOp(index), node);

    /// <summary>A node with inputs and parameters replaced by other nodes, as weights by averaged ones or by w + a·b.</summary>
    /// <param name="node">The node.</param>
    /// <param name="replacements">What takes whose place; see the other overload.</param>
    /// <returns>Of the node's dtype and shape.</returns>
    /// <exception cref="GraphException">What is replaced is no input or parameter; what takes its place has another dtype or shape, or would need a gradient that a pullback does not give.</exception>
    public static Node Substitute(Node node, IReadOnlyDictionary<Node, Node> replacements) => Substitute([NotNull(node)], replacements)[0];

    /// <summary>
    /// Nodes with inputs and parameters replaced by other nodes, also where functions of your own use them. What depends on none of them stays the same node, the
    /// rest is made anew, under the names and scopes it had; gradients flow into what takes a place, but not past where they were cut off. Random numbers are those
    /// of the nodes given.
    /// </summary>
    /// <param name="nodes">The nodes; what they share is shared afterwards.</param>
    /// <param name="replacements">
    /// Inputs or parameters, each with a node of its dtype and shape that takes its place. All at once: a node that takes a place is not looked into, so that it
    /// may depend on what it replaces. What the nodes do not reach is ignored, so that one map serves several graphs.
    /// </param>
    /// <returns>One for each node.</returns>
    /// <exception cref="GraphException">What is replaced is no input or parameter; what takes its place has another dtype or shape, or would need a gradient that a pullback does not give.</exception>
    public static NodeList Substitute(IReadOnlyList<Node> nodes, IReadOnlyDictionary<Node, Node> replacements)
    {
        Items.ThrowIfNull(nodes);
        ArgumentNullException.ThrowIfNull(replacements);

        foreach ((Node leaf, Node replacement) in replacements)
        {
            ArgumentNullException.ThrowIfNull(replacement, nameof(replacements));
            CheckReplacement(leaf, replacement);
        }

        return Recorded(() =>
        {
            Node[] made = GraphWalk.Substitute(nodes, replacements);
            foreach (Node node in GraphWalk.TopologicalOrder(made, new HashSet<Node>(replacements.Values).Contains))
            {
                (node.Op as CallOp)?.CheckFlow(node.Inputs);
            }

            return made;
        })!;
    }

    /// <summary>All results of a node.</summary>
    internal static NodeList Outputs(Node node) => [.. Enumerable.Range(0, node.Results.Count).Select(i => Output(node, i))];

    private static void CheckReplacement(Node leaf, Node replacement)
    {
        if (leaf.Op is not (InputOp or ParameterOp))
        {
            throw new GraphException($"Substitute: {leaf.Describe()} is no input or parameter, and nothing else is replaced.");
        }

        if (replacement.DType != leaf.DType)
        {
            throw new DTypeException($"Substitute: {replacement.Describe()} cannot take the place of {leaf.Describe()}; the dtypes must be equal, use Cast.");
        }

        if (replacement.Shape != leaf.Shape)
        {
            throw new ShapeException($"Substitute: {replacement.Describe()} cannot take the place of {leaf.Describe()}; the shapes must be equal.");
        }
    }

    private static Node Clamp(string op, Node x, Node low, Node high)
    {
        RequireNumber(op, x);
        foreach (Node bound in (ReadOnlySpan<Node>)[NotNull(low), NotNull(high)])
        {
            if (bound.DType != x.DType)
            {
                throw new DTypeException($"{op}: a bound is {bound.DType.Display()} and x is {x.DType.Display()}; nothing is promoted implicitly, use Cast. Inputs: {x.Describe()}, {bound.Describe()}.");
            }
        }

        return Create(new ClampOp(), Broadcasting.Together(op, x, low, high));
    }

    private static Node Bound(Node x, double value) => x.DType.IsInteger() && double.IsInfinity(value) ? Extreme(x.DType, value > 0) : Scalar(value, x);

    /// <summary>The least or the greatest of a dtype, infinities of floats included.</summary>
    private static Node Extreme(DType dtype, bool greatest) => dtype.IsFloat()
        ? Scalar(greatest ? double.PositiveInfinity : double.NegativeInfinity, dtype)
        : Constant(TensorValue.OfIntegers(dtype, [], [greatest ? dtype.Row().Most : dtype.Row().Least]));
}
