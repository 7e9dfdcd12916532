using GraphCompiler.Loops;
using static GraphCompiler.Tests.Compiler.LoopBuilder;

namespace GraphCompiler.Tests.Compiler.Loops;

internal sealed class LoopPrinterTests
{
    [Test]
    public void A_kernel_reads_like_code()
    {
        LoopValue m = new Extent(1);
        LoopBuffer x = Input("x", DType.Float32, Multiply(N, m));
        LoopBuffer y = Output("y", DType.Float32, Multiply(N, m));
        Kernel kernel = Kernel("rows", [x, y], (begin, end) =>
        {
            Local row = Index("i");
            Local i = Index("i");
            Local j = Index("j");
            var most = new Local("most", DType.Float32);
            LoopValue At(Local column) => Add(Multiply(row, m), column);
            var value = new Load(x, At(j));
            return new For(row, begin, end, LoopKind.Parallel, Sequence(
                new Let(most, Literal.Of(float.NegativeInfinity)),
                new For(i, Int(0), m, LoopKind.Vector, new Assign(most, new BinaryValue(BinaryFunction.Maximum, most, new Load(x, At(i)))))
                {
                    Reductions = [new(most, BinaryFunction.Maximum)],
                },
                new For(j, Int(0), m, LoopKind.Vector, new Store(y, At(j), new SelectValue(
                    Less(value, Literal.Of(0f)),
                    Multiply(Subtract(value, most), Subtract(value, Subtract(most, Literal.Of(0.5f)))),
                    new UnaryValue(UnaryFunction.Exp, new UnaryValue(UnaryFunction.Negate, value))))),
                new If(Less(row, Int(2)), new Fail(1, row), new Assign(most, new FmaValue(most, most, new ConvertValue(DType.Float32, row))))));
        }, extents: 2);
        Assert.That(LoopPrinter.Print(kernel), Is.EqualTo("""
            kernel rows(float32 x[n0 * n1], out float32 y[n0 * n1]) over [begin, end) of n0
                parallel for i in [begin, end):
                    float32 most = -Infinityf
                    vector for i_1 in [0, n1) reducing most by max:
                        most = max(most, x[i * n1 + i_1])
                    vector for j in [0, n1):
                        float32 t0 = x[i * n1 + j]
                        y[i * n1 + j] = t0 < 0f ? (t0 - most) * (t0 - (most - 0.5f)) : exp(-t0)
                    if i < 2:
                        fail 1 with i
                    else:
                        most = fma(most, most, float32(i))

            """));
    }

    [Test]
    public void Shared_values_are_printed_once()
    {
        LoopValue value = Literal.Of(1.5f);
        for (int i = 0; i < 40; i++)
        {
            value = Add(value, value);
        }

        Assert.That(LoopPrinter.Print(value), Does.StartWith("float32 t0 = 1.5f + 1.5f; float32 t1 = t0 + t0; ").And.EndsWith("; t38 + t38"));
    }
}
