using GraphCompiler.Loops;

namespace GraphCompiler.Lowering.Contraction;

/// <summary>
/// The elementwise work on a block of sums that stand in memory already, and still in the cache: one short loop whatever the tiles are, so that
/// expensive work does not multiply the code of a kernel.
/// </summary>
internal static class FinishRows
{
    public static For Build(
        MatMulProblem problem, KernelBuilder kernel, LoopNest batch, int lanes, LoopValue first, LoopValue last, LoopValue from, LoopValue to)
    {
        Local row = LoopMath.Index("row");
        Local column = LoopMath.Index("column");
        LoopBuffer c = kernel.Output(problem.Root);
        LoopValue place = LoopMath.Sum(
            problem.C.Start(kernel, batch),
            LoopMath.Times(row, kernel.Size(problem.C.Row)),
            LoopMath.Times(column, kernel.Size(problem.C.Column)));

        // A vector at a time, the last one masked: one copy of the expression and no scalar rest.
        Local start = LoopMath.Index("start");
        LoopValue end = LoopMath.Least(to, LoopMath.Plus(start, LoopMath.Int(lanes)));
        LoopValue value = problem.Finish(kernel, batch, new Load(c, place), row, column, new Dictionary<Node, LoopValue>());
        return new For(row, first, last, LoopKind.Serial, new For(
            start, from, to, LoopKind.Serial, new For(column, start, end, LoopKind.Vector, new Store(c, place, value)) { IsMasked = true })
        {
            Step = lanes,
        });
    }
}
