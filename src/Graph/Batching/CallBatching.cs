using GraphCompiler.Operations;

namespace GraphCompiler.Batching;

/// <summary>Calls for a batch: a call of the body for a batch, whose own derivatives are those of one example for a batch.</summary>
internal static class CallBatching
{
    public static Node[] Of(CallOp call, BatchContext context)
    {
        Node node = context.Node;
        BatchWalk walk = context.Walk;
        bool[] isBatched = [.. Enumerable.Range(0, node.Inputs.Count).Select(context.IsBatched)];
        (Node[] parameters, Node[] results) = walk.On(call.Body, isBatched, context.Inputs);
        if (call.Rule is not null || call.Forward is not null)
        {
            // Rules are asked for each example, so each has results of its own.
            results = BodyTrace.Outside(() => (Node[])[.. results.Select((r, i) => walk.Batched(r, node.Results[i]))]);
        }

        var batched = call with
        {
            Body = new Function(parameters, results),
            Rule = call.Rule is null ? null : (inputs, outputs, cotangents) =>
                [.. Ask(call.Rule, inputs, outputs, cotangents, node.Results).Select((c, i) => c is null ? null : isBatched[i] ? c : Ops.Sum(c, 0))],
            Forward = call.Forward is null ? null : (inputs, outputs, tangents) =>
                Ask(call.Forward, inputs, outputs, tangents, [.. node.Inputs[..call.Arguments].Select(n => n.Results[0])]),
        };
        return context.Results(batched, context.Inputs);

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
}
