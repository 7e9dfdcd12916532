using GraphCompiler.Operations;

namespace GraphCompiler.Kernels;

/// <summary>What each node with a value of its own reads, found once.</summary>
internal sealed class AnchorReads(IMaterialization materialization)
{
    private readonly Dictionary<Node, Entry> entries = [];

    public Entry Of(Node node)
    {
        if (!entries.TryGetValue(node, out Entry? entry))
        {
            entries.Add(node, entry = Find(node));
        }

        return entry;
    }

    /// <summary>The expression of an elementwise node, or of what a reduction or gather is over.</summary>
    public PointwiseExpression ExpressionOf(Node node)
    {
        bool isSelf = node.Op is not (ReductionOp or TakeAlongAxisOp);
        Node root = isSelf ? node : node.Inputs[0];
        return new PointwiseExpression(root, materialization, expandRoot: isSelf || (!materialization.IsMaterialized(root) && root.Op is ElementwiseOp));
    }

    /// <summary>How a gather's indices are read; null if they are not read in place.</summary>
    public View? IndexOf(Node gather) => PointwiseExpression.ViewOf(gather.Inputs[1], materialization) is { } view && materialization.IsMaterialized(view.Source) ? view : null;

    /// <summary>How what rows are picked from is read.</summary>
    public View SourceOf(Node pick) => PointwiseExpression.ViewOf(pick.Inputs[0], materialization)!;

    private Entry Find(Node node)
    {
        if (node.Op is TakeOp)
        {
            // Neither the rows nor the index stand where the kernel does.
            return new Entry([], 1, node.DType == DType.Bool ? 0 : node.DType.Size());
        }

        PointwiseExpression expression = ExpressionOf(node);
        int lanes = 0;
        int instructions = 0;
        HashSet<Node> seen = [];
        var pending = new Stack<Node>([expression.Root]);
        while (pending.TryPop(out Node? each))
        {
            if (!seen.Add(each))
            {
                continue;
            }

            if (expression.Leaves.TryGetValue(each, out View? view))
            {
                // What is the same in all lanes is a broadcast; counts are ramps in lanes of any size.
                bool varies = view.Strides.Count > 0 && view.Strides[^1].Constant != 0;
                lanes |= varies && each.DType != DType.Bool && view.Source.Op is not IotaOp ? each.DType.Size() : 0;
                instructions += view.Source.Op is RandomBitsOp && !expression.IsRead(view) ? Costs.Of(view.Source.Op) : 0;
                continue;
            }

            instructions += Costs.Of(each.Op);
            lanes |= each.DType == DType.Bool ? 0 : each.DType.Size();
            foreach (Node input in each.Inputs)
            {
                pending.Push(input);
            }
        }

        return new Entry([.. expression.Reads.Where(v => materialization.IsMaterialized(v.Source) && v.Source != node)], instructions, lanes);
    }

    /// <param name="Views">The tensors that it reads, other nodes' values.</param>
    /// <param name="Instructions">What its expression costs.</param>
    /// <param name="Lanes">The sizes in bytes of the elements in it, or-ed together.</param>
    internal sealed record Entry(IReadOnlyList<View> Views, int Instructions, int Lanes);
}
