using GraphCompiler.Kernels.Products;
using GraphCompiler.Loops;

namespace GraphCompiler.Lowering.Contraction;

/// <summary>
/// The elementwise work on a block of sums that stand in memory already, and still in the cache: one short loop whatever the tiles are, so that
/// expensive work does not multiply the code of a kernel.
/// </summary>
internal static class FinishRows
{
    /// <param name="problem">The product.</param>
    /// <param name="kernel">Its kernel.</param>
    /// <param name="batch">The loops over the batch axes.</param>
    /// <param name="lanes">Elements of a vector.</param>
    /// <param name="sums">Where the sums, or what the tiles made of them, stand.</param>
    /// <param name="inTiles">Whether the tiles did the epilogue.</param>
    /// <param name="blockColumns">Columns of a block, the last one apart.</param>
    /// <param name="rows">The rows of the block.</param>
    /// <param name="columns">The columns of the block.</param>
    public static For Build(
        MatMulProblem problem,
        KernelBuilder kernel,
        LoopNest batch,
        int lanes,
        SumPlace sums,
        bool inTiles,
        long blockColumns,
        (LoopValue First, LoopValue Last) rows,
        (LoopValue First, LoopValue Last) columns)
    {
        Local row = LoopMath.Index("row");
        Local start = LoopMath.Index("start");
        Local lane = LoopMath.Index("lane");
        LoopValue column = LoopMath.Plus(start, lane);
        List<LoopStatement> statements = [];
        List<LoopStatement> stores = [];
        LoopValue value = new Load(sums.Buffer, sums.At(row, column));
        if (!inTiles && problem.Epilogue is { } epilogue)
        {
            value = epilogue.ApplyAll(kernel, batch, value, row, column, statements)[0];
            if (problem.KeepsRoot)
            {
                stores.Add(new Store(kernel.Output(problem.Root), problem.C.Position(kernel, batch, row, column), value));
            }
        }

        // All values first: a result may lie where an operand of another lay.
        if (problem.Further is { } further)
        {
            LoopValue[] results = further.ApplyAll(kernel, batch, value, row, column, statements);
            LoopValue place = problem.C.Position(kernel, batch, row, column);
            stores.AddRange(further.Roots.Select((root, i) => new Store(kernel.Output(root, storedOnce: true), place, results[i])));
        }

        // A vector at a time: one copy of the expressions. Where not all columns surely make up whole vectors, each is masked.
        var body = new Block([.. statements, .. stores]);
        bool isWhole = problem.N.Constant % lanes == 0 && blockColumns % lanes == 0;
        For vector = isWhole
            ? new For(lane, LoopMath.Int(0), LoopMath.Int(lanes), LoopKind.Vector, body)
            : new For(lane, LoopMath.Int(0), LoopMath.Least(LoopMath.Int(lanes), LoopMath.Minus(columns.Last, start)), LoopKind.Vector, body) { IsMasked = true };
        return new For(row, rows.First, rows.Last, LoopKind.Serial, new For(start, columns.First, columns.Last, LoopKind.Serial, vector) { Step = lanes });
    }
}

/// <summary>Where the sums of a block stand until they are finished: among the results, or in memory that each thread has for itself.</summary>
/// <param name="Buffer">The memory.</param>
/// <param name="At">The place of an element, by its row and column in the whole product.</param>
/// <param name="Row">The distance between rows.</param>
internal sealed record SumPlace(LoopBuffer Buffer, Func<LoopValue, LoopValue, LoopValue> At, Dim Row);
