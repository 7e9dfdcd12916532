using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>
    /// A function of your own, written in C#, that runs within the graph: it reads the elements of its inputs and writes those of its results. It runs on the
    /// thread that calls the graph, once a call, within loops too; interpreted, as in verified runs and gradient checks, as often as that asks for its values. A gradient check gives it doubles in the place of floats: ask
    /// <see cref="HostCall.InType"/>, or check a graph of doubles. What
    /// it throws ends the call with an <see cref="ExecutionException"/> whose cause it is, and nothing has changed then; an <see cref="OperationCanceledException"/> comes out as it is.
    /// </summary>
    /// <param name="name">The name, for messages and dumps.</param>
    /// <param name="inputs">What it reads.</param>
    /// <param name="results">The dtypes and shapes of what it gives, at least one; sizes may be symbols of the inputs.</param>
    /// <param name="body">
    /// What it does. Unless it <paramref name="hasEffects"/>, it must give the same results for the same inputs: nodes that are equal are computed once, and those whose
    /// results nobody needs are not computed.
    /// </param>
    /// <param name="pullback">
    /// Given the inputs, the results and the cotangents of the results, null where nothing depends on one: the cotangents of the inputs, null for none. Without it, a
    /// gradient that is to flow through the function is an error. It is called once when the function is used, to see that it fits, and for each differentiation.
    /// </param>
    /// <param name="hasEffects">
    /// Whether what it does is seen outside of the graph. Then each use of it runs for itself, exactly once in a call that needs its results, after those that were
    /// written before it; verified runs do not hold it against a second run.
    /// </param>
    /// <returns>The results.</returns>
    /// <exception cref="GraphException">There is no result; or it is used in a body, and the pullback uses what is not among the inputs.</exception>
    /// <exception cref="GradientException">The pullback does not return one cotangent for each input, of its shape and dtype.</exception>
    public static NodeList HostFunction(
        string name,
        IReadOnlyList<Node> inputs,
        IReadOnlyList<NodeType> results,
        HostBody body,
        Func<NodeList, NodeList, IReadOnlyList<Node?>, IReadOnlyList<Node?>>? pullback = null,
        bool hasEffects = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Items.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(results);
        ArgumentNullException.ThrowIfNull(body);
        if (results.Count == 0)
        {
            throw new GraphException($"HostFunction '{name}': it must give at least one result, or no call would need it; an effect may give its input.");
        }

        Node node = Create(new HostFunctionOp(name, [.. inputs.Select(i => i.Type)], [.. results], body, pullback, hasEffects ? new HostEffect() : null), [.. inputs]);
        if (pullback is not null && node.RequiresGrad)
        {
            if (UserDerivatives.Try(node) is [var used, ..])
            {
                throw new GraphException($"The pullback of {node.Describe()} uses {used.Describe()}, which is from outside of the body of {BodyTrace.Current!.Function} and not among the inputs; add it to the inputs.");
            }
        }

        return Outputs(node);
    }

    /// <summary>
    /// A function of your own with one result that runs within the graph; see the other overload. A gradient check gives it doubles in the place of floats: ask
    /// <see cref="HostCall.InType"/>, or check a graph of doubles.
    /// </summary>
    /// <param name="name">The name, for messages and dumps.</param>
    /// <param name="inputs">What it reads.</param>
    /// <param name="result">The dtype and shape of what it gives.</param>
    /// <param name="body">What it does.</param>
    /// <param name="pullback">Given the inputs, the result and its cotangent: the cotangents of the inputs, null for none.</param>
    /// <param name="hasEffects">Whether what it does is seen outside of the graph.</param>
    /// <returns>The result.</returns>
    /// <exception cref="GradientException">The pullback does not return one cotangent for each input, of its shape and dtype.</exception>
    public static Node HostFunction(
        string name, IReadOnlyList<Node> inputs, NodeType result, HostBody body, Func<NodeList, Node, Node, IReadOnlyList<Node?>>? pullback = null, bool hasEffects = false) =>
        HostFunction(name, inputs, [result], body, pullback is null ? null : (x, results, cotangents) => pullback(x, results[0], cotangents[0]!), hasEffects)[0];
}
