using GraphCompiler.Operations;

namespace GraphCompiler.Differentiation;

/// <summary>
/// A value x that a residual r(x, θ) = 0 defines, found by any means: its derivative is that of the implicit function, dx = −(∂r/∂x)⁻¹·∂r/∂θ·dθ, and knows nothing of how it
/// was found. What it is made of can be differentiated, so that derivatives of any order are there.
/// </summary>
/// <param name="Name">The name of the call.</param>
/// <param name="Residual">Takes x and θ, gives one result of x's type.</param>
/// <param name="Solve">Given x and θ, a right side b, and whether it is the transposed system: the v of ∂r/∂x·v = b.</param>
internal sealed record ImplicitFunction(string Name, Function Residual, Func<NodeList, Node, bool, Node> Solve)
{
    /// <summary>The call: x, and further results that do not move.</summary>
    /// <param name="starts">What the search starts from; no gradient flows to it.</param>
    /// <param name="given">θ.</param>
    /// <param name="find">Given both, the results.</param>
    public NodeList Call(NodeList starts, NodeList given, Func<NodeList, NodeList, NodeList> find) => SmoothCall.Of(
        Name, [.. starts, .. given], inputs => find(inputs[..starts.Count], inputs[starts.Count..]), (i, r, c) => Pull(starts.Count, i, r, c), (i, r, t) => Push(starts.Count, i, r, t));

    /// <summary>By the whole Jacobian, of vectors along the last axis.</summary>
    public static Func<NodeList, Node, bool, Node> Dense(Function residual) => (at, b, isTransposed) =>
    {
        Node jacobian = residual.Jacobian(at);
        return Ops.Squeeze(Ops.Solve(isTransposed ? Ops.Transpose(jacobian) : jacobian, Ops.Unsqueeze(b, -1)), -1);
    };

    /// <summary>Of a residual each of whose elements moves with its own element of x alone.</summary>
    public static Func<NodeList, Node, bool, Node> ByElement(Function residual) => (at, b, _) =>
        b / (residual.Push(at, [Ops.OnesLike(at[0]), .. new Node?[at.Count - 1]])[0] ?? Ops.ZerosLike(at[0]));

    /// <summary>The function of v, x and θ that is ∂r/∂x·v, or its transpose.</summary>
    public static Function Linear(string name, Function residual, bool isTransposed) => FunctionDerivatives.Trace(
        name,
        [(residual.Parameters[0].Type, "v"), .. residual.Parameters.Select(p => (p.Type, p.Name!))],
        p => [(isTransposed ? residual.Pull(p[1..], [p[0]])[0] : residual.Push(p[1..], [p[0], .. new Node?[p.Count - 2]])[0]) ?? Ops.ZerosLike(p[0])]);

    private Node?[] Pull(int starts, NodeList inputs, NodeList results, IReadOnlyList<Node?> cotangents)
    {
        var none = new Node?[inputs.Count];
        if (cotangents[0] is not { } cotangent)
        {
            return none;
        }

        NodeList at = [results[0], .. inputs[starts..]];
        Node solved = Solve(at, cotangent, true);
        return [.. none[..starts], .. Residual.Pull(at, [solved])[1..].Select(p => p is null ? null : -p)];
    }

    private Node?[] Push(int starts, NodeList inputs, NodeList results, IReadOnlyList<Node?> tangents)
    {
        NodeList at = [results[0], .. inputs[starts..]];
        Node? moved = Residual.Push(at, [null, .. tangents.Skip(starts)])[0];
        return [moved is null ? null : -Solve(at, moved, false), .. new Node?[results.Count - 1]];
    }
}

/// <summary>Calls whose derivatives are known better than from their parts, in both modes.</summary>
internal static class SmoothCall
{
    /// <param name="name">The name of the call.</param>
    /// <param name="inputs">All that it uses.</param>
    /// <param name="body">The results; built where gradients are recorded, whatever the grad mode.</param>
    /// <param name="pull">Given inputs, results and cotangents: those of inputs.</param>
    /// <param name="push">Given inputs, results and tangents: those of results.</param>
    public static NodeList Of(
        string name,
        NodeList inputs,
        Func<NodeList, NodeList> body,
        Func<NodeList, NodeList, IReadOnlyList<Node?>, IReadOnlyList<Node?>> pull,
        Func<NodeList, NodeList, IReadOnlyList<Node?>, IReadOnlyList<Node?>> push)
    {
        Function function = FunctionDerivatives.Trace(name, [.. inputs.Select((n, i) => (n.Type, n.Title ?? $"arg{i}"))], body);
        return Ops.Outputs(Ops.Create(new CallOp(function, inputs.Count, name, pull, push), [.. inputs]));
    }
}
