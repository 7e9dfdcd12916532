using GraphCompiler.Operations;

namespace GraphCompiler.Batching;

/// <summary>
/// What a batching rule sees: the node of one example, and what it is applied to for all examples of a batch. An input that differs between examples has one more
/// axis in front, the batch axis, and one that all share has none; so have results, and nothing but the number of axes tells which.
/// </summary>
internal sealed class BatchContext(BatchWalk walk, Node node, NodeList inputs)
{
    /// <summary>The node of one example, on inputs of one example.</summary>
    public Node Node => node;

    /// <summary>What stands for each of the node's inputs.</summary>
    public NodeList Inputs => inputs;

    /// <summary>The walk that asks, for functions that the operation is made of.</summary>
    public BatchWalk Walk => walk;

    /// <summary>How many examples there are.</summary>
    public Dim Size => walk.Size;

    /// <summary>Whether an input has the batch axis.</summary>
    public bool IsBatched(int input) => BatchWalk.IsBatched(inputs[input], node.Inputs[input].Results[0]);

    /// <summary>An input with the batch axis, along which it is repeated if all examples share it.</summary>
    public Node Batched(int input) => walk.Batched(inputs[input], node.Inputs[input].Results[0]);

    /// <summary>A shape of one example as one of all.</summary>
    public Shape Batched(Shape shape) => Shape.Of([walk.Size, .. shape]);

    /// <summary>A node that does the node's work, and bears its name.</summary>
    public Node Create(Op op, params ReadOnlySpan<Node> on) => node.CreatePart(op, on);

    /// <summary>The results of an operation that does the node's work.</summary>
    public Node[] Results(Op op, NodeList on) => [.. Ops.Outputs(node.CreatePart(op, on.AsSpan()))];

    /// <summary>The results of an operation on inputs that all have the batch axis.</summary>
    public Node[] OnBatched(Op op) => Results(op, [.. Enumerable.Range(0, inputs.Count).Select(Batched)]);

    /// <summary>What stands for the results of the node, written as other operations on its inputs.</summary>
    public Node[] Expanded(Node[] expansion) => walk.Apply(expansion, node.Inputs, inputs);

    /// <summary>The node itself for one example after the other: right for every operation, and the way of those that have no other.</summary>
    public Node[] OneByOne()
    {
        int[] rows = [.. Enumerable.Range(0, inputs.Count).Where(i => IsBatched(i) || walk.IsDrawnApart(inputs[i]))];
        int[] shared = [.. Enumerable.Range(0, inputs.Count).Except(rows)];
        Function step = BodyTrace.Outside(() =>
        {
            Node[] own = [.. node.Inputs.Select((n, i) => Ops.Placeholder(n.Results[0], n.Title ?? $"input{i}", inputs[i].RequiresGrad))];
            return new Function([.. rows.Select(i => own[i]), .. shared.Select(i => own[i])], Ops.Outputs(node.CreatePart(node.Op, own)));
        });
        Node[] sequences = [.. rows.Select(i => IsBatched(i) ? inputs[i] : RandomRules.Streams(inputs[i], Size))];
        return Results(new LoopOp(step, null, 0, rows.Length, Size, Reverse: false), [.. sequences, .. shared.Select(i => inputs[i])]);
    }
}
