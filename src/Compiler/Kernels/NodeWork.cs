using GraphCompiler.Operations;

namespace GraphCompiler.Kernels;

/// <summary>What a node with a value of its own computes in a fused kernel, and what it takes.</summary>
internal sealed record NodeWork
{
    /// <summary>The expression of an elementwise node, or of what a reduction or gather is over; null for picked rows.</summary>
    public PointwiseExpression? Expression { get; private init; }

    /// <summary>How a gather's indices are read; null if they are not read in place.</summary>
    public View? Index { get; init; }

    /// <summary>How what rows are picked from is read.</summary>
    public View? Table { get; init; }

    /// <summary>What it reads from memory where the kernel stands: neither picked rows nor an index do.</summary>
    public required IReadOnlyList<Read> Reads { get; init; }

    /// <summary>What its expression costs.</summary>
    public required int Instructions { get; init; }

    /// <summary>The sizes in bytes of the lanes in it, or-ed together.</summary>
    public required int Lanes { get; init; }

    /// <summary>The nodes whose values it reads where the kernel stands.</summary>
    public IEnumerable<Node> Sources => Reads.Select(r => r.View.Source);

    public static NodeWork Of(Node node, IMaterialization materialization) => OpTraits.Of(node.Op).Form!.WorkOf(node, materialization);

    /// <summary>What an expression takes.</summary>
    public static NodeWork Of(PointwiseExpression expression)
    {
        int lanes = 0;
        int instructions = 0;
        foreach (Node each in expression.Operations)
        {
            instructions += OpTraits.Of(each.Op).Instructions;
            lanes |= each.DType.Row().LaneSize;
        }

        foreach ((Node each, (KernelBuffer? buffer, View view)) in expression.Leaves)
        {
            // What is the same in all lanes is a broadcast; counts are ramps in lanes of any size.
            bool varies = view.Strides.Count > 0 && view.Strides[^1].Constant != 0;
            lanes |= varies && view.Source.Op is not IotaOp ? each.DType.Row().LaneSize : 0;
            instructions += buffer is null ? OpTraits.Of(view.Source.Op).Instructions : 0;
        }

        return new NodeWork
        {
            Expression = expression,
            Reads = [.. expression.Reads.Where(r => r.Buffer is not null)],
            Instructions = instructions,
            Lanes = lanes,
        };
    }
}
