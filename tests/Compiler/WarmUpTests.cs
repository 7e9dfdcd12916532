using GraphCompiler.Calling;
using GraphCompiler.Kernels;
using GraphCompiler.Planning;

namespace GraphCompiler.Tests.Compiler;

/// <summary>The program that warms up the compiler.</summary>
internal sealed class WarmUpTests
{
    [TestCase(false)]
    [TestCase(true)]
    public void ItIsOneLikeOthers(bool verify)
    {
        var options = new CompileOptions { Passes = new() { CacheKernels = false }, Verify = verify };
        (Regions regions, KernelGraph graph) = WarmUp.Example(options);
        Program program = CompilerPipeline.Run(regions, graph, new CompilerContext(options), options);
        using var executor = new Executor(program);
        float[] result = executor.Run([new float[3 * WarmUp.Size]]).GetArray<float>(0);
        Assert.That(result, Has.Length.EqualTo(3 * WarmUp.Size).And.All.EqualTo(1f / WarmUp.Size), "a softmax of equal numbers");
        Assert.That(program.Compiled.SelectMany(c => c.ScalarLoops), Is.Empty);
    }

    [Test]
    public void ItRuns() => Assert.That(WarmUp.Run, Throws.Nothing);
}
