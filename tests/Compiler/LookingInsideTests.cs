using System.Text.Json;
using GraphCompiler.Calling;
using GraphCompiler.Emit;
using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Lowering;
using GraphCompiler.Planning;
using GraphCompiler.Tests.Options;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler;

/// <summary>What a compilation shows of itself: dumps, bounds checks, and the comparison with the interpreter.</summary>
internal sealed class LookingInsideTests
{
    [Test]
    public void GraphsAndResultsPrintTheirShapes()
    {
        Input<float> x = Input("x", ["N", 4]);
        Parameter<float> w = Parameter("w", 1f);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, Input<long>("i", [])], [Softmax(x).Named("p"), x.Sum()], [(w, w * 2)]);
        using CompiledGraph closed = GraphCompiler.Compiler.Compile([], [w + 1]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(graph.ToString(), Is.EqualTo("CompiledGraph: Input 'x' float32[N, 4], Input 'i' int64[] → Softmax 'p' float32[N, 4], Sum float32[]; updates Parameter 'w' float32[]"));
            Assert.That(closed.ToString(), Is.EqualTo("CompiledGraph: → Add float32[]"));
            Assert.That(graph.Run(new float[8], 0L).ToString(), Is.EqualTo("RunResults: Softmax 'p' float32[2, 4], Sum float32[]"));
        }
    }

    [Test]
    public void EveryStageIsDumped()
    {
        string folder = Path.Combine(Path.GetTempPath(), $"graphcompiler-{Guid.NewGuid():N}");
        try
        {
            Input<float> x = Input("x", ["N", 4]);
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], Softmax(x * 1).Sum(0), new CompileOptions { DumpDirectory = folder });
            graph.Run(new float[8]);
            string dump = Directory.GetDirectories(folder).Single();
            string[] files = [.. Directory.GetFiles(dump).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];
            Assert.That(files, Does.Contain("00-input.txt"));
            Assert.That(files.Count(f => f.EndsWith("-inline-calls.txt", StringComparison.Ordinal)), Is.EqualTo(1));
            Assert.That(files.Count(f => f.EndsWith("-simplify.txt", StringComparison.Ordinal)), Is.EqualTo(1));
            Assert.That(files.Any(f => f.Contains("stabilize", StringComparison.Ordinal)), Is.False, "a pass that changes nothing leaves no file");
            Assert.That(Read("00-input.txt"), Does.Contain("Softmax[Along = 1]"));
            Assert.That(Read("kernel-000.txt"), Does.Contain("kernel"));
            Assert.That(Read("kernel-000.cs"), Does.Contain("frame"));
            using JsonDocument timings = JsonDocument.Parse(Read("timings.json"));
            int kernels = graph.Executor.Program.Kernels.Length;
            Assert.That(timings.RootElement.GetProperty("kernels").GetArrayLength(), Is.EqualTo(kernels));
            Assert.That(files.Count(f => f.StartsWith("kernel-", StringComparison.Ordinal)), Is.EqualTo(2 * kernels));
            Assert.That(timings.RootElement.GetProperty("kernels")[0].GetProperty("compiler").GetString(), Is.EqualTo("FastExpressionCompiler"));
            string[] levels = ["simplify", "fuse", "lower", "traffic", "schedule", "plan-memory"];
            string?[] steps = [.. timings.RootElement.GetProperty("passes").EnumerateArray().Select(p => p.GetProperty("name").GetString())];
            Assert.That(steps.Where(levels.Contains), Is.EqualTo(levels), "all steps are timed, in order");
            foreach (string level in levels)
            {
                Assert.That(files, Does.Contain($"{Array.IndexOf(steps, level):00}-{level}.txt"));
            }

            Assert.That(Read(files.Single(f => f.EndsWith("-schedule.txt", StringComparison.Ordinal))), Does.Contain(" step 0 ").And.Contain("Input 'x' float32[N, 4]"));

            string Read(string file) => File.ReadAllText(Path.Combine(dump, file));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>A row-wise kernel with so many functions that the JIT may leave calls in it is right, but slow.</summary>
    [Test]
    [Needs(nameof(CompilerPasses.Fuse), nameof(CompilerPasses.Inline), Width = VectorWidth.Bits256)]
    public void ADumpSaysWhichKernelsAreTooMuchForTheJit()
    {
        string folder = Path.Combine(Path.GetTempPath(), $"graphcompiler-{Guid.NewGuid():N}");
        try
        {
            Input<float> x = Input("x", ["N", 100]);
            Node y = x;
            for (int i = 0; i < 6; i++)
            {
                y = Erf(Tanh(Tanh(y) - Tanh(y).Sum(1, keepDims: true)));
            }

            var options = new CompileOptions { DumpDirectory = folder, Verify = true };
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], y, options);
            graph.Run(new float[200]);
            string dump = Directory.GetDirectories(folder).Single();
            bool[] said = [.. graph.Executor.Program.Kernels.Select((_, i) => File.ReadAllText(Path.Combine(dump, $"kernel-{i:000}.txt")).Contains("// slow: a size of", StringComparison.Ordinal))];
            bool[] isMuch = [.. graph.Executor.Program.Kernels.Select(k => KernelSize.Of(k.Kernel, new EmitOptions(options.Width, Verify: true)) > KernelSize.Most)];
            Assert.That(said, Is.EqualTo(isMuch));
            Assert.That(isMuch, Does.Contain(true));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public void NothingIsDumpedUnlessAskedFor() =>
        Assert.That(CompileOptions.Default.DumpDirectory, Is.EqualTo(Environment.GetEnvironmentVariable("GRAPHCOMPILER_DUMP")));

    [TestCase(8, true)]
    [TestCase(9, false)]
    [TestCase(-1, false)]
    public void ACheckedKernelRefusesToReadOutside(int at, bool inside)
    {
        var source = new LoopBuffer("source", DType.Float32, false) { Length = Literal.Of(9L) };
        var target = new LoopBuffer("target", DType.Float32, true) { Length = Literal.Of(1L) };
        var kernel = new Kernel("outside", [source, target], 0, new Local("begin", DType.Int64), new Local("end", DType.Int64), Literal.Of(1L), new Block([new Store(target, Literal.Of(0L), new Load(source, Literal.Of((long)at)))]));
        foreach (bool useFec in (bool[])[true, false])
        {
            CompiledKernel compiled = KernelCompiler.Compile(kernel, new EmitOptions(VectorWidth.Scalar, Checked: true, UseFec: useFec));
            Action run = () => KernelRun.Run(compiled.Entry, kernel, [], KernelRun.Data(kernel, []));
            Assert.That(run, inside ? Throws.Nothing : Throws.InstanceOf<Exception>().With.Message.Contains(at.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        }
    }

    /// <summary>A program whose second kernel subtracts where its node adds.</summary>
    [Test]
    public void VerifyNamesTheNodeWhoseKernelIsWrong()
    {
        Input<float> x = Input("x", ["N"]);
        Node first = (x * 2).Named("first");
        Node wrong = (first + 3).Named("second");
        Program good = CompilerPipeline.Run(new CompileOptions { Verify = true, Passes = new() { Inline = false, Fuse = false } }, [x], [new Root((wrong * 5).Named("third"), true, RootKind.Output)]);
        LoweredKernel kernel = good.Kernels.Single(k => k.Root.Name == "second");
        int at = Array.IndexOf(good.Kernels, kernel);
        Kernel broken = kernel.Kernel with { Body = (LoopStatement)Break(kernel.Kernel.Body) };
        using var executor = new Executor(good);
        Assert.That(() => executor.Run([(float[])[1, 2]]), Throws.Nothing);
        good.Plan.Steps[at] = good.Plan.Steps[at] with { Entry = KernelCompiler.Compile(broken, new EmitOptions(VectorWidth.Scalar)).Entry };
        Assert.That(
            () => executor.Run([(float[])[1, 2]]),
            Throws.TypeOf<CompileException>().With.Message.Contains("'second'").And.Message.Contains("gives -1 at [0]").And.Message.Contains("interpreter gives 5"));

        static object Break(object node) => node switch
        {
            Block block => new Block([.. block.Statements.Select(s => (LoopStatement)Break(s))]),
            For loop => loop with { Body = (LoopStatement)Break(loop.Body) },
            Store { Value: BinaryValue { Function: BinaryFunction.Add } sum } store => store with { Value = sum with { Function = BinaryFunction.Subtract } },
            _ => node,
        };
    }

    [Test]
    public void VerifyAcceptsSumsThatCancel([Values] bool single)
    {
        // The sum is rounding error alone: what it may be off by is measured against what was added.
        int count = 1001;
        if (single)
        {
            Input<float> x = Input("x", ["N"]);
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], x.Sum(), new CompileOptions { Verify = true });
            Assert.That(() => graph.Run((float[])[.. Enumerable.Range(0, count).Select(i => MathF.Sin(i) * 1000), .. Enumerable.Range(0, count).Select(i => -MathF.Sin(i) * 1000)]), Throws.Nothing);
        }
        else
        {
            Input<double> x = Input<double>("x", ["N"]);
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], MatMul(x, OnesLike(x)), new CompileOptions { Verify = true });
            Assert.That(() => graph.Run((double[])[.. Enumerable.Range(0, count).Select(i => Math.Sin(i) * 1000), .. Enumerable.Range(0, count).Select(i => -Math.Sin(i) * 1000)]), Throws.Nothing);
        }
    }

    [Test]
    public void VerifyAcceptsSumsThatOverflow([Values] VectorWidth width)
    {
        // +∞ and −∞ meet in some orders, and fused products do without either.
        Assume.That(VectorWidths.Supported, Does.Contain(width));
        Input<float> x = Input("x", ["N", 5]);
        Node product = MatMul(x, Transpose(x));
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], [Tanh(product), x.Sum(0), product * product], null, new CompileOptions { Width = width, Verify = true });
        Assert.That(() => graph.Run(System.Numerics.Tensors.Tensor.Create((float[])[.. Enumerable.Range(0, 185).Select(i => MathF.Sin(i) * (i % 3 == 0 ? 3e38f : 2e19f))], [37, 5])), Throws.Nothing);
    }

    [Test]
    public void VerifyAcceptsGradientsThatCancel([Values(1, 3, 40)] int rows)
    {
        // Normalised rows add up to zero, so that their sum's gradient is rounding error and nothing else.
        Input<float> x = Input("x", ["N", 33], requiresGrad: true);
        Node sum = LayerNorm(x).Sum();
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], [sum, Gradients(sum, x)[0]], null, new CompileOptions { Verify = true });
        Assert.That(() => graph.Run((float[])[.. Enumerable.Range(0, rows * 33).Select(i => MathF.Sin(i) + 100)]), Throws.Nothing);
    }

    /// <summary>A program that adds many numbers up one after the other.</summary>
    [Test]
    public void VerifyFindsASumWhoseErrorGrowsWithItsLength()
    {
        const int Count = 100_000;
        Input<float> x = Input("x", ["N"]);
        Program good = CompilerPipeline.Run(new CompileOptions { Verify = true }, [x], [new Root(x.Sum(), true, RootKind.Output)]);
        Kernel plain = good.Kernels[^1].Kernel with { Body = Break(good.Kernels[^1].Kernel.Body) };
        using var executor = new Executor(good);
        float[] given = [.. Enumerable.Repeat(0.1f, Count)];
        Assert.That(() => executor.Run([given]), Throws.Nothing);
        good.Plan.Steps[^1] = good.Plan.Steps[^1] with { Entry = KernelCompiler.Compile(plain, new EmitOptions(VectorWidth.Scalar)).Entry };
        Assert.That(() => executor.Run([given]), Throws.TypeOf<CompileException>().With.Message.Contains("interpreter"));

        static LoopStatement Break(LoopStatement node) => node switch
        {
            Block block => new Block([.. block.Statements.Select(Break)]),
            For loop => loop with { Body = Break(loop.Body), Reductions = [.. loop.Reductions.Select(r => r with { Lost = null })] },
            _ => node,
        };
    }

    [Test]
    public void VerifyFindsAThousandthTooMuch([Values] bool fuse)
    {
        Input<float> x = Input("x", ["N", 33]);
        Node y = Softmax(x).Named("second");
        Program good = CompilerPipeline.Run(new CompileOptions { Verify = true, Passes = new() { Fuse = fuse, Inline = fuse, MergeSmallKernels = false } }, [x], [new Root(y, true, RootKind.Output)]);
        int at = good.Kernels.Length - 1;
        Kernel broken = good.Kernels[at].Kernel with { Body = Break(good.Kernels[at].Kernel.Body) };
        using var executor = new Executor(good);
        float[] given = [.. Enumerable.Range(0, 66).Select(i => MathF.Sin(i))];
        Assert.That(() => executor.Run([given]), Throws.Nothing);
        good.Plan.Steps[at] = good.Plan.Steps[at] with { Entry = KernelCompiler.Compile(broken, new EmitOptions(VectorWidth.Scalar)).Entry };
        Assert.That(() => executor.Run([given]), Throws.TypeOf<CompileException>());

        static LoopStatement Break(LoopStatement node) => node switch
        {
            Block block => new Block([.. block.Statements.Select(Break)]),
            For loop => loop with { Body = Break(loop.Body) },
            Store store => store with { Value = new BinaryValue(BinaryFunction.Multiply, store.Value, Literal.Of(DType.Float32, 1.0012)) },
            _ => node,
        };
    }
}
