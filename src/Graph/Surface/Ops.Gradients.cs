using System.Runtime.CompilerServices;
using GraphCompiler.Differentiation;
using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>What to give for a target that the loss does not depend on.</summary>
public enum Unreached
{
    /// <summary>An exception.</summary>
    Error,

    /// <summary>Zeros of the target's shape.</summary>
    Zeros,
}

public static partial class Ops
{
    /// <summary>
    /// The gradients of a loss, as nodes like any others: they can be compiled, and differentiated again, also through targets that are computed. Nothing is
    /// accumulated.
    /// </summary>
    /// <param name="loss">A node of one element that requires a gradient.</param>
    /// <param name="targets">Leaves or intermediate nodes that require gradients.</param>
    /// <returns>One gradient a target, of its shape and dtype.</returns>
    /// <exception cref="GradientException">The loss or a target requires no gradient, the loss has several elements, or does not reach a target.</exception>
    public static NodeList Gradients(Node loss, params ReadOnlySpan<Node> targets) => Gradients(loss, targets.ToArray(), Unreached.Error);

    /// <summary>The gradients of a loss, as nodes like any others.</summary>
    /// <param name="loss">A node of one element that requires a gradient, unless unreached targets get zeros.</param>
    /// <param name="targets">Leaves or intermediate nodes that require gradients.</param>
    /// <param name="unreached">What to give for a target that the loss does not depend on.</param>
    /// <returns>One gradient a target, of its shape and dtype.</returns>
    /// <exception cref="GradientException">The loss or a target requires no gradient, the loss has several elements, or does not reach a target.</exception>
    [OverloadResolutionPriority(-1)] // An array could be either.
    public static NodeList Gradients(Node loss, IReadOnlyList<Node> targets, Unreached unreached = Unreached.Error) =>
        Vjp([OneElement(loss)], targets, [OnesLike(loss)], unreached);

    /// <summary>The gradients of a loss, where it may be that it does not depend on all targets.</summary>
    /// <param name="loss">A float node of one element.</param>
    /// <param name="targets">Leaves or intermediate nodes that require gradients.</param>
    /// <returns>One gradient a target, of its shape and dtype; null where the loss does not depend on it.</returns>
    /// <exception cref="GradientException">A target requires no gradient, or the loss has none or several elements.</exception>
    public static IReadOnlyList<Node?> GradientsOrNull(Node loss, IReadOnlyList<Node> targets) => VjpOrNull([OneElement(loss)], targets, [OnesLike(loss)]);

    /// <summary>
    /// The value of a function of nodes and its gradients in them (JAX's value_and_grad), whatever they require: they count as independent of each other, and only what the
    /// function makes of them counts.
    /// </summary>
    /// <param name="function">Builds a node of one element from as many nodes; called once, on placeholders. Other nodes that it uses are constants to these gradients.</param>
    /// <param name="at">What it is applied to.</param>
    /// <returns>The value, and a gradient for each input, zeros where the value does not depend on it. Both can be differentiated again.</returns>
    /// <exception cref="GradientException">The value has several elements or is not of floats, or an input is not.</exception>
    public static (Node Value, NodeList Gradients) ValueAndGradients(Func<NodeList, Node> function, IReadOnlyList<Node> at)
    {
        ArgumentNullException.ThrowIfNull(function);
        Items.ThrowIfNull(at);
        foreach (Node input in at.Where(n => !n.Type.DType.IsFloat()))
        {
            throw new GradientException($"ValueAndGradients: {input.Describe()} is {input.DType.Display()}, which has no gradients; cast it, or let the function use it without being given it.");
        }

        Closure closure = FunctionDerivatives.Close("ValueAndGradients", at.Select((n, i) => (n.Type, n.Title ?? $"arg{i}")), x => [OneElement(function(x))]);
        Node[] all = [.. at, .. closure.Captured];
        Node?[] made = Recorded(() =>
        {
            Node value = closure.Body.Apply(all)[0];
            RequireFloat("ValueAndGradients", value);
            Node?[] gradients = closure.Body.Pull(all, [OnesLike(value)]);
            return [value, .. at.Select((n, i) => gradients[i] ?? ZerosLike(n))];
        });
        return (made[0]!, made[1..]!);
    }

    /// <summary>The vector-Jacobian product: the cotangents of targets, given those of outputs (reverse mode).</summary>
    /// <param name="outputs">Nodes that require gradients, unless unreached targets get zeros.</param>
    /// <param name="targets">Leaves or intermediate nodes that require gradients.</param>
    /// <param name="cotangents">One an output, of its shape and dtype.</param>
    /// <param name="unreached">What to give for a target that no output depends on.</param>
    /// <returns>One cotangent a target, of its shape and dtype.</returns>
    /// <exception cref="GradientException">An output or target requires no gradient, a cotangent does not fit, or no output reaches a target.</exception>
    public static NodeList Vjp(IReadOnlyList<Node> outputs, IReadOnlyList<Node> targets, IReadOnlyList<Node> cotangents, Unreached unreached = Unreached.Error)
    {
        Known("Vjp", unreached);
        if (unreached == Unreached.Error)
        {
            Items.ThrowIfNull(outputs);
            RequireGrad(outputs, "The output");
        }

        return [.. VjpOrNull(outputs, targets, cotangents).Select((p, i) => p ?? (unreached == Unreached.Zeros
            ? ZerosLike(targets[i])
            : throw new GradientException(GradientCut.NotReached(outputs, targets[i], $"the target {targets[i].Describe()}", "ask for Unreached.Zeros or GradientsOrNull if that is meant"))))];
    }

