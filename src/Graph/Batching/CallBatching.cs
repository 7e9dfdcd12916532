using GraphCompiler.Operations;

namespace GraphCompiler.Batching;

/// <summary>
/// Calls for a batch: a call of the body for a batch, or of what the user gives for it, whose own derivatives are those of one example for a batch.
/// </summary>
internal static class CallBatching
{
    public static Node[] Of(CallOp call, BatchContext context)
    {
        Node node = context.Node;
        BatchWalk walk = context.Walk;
        bool[] isBatched = [.. Enumerable.Range(0, node.Inputs.Count).Select(context.IsBatched)];
        (Function Body, NodeList Inputs)? given = OfUser(call, context, isBatched);
        (Function body, NodeList inputs) = given ?? (OfBody(call, context, isBatched), context.Inputs);
        if (given is not null && body.Results.All(r => (r.Op is OutputOp ? r.Inputs[0] : r).Op is CallOp { Rule: not null }))
        {
            // It has derivatives of its own.
            return body.Apply(inputs);
        }

        var batched = call with
        {
            Body = body,
            Rule = call.Rule is null ? null : (inputs, outputs, cotangents) =>
                [.. Ask(call.Rule, inputs, outputs, cotangents, node.Results).Select((c, i) => c is null ? null : isBatched[i] ? c : Ops.Sum(c, 0))],
            Forward = call.Forward is null ? null : (inputs, outputs, tangents) =>
                Ask(call.Forward, inputs, outputs, tangents, [.. node.Inputs[..call.Arguments].Select(n => n.Results[0])]),
            Batched = given is null ? null : Nested(call, node, isBatched, walk.Size),
        };
        if (given is not null)
        {
            batched.CheckFlow(inputs);
        }

        return context.Results(batched, inputs);

        // A direction of what all examples share is shared, too.
        Node?[] Ask(
            Func<NodeList, NodeList, IReadOnlyList<Node?>, IReadOnlyList<Node?>> rule, NodeList inputs, NodeList outputs, IReadOnlyList<Node?> directions, IReadOnlyList<NodeType> types)
        {
            int listed = inputs.Count + outputs.Count;
            IEnumerable<NodeType> given = [.. inputs.Select((_, i) => node.Inputs[i].Results[0]), .. node.Results, .. types.Where((_, i) => directions[i] is not null)];
            bool[] isThere = [];
            var traced = Closure.Of(call.CallName, given.Select((t, i) => (t, $"value{i}")), p =>
            {
                var rest = new Queue<Node>(p[listed..]);
                IReadOnlyList<Node?> answers = rule(p[..inputs.Count], p[inputs.Count..listed], [.. directions.Select(d => d is null ? null : rest.Dequeue())]);
                isThere = [.. answers.Select(a => a is not null)];

                // A function gives something.
                return [p[0], .. answers.OfType<Node>()];
            });
            Node[] applied = walk.Apply(traced.Body.Results, traced.Body.Parameters, [.. inputs, .. outputs, .. directions.OfType<Node>(), .. traced.Captured]);
            var made = new Queue<Node>(applied.Skip(1).Select((a, i) => walk.Batched(a, traced.Body.Results[i + 1].Type)));
            return [.. isThere.Select(there => there ? made.Dequeue() : null)];
        }
    }

    /// <summary>Asks the function for two examples, so that a mistake in it is known where it is given.</summary>
    public static Node[] Try(CallOp call, Node node)
    {
        Node[] inputs = [.. node.Inputs[..call.Arguments].Select((n, i) => Ops.Placeholder(OfMany(n.Results[0], 2), $"examples{i}", n.RequiresGrad, BodyTrace.Current))];
        return Asked(call, node, inputs, [.. inputs.Select(_ => true)], 2);
    }

    private static Function OfBody(CallOp call, BatchContext context, bool[] isBatched)
    {
        (Node[] parameters, Node[] results) = context.Walk.On(call.Body, isBatched, context.Inputs);
        if (call.Rule is not null || call.Forward is not null)
        {
            // Rules are asked for each example, so each has results of its own.
            results = BodyTrace.Outside(() => (Node[])[.. results.Select((r, i) => context.Walk.Batched(r, context.Node.Results[i]))]);
        }

        return new Function(parameters, results);
    }

