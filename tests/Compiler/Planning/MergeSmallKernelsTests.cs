using GraphCompiler.Planning;
using GraphCompiler.Tests.Options;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Planning;

/// <summary>Which graphs get one kernel for all their work, and that it gives what their kernels give one by one.</summary>
internal sealed class MergeSmallKernelsTests
{
    private static readonly CompileOptions Apart = new() { Passes = new() { MergeSmallKernels = false } };

    [Test]
    [Needs(Width = VectorWidth.Bits256)]
    public void A_small_network_is_one_kernel_where_it_has_few_rows()
    {
        Input<float> x = Input("x", ["N", 4]);
        Node y = Network(x);
        using CompiledGraph merged = GraphCompiler.Compiler.Compile([x], y);
        using CompiledGraph apart = GraphCompiler.Compiler.Compile([x], y, Apart);
        Program program = merged.Executor.Program;
        Assert.That(program.Merged, Has.Length.EqualTo(1));
        Assert.That(program.Plan.Forward, Is.TypeOf<PlanNode.Variants>().With.Property(nameof(PlanNode.Variants.Default)).TypeOf<PlanNode.Sequence>());
        Assert.That(((PlanNode.Variants)program.Plan.Forward).Others.Single().Way, Is.EqualTo(new PlanNode.Run(program.Kernels.Length)));
        Assert.That(apart.Executor.Program.Merged, Is.Empty);

        // The last sizes are beyond what merged kernels are for.
        foreach (int rows in (int[])[1, 3, 5, 0, 17, 500, 2])
        {
            float[] given = [.. Enumerable.Range(0, rows * 4).Select(i => MathF.Sin(i))];
            Assert.That(merged.Run(given).GetArray<float>(), Is.EqualTo(apart.Run(given).GetArray<float>()).Within(1e-5f), $"{rows} rows");
        }
    }

    [Test]
    public void Equal_layers_are_merged_with_variables_of_their_own()
    {
        Input<float> x = Input("x", [3, 4]);
        Node y = x;
        for (int layer = 0; layer < 3; layer++)
        {
            y = CumulativeSum(Softmax(MatMul(y, Parameter($"w{layer}", new Generator((ulong)layer).Normal(4, 4))), 1), 1);
        }

        float[] given = [.. Enumerable.Range(0, 12).Select(i => MathF.Cos(i))];
        using CompiledGraph merged = GraphCompiler.Compiler.Compile([x], y, new CompileOptions { Passes = new() { CacheKernels = true } });
        using CompiledGraph apart = GraphCompiler.Compiler.Compile([x], y, Apart);
        Assert.That(merged.Executor.Program.Merged, Has.Length.EqualTo(1));
        Assert.That(merged.Executor.Program.Kernels.Select(k => k.Kernel.Body).Distinct(ReferenceEqualityComparer.Instance).Count(), Is.LessThan(merged.Executor.Program.Kernels.Length));
        Assert.That(merged.Run(given).GetArray<float>(), Is.EqualTo(apart.Run(given).GetArray<float>()).Within(1e-5f));
    }

    [Test]
    public void Equal_kernels_that_add_to_gradients_are_merged_with_variables_of_their_own()
    {
        Parameter<double> a = Parameter("a", new double[] { -1.75, 1.75 });
        Parameter<double> b = Parameter("b", new double[] { 1.5, 2.5 });
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([], Sum(a * b), new CompileOptions { Passes = new() { Fuse = false, CacheKernels = true } });
        for (int call = 0; call < 2; call++)
        {
            graph.Forward();
            graph.Backward();
        }

        Assert.That(a.Grad!.ToArray(), Is.EqualTo(new[] { 3.0, 5.0 }));
        Assert.That(b.Grad!.ToArray(), Is.EqualTo(new[] { -3.5, 3.5 }));
    }

    [Test]
    public void Forward_and_backward_are_merged_each_by_itself()
    {
        Input<float> x = Input("x", ["N", 4]);
        Parameter<float> w = Parameter("w", new Generator(1).Normal(4, 3));
        Node loss = (MatMul(x, w).Tanh() + Sum(x, 1, keepDims: true)).Pow(2).Sum();
        float[] given = [.. Enumerable.Range(0, 20).Select(i => MathF.Cos(i))];
        (float, float[])[] results = [.. new[] { new CompileOptions(), Apart }.Select(options =>
        {
            using CompiledGraph model = GraphCompiler.Compiler.Compile([x], loss, options);
            model.ZeroGrad();
            float value = model.Forward(given).Scalar<float>();
            model.Backward();
            return (value, w.Grad!.ToArray());
        })];
        Assert.That(results[0].Item1, Is.EqualTo(results[1].Item1).Within(1e-4f));
        Assert.That(results[0].Item2, Is.EqualTo(results[1].Item2).Within(1e-4f));
    }

    [Test]
    public void A_failing_part_ends_the_kernel_and_names_its_own_node()
    {
        Input<long> first = Input<long>("first", ["N"]);
        Input<long> second = Input<long>("second", ["N"]);
        Parameter<float> table = Parameter("table", new Generator(1).Normal(5, 3));
        Node one = Take(table, first, 0).Named("one");
        Node two = IndexAdd(table, 0, second, one).Named("two");
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([first, second], [two]);
        Assert.That(graph.Executor.Program.Merged.Length + graph.Executor.Program.Kernels.Length, Is.GreaterThan(0));
        Assert.That(() => graph.Run((long[])[5], (long[])[0]), Throws.TypeOf<ExecutionException>().With.Message.Contains("one"));
        Assert.That(() => graph.Run((long[])[0], (long[])[-1]), Throws.TypeOf<ExecutionException>().With.Message.Contains("two"));
        Assert.That(() => graph.Run((long[])[0], (long[])[4]), Throws.Nothing);
    }

    [Test]
    public void Large_tensors_and_many_kernels_stay_apart()
    {
        Input<float> x = Input("x", [100, 100]);
        using CompiledGraph large = GraphCompiler.Compiler.Compile([x], Network(x.Reshape([2500, 4])));
        Assert.That(large.Executor.Program.Merged, Is.Empty);

        Input<float> narrow = Input("narrow", ["N", 4]);
        Node y = narrow;
        for (int layer = 0; layer < 20; layer++)
        {
            y = MatMul(y, Parameter($"w{layer}", new Generator((ulong)layer).Normal(4, 4)));
        }

        using CompiledGraph deep = GraphCompiler.Compiler.Compile([narrow], y);
        Assert.That(deep.Executor.Program.Merged, Is.Empty);
    }

    private static Node Network(Node x)
    {
        int[] sizes = [4, 16, 16, 1];
        for (int layer = 0; layer < 3; layer++)
        {
            x = MatMul(x, Parameter($"w{layer}", new Generator((ulong)layer).Normal(sizes[layer], sizes[layer + 1]))) + Parameter($"b{layer}", new Generator((ulong)(layer + 9)).Normal(sizes[layer + 1]));
            x = layer < 2 ? x.Tanh() : x;
        }

        return x;
    }
}
