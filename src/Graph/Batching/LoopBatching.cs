using GraphCompiler.Differentiation;
using GraphCompiler.Operations;

namespace GraphCompiler.Batching;

/// <summary>
/// A loop for a batch. What is carried has the batch axis if what a step makes of it has. Where examples end at different steps, the loop runs until all have
/// ended: whether each still runs is carried, too, and one that does not keeps what it carries.
/// </summary>
internal sealed class LoopBatching
{
    private readonly LoopOp loop;
    private readonly BatchContext context;
    private readonly BatchWalk walk;

    // Which parameters of the body have the batch axis, and whether the condition has it.
    private readonly bool[] isBatched;
    private readonly bool endsApart;

    // The body on parameters of its own.
    private readonly Node[] parameters;
    private readonly Node[] results;

    private LoopBatching(LoopOp loop, BatchContext context)
    {
        this.loop = loop;
        this.context = context;
        walk = context.Walk;
        isBatched = [.. Enumerable.Range(0, context.Inputs.Count).Select(context.IsBatched)];
        (parameters, results) = Settle();
        endsApart = loop.Condition is not null && BatchWalk.IsBatched(BodyTrace.Outside(() => Ask(parameters)), loop.Condition.Results[0].Type);
        if (endsApart)
        {
            // What every step hands on as it is stays the same for all.
            for (int i = 0; i < loop.Carried; i++)
            {
                isBatched[i] |= loop.Body.Results[i] != loop.Body.Parameters[i] && !walk.IsStream(context.Inputs[i]);
            }

            (parameters, results) = Settle();
        }

        results = BodyTrace.Outside(() => (Node[])[.. results.Select((r, i) =>
            (i < loop.Carried ? isBatched[i] : endsApart && !walk.IsStream(r)) ? walk.Batched(r, loop.Body.Results[i].Type) : r)]);
    }

    private int FirstCaptured => loop.Carried + loop.Sequences;

    /// <summary>What stands for the results of a loop.</summary>
    public static Node[] Of(LoopOp loop, BatchContext context) => new LoopBatching(loop, context).Build();

    private Node[] Build()
    {
        Node[] starts = [.. Enumerable.Range(0, loop.Carried).Select(i => isBatched[i] ? context.Batched(i) : context.Inputs[i])];
        Node[] sequences = [.. Enumerable.Range(loop.Carried, loop.Sequences).Select(i => isBatched[i] ? Ops.MoveAxis(context.Inputs[i], 0, 1) : context.Inputs[i])];
        NodeList captured = context.Inputs[FirstCaptured..];
        Node[] running = endsApart ? [walk.Batched(Ask([.. starts, .. sequences, .. captured]), loop.Condition!.Results[0].Type)] : [];
        LoopOp batched = BodyTrace.Outside(() => endsApart ? WithEnds() : loop with { Body = new Function(parameters, results), Condition = Condition() });
        Node node = context.Create(batched, [.. starts, .. running, .. sequences, .. captured]);
        return
        [
            .. starts.Select((s, i) => walk.StreamLike(LoopDerivatives.Result(node, i), s)),
            .. results.Skip(loop.Carried).Select((r, i) =>
            {
                Node stacked = walk.StreamLike(LoopDerivatives.Result(node, batched.Carried + i), r);
                return BatchWalk.IsBatched(r, loop.Body.Results[loop.Carried + i].Type) ? Ops.MoveAxis(stacked, 1, 0) : stacked;
            }),
        ];
    }

    /// <summary>The body, where what is carried has the axis from the step after that on in which something has it that it is made of.</summary>
    private (Node[] Parameters, Node[] Results) Settle()
    {
        while (true)
        {
            (Node[] Parameters, Node[] Results) body = walk.On(loop.Body, isBatched, context.Inputs);
            int[] grown = [.. Enumerable.Range(0, loop.Carried).Where(i => !isBatched[i] && BatchWalk.IsBatched(body.Results[i], loop.Body.Results[i].Type))];
            if (grown.Length == 0)
            {
                return body;
            }

            foreach (int i in grown)
            {
                isBatched[i] = true;
            }
        }
    }

    /// <summary>The condition on what the body is given.</summary>
    private Node Ask(IReadOnlyList<Node> given) =>
        walk.Apply(loop.Condition!.Results, loop.Condition.Parameters, [.. given.Take(loop.Carried), .. given.Skip(FirstCaptured)])[0];

    /// <summary>The condition on parameters of its own.</summary>
    private Function? Condition()
    {
        if (loop.Condition is null)
        {
            return null;
        }

        (Node[] own, Node[] asked) = walk.On(
            loop.Condition, [.. isBatched[..loop.Carried], .. isBatched[FirstCaptured..]], [.. context.Inputs.Take(loop.Carried), .. context.Inputs.Skip(FirstCaptured)]);
        return new Function(own, asked);
    }

    private LoopOp WithEnds()
    {
        var type = new NodeType(DType.Bool, [context.Size]);
        Node runs = Ops.Placeholder(type, "runs", requiresGrad: false);
        Node[] next = [.. results.Take(loop.Carried).Select((r, i) => isBatched[i] ? BranchBatching.Choose(runs, r, parameters[i]) : r)];
        Node[] rows = [.. results.Skip(loop.Carried).Select(r => walk.IsStream(r) ? r : BranchBatching.Choose(runs, r, Ops.ZerosLike(r)))];
        Node goesOn = Ops.LogicalAnd(runs, walk.Batched(Ask([.. next, .. parameters[loop.Carried..]]), loop.Condition!.Results[0].Type));
        Node[] asked = LoopDerivatives.Placeholders([.. parameters[..loop.Carried], runs, .. parameters[FirstCaptured..]]);
        return loop with
        {
            Body = new Function([.. parameters[..loop.Carried], runs, .. parameters[loop.Carried..]], [.. next, goesOn, .. rows]),
            Condition = new Function(asked, [Ops.Any(asked[loop.Carried])]),
            Carried = loop.Carried + 1,
        };
    }
}
