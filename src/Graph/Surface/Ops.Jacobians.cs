using GraphCompiler.Differentiation;

namespace GraphCompiler;

/// <summary>How a Jacobian is computed: both ways give the same.</summary>
public enum JacobianMode
{
    /// <summary>The one of fewer directions: forward if the target has no more elements than the output; forward where symbols leave that open.</summary>
    ByShape,

    /// <summary>A column for each element of the target.</summary>
    Forward,

    /// <summary>A row for each element of the output.</summary>
    Reverse,
}

public static partial class Ops
{
    /// <summary>The derivatives of all elements of a node in all elements of another, whole: for all directions at once, by <c>Vmap</c>.</summary>
    /// <param name="output">A node of floats.</param>
    /// <param name="target">A leaf or an intermediate node that requires a gradient.</param>
    /// <param name="mode">How it is computed.</param>
    /// <returns>The derivative of output[i…] in target[j…] at [i…, j…]: the output's axes, then the target's. It can be differentiated again.</returns>
    /// <exception cref="GradientException">The target requires no gradient, or the output none or does not depend on it.</exception>
    public static Node Jacobian(Node output, Node target, JacobianMode mode = JacobianMode.ByShape)
    {
        Known("Jacobian", mode);
        RequireGrad([NotNull(output)], "Jacobian: the output");
        RequireGrad([NotNull(target)], "Jacobian: the target");
        if (!new StableGraph([output], [target]).IsOnPath(output))
        {
            throw new GradientException(GradientCut.NotReached([output], target, $"the target {target.Describe()}", "its Jacobian is 0"));
        }

        bool isForward = mode == JacobianMode.Forward || (mode == JacobianMode.ByShape && Dim.AtLeast(target.Shape.ElementCount, output.Shape.ElementCount + 1) != true);
        return Recorded(() => [isForward ? ByColumns(output, target) : ByRows(output, target)])[0]!;
    }

    /// <summary>The second derivatives of a loss, whole, forward over reverse; <see cref="HessianVectorProduct"/> where a matrix would be too large.</summary>
    /// <param name="loss">A node of one element that requires a gradient.</param>
    /// <param name="target">A leaf or an intermediate node that requires a gradient.</param>
    /// <returns>The second derivative in target[i…] and target[j…] at [i…, j…]: the target's axes twice; zeros where the gradient is constant.</returns>
    /// <exception cref="GradientException">The loss or the target requires no gradient, the loss has several elements, or does not depend on the target.</exception>
    public static Node Hessian(Node loss, Node target) => Recorded(() => [ByColumns(Gradients(loss, target)[0], target)])[0]!;

    /// <summary>The diagonal of a loss' Hessian: the second derivative in each element by itself. It takes the work of the whole Hessian, and not its memory.</summary>
    /// <param name="loss">A node of one element that requires a gradient.</param>
    /// <param name="target">A leaf or an intermediate node that requires a gradient.</param>
    /// <returns>The second derivatives, of the target's shape; zeros where the gradient is constant.</returns>
    /// <exception cref="GradientException">The loss or the target requires no gradient, the loss has several elements, or does not depend on the target.</exception>
    public static Node HessianDiagonal(Node loss, Node target) => Recorded(() =>
    {
        Node gradient = Gradients(loss, target)[0];
        return [Reshape(Vmap(unit => Sum(unit * Jvp([gradient], [target], [unit])[0]))(Directions(target)), target.Shape)];
    })[0]!;

    private static Node ByColumns(Node output, Node target) =>
        Reshape(Vmap(unit => Jvp([output], [target], [unit])[0], outAxis: -1)(Directions(target)), Shape.Of([.. output.Shape, .. target.Shape]));

    private static Node ByRows(Node output, Node target) =>
        Reshape(Vmap(unit => Vjp([output], [target], [unit])[0])(Directions(output)), Shape.Of([.. output.Shape, .. target.Shape]));

    /// <summary>A direction for each element of a node: a tensor that is 1 there.</summary>
    private static Node Directions(Node node)
    {
        Dim count = node.Shape.ElementCount;
        return Reshape(Eye(count, dtype: node.DType), Shape.Of([count, .. node.Shape]));
    }
}
