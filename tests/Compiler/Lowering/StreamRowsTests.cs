using GraphCompiler.Loops;
using GraphCompiler.Tests.Options;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Lowering;

/// <summary>Row-wise kernels over tensors that no cache holds: the same values as without, the same bits wherever the results lie.</summary>
[Needs(nameof(CompilerPasses.Fuse), nameof(CompilerPasses.Inline), nameof(CompilerPasses.StreamRows))]
internal sealed class StreamRowsTests
{
    private const int Columns = 257;
    private const int Rows = 1 + (int)(8 << 20) / sizeof(float) / Columns;

    private static IEnumerable<VectorWidth> Widths => VectorWidths.Supported;

    [TestCaseSource(nameof(Widths))]
    public void Layer_norm_and_its_gradients_are_the_same_wherever_they_lie(object width)
    {
        (Node[] inputs, Node[] results) = Norm("N");
        float[][] arguments = [.. inputs.Select((x, i) => (float[])[.. new Generator((ulong)i).Normal(x.Rank == 1 ? 1 : Rows, Columns)])];
        float[][] plain = Run(false, 0);
        float[][] streamed = Run(true, 0);
        for (int i = 0; i < results.Length; i++)
        {
            // A loop that sums and need not store is unrolled, which changes the order of the sum.
            Assert.That(streamed[i], Is.EqualTo(plain[i]).Within(1e-5f));
        }

        foreach (int offset in new[] { 1, 2, 7 })
        {
            float[][] elsewhere = Run(true, offset);
            for (int i = 0; i < results.Length; i++)
            {
                Assert.That(elsewhere[i].AsSpan().SequenceEqual(streamed[i]), $"result {i} at {offset}");
            }
        }

        float[][] Run(bool streams, int offset)
        {
            using CompiledGraph graph = GraphCompiler.Compiler.Compile(inputs, results, options: new CompileOptions { Width = (VectorWidth)width, Passes = new() { StreamRows = streams } });
            float[][] outputs = [.. results.Select(_ => new float[offset + (Rows * Columns)])];
            graph.Run([.. arguments.Select(a => (Argument)a)], [.. outputs.Select(o => (Destination)o.AsMemory(offset))]);
            return [.. outputs.Select(o => o[offset..])];
        }
    }

    [Test]
    public void Each_result_has_a_loop_of_its_own_and_each_tensor_is_asked_for_in_a_pass_of_its_own()
    {
        (Node[] inputs, Node[] results) = Norm(Rows);
        LoopStatement[] with = Statements(true);
        LoopStatement[] without = Statements(false);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(with.Count(s => s is For { PastCache: not null }), Is.EqualTo(2));
            Assert.That(with.OfType<Prefetch>().Count(), Is.EqualTo(2));
            Assert.That(with.OfType<For>().Count(f => LoopTree.Children(f.Body).Any(s => s is Prefetch)), Is.EqualTo(2));
            Assert.That(without.Any(s => s is Prefetch or For { PastCache: not null }), Is.False);
        }

        LoopStatement[] Statements(bool streams)
        {
            using CompiledGraph graph = GraphCompiler.Compiler.Compile(inputs, results, options: new CompileOptions { Passes = new() { StreamRows = streams, MergeSmallKernels = false } });
            return [.. graph.Executor.Program.Kernels.SelectMany(k => LoopTree.Statements(k.Kernel.Body))];
        }
    }

    [Test]
    public void Small_tensors_are_left_in_the_cache()
    {
        (Node[] inputs, Node[] results) = Norm(64);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile(inputs, results);
        Assert.That(graph.Executor.Program.Kernels.SelectMany(k => LoopTree.Statements(k.Kernel.Body)).Any(s => s is Prefetch or For { PastCache: not null }), Is.False);
    }

    private static (Node[] Inputs, Node[] Results) Norm(Dim rows)
    {
        Input<float> x = Input("x", [rows, Columns], requiresGrad: true);
        Input<float> g = Input("g", [rows, Columns]);
        Input<float> w = Input("w", [Columns]);
        Node y = LayerNorm(x, w);
        return ([x, g, w], [y, Vjp([y], [x], [g])[0]]);
    }
}
