using GraphCompiler.Emit;
using GraphCompiler.Loops;
using static GraphCompiler.Tests.Compiler.LoopBuilder;

namespace GraphCompiler.Tests.Compiler.Emit;

/// <summary>Kernels that call a handwritten routine: compiled, evaluated, printed, checked.</summary>
internal sealed class RoutineTests
{
    private static readonly long[][] Sizes = [[0], [1], [3], [7]];

    // Adds 2 to each number of a row of 4; fails from row 5 on.
    private static Kernel Rows(long offset = 0) => RowsOf(Routine.Of(AddTwo), offset);

    private static Kernel RowsOf(Routine routine, long offset)
    {
        LoopBuffer x = Input("x", DType.Int64, Multiply(N, Int(4)));
        LoopBuffer y = Output("y", DType.Int64, Multiply(N, Int(4)));
        return Kernel("rows", [x, y], (begin, end) =>
        {
            Local row = Index("row");
            Local status = Index("status");
            LoopValue at = Add(Multiply(row, Int(4)), Int(offset));
            return new For(row, begin, end, LoopKind.Parallel, Sequence(
                new Invoke(status, routine, [new BufferPart(x, at, Int(4)), new BufferPart(y, at, Int(4))], [Int(4), row]) { Work = Int(4) },
                new If(new BinaryValue(BinaryFunction.NotEqual, status, Int(0)), new Fail(1, status))));
        });
    }

    internal static unsafe long AddTwo(nint from, nint to, long count, long row)
    {
        for (long i = 0; i < count; i++)
        {
            ((long*)to)[i] = ((long*)from)[i] + 2;
        }

        return row < 5 ? 0 : 100 + row;
    }

    [Test]
    public void Every_way_to_compile_agrees_with_the_evaluator() => KernelRun.AssertAgrees(Rows(), Sizes);

    [Test]
    public void A_result_that_the_kernel_fails_with_ends_it()
    {
        Kernel kernel = Rows();
        (int result, _, long detail) = KernelRun.Run(KernelCompiler.Compile(kernel, new(VectorWidths.Best)).Entry, kernel, [7], KernelRun.Data(kernel, [7]));
        Assert.That((result, detail), Is.EqualTo((1, 105L)));
    }

    [Test]
    public void The_printer_shows_parts_and_sizes() => Assert.That(
        LoopPrinter.Print(Rows()),
        Does.Contain("        int64 status = RoutineTests.AddTwo(x[row * 4 + 0 .. +4], y[row * 4 + 0 .. +4], 4, row)\n"));

    [Test]
    public void Checked_code_and_the_evaluator_refuse_parts_that_leave_their_buffer()
    {
        Kernel kernel = Rows(offset: 1);
        byte[][] data = KernelRun.Data(kernel, [3]);
        foreach (KernelEntry entry in (KernelEntry[])[KernelCompiler.Compile(kernel, new(VectorWidths.Best, Checked: true)).Entry, KernelRun.Evaluated(kernel)])
        {
            Assert.That(() => KernelRun.Run(entry, kernel, [3], data), Throws.TypeOf<IndexOutOfRangeException>().With.Message.EqualTo("Buffer 0: index 13 is outside [0, 12)."));
        }
    }

    [Test]
    public void Keys_tell_routines_apart()
    {
        static KernelKey KeyOf(Delegate method) => KernelKey.Of(RowsOf(Routine.Of(method), 0), new(VectorWidths.Best));

        KernelKey key = KeyOf(AddTwo);
        Assert.That(KernelKey.Of(Rows(), new(VectorWidths.Best)), Is.EqualTo(key));
        Assert.That(key, Is.Not.EqualTo(KeyOf(Nothing)));
        Assert.That(KeyOf(Generic<float>), Is.Not.EqualTo(KeyOf(Generic<double>)));
    }

    [Test]
    public void A_method_of_another_form_is_refused() => Assert.That(
        () => Routine.Of(Wrong),
        Throws.TypeOf<CompileException>().With.Message.Contains("RoutineTests.Wrong is no routine"));

    /// <summary>An address that depends on what a routine returned is not computed in front of the loop that calls it.</summary>
    [Test]
    public void A_result_may_say_where_something_is_stored()
    {
        LoopBuffer x = Input("x", DType.Int64);
        LoopBuffer y = Output("y", DType.Int64);
        KernelRun.AssertAgrees(
            Kernel("reversed", [x, y], (begin, end) =>
            {
                Local row = Index("row");
                Local inner = Index("inner");
                Local at = Index("at");
                return new For(row, begin, end, LoopKind.Serial, Sequence(
                    new Invoke(at, Routine.Of(Mirror), [], [row, N]) { Work = Int(1) },
                    new For(inner, Int(0), Int(1), LoopKind.Serial, new Store(y, Add(at, inner), new Load(x, Add(row, inner))))));
            }),
            Sizes);
    }

    internal static long Mirror(long row, long count) => count - 1 - row;

    internal static long Nothing(nint from, nint to, long count, long row) => from + to + count + row == 0 ? 1 : 0;

    internal static long Pair(nint from, nint to, long count) => from + to + count == 0 ? 1 : 0;

    internal static long Generic<T>(nint from, nint to, long count, long row) => from + to + count + row == 0 ? 1 : 0;

    internal static int Wrong(nint from, int size) => (int)from + size;
}
