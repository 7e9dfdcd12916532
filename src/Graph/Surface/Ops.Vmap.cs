using System.Runtime.CompilerServices;
using GraphCompiler.Batching;
using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>Functions of one example on many. What it means is in docs/semantics.md.</summary>
public static partial class Ops
{
    /// <summary>
    /// A function of one example as one of many at once, without a loop: <c>Vmap(x => Dot(x, w))(xs)</c>, <c>Vmap(Vmap(Dot))(a, b)</c>. It is called when what is given back is, once, on a
    /// placeholder of one example's shape; each of its operations becomes the same operation for all. It may use nodes from outside, which all examples share, and gradients: those of
    /// <c>Vmap(x => Gradients(Loss(w, x), w)[0])(xs)</c> are of each example. Gradients flow through it to any order.
    /// </summary>
    /// <param name="function">Given one example: a result.</param>
    /// <param name="inAxis">The axis of the examples; a negative one counts from the end.</param>
    /// <param name="outAxis">The axis of the result along which there is one for each example.</param>
    /// <param name="randomness">What random functions draw in the function.</param>
    /// <returns>
    /// The function of many examples. It throws a <see cref="ShapeException"/> where there is no such axis, and a <see cref="GraphException"/> where the function gives null, or a node of
    /// another body, or calls a host function with effects.
    /// </returns>
    public static Func<Node, Node> Vmap(Func<Node, Node> function, int inAxis = 0, int outAxis = 0, VmapRandomness randomness = VmapRandomness.Different)
    {
        ArgumentNullException.ThrowIfNull(function);
        Func<NodeList, NodeList> mapped = Vmap((NodeList x) => [Function.Given("Vmap", function(x[0]))], [inAxis], [outAxis], randomness);
        return x => mapped([NotNull(x)])[0];
    }

    /// <summary>A function of two nodes of one example as one of many at once; see the overload for one.</summary>
    /// <param name="function">Given both of one example: a result.</param>
    /// <param name="inAxes">The axis of each along which there is one for each example; null for what all examples share. By default the first of both.</param>
    /// <param name="outAxis">The axis of the result along which there is one for each example.</param>
    /// <param name="randomness">What random functions draw in the function.</param>
    /// <returns>The function of many examples. It throws what that of one does, and a <see cref="ShapeException"/> where the numbers of examples differ.</returns>
    public static Func<Node, Node, Node> Vmap(
        Func<Node, Node, Node> function, (int? First, int? Second)? inAxes = null, int outAxis = 0, VmapRandomness randomness = VmapRandomness.Different)
    {
        ArgumentNullException.ThrowIfNull(function);
        Func<NodeList, NodeList> mapped = Vmap((NodeList x) => [Function.Given("Vmap", function(x[0], x[1]))], inAxes is var (first, second) ? [first, second] : null, [outAxis], randomness);
        return (a, b) => mapped([NotNull(a), NotNull(b)])[0];
    }

    /// <summary>A function of any number of nodes of one example, with any number of results, as one of many at once; see the overload for one.</summary>
    /// <param name="function">Given what belongs to one example: results.</param>
    /// <param name="inAxes">The axis of each input along which there is one for each example; null for what all examples share. By default the first of each.</param>
    /// <param name="outAxes">For each result the axis along which there is one for each example. By default the first of each.</param>
    /// <param name="randomness">What random functions draw in the function.</param>
    /// <returns>
    /// The function of many examples; a result that no example moves is the same for all. It throws a <see cref="ShapeException"/> where there is no such axis or the numbers of examples
    /// differ, and a <see cref="GraphException"/> where the function gives no result, a null, or a node of another body, or calls a host function with effects, where the numbers of axes are
    /// not those of inputs and results, and where no input has one.
    /// </returns>
    [OverloadResolutionPriority(-1)] // x => x could be of either.
    public static Func<NodeList, NodeList> Vmap(
        Func<NodeList, NodeList> function, IReadOnlyList<int?>? inAxes = null, IReadOnlyList<int>? outAxes = null, VmapRandomness randomness = VmapRandomness.Different)
    {
        ArgumentNullException.ThrowIfNull(function);
        Known("Vmap", randomness);
        return inputs =>
        {
            ArgumentNullException.ThrowIfNull(inputs);
            return Mapped(inputs, function, InAxes(inputs, inAxes), outAxes, randomness);
        };
    }

