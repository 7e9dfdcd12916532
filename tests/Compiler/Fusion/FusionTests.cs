using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Lowering;
using GraphCompiler.Planning;
using GraphCompiler.Tests.Options;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Fusion;

/// <summary>What becomes one kernel, and what cannot: counted in kernels and in bytes that they move.</summary>
[Needs(nameof(CompilerPasses.Inline), nameof(CompilerPasses.Fuse), nameof(CompilerPasses.Simplify))]
internal sealed class FusionTests
{
    [Test]
    public void A_softmax_is_one_kernel([Values("N", 5)] object rows, [Values(0, 1, 2)] int axis) =>
        Assert.That(Kernels(x => [Softmax(x, axis)], [Dim(rows), 3, 40]), Is.EqualTo(1));

    [Test]
    public void A_layer_norm_is_one_kernel() => Assert.That(Kernels(x => [LayerNorm(x)], ["N", 40]), Is.EqualTo(1));

    [Test]
    public void A_layer_norm_with_all_gradients_is_one_kernel_and_the_sums_of_its_parts()
    {
        Input<float> x = Input("x", ["N", 40], requiresGrad: true);
        Input<float> g = Input("g", ["N", 40]);
        Parameter<float> w = Parameter("w", Tensors.Ones<float>(40));
        Parameter<float> b = Parameter("b", Tensors.Zeros<float>(40));
        Node y = LayerNorm(x, w, b);
        NodeList gradients = Vjp([y], [x, w, b], [g]);
        Program program = Compiled([x, g], [y, gradients[0], gradients[1], gradients[2]]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(program.Kernels.Select(k => k.Kernel.Name), Is.EqualTo((string[])["Sum", "Sum", "Sum"]));
            Assert.That(program.Traffic.Moved, Is.LessThan(1.15 * program.Traffic.Fewest));
        }
    }

    [Test]
    public void The_gradient_of_an_unrolled_recurrence_by_its_sequence_is_written_once()
    {
        const int Steps = 24;
        Input<float> xs = Input("xs", [Steps, 8, 16], requiresGrad: true);
        Input<float> w = Input("w", [16, 16]);
        Node h = Zeros([8, 16]);
        foreach (Node x in Unbind(xs))
        {
            h = Tanh(MatMul(h, w) + (Sigmoid(x) * Slice(x, 1, 3, 4)));
        }

        Program program = Compiled([xs, w], [Gradients(Sum(h), xs)[0]]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(program.Kernels.Count(k => k.Buffers.Zip(k.Kernel.Buffers).Any(b => b.Second.Writable && b.First.Shape == xs.Shape)), Is.EqualTo(1));
            Assert.That(program.Kernels.SelectMany(k => k.Buffers).Count(b => b.Shape == xs.Shape && b.Node != xs), Is.EqualTo(1));
        }
    }

    [Test]
    public void A_cross_entropy_and_its_gradient_read_the_logits_once()
    {
        Input<float> x = Input("x", ["N", 1000], requiresGrad: true);
        Input<long> c = Input<long>("c", ["N"]);
        Node loss = CrossEntropy(x, c);
        Program program = Compiled([x, c], [loss, Gradients(loss, x)[0]]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(program.Kernels.Count(k => k.Buffers.Any(b => b.Node == x)), Is.EqualTo(1));
            Assert.That(program.Traffic.Moved, Is.LessThan(1.05 * program.Traffic.Fewest));
        }
    }

    [Test]
    public void An_Adam_step_of_a_parameter_is_one_kernel_over_its_elements()
    {
        Input<float> g = Input("g", [1000]);
        Parameter<float> w = Parameter("w", Tensors.Ones<float>(1000));
        IReadOnlyList<Update> adam = Optimizers.Adam((w * g).Sum(), [w], 1e-3);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([g], [], adam);
        Assert.That(graph.Executor.Program.Kernels.Count(k => k.Roots.Any(r => r.Shape == w.Shape)), Is.EqualTo(1));
    }

