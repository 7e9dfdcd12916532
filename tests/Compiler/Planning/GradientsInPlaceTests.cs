using System.Numerics.Tensors;
using GraphCompiler.Planning;
using GraphCompiler.Tests.Options;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Planning;

/// <summary>Backward kernels write gradients where they end, add to those that are there, and change none if they fail.</summary>
internal sealed class GradientsInPlaceTests
{
    private static readonly CompileOptions Aside = new() { Passes = new() { GradientsInPlace = false } };

    private static IEnumerable<TestCaseData> Models()
    {
        yield return new TestCaseData((Func<Node, Node[], Node>)((x, p) => (Relu(MatMul(x, p[0]) + p[1]) * p[2]).Pow(2).Sum())).SetArgDisplayNames("network");
        yield return new TestCaseData((Func<Node, Node[], Node>)((x, p) => (x.Sum() * ((p[1] + p[2]) * (p[1] + p[2])).Sum()) + p[0].Sum())).SetArgDisplayNames("one gradient of two leaves");
        yield return new TestCaseData((Func<Node, Node[], Node>)((x, p) => p[1].Sum() + x.Sum())).SetArgDisplayNames("a seed spread");
        yield return new TestCaseData((Func<Node, Node[], Node>)((x, p) => (MatMul(MatMul(x, p[0]), p[0].Permute(1, 0)) * x).Sum() + (p[1] * p[2]).Sum())).SetArgDisplayNames("a weight used twice");
        yield return new TestCaseData((Func<Node, Node[], Node>)((x, p) => (Take(p[0], Constant<long>([0, 2, 2, 5]), 0) * p[1]).Pow(2).Sum() + x.Sum())).SetArgDisplayNames("picked rows");
        yield return new TestCaseData((Func<Node, Node[], Node>)((x, p) => (Softmax(MatMul(x, p[0]) * p[1]) * p[2]).Sum())).SetArgDisplayNames("softmax");
    }

    [TestCaseSource(nameof(Models))]
    public void Gradients_are_the_same_bits_as_those_computed_aside(Func<Node, Node[], Node> model)
    {
        List<float[][]> found = [];
        foreach (CompileOptions options in (CompileOptions[])[new(), Aside, new() { Passes = new() { MergeSmallKernels = false } }, new() { Passes = new() { MergeSmallKernels = false, GradientsInPlace = false } }])
        {
            (Input<float> x, Parameter<float>[] p) = Leaves();
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], model(x, p), options);
            List<float[]> all = [];
            foreach (int rows in (int[])[5, 5, 0, 17, 900, 1])
            {
                float[] given = [.. Enumerable.Range(0, rows * 6).Select(i => MathF.Sin(i))];

                // Made, added to, zeroed and added to; one of them forgotten meanwhile.
                graph.ZeroGrad();
                for (int pass = 0; pass < 4; pass++)
                {
                    graph.Forward(given);
                    graph.Backward();
                    all.AddRange(p.Select(l => l.Grad?.ToArray() ?? []));
                    if (pass == 1)
                    {
                        p[1].ZeroGrad();
                    }
                    else if (pass == 2)
                    {
                        graph.ZeroGrad(setToNull: false);
                    }
                }
            }

