using GraphCompiler.Differentiation;

namespace GraphCompiler.Operations;

/// <summary>A function that was built, and the nodes that its further parameters stand for.</summary>
/// <param name="Body">The function: what it is applied to, then what it captured.</param>
/// <param name="Captured">What it captured.</param>
internal sealed record Closure(Function Body, Node[] Captured)
{
    /// <summary>Builds a function. Its floats require gradients, so that the body may ask for some, whatever those that it is applied to do.</summary>
    public static Closure Of(string name, IEnumerable<(NodeType Type, string Name)> parameters, Func<NodeList, IReadOnlyList<Node>> body)
    {
        var function = Function.Trace(name, [.. parameters.Select(p => (p.Type, p.Name, p.Type.DType.IsFloat()))], body, out Node[] captured);
        return new Closure(function, captured);
    }

    /// <summary>What the function is applied to.</summary>
    public NodeList Listed => Body.Parameters[..^Captured.Length];

    /// <summary>The parameter that stands for a captured node; one that is not used if there is none.</summary>
    public Node ParameterOf(Node captured) => Array.IndexOf(Captured, captured) is >= 0 and var at
        ? Body.Parameters[Listed.Count + at]
        : Ops.Placeholder(captured.Results[0], captured.Title ?? "captured", captured.RequiresGrad);
}

/// <summary>Makes loops and branches of the functions that users write.</summary>
internal static class LoopBuilder
{
    /// <summary>A loop over rows of sequences, or over none.</summary>
    /// <param name="start">What is carried at the start.</param>
    /// <param name="sequences">The sequences, along their first axes.</param>
    /// <param name="count">How many rows they have.</param>
    /// <param name="body">The body.</param>
    /// <param name="reverse">Whether the first step has the last rows.</param>
    /// <param name="checkpoint">The steps of a block, within which gradients start from what is carried into it; null for one block.</param>
    public static (NodeList Last, NodeList Outputs) Scan(NodeList start, NodeList sequences, Dim count, Closure body, bool reverse, int? checkpoint)
    {
        // Each step has random streams of its own.
        Node[] streams = [.. body.Captured.Where(c => c.Op is RandomStreamOp)];
        Node[] captured = [.. body.Captured.Except(streams)];
        var function = new Function([.. body.Listed, .. streams.Select(body.ParameterOf), .. captured.Select(body.ParameterOf)], body.Body.Results);
        var loop = new LoopOp(function, null, start.Count, sequences.Count + streams.Length, count, reverse);
        sequences = [.. sequences, .. streams.Select(s => RandomRules.Streams(s, count))];
        NodeList results = checkpoint is { } size && Dim.AtLeast(size, count) != true ? InBlocks(loop, start, sequences, captured, size) : Results(loop, [.. start, .. sequences, .. captured]);
        return (results[..start.Count], results[start.Count..]);
    }

    /// <summary>A loop that runs as long as a condition holds.</summary>
    public static NodeList While(NodeList start, Closure condition, Closure body, Dim? most)
    {
        // A stream is carried: each step has one made of it, and leaves another for the next.
        Node[] all = [.. body.Captured.Union(condition.Captured)];
        Node[] streams = [.. all.Where(c => c.Op is RandomStreamOp)];
        Node[] captured = [.. all.Except(streams)];
        (Function step, Node[] next) = Carrying(body);
        (Function asked, _) = Carrying(condition);
        var loop = new LoopOp(new Function(step.Parameters, [.. step.Results, .. next]), asked, start.Count + streams.Length, 0, most, Reverse: false);
        return Results(loop, [.. start, .. streams, .. captured])[..start.Count];

        (Function Function, Node[] Next) Carrying(Closure closure) => BodyTrace.Outside(() =>
        {
            Node[] states = [.. streams.Select(s => Ops.Placeholder(s.Results[0], s.Title!, requiresGrad: false))];
            Node[] pairs = [.. states.Select(s => RandomRules.Streams(s, 2))];
            Dictionary<Node, Node> own = streams.Zip(pairs).ToDictionary(p => closure.ParameterOf(p.First), p => Ops.Select(p.Second, 0, 1));
            Node[] results = GraphWalk.Substitute(closure.Body.Results, own);
            return (new Function([.. closure.Listed, .. states, .. captured.Select(closure.ParameterOf)], results), (Node[])[.. pairs.Select(p => Ops.Select(p, 0, 0))]);
        });
    }