    [Test]
    public void What_an_optimiser_counts_for_many_parameters_takes_few_kernels()
    {
        const int Count = 40;
        Input<float> g = Input("g", [100]);
        Parameter<float>[] w = [.. Enumerable.Range(0, Count).Select(i => Parameter($"w{i}", Tensors.Ones<float>(100 + i)))];
        Node loss = w.Select(p => (p * p * g[0]).Sum()).Aggregate((a, b) => a + b);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([g], [], Optimizers.Adam(loss, w));
        Program program = graph.Executor.Program;
        LoweredKernel[] numbers = [.. program.Kernels.Where(k => k.Roots.All(r => r.Shape.Rank == 0))];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(numbers.Sum(k => k.Roots.Count), Is.EqualTo(3 * Count), "a count and two corrections each");
            Assert.That(numbers, Has.Length.LessThanOrEqualTo(Count / 3));
            Assert.That(numbers.SelectMany(k => LoopTree.Statements(k.Kernel.Body).OfType<For>()).Select(f => f.Kind), Has.None.EqualTo(LoopKind.Vector));
        }

        graph.Run(new float[100]);
        Assert.That(w.Select(p => p.Values[0]), Is.All.EqualTo(w[0].Values[0]));
    }

    [Test]
    public void Numbers_that_wait_for_larger_kernels_are_kernels_of_their_own()
    {
        Input<float> x = Input("x", [40, 40]);
        Input<double> rate = Input<double>("rate", []);
        Node[] loud = [.. Enumerable.Range(1, 2).Select(i => Exp(CumulativeSum(x * (float)i, 0).Sum()))];
        Node[] calm = [.. Enumerable.Range(1, 3).Select(i => Cast(Exp(rate * i), DType.Float32))];
        Program program = Compiled([x, rate], [.. loud, .. calm]);
        IEnumerable<string> kernels = program.Kernels.Where(k => k.Roots.All(r => r.Shape.Rank == 0)).Select(k => string.Join(" ", k.Roots.Select(r => r.Op.Name)));
        Assert.That(kernels, Does.Contain("Cast Cast Cast").And.Not.Contain("Exp Exp"));
    }

    [Test]
    public void Siblings_read_their_input_once() =>
        Assert.That(Kernels(x => [Exp(x), x * 2, x.Sum(1), x.Max(1), Mean(x * x, 1)], ["N", 40]), Is.EqualTo(1));

    [Test]
    public void Sums_over_rows_and_within_rows_share_a_pass() =>
        Assert.That(Compiled(x => [x.Sum(0), x.Sum(1)], [64, 40]).Kernels, Has.Length.EqualTo(1));

    [Test]
    public void An_embedding_is_looked_up_inside_what_follows()
    {
        Input<long> i = Input<long>("i", ["B", "T"]);
        Parameter<float> table = Parameter("table", Tensors.Ones<float>(50, 16));
        Parameter<float> places = Parameter("places", Tensors.Ones<float>(16));
        Program program = Compiled([i], [LayerNorm((Take(table, i, 0) * 4) + places)]);
        Assert.That(program.Kernels, Has.Length.EqualTo(1));
    }

    [Test]
    public void Slices_are_read_in_place_and_parts_are_computed_into_a_concatenation() =>
        Assert.That(Kernels(x => [Concat([Exp(x.Slice(0, 0..2)), x.Slice(0, 2..4) + x.Slice(0, 0..2)], 0)], [4, 40]), Is.EqualTo(1));

    [Test]
    public void What_another_kernel_stands_between_is_not_joined()
    {
        Input<float> x = Input("x", [40, 40]);
        Node a = Exp(x);
        Program program = Compiled([x], [a, a + Cast(ArgMax(a, 1, keepDims: true), DType.Float32)]);
        Assert.That(program.Kernels.Select(k => k.Root.Op.Name), Is.EqualTo((string[])["Exp", "ArgMax", "Cast", "Add"]));
    }

    [Test]
    public void A_cheap_mask_is_repeated_and_an_expensive_value_is_not()
    {
        Input<float> x = Input("x", [40, 40]);
        Node mask = x > ZerosLike(x);
        Node value = Tanh(x);
        Program program = Compiled([x], [MatMul(Where(mask, value, x), x), MatMul(x, Where(mask, x, value))]);
        Assert.That(program.Kernels.SelectMany(k => k.Buffers).Select(b => b.Name), Does.Not.Contain("Greater"));
    }

    [Test]
    [Needs(Width = VectorWidth.Bits128)]
    public void Lanes_of_two_sizes_do_not_meet()
    {
        Input<float> x = Input("x", [40]);
        Program program = Compiled([x], [Exp(x), Cast(x, DType.Float64) * 2.0]);
        Assert.That(program.Compiled.Count(c => c.ScalarLoops.Count == 0), Is.EqualTo(1), "the loop over floats stays a vector loop");
    }

    [Test]
    public void Without_fusion_every_value_has_a_kernel() =>
        Assert.That(Compiled(x => [Softmax(x)], ["N", 40], new CompileOptions { Passes = new() { Fuse = false } }).Kernels, Has.Length.GreaterThan(2));

    [Test]
    public void The_log_says_what_was_joined_and_why_not()
    {
        Input<float> x = Input("x", ["N", 8]);
        Node a = Exp(x);
        Node b = a / a.Sum(1, keepDims: true);
        Node c = a + Cast(ArgMax(a, 1, keepDims: true), DType.Float32);
        Node[] roots = [a, b, c];
        string folder = Path.Combine(Path.GetTempPath(), $"graphcompiler-{Guid.NewGuid():N}");
        try
        {
            Compiled([x], roots, CompileOptions.Default with { DumpDirectory = folder });
            string text = File.ReadAllText(Directory.GetFiles(folder, "*-fuse.txt", SearchOption.AllDirectories).Single());
            Assert.That(text, Does.Contain("{Exp, Sum, Div} over [N, 8] in rows over [1], leaving {Exp, Div}"));
            Assert.That(text, Does.Contain("stay in the kernel"));
            Assert.That(File.ReadAllText(Directory.GetFiles(folder, "*-traffic.txt", SearchOption.AllDirectories).Single()), Does.Contain("cannot be avoided"));
            Assert.That(text, Does.Contain("another kernel stands between them"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestCase(1)]
    [TestCase(63)]
    [TestCase(64)]
    [TestCase(65)]
    [TestCase(1000)]
    public void Sums_over_rows_come_in_parts_that_depend_on_the_number_of_rows_alone(int rows)
    {
        Input<double> x = Input<double>("x", ["N", 3]);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], [x.Sum(0), (x * x).Max(0), x.Sum()]);
        double[] values = [.. Enumerable.Range(0, 3 * rows).Select(i => Math.Sin(i))];
        RunResults results = graph.Run(values);
        for (int column = 0; column < 3; column++)
        {
            double[] own = [.. Enumerable.Range(0, rows).Select(row => values[(3 * row) + column])];
            Assert.That(results.GetArray<double>(0)[column], Is.EqualTo(own.Sum()).Within(1e-10));
            Assert.That(results.GetArray<double>(1)[column], Is.EqualTo(own.Max(v => v * v)));
        }

        Assert.That(results.Scalar<double>(2), Is.EqualTo(values.Sum()).Within(1e-10));
    }

    [Test]
    public void A_sum_of_everything_is_shared_out_and_combined()
    {
        Input<float> x = Input("x", [300, 1000]);
        Program program = Compiled([x], [(x * x).Sum()]);
        Assert.That(program.Kernels, Has.Length.EqualTo(2));
        Assert.That(program.Kernels[0].Range.Constant, Is.EqualTo(300_000 / LowerGroupChunk + 1));
    }

    private const long LowerGroupChunk = Costs.ElementsPerChunk;

    private static Dim Dim(object size) => size is string symbol ? symbol : (int)size;

    private static int Kernels(Func<Node, Node[]> build, Shape shape) => Compiled(build, shape).Kernels.Length;

    private static Program Compiled(Func<Node, Node[]> build, Shape shape, CompileOptions? options = null)
    {
        Input<float> x = Input("x", shape);
        return Compiled([x], build(x), options);
    }

    private static Program Compiled(Node[] inputs, Node[] roots, CompileOptions? options = null) =>
        CompilerPipeline.Run(options ?? new CompileOptions { Passes = new() { Inline = true, Fuse = true } }, inputs, [.. roots.Select(r => new Root(r, IsForward: true, RootKind.Output))]);
}
