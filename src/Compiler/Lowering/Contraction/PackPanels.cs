using GraphCompiler.Kernels;
using GraphCompiler.Kernels.Products;
using GraphCompiler.Loops;

namespace GraphCompiler.Lowering.Contraction;

/// <summary>
/// Copies stacks of matrices [K, width] into panels of neighbouring columns, [panels, K, columns of a panel], each read from front to back later.
/// Whatever strides the source has vanish here, and what it takes to compute its elements. The columns that the last panel lacks stay unwritten:
/// nothing reads them.
/// </summary>
internal sealed class PackPanels
{
    // Panels that are filled side by side, so that rows are read in long runs; and elements that one step copies along a column, if little is computed.
    private const int PanelsPerGroup = 8;
    private const int ElementsPerRun = 16;

    // Rows of the source that one step of the parallel range copies of these panels: a whole number of runs.
    private const int RowsPerBlock = 256;

    private readonly KernelBuilder kernel;
    private readonly Matrix source;
    private readonly Dim k;
    private readonly Dim width;
    private readonly int columns;
    private readonly int lanes;
    private readonly LoopBuffer to;
    private readonly LoopNest batch;
    private readonly EquatableArray<Dim> packedBatch;

    private PackPanels(MatMulProblem problem, Matrix source, Dim width, int columns, int lanes)
    {
        (this.source, this.width, this.columns, this.lanes) = (source, width, columns, lanes);
        k = problem.K;
        kernel = new KernelBuilder(problem.Roots);

        // A matrix that serves all of a batch axis is packed once.
        Dim panels = (width + (columns - 1)) / columns;
        Shape sizes = Shape.Of(problem.Batch.Select((size, axis) => source.IsShared(axis) ? Dim.Of(1) : size));
        Dim each = panels * k * columns;
        packedBatch = View.RowMajor(sizes).Select((stride, axis) => source.IsShared(axis) ? Dim.Of(0) : stride * each).ToEquatableArray();
        Scratch = kernel.Scratch(problem.Type, sizes.ElementCount * each);
        to = kernel.Output(Scratch);
        batch = new LoopNest(sizes, [.. source.Batches, packedBatch]);
    }

    private KernelBuffer Scratch { get; }

    /// <summary>The kernel that packs the right matrix of a product, and where its panels are then.</summary>
    public static (LoweredKernel Kernel, RightPanels Panels) Right(MatMulProblem problem, MatMulTiling tiling, Func<KernelBuilder, LoopValue>? when)
    {
        var pack = new PackPanels(problem, problem.B, problem.N, tiling.Columns, tiling.Lanes);
        return (pack.Build(when), new RightPanels(pack.Scratch, 0, pack.packedBatch, problem.K * tiling.Columns, tiling.Columns));
    }

    /// <summary>The kernel that packs the left matrix, whose rows are what is side by side in its panels.</summary>
    public static (LoweredKernel Kernel, LeftPanels Panels) Left(MatMulProblem problem, MatMulTiling tiling, Func<KernelBuilder, LoopValue>? when)
    {
        var pack = new PackPanels(problem, problem.A.Transposed(), problem.M, tiling.Height, tiling.Lanes);
        return (pack.Build(when), new LeftPanels(pack.Scratch, 0, pack.packedBatch, problem.K, 1, tiling.Height));
    }

    private LoweredKernel Build(Func<KernelBuilder, LoopValue>? when)
    {
        var group = new BlockAxis((width + ((PanelsPerGroup * columns) - 1)) / (PanelsPerGroup * columns), LoopMath.Index("group"));
        var block = new BlockAxis((k + (RowsPerBlock - 1)) / RowsPerBlock, LoopMath.Index("rows"));
        LoopStatement body = block.Count.Constant is 0 or 1
            ? BlockLoops.Run(kernel, batch, [group, block], Group(group.Variable, new Stretch(LoopMath.Int(0), kernel.Size(k))))
            : BlockLoops.Runs(kernel, batch, [group], block.Count, run => Blocks(group.Variable, run));
        return kernel.Build(BlockLoops.Range(batch, group, block), when is null ? body : new If(when(kernel), body));
    }

