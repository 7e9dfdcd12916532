using GraphCompiler.Planning;
using GraphCompiler.Tests.Options;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Lowering.Contraction;

/// <summary>Elementwise work in kernels of matrix products: what goes there, in how many kernels and bytes, and that it gives the same.</summary>
internal sealed class EpilogueTests
{
    private static readonly CompileOptions Apart = new() { Passes = new() { Epilogues = false } };

    private static IEnumerable<TestCaseData> Graphs()
    {
        yield return Case("gelu", (x, w, b) => [Gelu(MatMul(x, w) + b)]);
        yield return Case("gelu by tanh", (x, w, b) => [Gelu(MatMul(x, w), approximate: true) * b]);
        yield return Case("silu", (x, w, b) => [(MatMul(x, w) * Sigmoid(MatMul(x, w))) + b]);
        yield return Case("a product and what follows", (x, w, b) => [MatMul(x, w), Relu(MatMul(x, w)), Exp(MatMul(x, w) * 0.1f) + b]);
        yield return Case("two results of a sum", (x, w, b) => [Tanh(MatMul(x, w) + b), Sigmoid(MatMul(x, w) + b)]);
        yield return Case("a product read elsewhere too", (x, w, b) => [Tanh(MatMul(x, w) + b), MatMul(x, w).Sum(0), MatMul(x, w).Max(1)]);
        yield return Case("products of products", (x, w, b) => [Gelu(MatMul(Gelu(MatMul(x, w)), w.Permute(1, 0))) * x, Tanh(MatMul(x, w))]);
        yield return Case("two products in one", (x, w, b) => [MatMul(x, w) * Sigmoid(MatMul(x, w + 1) + b)]);
        yield return Case("a batch", (x, w, b) => [Gelu(MatMul(x.Reshape(["N", 1, 24]), w)).Sum(1) + b, Relu(MatMul(x.Reshape(["N", 1, 24]), w)).Reshape(["N", 40])]);
        yield return Case("gradients", (x, w, b) =>
        {
            Node loss = Gelu(MatMul(x, w) + b).Pow(2).Sum();
            return [loss, .. Gradients(loss, w, b)];
        });

        static TestCaseData Case(string name, Func<Node, Parameter<float>, Parameter<float>, Node[]> make) => new TestCaseData(make).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Graphs))]
    public void Results_are_those_of_kernels_apart(Func<Node, Parameter<float>, Parameter<float>, Node[]> make)
    {
        Input<float> x = Input("x", ["N", 24]);
        Parameter<float> w = Parameter("w", new Generator(1).Normal(24, 40));
        Parameter<float> b = Parameter("b", new Generator(2).Normal(40));
        Node[] outputs = make(x, w, b);
        using CompiledGraph apart = GraphCompiler.Compiler.Compile([x], outputs, null, Apart);
        CompileOptions[] ways =
        [
            new(),
            new() { Passes = new() { MergeSmallKernels = false } },
            .. VectorWidths.Supported.Select(width => new CompileOptions { Width = width, Passes = new() { MergeSmallKernels = false } }),
            new() { Threads = 3, Chunking = Chunking.Finest, Passes = new() { MergeSmallKernels = false } },
            new() { Passes = new() { Fuse = false } },
            new() { Verify = true },
        ];
        CompiledGraph[] graphs = [.. ways.Select(way => GraphCompiler.Compiler.Compile([x], outputs, null, way))];
        foreach (int rows in (int[])[1, 0, 5, 14, 15, 64, 331])
        {
            float[] given = [.. Enumerable.Range(0, rows * 24).Select(i => MathF.Sin(i))];
            RunResults expected = apart.Run(given);
            for (int g = 0; g < graphs.Length; g++)
            {
                RunResults found = graphs[g].Run(given);
                for (int i = 0; i < outputs.Length; i++)
                {
                    float most = expected.GetArray<float>(i).Select(Math.Abs).DefaultIfEmpty(1).Max();
                    Assert.That(found.GetArray<float>(i), Is.EqualTo(expected.GetArray<float>(i)).Within(1e-5f * Math.Max(1, most)), $"{rows} rows, output {i}, way {g}");
                }
            }
        }

        Array.ForEach(graphs, graph => graph.Dispose());
    }

    [Test]
    [Needs(nameof(CompilerPasses.Epilogues), nameof(CompilerPasses.Inline), nameof(CompilerPasses.Simplify))]
    public void A_gelu_is_computed_in_the_kernel_of_its_product([Values] bool approximate, [Values] bool bias)
    {
        Input<float> x = Input("x", ["N", 150]);
        Parameter<float> w = Parameter("w", new Generator(1).Normal(150, 200));
        Node product = MatMul(x, w);
        Program program = Compiled([x], [Gelu(bias ? product + Parameter("b", new Generator(2).Normal(200)) : product, approximate)], []);
        Assert.That(program.Kernels.Where(k => !k.Scratch.Any()).ToArray(), Has.Length.EqualTo(1));
        Assert.That(program.Kernels[^1].Buffers.Count(n => n.Shape == product.Shape), Is.EqualTo(1), "nothing lies between");
    }

    [Test]
    [Needs(nameof(CompilerPasses.Epilogues), nameof(CompilerPasses.Inline), nameof(CompilerPasses.Fuse), nameof(CompilerPasses.Simplify))]
    public void What_backward_needs_is_left_by_the_kernel_of_the_product()
    {
        Input<float> x = Input("x", ["N", 150]);
        Parameter<float> w = Parameter("w", new Generator(1).Normal(150, 200));
        Parameter<float> v = Parameter("v", new Generator(2).Normal(200, 30));
        Node loss = MatMul(Gelu(MatMul(x, w)), v).Pow(2).Sum();
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], loss, new CompileOptions { Passes = new() { MergeSmallKernels = false, Recompute = false } });
        Program program = graph.TrainingExecutor.Program;
        Shape hidden = ["N", 200];
        int[] written = [.. program.Kernels.Take(program.ForwardKernels)
            .Select(k => k.Kernel.Buffers.Where((b, i) => b.Writable && k.Buffers[i].Shape == hidden).Count()).Where(count => count > 0)];
        Assert.That(written, Has.Length.EqualTo(1).And.All.GreaterThan(1));
    }

    [Test]
    [Needs(nameof(CompilerPasses.Epilogues), nameof(CompilerPasses.Inline), nameof(CompilerPasses.Fuse), nameof(CompilerPasses.Simplify), nameof(CompilerPasses.UpdateInPlace))]
    public void An_Adam_step_is_computed_in_the_kernel_of_its_gradient_and_writes_in_place()
    {
        Input<float> x = Input("x", ["N", 300]);
        Parameter<float> w = Parameter("w", new Generator(1).Normal(300, 200));
        Node loss = MatMul(x, w).Pow(2).Sum();
        IReadOnlyList<Update> adam = Optimizers.Adam(loss, [w]);
        Program program = Compiled([x], [loss], adam);
        Program apart = Compiled([x], [loss], adam, new CompileOptions { Passes = new() { Epilogues = false, MergeSmallKernels = false } });
        long bytes = 300 * 200 * sizeof(float);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(program.Kernels, Has.Length.LessThan(apart.Kernels.Length));
            Assert.That(program.Traffic.Moved, Is.LessThanOrEqualTo(apart.Traffic.Moved - (2 * bytes)), "the gradient is neither written nor read");
            Assert.That(program.Updates.Where(u => u.Node.Shape == w.Shape).Select(u => program.Plan.Buffers[u.Buffer].Address == u.Parameter!.Address), Is.All.True.And.Exactly(3).Items);
        }
    }

    [Test]
    public void An_Adam_step_trains_as_it_does_apart([Values(1, 3)] int threads, [Values(3, 70)] int rows)
    {
        float[][][] found = [.. ((bool[])[true, false]).Select(epilogues =>
        {
            Input<float> x = Input("x", ["N", 60]);
            Parameter<float> w = Parameter("w", new Generator(1).Normal(60, 90));
            Parameter<float> v = Parameter("v", new Generator(2).Normal(90, 33));
            Node loss = MatMul(Gelu(MatMul(x, w)), v).Pow(2).Mean();
            IReadOnlyList<Update> adam = Optimizers.Adam(loss, [w, v]);
            using CompiledGraph step = GraphCompiler.Compiler.Compile(
                [x], [loss], adam, new CompileOptions { Passes = new() { Epilogues = epilogues }, Threads = threads, Chunking = threads > 1 ? Chunking.Finest : Chunking.Default });
            for (int i = 0; i < 5; i++)
            {
                step.Run((float[])[.. Enumerable.Range(0, rows * 60).Select(k => MathF.Sin(k + i))]);
            }

            return (float[][])[.. adam.Select(u => u.Parameter).OfType<Parameter<float>>().Select(p => p.Values.ToArray())];
        })];
        for (int p = 0; p < found[0].Length; p++)
        {
            float most = found[1][p].Max(Math.Abs);
            Assert.That(found[0][p], Is.EqualTo(found[1][p]).Within(2e-3f * Math.Max(1e-3f, most)), $"parameter {p}");
        }
    }

    [Test]
    [Needs(nameof(CompilerPasses.Epilogues), nameof(CompilerPasses.Inline), nameof(CompilerPasses.Fuse), nameof(CompilerPasses.Simplify))]
    public void Refusals_say_why()
    {
        Input<float> x = Input("x", [64, 30]);
        Parameter<float> w = Parameter("w", new Generator(1).Normal(30, 64));
        Node product = MatMul(x, w);
        Assert.That(Log([product, (product * 2) + product.Permute(1, 0)]), Does.Contain("Add reads MatMul elsewhere than where it is computed"));
        Assert.That(Log([product, Softmax(product)]), Does.Contain("is no elementwise work on [64, 64]"));

        string Log(Node[] outputs)
        {
            string folder = Directory.CreateTempSubdirectory().FullName;
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], outputs, null, new CompileOptions { DumpDirectory = folder });
            graph.Run(new float[64 * 30]);
            string log = File.ReadAllText(Directory.GetFiles(folder, "*-fuse.txt", SearchOption.AllDirectories).Single());
            Directory.Delete(folder, recursive: true);
            return log;
        }
    }

    private static Program Compiled(Node[] inputs, Node[] outputs, IReadOnlyList<Update> updates, CompileOptions? options = null) =>
        GraphCompiler.Compiler.Compile(inputs, outputs, updates, options ?? new CompileOptions { Passes = new() { MergeSmallKernels = false } }).Executor.Program;
}
