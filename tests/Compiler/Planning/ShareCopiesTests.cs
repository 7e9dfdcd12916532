using GraphCompiler.Kernels;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Planning;

/// <summary>Products that read one matrix in one order read one copy of it.</summary>
internal sealed class ShareCopiesTests
{
    private static readonly CompileOptions Separate = new() { Passes = new() { MergeSmallKernels = false } };

    [TestCase(VectorWidth.Bits128)]
    [TestCase(VectorWidth.Bits256)]
    [TestCase(VectorWidth.Bits512)]
    public void Gradients_of_two_weights_share_the_copy_of_what_they_are_gradients_of(VectorWidth width)
    {
        Input<float> x = Input("x", [300, 64]);
        Input<float> y = Input("y", [300, 64]);
        Input<float> g = Input("g", [300, 96]);
        Node[] both = [MatMul(Transpose(g), x), MatMul(Transpose(g), y)];
        using CompiledGraph together = GraphCompiler.Compiler.Compile([x, y, g], both, Separate with { Width = width, Verify = true });
        using CompiledGraph one = GraphCompiler.Compiler.Compile([x, g], both[..1], Separate with { Width = width });
        int copiesOfOne = Copies(one).Count(c => c.Of == "g");
        Assert.That(Copies(together).Count(c => c.Of == "g"), Is.EqualTo(copiesOfOne));
        float[][] given = [Values(300 * 64, 1), Values(300 * 64, 2), Values(300 * 96, 3)];
        RunResults results = together.Run(given[0], given[1], given[2]);
        Assert.That(results.GetArray<float>(0), Is.EqualTo(one.Run(given[0], given[2]).GetArray<float>()));
        using CompiledGraph other = GraphCompiler.Compiler.Compile([y, g], both[1], Separate with { Width = width });
        Assert.That(results.GetArray<float>(1), Is.EqualTo(other.Run(given[1], given[2]).GetArray<float>()));
    }

    [Test]
    public void What_a_loop_begins_and_ends_with_are_different_matrices()
    {
        Input<float> x = Input("x", [64, 300]);
        Input<float> y = Input("y", [64, 300]);
        Input<float> z = Input("z", [3, 64, 300]);
        Node last = Scan(x, z, (carry, step) => (carry * 0.5) + step).Last;
        Node[] roots = [MatMul(Transpose(x), y), MatMul(Transpose(last), y), MatMul(Transpose(x), last)];
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, y, z], roots, Separate with { Verify = true });
        Assert.That(() => graph.Run(Values(64 * 300, 1), Values(64 * 300, 2), Values(3 * 64 * 300, 3)), Throws.Nothing);
    }

    private static float[] Values(int count, int seed) => [.. Enumerable.Range(0, count).Select(i => MathF.Sin((i * 0.37f) + seed))];

    /// <summary>The kernels that fill scratch, with what they read.</summary>
    private static IEnumerable<(string Of, int Kernel)> Copies(CompiledGraph graph) => graph.Executor.Program.Kernels
        .Select((k, i) => (k, i))
        .Where(p => p.k.Scratch.Any())
        .Select(p => (p.k.Buffers.First(b => b.Kind == BufferKind.Value).Node!.Name!, p.i));
}
