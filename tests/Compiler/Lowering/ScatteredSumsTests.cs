using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Lowering;

/// <summary>What meets in one place is added up without an error that grows with how much meets there.</summary>
[Parallelizable(ParallelScope.Children)]
internal sealed class ScatteredSumsTests
{
    private const int Count = 200_000;
    private const double Bound = (256 + 10) / (double)(1 << 24);

    private static IEnumerable<VectorWidth> Widths => VectorWidths.Supported;

    /// <summary>Shapes of slices, and whether there are axes before the one that is indexed.</summary>
    private static IEnumerable<TestCaseData> Slices() =>
        from width in Widths
        from slice in (int[])[1, 5, 70]
        from lead in (int[])[0, 1, 3]
        select new TestCaseData(width, slice, lead);

    [TestCaseSource(nameof(Slices))]
    public void Slices_add_up(VectorWidth width, int slice, int lead)
    {
        int count = Count / Math.Max(1, slice / 4);
        int[] before = lead == 0 ? [] : [lead];
        Input<float> x = Input("x", Shape.Of([.. before, 9, slice]));
        Input<long> indices = Input<long>("indices", ["N"]);
        Input<float> added = Input("added", Shape.Of([.. before, "N", slice]));
        Node sum = IndexAdd(x, before.Length, indices, added);

        // Most in one slice, some in others: one less, one more and as many as a chain takes.
        (int Slice, int Count)[] others = [(1, 1), (2, 63), (3, 64), (4, 65), (5, 128), (7, 1000)];
        long[] at = [.. Enumerable.Repeat(6L, count)];
        int next = 0;
        foreach ((int place, int times) in others)
        {
            for (int i = 0; i < times; i++)
            {
                at[(next += 3) % count] = place;
            }
        }

        int matrices = Math.Max(1, lead);
        Argument start = Tensors.From<float>([.. Enumerable.Repeat(0.5f, matrices * 9 * slice)], [.. before, 9, slice]);
        Argument values = Tensors.From<float>([.. Enumerable.Repeat(0.1f, matrices * count * slice)], [.. before, count, slice]);
        foreach (int threads in (int[])[1, 2])
        {
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, indices, added], sum, new CompileOptions { Width = width, Threads = threads, Chunking = Chunking.Finest });
            float[] found = graph.Run(start, at, values).GetArray<float>(0);
            for (int i = 0; i < found.Length; i++)
            {
                double exact = 0.5 + (0.1f * (double)at.Count(place => place == i / slice % 9));
                Assert.That(found[i], Is.EqualTo(exact).Within(Bound * exact), $"element {i}, threads {threads}");
            }
        }
    }

    [Test]
    public void Elements_add_up([ValueSource(nameof(Widths))] VectorWidth width, [Values(0, 1)] int axis, [Values] bool isSymbolic)
    {
        Dim size = isSymbolic ? "N" : Count;
        Input<float> x = Input("x", [3, 5]);
        Input<long> indices = Input<long>("indices", axis == 0 ? [size, 5] : [3, size]);
        Input<float> added = Input("added", axis == 0 ? [size, 5] : [3, size]);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, indices, added], ScatterAdd(x, axis, indices, added), new CompileOptions { Width = width });
        int[] shape = axis == 0 ? [Count, 5] : [3, Count];
        float[] start = [.. Enumerable.Repeat(-0f, 15)];
        float[] found = graph.Run(
            Tensors.From<float>(start, 3, 5),
            Tensors.From<long>([.. Enumerable.Repeat(1L, shape[0] * shape[1])], shape),
            Tensors.From<float>([.. Enumerable.Repeat(0.1f, shape[0] * shape[1])], shape)).GetArray<float>(0);
        double exact = Count * (double)0.1f;
        for (int i = 0; i < found.Length; i++)
        {
            if ((axis == 0 ? i / 5 : i % 5) == 1)
            {
                Assert.That(found[i], Is.EqualTo(exact).Within(Bound * exact));
            }
            else
            {
                Assert.That(float.IsNegative(found[i]) && found[i] == 0, Is.True, "what nothing is added to stays what it was");
            }
        }
    }

    [Test]
    public void The_gradient_of_a_frequent_token_is_accurate()
    {
        Input<float> table = Input("table", [50, 64], requiresGrad: true);
        Input<long> tokens = Input<long>("tokens", ["N"]);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([table, tokens], Gradients((Embedding(tokens, table) * 0.1f).Sum(), table)[0]);
        long[] mostly = [.. Enumerable.Range(0, Count).Select(i => i % 100 == 0 ? i / 100 % 50 : 7L)];
        float[] found = graph.Run(Tensors.Zeros<float>(50, 64), mostly).GetArray<float>(0);
        double exact = mostly.Count(t => t == 7) * (double)0.1f;
        Assert.That(found[(7 * 64)..(8 * 64)], Is.All.EqualTo(exact).Within(Bound * exact));
    }

    [Test]
    public void Infinite_sums_stay_infinite()
    {
        Input<float> x = Input("x", [2]);
        Input<long> indices = Input<long>("indices", ["N"]);
        Input<float> added = Input("added", ["N"]);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, indices, added], [IndexAdd(x, 0, indices, added), ScatterAdd(x, 0, indices, added)], null);
        float[] values = [.. Enumerable.Repeat(1f, 1000)];
        values[100] = float.PositiveInfinity;
        RunResults results = graph.Run((float[])[1, 2], (long[])[.. Enumerable.Repeat(1L, 1000)], values);
        Assert.That(results.GetArray<float>(0), Is.EqualTo((float[])[1, float.PositiveInfinity]));
        Assert.That(results.GetArray<float>(1), Is.EqualTo((float[])[1, float.PositiveInfinity]));
    }
}
