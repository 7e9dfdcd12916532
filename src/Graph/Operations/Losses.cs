using GraphCompiler.Batching;
using GraphCompiler.Differentiation;

namespace GraphCompiler.Operations;

/// <summary>−log softmax(logits)[class], one a row; logits [N, C], classes [N].</summary>
internal sealed record CrossEntropyOp : CompositeOp
{
    public override Node[] Expand(IReadOnlyList<Node> inputs)
    {
        Node picked = Ops.Gather(Ops.LogSoftmax(inputs[0], 1), 1, Ops.Unsqueeze(inputs[1], 1)).Named(Name);
        return [-Ops.Squeeze(picked, 1)];
    }

    /// <summary>Examples are more rows; logits that they share stay what they are.</summary>
    public override Node[] Batch(BatchContext context) => context.IsBatched(0)
        ? [context.Split(context.Create(this, context.Merged(0, 0), context.Merged(1, 0)), 0)]
        : context.Expanded(Expand(context.Node, context.Node.Inputs));

    public override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        (Node logits, Node classes) = (node.Inputs[0], node.Inputs[1]);

        // Merely compared, a class out of range would be no class, and no error where the loss itself is not computed.
        Node known = Ops.Take(Ops.Arange(logits.Shape[1], dtype: classes.DType), classes).Named(node.Name ?? "CrossEntropy", node.Name is null ? null : node.Scope);
        Node hit = Ops.Equal(Ops.Iota(logits.Shape, 1, classes.DType), Ops.Unsqueeze(known, 1));
        Node slope = Ops.Exp(Ops.LogSoftmax(logits, 1)) - Ops.Cast(hit, logits.DType);
        return [Slopes.Scale(Ops.Unsqueeze(cotangents[0]!, 1), slope), null];
    }
}
