using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler;

/// <summary>What compiled scans promise beyond their values.</summary>
public class ScanTests
{
    [Test]
    public void Sums_along_the_last_axis_keep_their_digits()
    {
        const int Count = 300_000;
        Assume.That(CompileOptions.Default.Verify, Is.False, "the interpreter takes its time");
        Node x = Input("x", ["N"]);
        CompiledGraph graph = GraphCompiler.Compiler.Compile([x], CumulativeSum(x, 0));
        float[] tenths = new float[Count];
        Array.Fill(tenths, 0.1f);

        float[] sums = graph.Run(tenths).GetArray<float>();

        Assert.That(sums[Count - 1], Is.EqualTo((float)(0.1f * (double)Count)).Within(1).Ulps);
    }

    [Test]
    public void Rows_wider_than_a_block_are_scanned_whole([Values(1023, 1024, 1025, 5000)] int width)
    {
        Node x = Input("x", ["N", "M"]);
        CompiledGraph graph = GraphCompiler.Compiler.Compile([x], CumulativeProduct(x, 0, reverse: true));
        float[] values = [.. Enumerable.Range(0, 3 * width).Select(i => (i % 7) - 3f)];

        float[] products = graph.Run(System.Numerics.Tensors.Tensor.Create(values, [3, width])).GetArray<float>();

        float[] expected = [.. Enumerable.Range(0, 3 * width).Select(i => Enumerable.Range(i / width, 3 - (i / width)).Reverse().Aggregate(1f, (p, row) => p * values[(row * width) + (i % width)]))];
        Assert.That(products, Is.EqualTo(expected));
    }
}
