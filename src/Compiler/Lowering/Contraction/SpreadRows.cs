using GraphCompiler.Kernels;
using GraphCompiler.Kernels.Products;
using GraphCompiler.Loops;

namespace GraphCompiler.Lowering.Contraction;

/// <summary>
/// Copies the rows of a left matrix to where they do not fight for the cache: a whole number of lines apart, and an odd one, so that neighbouring
/// rows never share their sets. Nothing is rearranged, though elements may be computed on the way: this runs at the speed of memory.
/// </summary>
internal static class SpreadRows
{
    private const int LineBytes = 64;

    // Rows that one step of the parallel range copies.
    private const int RowsPerBlock = 16;

    public static (LoweredKernel Kernel, LeftPanels Panels) Left(MatMulProblem problem, Func<KernelBuilder, LoopValue>? when)
    {
        var kernel = new KernelBuilder(problem.Roots);
        Matrix source = problem.A;
        int line = LineBytes / problem.Type.Size();
        long lines = (problem.K.Constant!.Value + line - 1) / line;
        Dim apart = (lines | 1) * line;

        // A matrix that serves all of a batch axis is copied once.
        Shape sizes = Shape.Of(problem.Batch.Select((size, axis) => source.IsShared(axis) ? Dim.Of(1) : size));
        Dim each = problem.M * apart;
        var strides = View.RowMajor(sizes).Select((stride, axis) => source.IsShared(axis) ? Dim.Of(0) : stride * each).ToEquatableArray();
        KernelBuffer scratch = kernel.Scratch(problem.Type, sizes.ElementCount * each);
        LoopBuffer to = kernel.Output(scratch);
        var batch = new LoopNest(sizes, [.. source.Batches, strides]);

        var block = new BlockAxis((problem.M + (RowsPerBlock - 1)) / RowsPerBlock, LoopMath.Index("block"));
        Local row = LoopMath.Index("row");
        Local inner = LoopMath.Index("inner");
        LoopValue first = LoopMath.Times(block.Variable, LoopMath.Int(RowsPerBlock));
        LoopValue last = LoopMath.Least(kernel.Size(problem.M), LoopMath.Plus(first, LoopMath.Int(RowsPerBlock)));
        LoopValue write = LoopMath.Sum(batch.Position(kernel, 0, strides), LoopMath.Times(row, kernel.Size(apart)), inner);
        LoopStatement body = BlockLoops.Run(kernel, batch, [block], new For(
            row, first, last, LoopKind.Serial, new For(
                inner, LoopMath.Int(0), kernel.Size(problem.K), LoopKind.Vector, new Store(to, write, source.At(kernel, batch, row, inner)))));
        return (kernel.Build(BlockLoops.Range(batch, block), when is null ? body : new If(when(kernel), body)), new LeftPanels(scratch, 0, strides, apart, apart, 1));
    }
}
