using GraphCompiler.Operations;

namespace GraphCompiler.Differentiation;

/// <summary>How the results of closed functions move with their parameters, at any point.</summary>
internal static class FunctionDerivatives
{
    /// <summary>Builds a function whose results can be differentiated, whatever the grad mode where it is built.</summary>
    public static Closure Close(string name, IEnumerable<(NodeType Type, string Name)> parameters, Func<NodeList, IReadOnlyList<Node>> body) =>
        Ops.Recording(() => Closure.Of(name, parameters, body));

    /// <summary>Builds one that uses nothing but its parameters and constants, which it keeps.</summary>
    public static Function Trace(string name, IEnumerable<(NodeType Type, string Name)> parameters, Func<NodeList, IReadOnlyList<Node>> body)
    {
        Closure closure = Close(name, parameters, body);
        Dictionary<Node, Node> constants = closure.Captured.ToDictionary(closure.ParameterOf);
        return BodyTrace.Outside(() => new Function(closure.Listed, GraphWalk.Substitute(closure.Body.Results, constants)));
    }

    /// <summary>The tangents of the results, given those of what the function is applied to, null for none.</summary>
    public static Node?[] Push(this Function function, IReadOnlyList<Node> at, IReadOnlyList<Node?> tangents) => Apart(function, (primal, results) =>
    {
        Node?[] directions = [.. tangents.Select((t, i) => t is null ? null : LoopDerivatives.Placeholder(primal[i], "tangent"))];
        return (ForwardMode.PushWithin(results, primal, directions), directions);
    }, at, tangents);

    /// <summary>The cotangents of what the function is applied to, given those of its results, null for none.</summary>
    public static Node?[] Pull(this Function function, IReadOnlyList<Node> at, IReadOnlyList<Node?> cotangents) => Apart(function, (primal, results) =>
    {
        Node?[] directions = [.. cotangents.Select((t, i) => t is null ? null : LoopDerivatives.Placeholder(results[i], "cotangent"))];
        return (ReverseMode.PullWithin(results, directions, primal), directions);
    }, at, cotangents);

    /// <summary>The derivative of a vector [.., M] in the first of what the function is applied to, a vector [.., N] each of which its own moves with: [.., M, N].</summary>
    public static Node Jacobian(this Function function, IReadOnlyList<Node> at)
    {
        Node x = at[0];
        (_, NodeList columns) = Ops.Scan([], [Ops.Eye(x.Shape[^1], dtype: x.DType)], (_, unit) =>
        {
            Node? column = function.Push(at, [Ops.BroadcastTo(unit[0], x.Shape), .. new Node?[at.Count - 1]])[0];
            return ([], [column ?? Ops.ZerosLike(function.Results[0])]);
        });
        return Ops.MoveAxis(columns[0], 0, -1);
    }

    /// <summary>Differentiates a function on placeholders, which count as independent of each other, and puts what it is applied to in their place.</summary>
    private static Node?[] Apart(
        Function function, Func<Node[], Node[], (Node?[] Moved, Node?[] Directions)> differentiate, IReadOnlyList<Node> at, IReadOnlyList<Node?> given)
    {
        Dictionary<Node, Node> map = [];
        Node?[] moved = BodyTrace.Outside(() => Ops.Recording(() =>
        {
            Node[] primal = LoopDerivatives.Placeholders(function.Parameters);
            (Node?[] found, Node?[] directions) = differentiate(primal, function.Apply(primal));
            for (int i = 0; i < primal.Length; i++)
            {
                map[primal[i]] = at[i];
            }

            for (int i = 0; i < directions.Length; i++)
            {
                if (directions[i] is { } direction)
                {
                    map[direction] = given[i]!;
                }
            }

            return found;
        }));
        var made = new Queue<Node>(GraphWalk.Substitute([.. moved.OfType<Node>()], map));
        return [.. moved.Select(m => m is null ? null : made.Dequeue())];
    }
}
