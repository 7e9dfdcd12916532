using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.References;

internal sealed partial class TorchFunctions
{
    public object? Index(object? target, object? index) => target is object?[] tuple
        ? tuple[(int)(long)index!]
        : Subscript((Node)target!, index is object?[] several ? several : [index]);

    private Node Subscript(Node x, object?[] parts)
    {
        if (parts is [Node { DType: DType.Bool } mask])
        {
            (Node values, Node count) = MaskedSelect(x, mask, x.Shape.ElementCount);
            return Cut(values, count);
        }

        return x[[.. parts.Select(part => part switch
        {
            PythonEllipsis => AxisIndex.Rest,
            null => AxisIndex.NewAxis,
            long at => at,
            PythonSlice slice => AxisIndex.Every(slice.Step, slice.Start is { } from ? Dim.Of(from) : null, slice.Stop is { } to ? Dim.Of(to) : null),
            _ => (AxisIndex)(Node)part,
        })]];
    }

    /// <summary>How many elements a bounded result holds, from the values of the case's inputs; PyTorch's shape depends on them.</summary>
    public required Func<Node, long> CountOf { get; init; }

    private Node Cut(Node values, Node count) => Slice(values, 0, 0, CountOf(count));

    private static long Size(Node x, int axis) => x.Shape[axis < 0 ? axis + x.Rank : axis].Constant!.Value;

    private void AddIndexing()
    {
        Add("torch.gather", a => Gather(a.Node(0), a.Int(1, "dim"), a.Node(2)));
        Add("torch.take_along_dim", a => Gather(a.Node(0), a.Int(2, "dim"), a.Node(1)));
        Add("torch.index_select", a => Take(a.Node(0), a.Node(2), a.Int(1, "dim")));
        Add("torch.take", a => Take(Flatten(a.Node(0)), a.Node(1)));
        Add("torch.masked_fill", a => MaskedFill(a.Node(0), a.Node(1), a.Double(2, "value", 0)));
        Add("torch.masked_scatter", a => MaskedScatter(a.Node(0), a.Node(1), a.Node(2)));
        Add("torch.nonzero", a =>
        {
            (Node places, Node count) = NonZero(a.Node(0), a.Node(0).Shape.ElementCount);
            return Cut(places, count);
        });
        Add("torch.scatter_add", a => ScatterAdd(a.Node(0), a.Int(1, "dim"), a.Node(2), a.Node(3)));
        Add("torch.scatter_reduce", a => ScatterReduce(a.Node(0), a.Int(1, "dim"), a.Node(2), a.Node(3), a.Text(-1, "reduce") switch
        {
            "sum" => ScatterReduction.Sum,
            "mean" => ScatterReduction.Mean,
            "prod" => ScatterReduction.Prod,
            "amax" => ScatterReduction.Max,
            "amin" => ScatterReduction.Min,
            var other => throw new NotSupportedException(other),
        }, a.Flag(-1, "include_self", true)));
        Add("torch.scatter", a => a.NodeOrNull(3, "src") is { } source
            ? Scatter(a.Node(0), a.Int(1, "dim"), a.Node(2), source)
            : Scatter(a.Node(0), a.Int(1, "dim"), a.Node(2), a.Double(3, "value", 0)));
        Add("torch.index_add", a => IndexAdd(a.Node(0), a.Int(1, "dim"), a.Node(2), a.Node(3)));
        Add("torch.index_copy", a => IndexCopy(a.Node(0), a.Int(1, "dim"), a.Node(2), a.Node(3)));
        Add("torch.index_fill", a => IndexFill(a.Node(0), a.Int(1, "dim"), a.Node(2), a.Double(3, "value", 0)));
        Add("torch.index_put", a => IndexPut(a.Node(0), a.Nodes(1, "indices"), a.Node(2), a.Flag(3, "accumulate")));
        Add("torch.select_scatter", a => SelectScatter(a.Node(0), a.Node(1), a.Int(2, "dim"), a.Int(3, "index")));
        Add("torch.slice_scatter", a => SliceScatter(a.Node(0), a.Node(1), a.Int(2, "dim"), a.Int(3, "start"), a.Find(4, "end") is long end ? Dim.Of(end) : null, a.Int(5, "step", 1)));
        Add("F.one_hot", a => OneHot(a.Node(0), a.Int(1, "num_classes")));
        Add("F.embedding", a => Embedding(a.Node(0), a.Node(1), a.Has(2, "padding_idx") ? a.Int(2, "padding_idx") : null));
        Add("F.embedding_bag", a => EmbeddingBag(a.Node(0), a.Node(1), Enum.Parse<BagReduction>(a.Text(-1, "mode") ?? "mean", ignoreCase: true), a.NodeOrNull(2, "offsets")));
    }
}
