using GraphCompiler.Differentiation;

namespace GraphCompiler.Operations;

/// <summary>A composite that is there for its name: its derivative is that of its parts, in either mode.</summary>
internal abstract record LayerOp : CompositeOp
{
    public sealed override Node?[] Pushforward(Node node, Node?[] tangents)
    {
        // An input that is given twice has one tangent.
        Node[] inputs = [.. node.Inputs.Distinct()];
        return ForwardMode.PushWithin(Expand(node, node.Inputs), inputs, [.. inputs.Select(i => tangents[node.Inputs.AsSpan().IndexOf(i)])]);
    }
}

/// <summary>x·Wᵀ over the last axis, and b added if it is there: [.., I] with [O, I], or [I] for one output without an axis, and [O].</summary>
internal sealed record LinearLayerOp : LayerOp
{
    public override string Name => "Linear";

    public override Node[] Expand(IReadOnlyList<Node> inputs)
    {
        Node product = Ops.MatMul(inputs[0], inputs[1].Rank == 1 ? inputs[1] : Ops.Transpose(inputs[1]));
        return [inputs.Count == 2 ? product : product + inputs[2]];
    }

    public override NodeType[] Infer(TypeContext context)
    {
        (Node x, Node weight) = (context.Inputs[0], context.Inputs[1]);
        return [new NodeType(x.DType, Shape.Of([.. x.Shape.SkipLast(1), .. weight.Shape.SkipLast(1)]))];
    }
}
