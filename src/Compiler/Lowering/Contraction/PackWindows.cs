using GraphCompiler.Kernels.Products;
using GraphCompiler.Loops;

namespace GraphCompiler.Lowering.Contraction;

/// <summary>
/// Copies a block of a matrix whose axes are several axes each, such as the windows of a convolution, into memory that a thread has for itself, row after
/// row: inside the kernel that multiplies it, a block at a time, so that a copy of all windows never exists.
/// </summary>
internal static class PackWindows
{
    // Elements that one step copies along a column.
    private const int ElementsPerRun = 16;

    // Elements that lie apart in what is read, and side by side in the copy, that one step copies.
    private const int ElementsPerStep = 8;

    // Vectors that are copied side by side.
    private const int MostVectors = 2;

    /// <summary>The statements.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="batch">The loops over the batch axes.</param>
    /// <param name="source">The matrix.</param>
    /// <param name="rows">The rows to copy.</param>
    /// <param name="columns">The columns to copy.</param>
    /// <param name="to">Where to.</param>
    /// <param name="apart">The distance between the rows of the copy.</param>
    /// <param name="lanes">Elements of a vector.</param>
    public static LoopStatement Build(KernelBuilder kernel, LoopNest batch, Matrix source, Stretch rows, Stretch columns, LoopBuffer to, long apart, int lanes)
    {
        LoopBuffer from = kernel.Input(source.Source);
        LoopValue start = source.Start(kernel, batch);
        EquatableArray<AxisPart> down = source.Joined!.Rows;
        EquatableArray<AxisPart> across = source.Joined.Columns;
        LoopValue rowStride = kernel.Size(JoinedAxes.InnermostOf(down).Stride);
        LoopValue columnStride = kernel.Size(JoinedAxes.InnermostOf(across).Stride);
        Store Copy(LoopValue row, LoopValue column, LoopValue rowBase, LoopValue columnBase) => new(
            to,
            LoopMath.Sum(LoopMath.Times(LoopMath.Minus(row, rows.First), LoopMath.Int(apart)), LoopMath.Minus(column, columns.First)),
            new Load(from, LoopMath.Sum(start, rowBase, columnBase, LoopMath.Times(row, rowStride), LoopMath.Times(column, columnStride))));

        long run = JoinedAxes.InnermostOf(across).Size.Nominal;
        return run < JoinedAxes.InnermostOf(down).Size.Nominal ? AlongColumns()
            : JoinedAxes.InnermostOf(across).Stride.Constant == 1 ? Vectors()
            : Elements();

        // Vectors of neighbouring columns, each from the top of the block to its bottom.
        LoopStatement Vectors()
        {
            int vectors = (int)Math.Clamp((run + lanes - 1) / lanes, 1, MostVectors);
            return JoinedLoops.Runs(kernel, across, columns, "column", (stretch, columnBase) =>
            {
                Local first = LoopMath.Index("first");
                Local lane = LoopMath.Index("lane");
                LoopValue count = LoopMath.Least(LoopMath.Int(vectors * lanes), LoopMath.Minus(stretch.Last, first));
                LoopStatement body = JoinedLoops.Runs(kernel, down, rows, "row", (inner, rowBase) =>
                {
                    Local row = LoopMath.Index("row");
                    return new For(row, inner.First, inner.Last, LoopKind.Serial, Copy(row, LoopMath.Plus(first, lane), rowBase, columnBase));
                });
                return new For(first, stretch.First, stretch.Last, LoopKind.Serial, new For(lane, LoopMath.Int(0), count, LoopKind.Vector, body) { Vectors = vectors, IsMasked = true })
                {
                    Step = vectors * lanes,
                };
            });
        }

        // Neighbouring columns that lie apart, several to a step.
        LoopStatement Elements() => JoinedLoops.Runs(kernel, across, columns, "column", (stretch, columnBase) =>
        {
            Local whole = LoopMath.Index("whole");
            LoopValue steps = LoopMath.Quotient(LoopMath.Minus(stretch.Last, stretch.First), ElementsPerStep);
            return new Block(
            [
                new Let(whole, LoopMath.Plus(stretch.First, LoopMath.Times(steps, LoopMath.Int(ElementsPerStep)))),
                JoinedLoops.Runs(kernel, down, rows, "row", (inner, rowBase) =>
                {
                    Local row = LoopMath.Index("row");
                    Local column = LoopMath.Index("column");
                    Local rest = LoopMath.Index("column");
                    LoopStatement[] copies = [.. Enumerable.Range(0, ElementsPerStep).Select(i => Copy(row, LoopMath.Plus(column, LoopMath.Int(i)), rowBase, columnBase))];
                    return new For(row, inner.First, inner.Last, LoopKind.Serial, new Block(
                    [
                        new For(column, stretch.First, whole, LoopKind.Serial, new Block([.. copies])) { Step = ElementsPerStep },
                        new For(rest, whole, stretch.Last, LoopKind.Serial, Copy(row, rest, rowBase, columnBase)),
                    ]));
                }),
            ]);
        });

        // Short runs along each of the columns in turn, so that what is read and what is written stays in the first-level cache.
        LoopStatement AlongColumns() => JoinedLoops.Runs(kernel, down, rows, "row", (inner, rowBase) =>
        {
            Local block = LoopMath.Index("block");
            Local whole = LoopMath.Index("whole");
            LoopValue length = LoopMath.Minus(inner.Last, inner.First);
            return new Block(
            [
                new Let(whole, LoopMath.Plus(inner.First, LoopMath.Times(LoopMath.Quotient(length, ElementsPerRun), LoopMath.Int(ElementsPerRun)))),
                new For(block, inner.First, whole, LoopKind.Serial, JoinedLoops.Runs(kernel, across, columns, "column", (stretch, columnBase) =>
                {
                    Local column = LoopMath.Index("column");
                    LoopStatement[] copies = [.. Enumerable.Range(0, ElementsPerRun).Select(i => Copy(LoopMath.Plus(block, LoopMath.Int(i)), column, rowBase, columnBase))];
                    return new For(column, stretch.First, stretch.Last, LoopKind.Serial, new Block([.. copies]));
                }))
                {
                    Step = ElementsPerRun,
                },
                JoinedLoops.Runs(kernel, across, columns, "column", (stretch, columnBase) =>
                {
                    Local column = LoopMath.Index("column");
                    Local row = LoopMath.Index("row");
                    return new For(column, stretch.First, stretch.Last, LoopKind.Serial, new For(
                        row, whole, inner.Last, LoopKind.Serial, Copy(row, column, rowBase, columnBase)));
                }),
            ]);
        });
    }
}
