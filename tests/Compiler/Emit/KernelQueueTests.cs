using GraphCompiler.Emit;
using GraphCompiler.Loops;
using static GraphCompiler.Tests.Compiler.LoopBuilder;

namespace GraphCompiler.Tests.Compiler.Emit;

/// <summary>Kernels that are compiled while others are still made.</summary>
internal sealed class KernelQueueTests
{
    private static readonly EmitOptions Options = new(VectorWidths.Best);

    [Test]
    public void KernelsComeInTheOrderAskedForWhetherAddedBeforeOrNot()
    {
        Kernel[] kernels = [.. Enumerable.Range(1, 6).Select(i => Twice($"k{i}", i))];
        KernelQueue queue = new(Options, useCache: false);
        queue.Add(kernels[4]);
        queue.Add(kernels[1]);
        CompiledKernel[] compiled = queue.Get(kernels);
        Assert.That(compiled.Select(c => c.Entry).Distinct().Count(), Is.EqualTo(kernels.Length));
        Assert.That(queue.Get(kernels).Select(c => c.Entry), Is.EqualTo(compiled.Select(c => c.Entry)), "each is compiled once");
    }

    [Test]
    public void AMalformedKernelIsReportedWhenItIsAskedForAndNotBefore()
    {
        LoopBuffer x = Input("x", DType.Float32);
        Kernel broken = Elementwise("broken", [x], i => new Store(x, i, Literal.Of(1f)));
        KernelQueue queue = new(Options, useCache: false);
        queue.Add(broken);
        Kernel sound = Twice("sound", 2);
        Assert.That(queue.Get([sound]), Has.Length.EqualTo(1));
        Assert.That(() => queue.Get([sound, broken]), Throws.TypeOf<CompileException>().With.Message.Contains("broken"));
    }

    private static Kernel Twice(string name, int factor)
    {
        LoopBuffer x = Input("x", DType.Float32);
        LoopBuffer y = Output("y", DType.Float32);
        return Elementwise(name, [x, y], i => new Store(y, i, new BinaryValue(BinaryFunction.Multiply, new Load(x, i), Literal.Of((float)factor))));
    }
}