            found.Add([.. all]);
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(found[0], Is.EqualTo(found[1]), "merged");
            Assert.That(found[2], Is.EqualTo(found[3]), "apart");
        }
    }

    [Test]
    [Needs(nameof(CompilerPasses.GradientsInPlace))]
    public void Every_gradient_of_a_network_is_written_by_its_kernel_and_added_by_its_kernel()
    {
        (Input<float> x, Parameter<float>[] p) = Leaves();
        Node loss = Relu(MatMul(x, p[0]) + p[1]).Pow(2).Sum();
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], loss, new CompileOptions { Passes = new() { MergeSmallKernels = false } });
        Program program = graph.TrainingExecutor.Program;
        Assert.That(program.Gradients.Select(g => program.Plan.Buffers[g.Buffer].External), Is.EqualTo(program.Gradients.Select(g => g.External)).And.All.GreaterThanOrEqualTo(0));
        Assert.That(Adding(program).SelectMany(a => a.AddsTo), Is.SubsetOf(program.Gradients.Select(g => g.External)).And.Contains(program.Gradients[0].External), "the product's");
        Assert.That(Adding(program).All(a => a.Needs!.Made is null), Is.True, "nothing was added yet");
        graph.Forward(new float[12]);
        graph.Backward();
        Assert.That(Adding(program).All(a => a.Needs!.Made is null), Is.True);
        graph.Forward(new float[12]);
        graph.Backward();
        Assert.That(Adding(program).All(a => a.Needs!.Made is not null), Is.True);
    }

    [Test]
    public void A_tensor_that_was_read_is_never_written_by_a_new_gradient([Values] bool inPlace)
    {
        (Input<float> x, Parameter<float>[] p) = Leaves();
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], (MatMul(x, p[0]) * p[1]).Sum(), new CompileOptions { Passes = new() { GradientsInPlace = inPlace } });
        Tensor<float> Next(float value)
        {
            float[] given = new float[6];
            Array.Fill(given, value);
            graph.Forward(given);
            graph.Backward();
            return p[0].Grad!;
        }

        Tensor<float> first = Next(1);
        float[] copy = first.ToArray();
        Tensor<float> same = Next(1);
        Assert.That(same, Is.SameAs(first), "a backward adds to the tensor that is there");
        Assert.That(first.ToArray(), Is.EqualTo(copy.Select(v => 2 * v)));
        graph.ZeroGrad();
        Tensor<float> second = Next(5);
        Assert.That(second, Is.Not.SameAs(first));
        Assert.That(first.ToArray(), Is.EqualTo(copy.Select(v => 2 * v)));
    }

    [Test]
    [Needs]
    public void The_memory_of_a_gradient_that_nobody_has_read_is_used_again()
    {
        (Input<float> x, Parameter<float>[] p) = Leaves();
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], (MatMul(x, p[0]) * p[1]).Sum());
        float[] given = new float[12];
        float[] loss = new float[1];
        long Allocated()
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            graph.ZeroGrad();
            graph.Forward([given], [loss]);
            graph.Backward();
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        for (int i = 0; i < 100; i++)
        {
            Allocated();
        }

        Assert.That(Enumerable.Range(0, 100).Min(_ => Allocated()), Is.Zero);
        Tensor<float> read = p[0].Grad!;
        Assert.That(Allocated(), Is.GreaterThan(0));
        Assert.That(p[0].Grad, Is.Not.SameAs(read));
    }

    [Test]
    public void A_backward_that_fails_changes_no_gradient([Values] bool early, [Values] bool merge, [Values] bool inPlace)
    {
        // The index is looked up by the pullback alone, before or after the other gradients in the graph.
        Input<long> index = Input<long>("index", ["N"]);
        Parameter<float> table = Parameter("table", new Generator(1).Normal(3, 4));
        Parameter<float> a = Parameter("a", new Generator(2).Normal(4));
        Parameter<float> b = Parameter("b", new Generator(3).Normal(4, 4));
        Node custom = CustomGradient("custom", [table, index], i => i[0] * 2f, (i, _, g) => [Take(g, i[1], 0).Sum(0, keepDims: true) + (0 * g), null]);
        Node one = (custom * a).Sum();
        Node two = Exp(MatMul(table.Detach(), b)).Sum();
        using CompiledGraph graph = GraphCompiler.Compiler.Compile(
            [index], early ? one + two : two + one, new CompileOptions { Passes = new() { MergeSmallKernels = merge, GradientsInPlace = inPlace } });
        Parameter<float>[] all = [table, a, b];

        graph.Forward((long[])[0, 7]);
        Assert.That(() => graph.Backward(), Throws.TypeOf<ExecutionException>().With.Message.Contains("7"));
        Assert.That(all.Select(p => p.Grad), Is.All.Null);

        graph.Forward((long[])[0, 1, 2]);
        graph.Backward();
        Tensor<float>[] tensors = [.. all.Select(p => p.Grad!)];
        float[][] before = [.. tensors.Select(t => t.ToArray())];
        graph.Forward((long[])[0, 7]);
        Assert.That(() => graph.Backward(), Throws.TypeOf<ExecutionException>());
        Assert.That(all.Select(p => p.Grad), Is.EqualTo(tensors));
        Assert.That(tensors.Select(t => t.ToArray()), Is.EqualTo(before));

        graph.Forward((long[])[0, 1, 2]);
        graph.Backward();
        Assert.That(tensors.Select(t => t.ToArray()), Is.EqualTo(before.Select(g => g.Select(v => 2 * v))));
    }

    [Test]
    public void A_gradient_of_another_shape_is_refused_and_the_saved_values_stay()
    {
        Input<float> x = Input("x", ["N"], requiresGrad: true);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], (x * x).Sum());
        graph.Forward((float[])[1, 2, 3]);
        graph.Backward();
        graph.Forward((float[])[4, 5]);
        Assert.That(() => graph.Backward(), Throws.TypeOf<BindingException>().With.Message.Contains("[3]").And.Message.Contains("[2]"));
        Assert.That(x.Grad!.ToArray(), Is.EqualTo(new float[] { 2, 4, 6 }));
        x.ZeroGrad();
        graph.Backward();
        Assert.That(x.Grad!.ToArray(), Is.EqualTo(new float[] { 8, 10 }));
    }

    [Test]
    public void Large_gradients_begin_at_a_cache_line([Values(1000, 30_000)] int count)
    {
        Parameter<float> w = Parameter("w", Tensors.Zeros<float>(count));
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([], (w * 3).Sum());
        for (int i = 1; i < 3; i++)
        {
            graph.Forward();
            graph.Backward();
            Assert.That(w.Grad!.ToArray(), Is.All.EqualTo(3f * i));
        }

        unsafe
        {
            fixed (float* first = &w.Grad!.GetPinnableReference())
            {
                Assert.That((long)first % AlignedBuffer.Alignment, count > 21_250 ? Is.Zero : Is.GreaterThanOrEqualTo(0L));
            }
        }
    }

    /// <summary>Adding to one result makes a kernel longer; its other result, a sum, must not be added up in another order for that.</summary>
    [Test]
    public void Added_to_itself_a_sum_beside_other_gradients_doubles_to_the_bit([ValueSource(typeof(VectorWidths), nameof(VectorWidths.Supported))] VectorWidth width)
    {
        Input<float> x = Input("x", ["N", "N"], requiresGrad: true);
        Input<float> s = Input("s", [], requiresGrad: true);
        Input<bool> chooses = Input<bool>("chooses", []);
        Node loss = (0.5f * Tanh(Where(chooses, x * ((2 * DimValue("N", DType.Float32)) + 1), s))).Sum();
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, s, chooses], loss, new() { Width = width, Passes = new() { Recompute = false } });
        foreach (int n in (int[])[5, 7, 15, 16, 31, 33])
        {
            Tensor<float> values = new Generator(5).Normal(n, n);
            graph.ZeroGrad();
            graph.Forward(values, 0.3f, false);
            graph.Backward();
            float once = s.Grad![0];
            graph.Forward(values, 0.3f, false);
            graph.Backward();
            Assert.That(s.Grad![0], Is.EqualTo(2 * once), $"N = {n}");
        }
    }

    private static PlanVariant[] Adding(Program program) =>
        [.. ((PlanNode.Sequence)program.Plan.Backward).Parts.OfType<PlanNode.Variants>().SelectMany(v => v.Others).Where(o => o.AddsTo.Length > 0)];

    private static (Input<float> X, Parameter<float>[] P) Leaves() =>
        (Input("x", ["N", 6]), [Parameter("w", new Generator(1).Normal(6, 4)), Parameter("b", new Generator(2).Normal(4)), Parameter("c", new Generator(3).Normal(4))]);
}
