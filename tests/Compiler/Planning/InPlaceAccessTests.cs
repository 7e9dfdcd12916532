using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Lowering;
using GraphCompiler.Planning;
using static GraphCompiler.Tests.Compiler.LoopBuilder;

namespace GraphCompiler.Tests.Compiler.Planning;

/// <summary>What the loops of a kernel say about writing in place.</summary>
internal sealed class InPlaceAccessTests
{
    private static readonly LoopValue M = new Extent(1);
    private static readonly Node Read = Ops.Input("read", ["N", "M"]);
    private static readonly Node Written = Ops.Input("written", ["N", "M"]);

    private readonly LoopBuffer x = Input("x", DType.Float32, Multiply(N, M));
    private readonly LoopBuffer y = Output("y", DType.Float32, Multiply(N, M));
    private readonly Local row = Index("row");
    private readonly Local column = Index("column");
    private readonly Local other = Index("other");

    [Test]
    public void AReadAtTheIndexThatIsWritten() => Assert.That(MayReplace(Rows(Columns(Copy(At(row, column), At(row, column))))), Is.True);

    [Test]
    public void AnIndexMayBeWrittenInAnotherForm() =>
        Assert.That(MayReplace(Rows(Columns(Copy(At(row, column), Add(Subtract(column, Int(3)), Add(Multiply(M, row), Int(3))))))), Is.True);

    [Test]
    public void AReadElsewhere()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(MayReplace(Rows(Columns(Copy(At(row, column), Add(Multiply(column, N), row))))), Is.False, "transposed");
            Assert.That(MayReplace(Rows(Columns(Copy(At(row, column), column)))), Is.False, "one row for all");
            Assert.That(MayReplace(Rows(Columns(Copy(At(row, column), Add(At(row, column), Int(1)))))), Is.False, "the neighbour");
            Assert.That(
                MayReplace(Rows(Columns(new Store(y, At(row, column), Add(new Load(x, At(row, column)), new Load(x, At(row, Int(0)))))))), Is.False, "at two indices");
        }
    }

    [Test]
    public void AnElementThatIsStoredTwice()
    {
        Local again = Index("again");
        LoopStatement body = Copy(At(row, column), At(row, column));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(MayReplace(Rows(Columns(new For(again, Int(0), Int(2), LoopKind.Serial, body)))), Is.False, "a loop that repeats");
            Assert.That(MayReplace(Rows(Columns(new For(again, Int(0), Int(1), LoopKind.Serial, body)))), Is.True, "a loop of one");
            Assert.That(MayReplace(Rows(Sequence(Fill(), Columns(body)))), Is.False, "filled before");
            Assert.That(MayReplace(Rows(new For(column, Int(0), Add(M, Int(1)), LoopKind.Serial, body))), Is.False, "rows that overlap");
            Assert.That(MayReplace(Rows(Columns(new Store(y, At(row, column), Add(new Load(x, At(row, column)), new Load(y, At(row, column))))))), Is.False, "read back");
        }
    }

    [Test]
    public void ARowThatIsReadWholeBeforeItIsWritten()
    {
        var sum = new Local("sum", DType.Float32);
        LoopStatement start = new Let(sum, Literal.Of(0f));
        LoopStatement add = new For(other, Int(0), M, LoopKind.Vector, new Assign(sum, Add(sum, new Load(x, At(row, other))))) { Reductions = [new(sum, BinaryFunction.Add)] };
        LoopStatement subtract = Columns(new Store(y, At(row, column), Subtract(new Load(x, At(row, column)), sum)));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(MayReplace(Rows(Sequence(start, add, subtract))), Is.True);
            Assert.That(MayReplace(Rows(Sequence(start, subtract, add))), Is.False, "read after it is written");
            Assert.That(MayReplace(Rows(Sequence(start, ((For)add) with { End = Int(7) }, subtract))), Is.False, "other bounds");
            Assert.That(MayReplace(Rows(Sequence(start, add, Columns(new If(Less(column, Int(3)), Copy(At(row, column), At(row, column))))))), Is.False, "not every element is written");
        }
    }

    [Test]
    public void ReadsAfterTheStoreAreMovedBeforeIt()
    {
        LoopBuffer z = Output("z", DType.Float32, Multiply(N, M));
        LoweredKernel kernel = Lower(
            Rows(Columns(Sequence(Copy(At(row, column), At(row, column)), new Store(z, At(row, column), Multiply(new Load(x, At(row, column)), Literal.Of(2f)))))), [x, y, z], [Read, Written, Ops.Input("z", ["N", "M"])]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(new InPlaceAccess().MayReplace(kernel, KernelBuffer.Of(Written), KernelBuffer.Of(Read)), Is.False);
            Kernel reordered = StoreLast.Run(kernel.Kernel);
            LoopVerifier.Verify(reordered);
            Assert.That(new InPlaceAccess().MayReplace(kernel with { Kernel = reordered }, KernelBuffer.Of(Written), KernelBuffer.Of(Read)), Is.True);
            KernelRun.AssertAgrees(reordered, [[0, 3], [5, 7], [2, 64]]);
        }
    }

    [Test]
    public void AnElementOfAnotherSize()
    {
        LoopBuffer wide = Output("wide", DType.Float64, Multiply(N, M));
        LoopStatement store = new Store(wide, At(row, column), new ConvertValue(DType.Float64, new Load(x, At(row, column))));
        Assert.That(new InPlaceAccess().MayReplace(Lower(Rows(Columns(store)), [x, wide], [Read, Written]), KernelBuffer.Of(Written), KernelBuffer.Of(Read)), Is.False);
    }

    [Test]
    public void AnIndexThatIsItselfRead()
    {
        LoopBuffer indices = Input("indices", DType.Int64, Multiply(N, M));
        LoopBuffer result = Output("result", DType.Int64, Multiply(N, M));
        LoopBuffer table = Input("table", DType.Int64, N);
        LoopStatement store = new Store(result, At(row, column), new Load(table, new Load(indices, At(row, column))));
        Assert.That(
            new InPlaceAccess().MayReplace(Lower(Rows(Columns(store)), [indices, result, table], [Read, Written, Ops.Input("table", ["N"])]), KernelBuffer.Of(Written), KernelBuffer.Of(Read)),
            Is.False,
            "emitted code may read an index late");
    }

    private static LoopValue At(LoopValue row, LoopValue column) => Add(Multiply(row, M), column);

    private Store Copy(LoopValue to, LoopValue from) => new(y, to, new Load(x, from));

    private For Fill() => new(other, Int(0), M, LoopKind.Vector, new Store(y, At(row, other), Literal.Of(0f)));

    private For Columns(LoopStatement body) => new(column, Int(0), M, LoopKind.Serial, body);

    private Func<Local, Local, LoopStatement> Rows(LoopStatement body) => (begin, end) => new For(row, begin, end, LoopKind.Parallel, body);

    private bool MayReplace(Func<Local, Local, LoopStatement> body) => new InPlaceAccess().MayReplace(Lower(body, [x, y], [Read, Written]), KernelBuffer.Of(Written), KernelBuffer.Of(Read));

    private static LoweredKernel Lower(Func<Local, Local, LoopStatement> body, LoopBuffer[] buffers, Node[] nodes) =>
        new(Kernel("kernel", buffers, body, extents: 2), [.. nodes.Select(KernelBuffer.Of)], ["N", "M"], "N", [], [nodes[1]]);
}
