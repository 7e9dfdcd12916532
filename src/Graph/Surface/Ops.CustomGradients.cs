using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>A named function of nodes with a derivative of its own, where that of its parts will not do.</summary>
    /// <param name="name">The name, for messages and dumps.</param>
    /// <param name="inputs">What the function is applied to.</param>
    /// <param name="body">
    /// Builds the result from the inputs; called once, on placeholders. Other nodes that it uses become inputs of the call, too, and must require no gradient, which
    /// the pullback could not give.
    /// </param>
    /// <param name="pullback">
    /// Given the inputs, the result and its cotangent: the cotangents of the inputs, null for none. It is called once when the function is used, to see that it fits, and
    /// for each differentiation; what it builds is differentiated for the next order.
    /// </param>
    /// <param name="pushforward">
    /// Given the inputs, the result and the tangents of the inputs, null for one that does not move: the tangent of the result, null for none. Without it, forward mode
    /// transposes the pullback, which then has to be linear in the cotangent.
    /// </param>
    /// <param name="batch">
    /// Given the inputs for many examples, and which of them have the axis of the examples, in front: the result, with that axis in front. <c>Vmap</c> asks it in the place of the body, nested
    /// ones for all their examples in one axis. It is called once when the function is used, too, for two examples, to see that it fits. Its derivatives are those given here, for each
    /// example, but where it gives what has some of its own, as another <c>CustomGradient</c>. Without it, the parts of the body are batched.
    /// </param>
    /// <returns>The result.</returns>
    /// <exception cref="GraphException">The body gives no result, or uses a node that requires a gradient and is not among the inputs; a derivative uses a node of a body around, which is not, or with a batch function the body does; the batch function gives no result for one.</exception>
    /// <exception cref="ShapeException">The batch function gives a result whose shape is not that of the result with the axis of the examples in front.</exception>
    /// <exception cref="DTypeException">The batch function gives a result of another dtype.</exception>
    /// <exception cref="GradientException">The pullback does not return one cotangent for each input, of its shape and dtype, or the pushforward no tangent of the result's.</exception>
    public static Node CustomGradient(
        string name,
        IReadOnlyList<Node> inputs,
        Func<NodeList, Node> body,
        Func<NodeList, Node, Node, IReadOnlyList<Node?>> pullback,
        Func<NodeList, Node, IReadOnlyList<Node?>, Node?>? pushforward = null,
        Func<NodeList, IReadOnlyList<bool>, Node>? batch = null)
    {
        ArgumentNullException.ThrowIfNull(body);
        ArgumentNullException.ThrowIfNull(pullback);
        return Called(
            "CustomGradient",
            name,
            inputs,
            x => [Function.Given($"CustomGradient '{name}'", body(x))],
            (x, results, cotangents) => pullback(x, results[0], cotangents[0]!),
            pushforward is null ? null : (x, results, tangents) => [pushforward(x, results[0], tangents)],
            batch is null ? null : (x, isBatched) => [batch(x, isBatched)]);
    }

    /// <summary>A named function of nodes with several results and a derivative of its own; see the other overload.</summary>
    /// <param name="name">The name, for messages and dumps.</param>
    /// <param name="inputs">What the function is applied to.</param>
    /// <param name="body">Builds the results from the inputs.</param>
    /// <param name="pullback">Given the inputs, the results and the cotangents of the results, null where nothing depends on one: the cotangents of the inputs, null for none.</param>
    /// <param name="pushforward">Given the inputs, the results and the tangents of the inputs, null for one that does not move: the tangents of the results, null for none.</param>
    /// <param name="batch">Given the inputs for many examples, and which of them have the axis of the examples, in front: the results, with that axis in front.</param>
    /// <returns>The results.</returns>
    /// <exception cref="GraphException">The body gives no result, or uses a node that requires a gradient and is not among the inputs; a derivative uses a node of a body around, which is not, or with a batch function the body does; the batch function gives no result for one.</exception>
    /// <exception cref="ShapeException">The batch function gives a result whose shape is not that of the result with the axis of the examples in front.</exception>
    /// <exception cref="DTypeException">The batch function gives a result of another dtype.</exception>
    /// <exception cref="GradientException">The pullback does not return one cotangent for each input, or the pushforward one tangent for each result, of its shape and dtype.</exception>
    public static NodeList CustomGradient(
        string name,
        IReadOnlyList<Node> inputs,
        Func<NodeList, NodeList> body,
        Func<NodeList, NodeList, IReadOnlyList<Node?>, IReadOnlyList<Node?>> pullback,
        Func<NodeList, NodeList, IReadOnlyList<Node?>, IReadOnlyList<Node?>>? pushforward = null,
        Func<NodeList, IReadOnlyList<bool>, NodeList>? batch = null)
    {
        ArgumentNullException.ThrowIfNull(body);
        ArgumentNullException.ThrowIfNull(pullback);
        return Outputs(Called("CustomGradient", name, inputs, body, pullback, pushforward, batch));
    }

    /// <summary>
    /// x, whose cotangent is rewritten on its way back: clipped, scaled, reversed, or looked at by a <c>HostFunction</c> that gives it on (PyTorch's register_hook). Forward mode
    /// sees x itself, and the next order what the function builds.
    /// </summary>
    /// <param name="x">Floats.</param>
    /// <param name="rewrite">Given the cotangent of x, or rather the sum of all that flow into this node: what flows on, of the same shape and dtype. Called once here, and for each differentiation.</param>
    /// <returns>The same values.</returns>
    /// <exception cref="GradientException">The function does not return one node of x's shape and dtype.</exception>
    public static Node GradientHook(Node x, Func<Node, Node> rewrite)
    {
        ArgumentNullException.ThrowIfNull(rewrite);
        return Called("GradientHook", "GradientHook", [RequireFloat("GradientHook", x)], i => [i[0]], (_, _, c) => [Rewritten(x, c[0]!, rewrite(c[0]!))], (_, _, t) => t);
    }

    /// <summary>
    /// A function whose gradient computes it again instead of keeping what it needs of it (PyTorch's and JAX's checkpoint): of all within, nothing is saved but what it is given and
    /// what it gives. Values and gradients are those of the function, to the bit, random numbers included.
    /// </summary>
    /// <param name="function">Builds the results from the inputs; called once, on placeholders. Other nodes that it uses become inputs, too, and get their gradients.</param>
    /// <param name="inputs">What it is applied to.</param>
    /// <returns>The results.</returns>
    /// <exception cref="GraphException">The function gives no result.</exception>
    public static NodeList Checkpoint(Func<NodeList, NodeList> function, IReadOnlyList<Node> inputs)
    {
        ArgumentNullException.ThrowIfNull(function);
        Items.ThrowIfNull(inputs);
        Function closed = Closed("Checkpoint", inputs, function, out Node[] captured);
        return Outputs(Create(new CheckpointOp(closed), [.. inputs, .. captured]));
    }

    /// <summary>A function of one node whose gradient computes it again; see the other overload.</summary>
    /// <param name="function">Builds the result from the input.</param>
    /// <param name="x">What it is applied to.</param>
    /// <returns>The result.</returns>
    public static Node Checkpoint(Func<Node, Node> function, Node x)
    {
        ArgumentNullException.ThrowIfNull(function);
        return Checkpoint(inputs => [Function.Given("Checkpoint", function(inputs[0]))], [NotNull(x)])[0];
    }

    private static Node Rewritten(Node x, Node cotangent, Node? rewritten) => rewritten?.Type == cotangent.Type ? rewritten : throw new GradientException(
        $"GradientHook: rewrite gave {rewritten?.Type.ToString() ?? "null"} for a cotangent {cotangent.Type}; what flows on has its dtype and shape, and is zeros if nothing is to flow. Input: {x.Describe()}.");

    private static Function Closed(string name, IReadOnlyList<Node> inputs, Func<NodeList, IReadOnlyList<Node>> body, out Node[] captured) =>
        Function.Trace(name, [.. inputs.Select((n, i) => (n.Type, $"arg{i}", n.RequiresGrad))], body, out captured);

    private static Node Called(
        string function,
        string name,
        IReadOnlyList<Node> inputs,
        Func<NodeList, IReadOnlyList<Node>> body,
        Func<NodeList, NodeList, IReadOnlyList<Node?>, IReadOnlyList<Node?>>? pullback = null,
        Func<NodeList, NodeList, IReadOnlyList<Node?>, IReadOnlyList<Node?>>? pushforward = null,
        Func<NodeList, IReadOnlyList<bool>, IReadOnlyList<Node>>? batch = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Items.ThrowIfNull(inputs);
        var call = new CallOp(Closed($"{function} '{name}'", inputs, body, out Node[] captured), inputs.Count, name, pullback, pushforward, batch);
        Node node = Create(call, [.. inputs, .. captured]);
        if (batch is not null && Array.Find(captured, c => !c.IsKnown && (c.Op is OutputOp ? c.Inputs[0] : c).MadeIn is not null) is { } inside)
        {
            throw new GraphException(
                $"{function} '{name}': the body uses {inside.Describe()}, which belongs to the body of {BodyTrace.Current?.Function} and is not among the inputs, so that the batch function is not given it; add it to the inputs.");
        }

        if (pullback is not null)
        {
            call.CheckFlow(node.Inputs);
            if (UserDerivatives.Try(node) is { Count: > 0 } used)
            {
                return Create(call.Using(used), [.. node.Inputs, .. used]);
            }
        }

        return node;
    }
}
