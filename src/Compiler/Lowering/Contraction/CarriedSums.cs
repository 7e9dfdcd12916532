using GraphCompiler.Kernels.Products;
using GraphCompiler.Loops;

namespace GraphCompiler.Lowering.Contraction;

/// <summary>
/// What the chains of a product's sums are added up in, so that errors do not grow with the inner axis: memory that each thread has for itself, a tile's
/// sums side by side. Chains are added in order over a span; spans are added with what each addition loses, which is added at the end.
/// </summary>
internal sealed class CarriedSums
{
    private readonly MatMulTiling tiling;
    private readonly DType type;
    private readonly Dim rows;
    private readonly LoopBuffer sums;
    private readonly LoopBuffer? high;
    private readonly LoopBuffer? low;

    public CarriedSums(KernelBuilder kernel, MatMulProblem problem, MatMulTiling tiling)
    {
        (this.tiling, type) = (tiling, problem.Type);

        // Tiles that see all of the inner axis at once need no more than one place.
        rows = tiling.BlockInner is null ? tiling.Height : tiling.JoinsBlocks ? problem.M : tiling.BlockRows;
        Dim count = rows * (tiling.BlockInner is null ? tiling.Columns : tiling.GroupColumns);
        sums = kernel.WorkerScratch(type, count);
        if (tiling.Span is not null)
        {
            (high, low) = (kernel.WorkerScratch(type, count), kernel.WorkerScratch(type, count));
        }
    }

    /// <summary>A sum of a tile.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="panel">The panel's number in its group.</param>
    /// <param name="row">The row's number in its block.</param>
    /// <param name="within">The row's number in its tile.</param>
    /// <param name="column">The column's number in its panel.</param>
    public Load Of(KernelBuilder kernel, LoopValue panel, LoopValue row, int within, LoopValue column)
    {
        LoopValue tile = tiling.BlockInner is null ? LoopMath.Int(0) : LoopMath.Plus(LoopMath.Times(panel, kernel.Size(rows)), row);
        return new Load(sums, LoopMath.Sum(LoopMath.Times(LoopMath.Plus(tile, LoopMath.Int(within)), LoopMath.Int(tiling.Columns)), column));
    }

    /// <summary>
    /// Before a block of the inner axis that begins a span: the sums of the span before are added to those of all before, and begin again as zeros; in the last
    /// span with the sums of all.
    /// </summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="start">Where the block begins.</param>
    /// <param name="size">The size of the inner axis.</param>
    /// <param name="height">The number of rows.</param>
    /// <param name="panels">The number of panels.</param>
    public If Join(KernelBuilder kernel, LoopValue start, LoopValue size, LoopValue height, LoopValue panels)
    {
        long span = tiling.Span!.Value;
        Local panel = LoopMath.Index("panel");
        Local first = LoopMath.Index("first");
        Local element = LoopMath.Index("element");
        Local other = LoopMath.Index("element");
        var all = new Local("all", type);
        var lost = new Local("lost", type);
        LoopValue zero = Literal.Of(type, 0);
        LoopValue at = LoopMath.Plus(first, element);
        LoopValue count = LoopMath.Times(height, LoopMath.Int(tiling.Columns));
        LoopValue begins = LoopMath.AtLeast(LoopMath.Times(LoopMath.Quotient(start, span), LoopMath.Int(span)), start);
        return new If(LoopMath.Both(LoopMath.Less(LoopMath.Int(0), start), begins), new For(panel, LoopMath.Int(0), panels, LoopKind.Serial, new Block(
        [
            new Let(first, LoopMath.Times(panel, LoopMath.Times(kernel.Size(rows), LoopMath.Int(tiling.Columns)))),
            new If(LoopMath.AtLeast(LoopMath.Int(span), start), new For(other, LoopMath.Int(0), count, LoopKind.Vector, new Block(
            [
                new Store(high!, LoopMath.Plus(first, other), zero),
                new Store(low!, LoopMath.Plus(first, other), zero),
            ]))),
            new For(element, LoopMath.Int(0), count, LoopKind.Vector, new Block(
            [
                new Let(all, new Load(high!, at)),
                new Let(lost, new Load(low!, at)),
                LongSum.Add(all, lost, new Load(sums, at)),
                new Store(high!, at, all),
                new Store(low!, at, lost),
                new If(
                    LoopMath.AtLeast(LoopMath.Plus(start, LoopMath.Int(span)), size),
                    new Store(sums, at, all),
                    new Store(sums, at, zero)),
            ])),
        ])));
    }
}