    /// <summary>A function of one example with several results as one of many at once, such as <c>Vmap(x => Gradients(Loss(w, v, x), w, v))(xs)</c>; see the overload for one.</summary>
    /// <param name="function">Given one example: results.</param>
    /// <param name="inAxis">The axis of the examples; a negative one counts from the end.</param>
    /// <param name="outAxes">For each result the axis along which there is one for each example. By default the first of each.</param>
    /// <param name="randomness">What random functions draw in the function.</param>
    /// <returns>The function of many examples. It throws what that of any number of nodes does.</returns>
    [OverloadResolutionPriority(-2)] // x => [x[0]] could be of a list.
    public static Func<Node, NodeList> Vmap(
        Func<Node, NodeList> function, int inAxis = 0, IReadOnlyList<int>? outAxes = null, VmapRandomness randomness = VmapRandomness.Different)
    {
        ArgumentNullException.ThrowIfNull(function);
        Func<NodeList, NodeList> mapped = Vmap((NodeList x) => function(x[0]), [inAxis], outAxes, randomness);
        return x => mapped([NotNull(x)]);
    }

    private static NodeList Mapped(NodeList inputs, Func<NodeList, NodeList> function, int?[] axes, IReadOnlyList<int>? outAxes, VmapRandomness randomness)
    {
        Dim size = ExamplesOf(inputs, axes);
        var closure = Closure.Of("Vmap", inputs.Select((n, i) => (axes[i] is { } axis ? new NodeType(n.DType, n.Shape.Without([axis])) : n.Type, $"example{i}")), function);
        NodeList results = closure.Body.Results;
        if (GraphWalk.WithBodies(results).FirstOrDefault(n => n.Op is HostFunctionOp { HasEffects: true }) is { } effect)
        {
            throw new GraphException($"Vmap: the function calls {effect.Describe()}, which has effects, and how often it would run is not defined; call it outside, or make it pure.");
        }

        if (outAxes is not null && outAxes.Count != results.Count)
        {
            throw new GraphException($"Vmap: {InvariantText.Count(outAxes.Count, "out axis")} for {InvariantText.Count(results.Count, "result")}; give one for each.");
        }

        var walk = new BatchWalk(size, randomness);
        return [.. Recorded(() =>
        {
            Node[] given = [.. inputs.Select((n, i) => axes[i] is { } axis ? MoveAxis(n, axis, 0) : n), .. closure.Captured];
            Node[] made = walk.Apply(results, closure.Body.Parameters, given);
            return [.. made.Select((m, i) => MoveAxis(walk.Batched(m, results[i].Type), 0, OutAxis(results[i], outAxes?[i] ?? 0)))];
        }).OfType<Node>()];
    }

    /// <summary>The axes of the examples, counted from the front.</summary>
    private static int?[] InAxes(NodeList inputs, IReadOnlyList<int?>? axes)
    {
        if (axes is not null && axes.Count != inputs.Count)
        {
            throw new GraphException($"Vmap: {InvariantText.Count(axes.Count, "axis")} in inAxes for {InvariantText.Count(inputs.Count, "input")}; give one for each, null for what all examples share.");
        }

        int?[] normal = [.. inputs.Select((n, i) => (axes is null ? 0 : axes[i]) is { } axis ? AxisOfExamples(axis, n) : (int?)null)];
        return Array.TrueForAll(normal, a => a is null)
            ? throw new GraphException("Vmap: no input has an axis of examples, so that nobody knows how many there are; give at least one in axis, or call the function itself.")
            : normal;
    }

    private static int AxisOfExamples(int axis, Node x) => x.Rank == 0
        ? throw new ShapeException($"Vmap: a scalar has no axis of examples; what all share has null among the axes, or is used in the function as it is. Input: {x.Describe()}.")
        : Axis.Normalize(axis, x.Rank, "Vmap", x);

    /// <summary>How many examples there are.</summary>
    private static Dim ExamplesOf(NodeList inputs, int?[] axes)
    {
        int first = Array.FindIndex(axes, a => a is not null);
        Dim size = inputs[first].Shape[axes[first]!.Value];
        for (int i = first + 1; i < axes.Length; i++)
        {
            if (axes[i] is { } axis && inputs[i].Shape[axis] != size)
            {
                throw new ShapeException(
                    $"Vmap: axis {axes[first]} of input {first}, {inputs[first].Describe()}, has {InvariantText.Count(size, "example")}, and axis {axis} of input {i}, {inputs[i].Describe()}, has {inputs[i].Shape[axis]}; both need as many.{Broadcasting.Declare([size], [inputs[i].Shape[axis]])}");
            }
        }

        return size;
    }

    private static int OutAxis(Node example, int axis)
    {
        int rank = example.Rank + 1;
        int normal = axis < 0 ? axis + rank : axis;
        return normal >= 0 && normal < rank
            ? normal
            : throw new ShapeException($"Vmap: the out axis {axis} is outside the rank {rank} of a result with an axis of examples; use {-rank} to {rank - 1}. One example gives {example.Describe()}.");
    }
}