    private Block Blocks(Local group, Stretch blocks)
    {
        Local from = LoopMath.Index("fromRow");
        Local to = LoopMath.Index("toRow");
        return new Block(
        [
            new Let(from, LoopMath.Times(blocks.First, LoopMath.Int(RowsPerBlock))),
            new Let(to, LoopMath.Least(kernel.Size(k), LoopMath.Times(blocks.Last, LoopMath.Int(RowsPerBlock)))),
            Group(group, new Stretch(from, to)),
        ]);
    }

    private Block Group(Local group, Stretch rows)
    {
        Local first = LoopMath.Index("first");
        Local last = LoopMath.Index("last");
        LoopValue panels = kernel.Size(width / columns);
        LoopValue rest = LoopMath.Minus(kernel.Size(width), LoopMath.Times(panels, LoopMath.Int(columns)));
        bool partial = width.Constant is not { } w || w % columns != 0;
        bool alongRows = source.LiesAlongRows;
        return new Block(
        [
            new Let(first, LoopMath.Times(group, LoopMath.Int(PanelsPerGroup))),
            new Let(last, LoopMath.Least(panels, LoopMath.Plus(first, LoopMath.Int(PanelsPerGroup)))),
            alongRows ? Rows(rows, first, last, LoopMath.Int(columns), isPartial: false) : Columns(rows, first, last, LoopMath.Int(columns)),
            .. partial
                ? [new If(
                    LoopMath.Less(panels, LoopMath.Plus(first, LoopMath.Int(PanelsPerGroup))),
                    alongRows ? Rows(rows, panels, LoopMath.Plus(panels, LoopMath.Int(1)), rest, isPartial: true) : Columns(rows, panels, LoopMath.Plus(panels, LoopMath.Int(1)), rest))]
                : Array.Empty<LoopStatement>(),
        ]);
    }

    // Vectors along the rows of the source.
    private For Rows(Stretch rows, LoopValue first, LoopValue last, LoopValue count, bool isPartial)
    {
        Local inner = LoopMath.Index("inner");
        Local panel = LoopMath.Index("panel");
        Local column = LoopMath.Index("column");
        return new For(inner, rows.First, rows.Last, LoopKind.Serial, new For(
            panel, first, last, LoopKind.Serial, new For(
                column, LoopMath.Int(0), count, LoopKind.Vector, Copy(panel, inner, column))
            {
                Vectors = (columns + lanes - 1) / lanes,
                IsMasked = isPartial || columns % lanes != 0,
            }));
    }

    // Runs along the columns of the source, one element at a time: whatever its strides, nothing is read or written twice.
    private For Columns(Stretch rows, LoopValue first, LoopValue last, LoopValue count)
    {
        Local panel = LoopMath.Index("panel");
        Local block = LoopMath.Index("block");
        Local column = LoopMath.Index("column");
        Local restColumn = LoopMath.Index("column");
        Local inner = LoopMath.Index("inner");
        int length = source.Prologue is { IsShort: false } ? 1 : ElementsPerRun;
        LoopValue runs = LoopMath.Quotient(LoopMath.Minus(rows.Last, rows.First), length);
        LoopValue whole = LoopMath.Plus(rows.First, LoopMath.Times(runs, LoopMath.Int(length)));
        LoopStatement[] run = [.. Enumerable.Range(0, length).Select(i => Copy(panel, LoopMath.Plus(block, LoopMath.Int(i)), column))];
        return new For(panel, first, last, LoopKind.Serial, new Block(
        [
            new For(block, rows.First, whole, LoopKind.Serial, new For(column, LoopMath.Int(0), count, LoopKind.Serial, new Block([.. run]))) { Step = length },
            new For(restColumn, LoopMath.Int(0), count, LoopKind.Serial, new For(inner, whole, rows.Last, LoopKind.Serial, Copy(panel, inner, restColumn))),
        ]));
    }

    private Store Copy(LoopValue panel, LoopValue inner, LoopValue column)
    {
        LoopValue start = LoopMath.Sum(batch.Position(kernel, 0, packedBatch), LoopMath.Times(panel, kernel.Size(k * columns)));
        LoopValue across = LoopMath.Plus(LoopMath.Times(panel, LoopMath.Int(columns)), column);
        LoopValue value = source.At(kernel, batch, inner, across);
        return new Store(to, LoopMath.Sum(start, LoopMath.Times(inner, LoopMath.Int(columns)), column), value);
    }
}