    /// <summary>The user's function, and what it is applied to; null where there is none, or where it would not be told of what examples do not share.</summary>
    private static (Function Body, NodeList Inputs)? OfUser(CallOp call, BatchContext context, bool[] isBatched)
    {
        int listed = call.Arguments;
        if (call.Batched is null || !isBatched.AsSpan(0, listed).Contains(true) || isBatched.AsSpan(listed).Contains(true) || context.Inputs.Any(context.Walk.IsDrawnApart))
        {
            return null;
        }

        var body = Function.Trace(
            call.CallName,
            [.. context.Inputs[..listed].Select((n, i) => (n.Results[0], call.Body.Parameters[i].Name!, n.RequiresGrad))],
            x => Asked(call, context.Node, x, isBatched[..listed], context.Size),
            out Node[] captured);

        // What it uses stands behind the inputs of one example.
        Node[] used = [.. call.Used ?? []];
        NodeList places = context.Inputs[^used.Length..];
        IEnumerable<Node> placed = captured.Select(c => Array.FindIndex(used, u => u == c || (u.Op is OutputOp && u.Op == c.Op && u.Inputs.Equals(c.Inputs))) is >= 0 and var place ? places[place] : c);
        return call.Used is null
            ? (body, [.. context.Inputs[..listed], .. placed])
            : ((call with { Body = body }).Using(call.Used).Body, [.. context.Inputs[..listed], .. placed, .. places]);
    }

    /// <summary>The function for the examples of a batch of batches, which are those of one batch.</summary>
    private static Func<NodeList, IReadOnlyList<bool>, IReadOnlyList<Node>> Nested(CallOp call, Node node, bool[] isInner, Dim inner) => (inputs, isOuter) =>
    {
        Dim outer = inputs.Where((_, i) => isOuter[i]).First().Shape[0];
        Node[] results = Asked(call, node, [.. inputs.Select(AllExamples)], [.. isOuter.Select((o, i) => o || isInner[i])], outer * inner);
        return [.. results.Select((r, i) => Ops.Reshape(r, Shape.Of([outer, inner, .. node.Results[i].Shape])))];

        Node AllExamples(Node input, int i)
        {
            NodeType example = node.Inputs[i].Results[0];
            Node apart = isOuter[i] && !isInner[i] ? Ops.Unsqueeze(input, 1) : input;
            return isOuter[i] || isInner[i] ? Ops.Reshape(Ops.BroadcastTo(apart, Shape.Of([outer, inner, .. example.Shape])), OfMany(example, outer * inner).Shape) : input;
        }
    };

    private static NodeType OfMany(NodeType example, Dim size) => example with { Shape = Shape.Of([size, .. example.Shape]) };

    /// <summary>What the function gives.</summary>
    /// <exception cref="GraphException">It does not give each result, of its dtype, with the axis of the examples in front.</exception>
    private static Node[] Asked(CallOp call, Node node, NodeList inputs, bool[] isBatched, Dim size)
    {
        IReadOnlyList<Node>? given = call.Batched!(inputs, isBatched);
        if (given is null || given.Contains(null!))
        {
            throw new GraphException($"The batch function of {node.Describe()} returned null; return each result for all examples.");
        }

        if (given.Count != node.Results.Count)
        {
            throw new GraphException($"The batch function of {node.Describe()} returned {InvariantText.Count(given.Count, "node")} for {InvariantText.Count(node.Results.Count, "result")}; return one for each.");
        }

        for (int i = 0; i < given.Count; i++)
        {
            if (given[i].Results[0] is var type && OfMany(node.Results[i], size) is var expected && type != expected)
            {
                string message = $"The batch function of {node.Describe()} returned {type} for result {i}, which is {node.Results[i]} for each of {size} examples; return {expected}.";
                throw type.DType != expected.DType ? new DTypeException(message) : new ShapeException(message);
            }
        }

        return [.. given];
    }
}
