namespace GraphCompiler.Tests.Compiler.RandomGraphs;

/// <summary>Sizes that are computed from several symbols, and conditions on them that only a call can decide.</summary>
internal sealed partial class RandomGraph
{
    private Dim Symbol() => $"{SymbolValues.Names[Next(SymbolValues.Names.Length)]}";

    private Node Resized(Node x) => Next(9) switch
    {
        0 => Merged(x),
        1 => Halved(x),
        2 => Doubled(x),
        3 => Renamed(x),
        4 => Cut(x),
        5 => Ops.Pad(x, AxisOf(x), Next(2), Next(2) == 0 ? Symbol() : Symbol() + 1, Next(2)),
        6 => Repeated(x),
        7 => x * Ops.DimValue((Symbol() * Symbol()) - (Symbol() / 2), x.DType),
        _ => x + Ops.Cast(Ops.Iota(x.Rank == 0 ? [(Symbol() * 2) + 1] : x.Shape, 0), x.DType),
    };

    /// <summary>Two axes as one, and apart again the other way round.</summary>
    private Node Merged(Node x)
    {
        if (x.Rank < 2)
        {
            return Ops.Reshape(x, Shape.Of([1, .. x.Shape, 1]));
        }

        int axis = Next(x.Rank - 1);
        (Dim first, Dim second) = (x.Shape[axis], x.Shape[axis + 1]);
        Node merged = Ops.Reshape(x, Shape.Of([.. x.Shape.Take(axis), first * second, .. x.Shape.Skip(axis + 2)]));
        return Next(2) == 0 ? merged : Ops.Reshape(Ops.Flip(merged, axis), Shape.Of([.. x.Shape.Take(axis), second, first, .. x.Shape.Skip(axis + 2)]));
    }

    /// <summary>An axis in halves: its size must be even.</summary>
    private Node Halved(Node x)
    {
        int axis = AxisOf(x);
        Dim half = x.Shape[axis] / 2;
        return Ops.Reshape(x, Shape.Of([.. x.Shape.Take(axis), .. Next(2) == 0 ? (Dim[])[half, 2] : [2, half], .. x.Shape.Skip(axis + 1)]));
    }

    private Node Doubled(Node x)
    {
        int axis = AxisOf(x);
        Node twice = Ops.Concat([x, Next(2) == 0 ? x : Ops.Flip(x, axis)], axis);
        Dim size = x.Shape[axis];
        return Next(2) == 0 ? twice : Ops.Sum(Ops.Reshape(twice, Shape.Of([.. x.Shape.Take(axis), .. Next(2) == 0 ? (Dim[])[size, 2] : [2, size], .. x.Shape.Skip(axis + 1)])), axis);
    }

    /// <summary>An axis under another name: the two must be the same size.</summary>
    private Node Renamed(Node x) => Ops.Reshape(x, x.Shape.With(AxisOf(x), Next(3) == 0 ? Symbol() + Symbol() : Symbol()));

    /// <summary>As many as a symbol says, from the front or the back: there must be as many.</summary>
    private Node Cut(Node x)
    {
        int axis = AxisOf(x);
        Dim count = Next(2) == 0 ? Symbol() : Symbol() / 2;
        return Next(2) == 0 ? Ops.Slice(x, axis, 0, count) : Ops.Slice(x, axis, x.Shape[axis] - count, x.Shape[axis]);
    }

    private Node Repeated(Node x) => Next(2) == 0
        ? Ops.BroadcastTo(x, Shape.Of([Symbol(), .. x.Shape]))
        : Ops.RepeatInterleave(x, Next(2) == 0 ? Symbol() : 2, AxisOf(x));

    /// <summary>Parameters of one shape, used beside each other, so that each may become what another was.</summary>
    private void Parameters()
    {
        Node x = Float();
        Dim width = x.Rank > 0 && x.Shape[^1].Constant is { } size ? size : 1;
        Node scale = Parameter([width]);
        Node offset = Parameter([width]);
        Add(scale, isExact: true);
        Add(offset, isExact: true);
        Add((x * scale) + offset, isExact: false);
    }

    private Node Parameter(Shape shape)
    {
        nint[] sizes = [.. shape.Select(d => (nint)d.Constant!.Value)];
        double[] values = [.. Enumerable.Range(0, (int)sizes.Aggregate((nint)1, (product, size) => product * size)).Select(_ => (Next(17) - 8) / 4.0)];
        string name = $"p{parameters++}";
        return real == DType.Float64
            ? Ops.Parameter(name, System.Numerics.Tensors.Tensor.Create(values, sizes))
            : Ops.Parameter(name, System.Numerics.Tensors.Tensor.Create((float[])[.. values.Select(v => (float)v)], sizes));
    }

    /// <summary>New values of the parameters that the outputs hold: a step down the loss, of another parameter, of anything.</summary>
    private IEnumerable<Update> Updates(IEnumerable<Node> roots, Node? loss)
    {
        Parameter[] used = [.. GraphWalk.TopologicalOrder(loss is null ? roots : roots.Append(loss)).OfType<Parameter>()];
        foreach (Parameter parameter in used.Where(_ => Next(4) != 0))
        {
            Node[] alike = [.. used.Where(p => p.Shape == parameter.Shape)];
            yield return (parameter, Next(3) switch
            {
                0 when loss is not null && parameter.RequiresGrad && Ops.GradientsOrNull(loss, [parameter])[0] is { } slope => parameter - (0.125 * slope),
                1 => alike[Next(alike.Length)] * 1,
                _ => (parameter * 0.5) + Ops.Sum(Ops.Tanh(Float())),
            });
        }
    }
}