    /// <summary>One of two functions.</summary>
    public static NodeList Branch(Node condition, Closure then, Closure otherwise)
    {
        Node[] captured = [.. then.Captured.Union(otherwise.Captured)];
        return Results(new BranchOp(On(then), On(otherwise)), [condition, .. captured]);

        Function On(Closure closure) => new([.. captured.Select(closure.ParameterOf)], closure.Body.Results);
    }

    /// <summary>A loop as one over blocks of so many steps each, and one over the steps that are left.</summary>
    private static NodeList InBlocks(LoopOp loop, NodeList start, NodeList sequences, Node[] captured, int size)
    {
        Dim count = loop.Count!;
        Dim blocks = count / size;
        Dim whole = blocks * size;
        Function block = BodyTrace.Outside(() =>
        {
            Node[] parameters =
            [
                .. loop.Body.Parameters.Select((p, i) => i >= loop.Carried && i < loop.Carried + loop.Sequences
                    ? Ops.Placeholder(new NodeType(p.DType, Shape.Of([size, .. p.Shape])), p.Name!, p.RequiresGrad)
                    : Ops.Placeholder(p.Results[0], p.Name!, p.RequiresGrad)),
            ];
            return new Function(parameters, Ops.Outputs(Node.Create(loop with { Count = size }, parameters)));
        });
        Node[] own = [.. sequences.Select(InBlocks).Select(s => Ops.Reshape(s, Shape.Of([blocks, size, .. s.Shape.Skip(1)])))];
        NodeList results = Results(loop with { Body = block, Count = blocks }, [.. start, .. own, .. captured], $"blocks of {size}");
        NodeList last = results[..loop.Carried];
        NodeList outputs = [.. results[loop.Carried..].Select(o => Ops.Reshape(o, Shape.Of([whole, .. o.Shape.Skip(2)])))];
        if (count == whole)
        {
            return [.. last, .. outputs];
        }

        NodeList rest = Results(loop with { Count = count - whole }, [.. last, .. sequences.Select(Rest), .. captured], "after the blocks");
        return
        [
            .. rest[..loop.Carried],
            .. outputs.Zip(rest[loop.Carried..], (a, b) => loop.Reverse ? Ops.Concat([b, a], 0) : Ops.Concat([a, b], 0)),
        ];

        Node InBlocks(Node sequence) => loop.Reverse ? Ops.Slice(sequence, 0, count - whole, count) : Ops.Slice(sequence, 0, 0, whole);

        Node Rest(Node sequence) => loop.Reverse ? Ops.Slice(sequence, 0, 0, count - whole) : Ops.Slice(sequence, 0, whole, count);
    }

    /// <summary>The results of a loop or a branch: one requires a gradient if what it is made of does.</summary>
    /// <param name="op">The operation.</param>
    /// <param name="inputs">Its inputs.</param>
    /// <param name="name">What messages call it; null for the operation alone.</param>
    private static NodeList Results(Op op, NodeList inputs, string? name = null)
    {
        bool[] moved = Moving.Results(op, [.. inputs.Select(i => i.RequiresGrad)]);
        var node = Ops.Create(op, inputs, moved.Contains(true));
        node = name is null ? node : node.Named(name);
        return node.Results.Count == 1 ? [node] : [.. moved.Select((m, i) => new Node(new OutputOp(i), [node], node.RequiresGrad && m))];
    }
}
