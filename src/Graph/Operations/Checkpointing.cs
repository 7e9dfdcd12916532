using GraphCompiler.Batching;
using GraphCompiler.Differentiation;

namespace GraphCompiler.Operations;

/// <summary>
/// Its first input, read only after the others are there, as far as they are computed anyway. What is made of it is another value than what is made of the input itself, though it is
/// equal, so that nothing merges the two, and nothing keeps the one for the other.
/// </summary>
internal sealed record AfterOp : MovementOp
{
    /// <summary>A node, read after others.</summary>
    public static Node Create(Node x, IEnumerable<Node> others) => Node.Create(new AfterOp(), [x, .. others]);

    public override double[]? BoundErrors(RoundingErrors errors) => errors.Arguments[0].Errors;

    protected override NodeType InferResult(TypeContext context) => context.Inputs[0].Results[0];

    protected override Node?[] PullbackResult(Node node, Node cotangent) => [cotangent, .. new Node?[node.Inputs.Count - 1]];

    protected override Node BatchResult(BatchContext context) => context.Walk.StreamLike(context.Create(this, context.Inputs.AsSpan()), context.Inputs[0]);

    protected override TensorValue EvaluateResult(EvaluationContext context) => context.Inputs[0];
}

/// <summary>A function whose pullback computes it again, once the cotangents of its results are there, so that nothing within it is kept until then.</summary>
internal sealed record CheckpointOp(Function Body) : CompositeOp
{
    public override IReadOnlyList<Function> Bodies => [Body];

    public override Node[] Expand(IReadOnlyList<Node> inputs) => Body.Apply(inputs);

    public override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        LoopDerivatives.RefuseEffects(node);
        Node[] inputs = [.. node.Inputs.Select(i => AfterOp.Create(i, cotangents.OfType<Node>()))];
        Node?[] pulled = ReverseMode.PullWithin(Body.Apply(inputs), cotangents, inputs);

        // What flows on waits for all that flows out, or what was computed again would be kept for the gradients of weights.
        return [.. pulled.Select((p, i) => p is null || node.Inputs[i].Op.IsLeaf ? p : AfterOp.Create(p, pulled.OfType<Node>().Where(o => o != p)))];
    }

    public override Node?[] Pushforward(Node node, Node?[] tangents) => PushParts(node, tangents);

    public override Node[] Batch(BatchContext context)
    {
        (Node[] parameters, Node[] results) = context.Walk.On(Body, [.. Enumerable.Range(0, context.Inputs.Count).Select(context.IsBatched)], context.Inputs);
        return context.Results(new CheckpointOp(new Function(parameters, results)), context.Inputs);
    }
}
