using GraphCompiler.Loops;

namespace GraphCompiler.Emit;

/// <summary>
/// The first compilation of a process spends most of its time in the JIT, on this compiler's own code. A small kernel that nobody runs, compiled on
/// another thread, brings the emitter and FastExpressionCompiler to life while the passes before them are at work.
/// </summary>
internal static class WarmUp
{
    private static int begun;

    /// <summary>Begins, once a process, if the machine has a processor to spare and there will be code to emit.</summary>
    public static void Begin(CompileOptions options)
    {
        if (!options.Interpret && Environment.ProcessorCount > 1 && Interlocked.Exchange(ref begun, 1) == 0)
        {
            _ = Task.Run(static () => KernelCompiler.TryOut(Example(), new EmitOptions(VectorWidths.Best)));
        }
    }

    /// <summary>For each row <c>y[row, i] = exp(x[row, i] − x[row, 0])</c> with the sum of them: most of what kernels are made of.</summary>
    internal static Kernel Example()
    {
        var count = new Extent(0);
        var begin = new Local("begin", DType.Int64);
        var end = new Local("end", DType.Int64);
        var row = new Local("row", DType.Int64);
        var column = new Local("column", DType.Int64);
        var sum = new Local("sum", DType.Float32);
        var size = new BinaryValue(BinaryFunction.Multiply, new Extent(1), count);
        var x = new LoopBuffer("x", DType.Float32) { Length = size };
        var y = new LoopBuffer("y", DType.Float32, Writable: true) { Length = size };
        var sums = new LoopBuffer("sums", DType.Float32, Writable: true) { Length = new Extent(1) };
        var start = new BinaryValue(BinaryFunction.Multiply, row, count);
        var index = new BinaryValue(BinaryFunction.Add, start, column);
        var shifted = new BinaryValue(BinaryFunction.Subtract, new Load(x, index), new Load(x, start));
        var value = new UnaryValue(UnaryFunction.Exp, new SelectValue(new UnaryValue(UnaryFunction.IsNaN, shifted), Literal.Of(0f), shifted));
        var columns = new For(column, Literal.Of(0L), count, LoopKind.Vector, new Block([new Store(y, index, value), new Assign(sum, new BinaryValue(BinaryFunction.Add, sum, value))]))
        {
            Reductions = [new Reduction(sum, BinaryFunction.Add)],
        };
        var rows = new For(row, begin, end, LoopKind.Parallel, new Block([new Let(sum, Literal.Of(0f)), columns, new Store(sums, row, sum)]));
        return new Kernel("warm-up", [x, y, sums], 2, begin, end, new Extent(1), rows);
    }
}
