using GraphCompiler.Planning;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler;

/// <summary>Estimates are no promise of times; what must hold is their order, and how they grow.</summary>
[TestFixture]
internal sealed class WorkEstimateTests
{
    [Test]
    public void Elementwise_work_grows_with_the_size_and_with_the_operations()
    {
        Node x = Input("x", ["N"]);
        (double small, double large) = (Total([x], x + 1f, 100_000), Total([x], x + 1f, 1_000_000));
        Assert.That(large / small, Is.EqualTo(10).Within(0.1));
        Assert.That(Total([x], Exp(x) * Tanh(x), 100_000), Is.GreaterThan(small));
        Assert.That(Total([x], x + 1f, 100), Is.LessThan(100));
    }

    [Test]
    public void A_product_grows_with_each_of_its_sizes()
    {
        Node a = Input("a", ["N", 512]);
        Node b = Input("b", [512, 512]);
        double few = Total([a, b], MatMul(a, b), 128);

        // For few rows packing the right matrix counts too.
        Assert.That(Total([a, b], MatMul(a, b), 12800) / Total([a, b], MatMul(a, b), 1280), Is.EqualTo(10).Within(3));

        // Some 34 million multiplications and additions take a core between a fifth and five milliseconds, one at a time up to eight times as long.
        Assert.That(few, Is.InRange(2e5, CompileOptions.Default.Width == VectorWidth.Scalar ? 4e7 : 5e6));
    }

    [Test]
    public void A_kernel_for_other_sizes_costs_nothing()
    {
        Node a = Input("a", ["N", 512]);
        Node b = Input("b", [512, 512]);
        double[] few = Each([a, b], MatMul(a, b.Transpose()), 4);
        double[] many = Each([a, b], MatMul(a, b.Transpose()), 400);
        Assert.That(few, Has.Length.GreaterThan(1));
        Assert.That(few.Count(w => w > 1000), Is.LessThan(few.Length));
        Assert.That(many.Count(w => w > 1000), Is.LessThan(many.Length));
    }

    [Test]
    public void Rows_read_again_and_again_are_no_traffic()
    {
        // A table of 100 rows stays in the cache however often it is read.
        Node table = Input("table", [100, 64]);
        Node indices = Input<long>("indices", ["N"]);
        Node x = Input("x", ["N", 64]);
        double gather = Total([table, indices], Take(table, indices), 10_000);
        double copy = Total([x], x * 2f, 10_000);
        Assert.That(gather, Is.LessThan(3 * copy));
    }

    private static double Total(Node[] inputs, Node output, long n) => Each(inputs, output, n).Sum();

    private static double[] Each(Node[] inputs, Node output, long n)
    {
        using CompiledGraph graph = GraphCompiler.Compiler.Compile(inputs, [output], options: new CompileOptions { Threads = 2 });
        Program program = graph.Executor.Program;
        long[] sizes = new long[program.Plan.Sizes];
        program.Plan.EvaluateSizes([n], sizes);
        return [.. program.Plan.Steps.Select(step => step.Work?.Invoke(sizes) ?? 0)];
    }
}
