using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.References;

internal sealed partial class TorchFunctions
{
    public object? Index(object? target, object? index) => target is object?[] tuple
        ? tuple[(int)(long)index!]
        : Subscript((Node)target!, index is object?[] several ? several : [index]);

    private static Node Subscript(Node x, object?[] parts)
    {
        if (parts is [Node { DType: DType.Bool }])
        {
            throw new NotSupportedException("a shape that depends on data");
        }

        int named = parts.Count(p => p is not null and not PythonEllipsis);
        List<(int Axis, Node Indices)> picked = [];
        int axis = 0;
        foreach (object? part in parts)
        {
            switch (part)
            {
                case PythonEllipsis:
                    axis += x.Rank - parts.Count(p => p is null) - named;
                    break;
                case null:
                    x = Unsqueeze(x, axis++);
                    break;
                case long at:
                    x = Select(x, axis, at);
                    named--;
                    break;
                case PythonSlice slice:
                    x = Slice(x, axis++, slice.Start is { } from ? Dim.Of(from) : null, slice.Stop is { } to ? Dim.Of(to) : null, slice.Step);
                    break;
                default:
                    picked.Add((axis++, (Node)part));
                    break;
            }
        }

        return picked.Count switch
        {
            0 => x,
            1 => Take(x, Positive(picked[0].Indices, x.Shape[picked[0].Axis]), picked[0].Axis),
            _ => Pick(x, picked),
        };
    }

    /// <summary>Elements at indices along several axes at once; they are joined into one axis. Neighbouring axes are replaced in place, others go first.</summary>
    private static Node Pick(Node x, List<(int Axis, Node Indices)> picked)
    {
        int[] axes = [.. picked.Select(p => p.Axis)];
        int[] rest = [.. Enumerable.Range(0, x.Rank).Except(axes)];
        Node joined = Flatten(Permute(x, [.. axes, .. rest]), 0, axes.Length - 1);
        Node result = Take(joined, Joined(x, picked));
        int added = result.Rank - rest.Length;
        return axes[^1] - axes[0] == axes.Length - 1
            ? Permute(result, [.. Enumerable.Range(added, axes[0]), .. Enumerable.Range(0, added), .. Enumerable.Range(added + axes[0], rest.Length - axes[0])])
            : result;
    }

    private static Node Joined(Node x, List<(int Axis, Node Indices)> picked) =>
        picked.Skip(1).Aggregate(Positive(picked[0].Indices, x.Shape[picked[0].Axis]), (total, p) => (total * Size(x, p.Axis)) + Positive(p.Indices, x.Shape[p.Axis]));

    private static Node Positive(Node indices, Dim size) => Where(indices < 0, indices + size.Constant!.Value, indices);

    private static long Size(Node x, int axis) => x.Shape[axis < 0 ? axis + x.Rank : axis].Constant!.Value;

    /// <summary>Whether each place along an axis is among the indices, [places], and the position of the last such index.</summary>
    private static (Node Hit, Node Which) Inverse(Node indices, long size)
    {
        Node same = Equal(Unsqueeze(indices, 0), Unsqueeze(Arange(size), 1));
        Node which = ArgMax(Where(same, BroadcastTo(Arange(indices.Shape[0]) + 1, same.Shape), 0), 1);
        return (Max(Cast(same, DType.Int64), 1) > 0, which);
    }

    private static Node Along(Node vector, Node x, int axis) => Reshape(vector, Shape.Of(Enumerable.Range(0, x.Rank).Select(a => a == axis ? vector.Shape[0] : Dim.Of(1))));

    private void AddIndexing()
    {
        Add("torch.gather", a => Gather(a.Node(0), a.Int(1, "dim"), a.Node(2)));
        Add("torch.take_along_dim", a => TakeAlongAxis(a.Node(0), a.Node(1), a.Int(2, "dim")));
        Add("torch.index_select", a => Take(a.Node(0), a.Node(2), a.Int(1, "dim")));
        Add("torch.take", a => Take(Flatten(a.Node(0)), a.Node(1)));
        Add("torch.masked_fill", a => Where(a.Node(1), BroadcastTo(Real(a.Double(2, "value", 0)), a.Node(0).Shape), a.Node(0)));
        Add("torch.scatter_add", a => ScatterAdd(a.Node(0), a.Int(1, "dim"), a.Node(2), a.Node(3)));
        Add("torch.scatter_reduce", a =>
        {
            (Node x, int axis, Node i, Node source) = (a.Node(0), a.Int(1, "dim"), a.Node(2), a.Node(3));
            Node sum = ScatterAdd(x, axis, i, source);
            return a.Text(-1, "reduce") == "mean" ? sum / ScatterAdd(OnesLike(x), axis, i, OnesLike(source)) : sum;
        });
        Add("torch.scatter", a =>
        {
            // No index occurs twice in these cases: what is there is taken away, then the source added.
            (Node x, int axis, Node i) = (a.Node(0), a.Int(1, "dim"), a.Node(2));
            Node source = a.NodeOrNull(3, "src") ?? Full(i.Shape, a.Double(3, "value", 0), real);
            Node kept = ScatterAdd(OnesLike(x), axis, i, -OnesLike(source));
            return ScatterAdd(x * kept, axis, i, source);
        });
        Add("torch.index_add", a => IndexAdd(a.Node(0), a.Int(1, "dim"), a.Node(2), a.Node(3)));
        Add("torch.index_copy", a =>
        {
            (Node x, int axis) = (a.Node(0), a.Int(1, "dim"));
            (Node hit, Node which) = Inverse(a.Node(2), Size(x, axis));
            return Where(Along(hit, x, axis), Take(a.Node(3), which, axis), x);
        });
        Add("torch.index_fill", a =>
        {
            (Node x, int axis) = (a.Node(0), a.Int(1, "dim"));
            return Where(Along(Inverse(a.Node(2), Size(x, axis)).Hit, x, axis), a.Double(3, "value", 0) + ZerosLike(x), x);
        });
        Add("torch.index_put", a =>
        {
            (Node x, Node[] at, Node values) = (a.Node(0), a.Nodes(1, "indices"), a.Node(2));
            if (a.Flag(3, "accumulate"))
            {
                Node joined = Joined(x, [.. at.Select((n, i) => (i, n))]);
                Node flat = Flatten(x, 0, at.Length - 1);
                return Reshape(IndexAdd(flat, 0, joined, values), x.Shape);
            }

            (Node hit, Node which) = Inverse(at.Single(), Size(x, 0));
            return Where(Along(hit, x, 0), Take(values, which), x);
        });
        Add("torch.select_scatter", a =>
        {
            (Node x, Node source, int axis, int at) = (a.Node(0), a.Node(1), a.Int(2, "dim"), a.Int(3, "index"));
            return Concat([Slice(x, axis, 0, at), Unsqueeze(source, axis), Slice(x, axis, at + 1)], axis);
        });
        Add("F.one_hot", a => Cast(Equal(Unsqueeze(a.Node(0), -1), Arange(a.Int(1, "num_classes"))), DType.Int64));
        Add("F.embedding", a =>
        {
            (Node i, Node w) = (a.Node(0), a.Node(1));
            Node rows = Take(w, i);
            return a.Has(2, "padding_idx") ? Where(Unsqueeze(Equal(i, a.Int(2, "padding_idx")), -1), Detach(rows), rows) : rows;
        });
    }
}
