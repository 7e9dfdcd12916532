using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Lowering.Contraction;

/// <summary>Weights that a compiled function keeps in a rearranged copy: never stale, made once, shared by concurrent calls.</summary>
[TestFixture]
public sealed class PackedWeightsTests
{
    private const int Rows = 20;
    private const int Inner = 70;
    private const int Columns = 45;

    [Test]
    public void Every_way_to_write_a_parameter_is_seen([Values] bool transposed, [Values] bool symbolic)
    {
        Parameter<float> w = Weights(transposed);
        using CompiledGraph graph = Compile(w, transposed, symbolic, pack: true);
        Assert.That(PackingSteps(graph), Is.EqualTo(1));
        AssertRight(graph, w, transposed);
        w.Set(Numbers(5, Inner * Columns).AsSpan());
        AssertRight(graph, w, transposed);
        using (ParameterEdit<float> edit = w.Edit())
        {
            edit.Values[3] = 17;
        }

        AssertRight(graph, w, transposed);
        w.Fill(0.25f);
        AssertRight(graph, w, transposed);
        AssertRight(graph, w, transposed);
    }

    [Test]
    public void Updates_by_another_function_are_seen()
    {
        Parameter<float> w = Weights(transposed: false);
        using CompiledGraph graph = Compile(w, transposed: false, symbolic: true, pack: true);
        using CompiledGraph step = GraphCompiler.Compiler.Compile([], [w.Sum()], [(w, w * 0.5f)]);
        for (int i = 0; i < 3; i++)
        {
            AssertRight(graph, w, transposed: false);
            step.Run();
        }

        AssertRight(graph, w, transposed: false);
    }

    [Test]
    public void A_function_that_writes_its_weights_keeps_no_copy()
    {
        Parameter<float> w = Weights(transposed: true);
        Input<float> x = Input("x", ["N", Inner]);
        Node y = MatMul(x, Transpose(w));
        using CompiledGraph step = GraphCompiler.Compiler.Compile([x], [y], [(w, w * 0.5f)]);
        Assert.That(PackingSteps(step), Is.Zero);
        for (int i = 0; i < 3; i++)
        {
            float[] expected = Expected(w, transposed: true);
            float[] result = new float[Rows * Columns];
            step.Run([Numbers(2, Rows * Inner)], [result]);
            Assert.That(result, Is.EqualTo(expected).Within(1e-4f));
        }
    }

    [Test]
    public void Concurrent_calls_share_one_copy([Values] bool transposed)
    {
        Parameter<float> w = Weights(transposed);
        using CompiledGraph graph = Compile(w, transposed, symbolic: true, pack: true);
        for (int round = 0; round < 20; round++)
        {
            w.Set(Numbers(round, Inner * Columns).AsSpan());
            float[] expected = Expected(w, transposed);
            Parallel.For(0, 8, _ =>
            {
                float[] result = new float[Rows * Columns];
                graph.Run([Numbers(2, Rows * Inner)], [result]);
                Assert.That(result, Is.EqualTo(expected).Within(1e-4f));
            });
        }
    }

    [Test]
    public void It_can_be_switched_off()
    {
        Parameter<float> w = Weights(transposed: true);
        using CompiledGraph graph = Compile(w, transposed: true, symbolic: true, pack: false);
        Assert.That(PackingSteps(graph), Is.Zero);
        AssertRight(graph, w, transposed: true);
    }

    [Test]
    public void Work_that_is_not_due_is_skipped()
    {
        var source = new Source();
        int runs = 0;
        var step = new VersionedStep([source]);
        KernelEntry kernel = (_, _, _) => ++runs > 2 ? 7 : 0;
        Assert.That(step.Run(kernel, 0, 1), Is.Zero);
        Assert.That(step.Run(kernel, 0, 1), Is.Zero);
        Assert.That(runs, Is.EqualTo(1));
        source.Version++;
        Assert.That(step.Run(kernel, 0, 1), Is.Zero);
        Assert.That(runs, Is.EqualTo(2));
        source.Version++;
        Assert.That(step.Run(kernel, 0, 1), Is.EqualTo(7), "an error site is handed on");
        Assert.That(step.Run(kernel, 0, 1), Is.EqualTo(7), "and what failed is due again");
    }

    private static Parameter<float> Weights(bool transposed) =>
        transposed ? Parameter("w", System.Numerics.Tensors.Tensor.Create(Numbers(1, Inner * Columns), [Columns, Inner]))
        : Parameter("w", System.Numerics.Tensors.Tensor.Create(Numbers(1, Inner * Columns), [Inner, Columns]));

    private static CompiledGraph Compile(Parameter<float> w, bool transposed, bool symbolic, bool pack)
    {
        Input<float> x = Input("x", [symbolic ? "N" : Rows, Inner]);
        return GraphCompiler.Compiler.Compile([x], MatMul(x, transposed ? Transpose(w) : w), new CompileOptions { Passes = new() { PackWeights = pack } });
    }

    private static int PackingSteps(CompiledGraph graph) => graph.Executor.Program.Plan.Steps.Count(s => s.Versioned is not null);

    private static void AssertRight(CompiledGraph graph, Parameter<float> w, bool transposed)
    {
        float[] result = new float[Rows * Columns];
        graph.Run([Numbers(2, Rows * Inner)], [result]);
        Assert.That(result, Is.EqualTo(Expected(w, transposed)).Within(1e-4f));
    }

    private static float[] Expected(Parameter<float> w, bool transposed)
    {
        float[] x = Numbers(2, Rows * Inner);
        float[] result = new float[Rows * Columns];
        for (int i = 0; i < result.Length; i++)
        {
            (int row, int column) = (i / Columns, i % Columns);
            double sum = 0;
            for (int k = 0; k < Inner; k++)
            {
                sum += (double)x[(row * Inner) + k] * w.Values[transposed ? (column * Inner) + k : (k * Columns) + column];
            }

            result[i] = (float)sum;
        }

        return result;
    }

    private static float[] Numbers(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)random.NextDouble() - 0.5f)];
    }

    private sealed class Source : IVersioned
    {
        public long Version { get; set; }
    }
}