    /// <summary>The vector-Jacobian product, where it may be that outputs do not depend on all targets.</summary>
    /// <param name="outputs">Nodes of floats.</param>
    /// <param name="targets">Leaves or intermediate nodes that require gradients.</param>
    /// <param name="cotangents">One an output, of its shape and dtype.</param>
    /// <returns>One cotangent a target, of its shape and dtype; null where no output depends on it.</returns>
    /// <exception cref="GradientException">A target requires no gradient, an output has none, or a cotangent does not fit.</exception>
    public static IReadOnlyList<Node?> VjpOrNull(IReadOnlyList<Node> outputs, IReadOnlyList<Node> targets, IReadOnlyList<Node> cotangents)
    {
        Items.ThrowIfNull(outputs);
        Items.ThrowIfNull(targets);
        Items.ThrowIfNull(cotangents);
        CheckDirections("Vjp", "output", "cotangent", outputs, cotangents);

        // One that requires no gradient depends on no target; to ask it of numbers that have none is a mistake.
        RequireGrad(outputs.Where(o => !o.DType.IsFloat()), "The output");
        RequireGrad(targets, "The target");
        return [.. Recorded(() =>
        {
            Node?[] pulled = ReverseMode.Pull(outputs, cotangents, targets);

            // Where a target is reached and nothing flows to it, all slopes on the way are 0, as those of Floor.
            Node[] missing = [.. targets.Where((_, i) => pulled[i] is null)];
            HashSet<Node> reached = missing.Length == 0 ? [] : new StableGraph(outputs, missing).Reached(outputs);
            return [.. pulled.Select((p, i) => p ?? (reached.Contains(targets[i]) ? ZerosLike(targets[i]) : null))];
        })];
    }

    /// <summary>The Jacobian-vector product: the tangents of outputs, given those of inputs (forward mode).</summary>
    /// <param name="outputs">Nodes that require gradients.</param>
    /// <param name="inputs">Leaves or intermediate nodes that require gradients.</param>
    /// <param name="tangents">One an input, of its shape and dtype.</param>
    /// <returns>One tangent an output, zeros where it does not depend on the inputs.</returns>
    public static NodeList Jvp(IReadOnlyList<Node> outputs, IReadOnlyList<Node> inputs, IReadOnlyList<Node> tangents)
    {
        Items.ThrowIfNull(outputs);
        Items.ThrowIfNull(inputs);
        Items.ThrowIfNull(tangents);
        CheckDirections("Jvp", "input", "tangent", inputs, tangents);
        RequireGrad(inputs, "Jvp: the input");
        Node?[] pushed = Recorded(() => ForwardMode.Push(outputs, inputs, tangents));
        return [.. pushed.Select((p, i) => p ?? ZerosLike(outputs[i]))];
    }

    /// <summary>The product of a loss' Hessian with a vector, forward over reverse: the cost of a few gradients, and no matrix.</summary>
    /// <param name="loss">A node of one element that requires a gradient.</param>
    /// <param name="targets">Leaves or intermediate nodes that require gradients.</param>
    /// <param name="vector">One part a target, of its shape and dtype.</param>
    /// <returns>One part a target, zeros where the gradient is constant.</returns>
    public static NodeList HessianVectorProduct(Node loss, IReadOnlyList<Node> targets, IReadOnlyList<Node> vector)
    {
        Items.ThrowIfNull(targets);
        Items.ThrowIfNull(vector);
        CheckDirections("HessianVectorProduct", "target", "vector", targets, vector);
        Node?[] products = Recorded(() => [.. Jvp([.. Gradients(loss, targets, Unreached.Zeros)], targets, vector)]);
        return products!;
    }

    /// <summary>
    /// Derivatives of derivatives are taken on the way, as of what a composite is made of, so differentiation records whatever the grad mode. What users
    /// get requires a gradient only if they record.
    /// </summary>
    private static Node?[] Recorded(Func<Node?[]> differentiate)
    {
        Node?[] made = Recording(differentiate);
        return GradMode.IsEnabled ? made : [.. made.Select(n => n is not { RequiresGrad: true } ? n : n.Op.IsLeaf ? Detach(n) : n.Rebuild(n.Inputs, requiresGrad: false))];
    }

    /// <summary>Makes what can be differentiated, whatever the grad mode.</summary>
    internal static T Recording<T>(Func<T> make)
    {
        using GradMode.Scope recorded = GradMode.EnableGrad();
        return make();
    }

    private static void CheckDirections(string op, string what, string direction, IReadOnlyList<Node> nodes, IReadOnlyList<Node> directions)
    {
        if (nodes.Count != directions.Count)
        {
            throw new GradientException($"{op}: each {what} needs a {direction}, {nodes.Count} in all, not {directions.Count}.");
        }

        for (int i = 0; i < nodes.Count; i++)
        {
            if (directions[i].Type != nodes[i].Type)
            {
                throw new GradientException($"{op}: the {direction} {directions[i].Type} does not fit the {what} {nodes[i].Describe()}; shape and dtype must be equal.");
            }
        }
    }

    private static Node OneElement(Node loss) => NotNull(loss).Shape.ElementCount == 1 ? loss
        : throw new GradientException($"grad can be implicitly created only for scalar outputs: {loss.Describe()} has {InvariantText.Count(loss.Shape.ElementCount, "element")}; reduce it, for example with Sum, or give cotangents to Vjp.");

    private static void RequireGrad(IEnumerable<Node> nodes, string role)
    {
        foreach (Node node in nodes)
        {
            node.RequireSingle(role);
            if (!node.RequiresGrad)
            {
                throw new GradientException($"{role} {GradientCut.NotRequired(node)}");
            }
        }
    }
}
