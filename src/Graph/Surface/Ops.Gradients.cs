using System.Runtime.CompilerServices;
using GraphCompiler.Differentiation;

namespace GraphCompiler;

/// <summary>What to give for a target that the loss does not depend on.</summary>
public enum Unreached
{
    /// <summary>An exception.</summary>
    Error,

    /// <summary>Null in the target's place.</summary>
    Null,

    /// <summary>Zeros of the target's shape.</summary>
    Zeros,
}

public static partial class Ops
{
    /// <summary>
    /// The gradients of a loss, as nodes like any others: they can be compiled, and differentiated again. Nothing is accumulated.
    /// </summary>
    /// <param name="loss">A node of one element that requires a gradient.</param>
    /// <param name="targets">Leaves or intermediate nodes that require gradients.</param>
    /// <returns>One gradient a target, of its shape and dtype.</returns>
    /// <exception cref="GradientException">The loss or a target requires no gradient, the loss has several elements, or does not reach a target.</exception>
    public static GradientList Gradients(Node loss, params ReadOnlySpan<Node> targets) => Gradients(loss, targets.ToArray(), Unreached.Error);

    /// <summary>The gradients of a loss, as nodes like any others.</summary>
    /// <param name="loss">A node of one element that requires a gradient.</param>
    /// <param name="targets">Leaves or intermediate nodes that require gradients.</param>
    /// <param name="unreached">What to give for a target that the loss does not depend on.</param>
    /// <returns>One gradient a target, of its shape and dtype; null where asked for.</returns>
    /// <exception cref="GradientException">The loss or a target requires no gradient, the loss has several elements, or does not reach a target.</exception>
    [OverloadResolutionPriority(-1)] // An array could be either.
    public static GradientList Gradients(Node loss, IReadOnlyList<Node> targets, Unreached unreached = Unreached.Error)
    {
        if (NotNull(loss).Shape.ElementCount != 1)
        {
            throw new GradientException($"grad can be implicitly created only for scalar outputs: {loss.Describe()} has {loss.Shape.ElementCount} elements; reduce it, for example with Sum, or give cotangents to Vjp.");
        }

        return Vjp([loss], targets, [OnesLike(loss)], unreached);
    }

    /// <summary>The vector-Jacobian product: the cotangents of targets, given those of outputs (reverse mode).</summary>
    /// <param name="outputs">Nodes that require gradients.</param>
    /// <param name="targets">Leaves or intermediate nodes that require gradients.</param>
    /// <param name="cotangents">One an output, of its shape and dtype.</param>
    /// <param name="unreached">What to give for a target that no output depends on.</param>
    /// <returns>One cotangent a target, of its shape and dtype; null where asked for.</returns>
    public static GradientList Vjp(IReadOnlyList<Node> outputs, IReadOnlyList<Node> targets, IReadOnlyList<Node> cotangents, Unreached unreached = Unreached.Error)
    {
        ArgumentNullException.ThrowIfNull(outputs);
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentNullException.ThrowIfNull(cotangents);
        CheckDirections("Vjp", "output", "cotangent", outputs, cotangents);
        RequireGrad(outputs, "The output");
        RequireGrad(targets, "The target");
        Node?[] pulled = ReverseMode.Pull(outputs, cotangents, targets);
        return new GradientList([.. pulled.Select((p, i) => p ?? Missing(outputs, targets[i], unreached))]);
    }

    /// <summary>The Jacobian-vector product: the tangents of outputs, given those of inputs (forward mode).</summary>
    /// <param name="outputs">Nodes that require gradients.</param>
    /// <param name="inputs">Leaves or intermediate nodes that require gradients.</param>
    /// <param name="tangents">One an input, of its shape and dtype.</param>
    /// <returns>One tangent an output, zeros where it does not depend on the inputs.</returns>
    public static GradientList Jvp(IReadOnlyList<Node> outputs, IReadOnlyList<Node> inputs, IReadOnlyList<Node> tangents)
    {
        ArgumentNullException.ThrowIfNull(outputs);
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(tangents);
        CheckDirections("Jvp", "input", "tangent", inputs, tangents);
        RequireGrad(inputs, "The input");
        Node?[] pushed = ForwardMode.Push(outputs, inputs, tangents);
        return new GradientList([.. pushed.Select((p, i) => p ?? ZerosLike(outputs[i]))]);
    }

