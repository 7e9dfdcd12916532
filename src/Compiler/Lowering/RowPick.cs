using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>Rows that an index picks from a tensor, read in place by a kernel over the picked rows: the index is looked up and checked once a row.</summary>
internal sealed class RowPick
{
    private readonly Node node;
    private readonly View source;
    private readonly View indices;
    private readonly Local index = new("index", DType.Int64);

    public RowPick(Node node, NodeWork work)
    {
        this.node = node;
        source = work.Table!;
        indices = work.Index!;
        int along = ((TakeOp)node.Op).Along;
        int rank = node.Inputs[1].Rank;
        IndexStrides = Enumerable.Range(0, node.Rank).Select(axis => axis < along || axis >= along + rank ? 0 : indices.Strides[axis - along]).ToEquatableArray();
        SourceStrides = Enumerable.Range(0, node.Rank)
            .Select(axis => axis < along ? source.Strides[axis] : axis < along + rank ? 0 : source.Strides[axis - rank + 1])
            .ToEquatableArray();
    }

    /// <summary>How the indices are stepped through, over the axes of the picked rows.</summary>
    public EquatableArray<Dim> IndexStrides { get; }

    /// <summary>How the tensor is stepped through besides the index, over the axes of the picked rows.</summary>
    public EquatableArray<Dim> SourceStrides { get; }

    private int Along => ((TakeOp)node.Op).Along;

    /// <summary>Looks the index of a row up; one out of range ends the kernel.</summary>
    public IEnumerable<LoopStatement> Find(KernelBuilder kernel, LoopNest nest) =>
        LookUp(kernel, node, index, new Load(kernel.Input(indices.Source), nest.Position(kernel, indices.Offset, IndexStrides)), Along, node.Inputs[0].Shape[Along]);

    /// <summary>The element of the picked row.</summary>
    public Load Value(KernelBuilder kernel, LoopNest nest) => new(
        kernel.Input(source.Source),
        LoopMath.Plus(nest.Position(kernel, source.Offset, SourceStrides), LoopMath.Times(index, kernel.Size(source.Strides[Along]))));

    /// <summary>Keeps an index in a local and ends the kernel if it is outside its axis.</summary>
    public static IEnumerable<LoopStatement> LookUp(KernelBuilder kernel, Node node, Local index, LoopValue value, int along, Dim size) =>
    [
        new Let(index, LoopMath.Convert(DType.Int64, value)),
        new If(
            LoopMath.Either(LoopMath.Less(index, LoopMath.Int(0)), LoopMath.AtLeast(index, kernel.Size(size))),
            new Fail(kernel.Site(node, along, size), index)),
    ];
}
