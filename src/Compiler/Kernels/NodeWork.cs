using GraphCompiler.Operations;

namespace GraphCompiler.Kernels;

/// <summary>What a node with a value of its own computes in a fused kernel, and what it takes.</summary>
internal sealed record NodeWork
{
    /// <summary>The expression of an elementwise node, or of what a reduction or gather is over; null for picked rows.</summary>
    public PointwiseExpression? Expression { get; private init; }

    /// <summary>How a gather's indices are read; null if they are not read in place.</summary>
    public View? Index { get; private init; }

    /// <summary>How what rows are picked from is read.</summary>
    public View? Table { get; private init; }

    /// <summary>What it reads from memory where the kernel stands: neither picked rows nor an index do.</summary>
    public required IReadOnlyList<Read> Reads { get; init; }

    /// <summary>What its expression costs.</summary>
    public required int Instructions { get; init; }

    /// <summary>The sizes in bytes of the elements in it, or-ed together.</summary>
    public required int Lanes { get; init; }

    /// <summary>The nodes whose values it reads where the kernel stands.</summary>
    public IEnumerable<Node> Sources => Reads.Select(r => r.View.Source);

    public static NodeWork Of(Node node, IMaterialization materialization)
    {
        if (node.Op is TakeOp)
        {
            return new NodeWork
            {
                Index = IndexOf(node, materialization),
                Table = PointwiseExpression.ViewOf(node.Inputs[0], materialization),
                Reads = [],
                Instructions = 1,
                Lanes = node.DType == DType.Bool ? 0 : node.DType.Size(),
            };
        }

        bool isSelf = node.Op is not (ReductionOp or TakeAlongAxisOp);
        Node root = isSelf ? node : node.Inputs[0];
        var expression = new PointwiseExpression(root, materialization, expandRoot: isSelf || (!materialization.IsMaterialized(root) && root.Op is ElementwiseOp));
        int lanes = 0;
        int instructions = 0;
        foreach (Node each in expression.Operations)
        {
            instructions += Costs.Of(each.Op);
            lanes |= each.DType == DType.Bool ? 0 : each.DType.Size();
        }

        foreach ((Node each, (KernelBuffer? buffer, View view)) in expression.Leaves)
        {
            // What is the same in all lanes is a broadcast; counts are ramps in lanes of any size.
            bool varies = view.Strides.Count > 0 && view.Strides[^1].Constant != 0;
            lanes |= varies && each.DType != DType.Bool && view.Source.Op is not IotaOp ? each.DType.Size() : 0;
            instructions += view.Source.Op is RandomBitsOp && buffer is null ? Costs.Of(view.Source.Op) : 0;
        }

        return new NodeWork
        {
            Expression = expression,
            Index = node.Op is TakeAlongAxisOp ? IndexOf(node, materialization) : null,
            Reads = [.. expression.Reads.Where(r => r.Buffer is not null)],
            Instructions = instructions,
            Lanes = lanes,
        };
    }

    private static View? IndexOf(Node gather, IMaterialization materialization) =>
        PointwiseExpression.ViewOf(gather.Inputs[1], materialization) is { } view && materialization.IsMaterialized(view.Source) ? view : null;
}