    /// <summary>The product of a loss' Hessian with a vector, forward over reverse: the cost of a few gradients, and no matrix.</summary>
    /// <param name="loss">A node of one element that requires a gradient.</param>
    /// <param name="targets">Leaves or intermediate nodes that require gradients.</param>
    /// <param name="vector">One part a target, of its shape and dtype.</param>
    /// <returns>One part a target, zeros where the gradient is constant.</returns>
    public static GradientList HessianVectorProduct(Node loss, IReadOnlyList<Node> targets, IReadOnlyList<Node> vector)
    {
        GradientList gradients;
        using (GradMode.EnableGrad())
        {
            gradients = Gradients(loss, targets, Unreached.Zeros);
        }

        return Jvp([.. gradients], targets, vector);
    }

    private static void CheckDirections(string op, string what, string direction, IReadOnlyList<Node> nodes, IReadOnlyList<Node> directions)
    {
        if (nodes.Count != directions.Count)
        {
            throw new GradientException($"{op}: {nodes.Count} {what}s need as many {direction}s, not {directions.Count}.");
        }

        for (int i = 0; i < nodes.Count; i++)
        {
            if (NotNull(directions[i]).Results[0] != NotNull(nodes[i]).Results[0])
            {
                throw new GradientException($"{op}: the {direction} {directions[i].Results[0]} does not fit the {what} {nodes[i].Describe()}; shape and dtype must be equal.");
            }
        }
    }

    private static void RequireGrad(IReadOnlyList<Node> nodes, string role)
    {
        foreach (Node node in nodes)
        {
            if (!NotNull(node).RequiresGrad)
            {
                throw new GradientException($"{role} {node.Describe()} does not require a gradient: make an input with requiresGrad: true, and look for Detach or NoGrad on the way.");
            }
        }
    }

    private static Node Missing(IReadOnlyList<Node> outputs, Node target, Unreached unreached) => unreached switch
    {
        Unreached.Null => null!,
        Unreached.Zeros => ZerosLike(target),
        _ => throw new GradientException($"{outputs[0].Describe()} does not depend on the target {target.Describe()}; ask for Unreached.Zeros or Unreached.Null if that is meant."),
    };
}

/// <summary>Gradients in the order of their targets; takes apart as <c>var (dw, db) = Gradients(loss, w, b)</c>.</summary>
public sealed class GradientList : IReadOnlyList<Node>
{
    private readonly Node[] gradients;

    internal GradientList(Node[] gradients) => this.gradients = gradients;

    /// <inheritdoc/>
    public int Count => gradients.Length;

    /// <summary>The gradient of a target; null where <see cref="Unreached.Null"/> was asked for and the loss does not depend on it.</summary>
    /// <param name="index">The target's position.</param>
    public Node this[int index] => gradients[index];

    /// <inheritdoc/>
    public IEnumerator<Node> GetEnumerator() => ((IEnumerable<Node>)gradients).GetEnumerator();

    System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The gradients of two targets.</summary>
    public void Deconstruct(out Node first, out Node second)
    {
        Check(2);
        (first, second) = (gradients[0], gradients[1]);
    }

    /// <summary>The gradients of three targets.</summary>
    public void Deconstruct(out Node first, out Node second, out Node third)
    {
        Check(3);
        (first, second, third) = (gradients[0], gradients[1], gradients[2]);
    }

    /// <summary>The gradients of four targets.</summary>
    public void Deconstruct(out Node first, out Node second, out Node third, out Node fourth)
    {
        Check(4);
        (first, second, third, fourth) = (gradients[0], gradients[1], gradients[2], gradients[3]);
    }

    /// <summary>The gradients of five targets.</summary>
    public void Deconstruct(out Node first, out Node second, out Node third, out Node fourth, out Node fifth)
    {
        Check(5);
        (first, second, third, fourth, fifth) = (gradients[0], gradients[1], gradients[2], gradients[3], gradients[4]);
    }

    /// <summary>The gradients of six targets.</summary>
    public void Deconstruct(out Node first, out Node second, out Node third, out Node fourth, out Node fifth, out Node sixth)
    {
        Check(6);
        (first, second, third, fourth, fifth, sixth) = (gradients[0], gradients[1], gradients[2], gradients[3], gradients[4], gradients[5]);
    }

    private void Check(int count)
    {
        if (count != gradients.Length)
        {
            throw new GradientException($"{gradients.Length} gradients cannot be taken apart into {count}.");
        }
    }
}
