using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using GraphCompiler.Operations;
using GraphCompiler.Planning;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Lowering;

/// <summary>
/// Kernels whose range goes over their result, or over blocks of what they read: what each thread has of it is cut anywhere, and nobody can tell from the
/// results. Whatever is large has something to share.
/// </summary>
[TestFixture]
[NonParallelizable]
internal sealed class SharedRangesTests
{
    private static readonly int[] ThreadCounts = [1, 2, 3, 8];
    private static readonly Chunking[] Cuts = [Chunking.Default, Chunking.Finest];

    private static IEnumerable<TestCaseData> Work()
    {
        // Joined where nothing lies before: rows that are one long loop, single elements, elements that are computed, views that no loop joins.
        yield return Case("matrices below each other", [["N", 50], ["M", 50], [1, 50]], x => Concat(x), [[3000, 1900], [0, 3], [1, 0], [131, 1]]);
        yield return Case("vectors", [["N"], ["M"], [3]], x => Concat([x[0], Exp(x[1]), x[2], -x[0]]), [[60_000, 50_001], [0, 1], [1, 0], [5, 7000]]);
        yield return Case("views", [["N", 31], [31, "M"]], x => Concat([Flip(x[0], 1), Transpose(x[1]), x[0]]), [[2100, 3000], [0, 2], [1, 0], [3, 150]]);
        yield return Case("stacked vectors", [["N"], ["N"], ["N"]], x => Stack(x), [[70_000], [0], [1], [2000]]);
        yield return Case("in two leading axes of size 1", [[1, 1, "N", 40], [1, 1, "M", 40]], x => Concat(x, 2), [[2000, 3000], [0, 0], [1, 130]]);
        yield return Case("integers", [["N", 3]], x => Concat([Cast(x[0], DType.Int64), Cast(x[0] * 100, DType.Int64)]), [[50_000], [1], [0]]);

        // Joined behind other axes: short rows, and what is large for each point of them.
        yield return Case("matrices beside each other", [["N", 30], ["N", 7], ["N", 1]], x => Concat(x, 1), [[5000], [0], [1], [3]]);
        yield return Case("columns", [["N"], ["N"]], x => Stack(x, 1), [[90_000], [0], [1], [129]]);
        yield return Case("channels", [["N", 3, 90, 70], ["N", "C", 90, 70], [1, 3, 90, 1]], x => Concat([x[0], x[1], x[0] + x[2]], 1), [[1, 30], [2, 20], [0, 3], [3, 0], [5, 1]]);
        yield return Case("channels in another order", [[40, "N", 90], ["N", 2, 90, 20]], x => Concat([Reshape(Transpose(x[0], 0, 1), ["N", 2, 20, 90]), Transpose(x[1], 2, 3)], 1), [[30], [1], [0]]);

        // Padded: rows, elements, both sides of both axes, with gaps, what has one row; behind axes without padding.
        yield return Case("rows padded", [["N", 50]], x => Pad(x[0], 0, 7, "N", 2), [[3000], [0], [1], [64]]);
        yield return Case("a vector padded", [["N"]], x => Pad(x[0] * 2, 0, 100, 1000, -1), [[150_000], [0], [1], [3001]]);
        yield return Case("both axes padded", [["N", 200]], x => Pad(x[0], [(2, 1), (3, 70)]), [[900], [0], [1], [17]]);
        yield return Case("with gaps", [["N", 50]], x => Gradient(Slice(x[0], 0, 3, step: 3), x[0]), [[4000], [10], [3], [5], [4]]);
        yield return Case("with gaps in a vector", [["N"]], x => Gradient(Slice(x[0], 0, 2, step: 5), x[0]), [[400_000], [5001], [2], [3]]);
        yield return Case("with gaps that end rows", [["N", 30]], x => Padded(x[0], [new PadRange(1, 0, 0), new PadRange(0, 1, 1)]), [[5000], [0], [1], [7]]);
        yield return Case("with gaps that begin rows", [["N", 30]], x => Padded(x[0], [new PadRange(2, 1, 0), new PadRange(2, 0, 2)]), [[5000], [0], [1], [7]]);
        yield return Case("one row padded", [["M", 30], ["N", 30]], x => Gradient(x[0][2], x[0]), [[9000, 0], [3, 1], [70, 0]]);
        yield return Case("images padded", [["N", 2, 400, 300]], x => Pad(x[0], [(0, 0), (0, 0), (1, 1), (2, 2)], value: 1), [[1], [3], [0]]);
        yield return Case("few rows of images padded", [[2, "N", 60]], x => Pad(x[0], 1, 5, 4), [[2000], [0], [1], [3]]);

        // Scattered: slices, slices behind an axis, elements.
        yield return Case("slices added", [["N", 70], ["M", 70]], x => IndexAdd(x[0], 0, IndicesOf(x[1], x[0].Shape[0]), x[1]), [[3000, 2000], [1, 50], [5, 0], [8, 9], [9, 70]]);
        yield return Case("slices of a batch added", [["N", 40, 9], ["N", "M", 9]], x => IndexAdd(x[0], 1, IndicesOf(Slice(x[1], 0, 0, 1).Reshape(["M", 9]), 40), x[1]), [[300, 60], [1, 3], [1, 0], [5, 9]]);
        yield return Case("elements added", [["N", 40], ["N", "M"]], x => ScatterAdd(x[0], 1, IndicesOfElements(x[1], 40), x[1]), [[900, 60], [0, 3], [1, 3], [7, 0]]);
        yield return Case("elements set in a batch of one", [[1, "N", 40], [1, "N", 30]], x => Scatter(x[0], 2, IndicesOfElements(x[1], 40), x[1]), [[2000], [0], [1]]);

        // One line after the other, behind an axis of size 1; and columns side by side.
        yield return Case("picked in a batch of one", [[1, "N", 40], [1, "N", 30]], x => Gather(x[0], 2, IndicesOfElements(x[1], 40)), [[2000], [0], [1]]);
        yield return Case("sorted in a batch of one", [[1, "N", 40]], x => ArgSort(x[0]) + ArgMax(x[0], 2, keepDims: true), [[1000], [0], [1]]);
        yield return Case("found in one line", [["N", 2000]], x => ArgMax(Round(x[0])) + ArgMin(x[0]), [[200], [1], [17]]);
        yield return Case("the first that is no number", [["N", 2000]], x => ArgMin(Log(x[0] + 4)), [[200], [1], [17]]);
        yield return Case("columns summed up", [["N", 300]], x => CumulativeSum(x[0], 0) + LinearRecurrence(x[0] * 0.1, x[0], 0), [[700], [0], [1], [3]]);
        yield return Case("best of columns", [["N", "M"]], x => CumulativeMax(x[0], 0).Indices, [[300, 200], [0, 200], [1, 64], [3, 65], [5, 2100]]);

        // Products: a matrix packed whose columns are few and long; windows of few images.
        yield return Case("a long matrix packed", [[40, "K"], [90, "K"]], x => MatMul(x[0], Transpose(x[1])), [[6000], [0], [1], [255], [257]]);
        yield return Case("few windows", [["N", 40, 5, 6], [530, 40, 3, 3]], x => Conv2D(x[0], x[1], padding: 1), [[1], [2], [0], [3], [11]]);
        yield return Case("few windows of one image", [[1, 60, 7, 7], [270, 60, 3, 3]], x => Gelu(Conv2D(x[0], x[1], padding: 1)), [[]]);
        yield return Case("windows summed in blocks", [["N", 260, 4, 4], [260, 260, 3, 3]], x => Tanh(Conv2D(x[0], x[1], padding: 1)) * 2, [[1], [2], [0]]);

        static TestCaseData Case(string name, Shape[] inputs, Func<Node[], Node> make, long[][] sizes) => new TestCaseData(inputs, make, sizes).SetArgDisplayNames(name);

        static Node Padded(Node x, EquatableArray<PadRange> ranges) =>
            Node.Create(new PadOp(ranges, Shape.Of(ranges.Select((r, axis) => r.Low + ((x.Shape[axis] - 1) * (r.Interior + 1)) + 1 + r.High)), 3), x);

        static Node Gradient(Node y, Node x) => Gradients((y * y).Sum(), x)[0];

        // Some of the numbers from 0 up to a size, over and over.
        static Node IndicesOfElements(Node x, Dim size) => Minimum(Cast(Abs(x) * (DimValue(size) / 2).Cast(DType.Float32), DType.Int64), DimValue(size) - 1);

        static Node IndicesOf(Node rows, Dim size) => IndicesOfElements(Slice(rows, 1, 0, 1).Reshape([rows.Shape[0]]), size);
    }

    /// <summary>The first sizes are those of large tensors.</summary>
    [TestCaseSource(nameof(Work))]
    public void All_threads_have_a_share_and_the_same_bits(Shape[] shapes, Func<Node[], Node> make, long[][] sizes)
    {
        string[] symbols = [.. shapes.SelectMany(s => s.Symbols).Distinct()];
        Input<float>[] inputs = [.. shapes.Select((s, i) => Input($"x{i}", s, requiresGrad: true))];
        Node y = make(inputs);
        using CompiledGraph verified = GraphCompiler.Compiler.Compile(inputs, [y], options: new() { Verify = true });
        CompiledGraph[] graphs = [.. from cut in Cuts from threads in ThreadCounts select GraphCompiler.Compiler.Compile(inputs, [y], options: new() { Threads = threads, Chunking = cut, Passes = new() { MergeSmallKernels = false } })];
        foreach (long[] values in sizes)
        {
            Argument[] arguments = [.. shapes.Select((s, i) => Given(i, s.Evaluate(symbol => values[Array.IndexOf(symbols, symbol)])))];
            verified.Run(arguments);
            byte[] expected = Read(graphs[0].Run(arguments), y);
            for (int g = 1; g < graphs.Length; g++)
            {
                Assert.That(Read(graphs[g].Run(arguments), y).AsSpan().SequenceEqual(expected), $"{ThreadCounts[g % ThreadCounts.Length]} threads, cut {g / ThreadCounts.Length}, sizes {string.Join(", ", values)}");
            }
        }

        AssertIsShared(graphs[1].Executor.Program, sizes[0]);
        foreach (CompiledGraph graph in graphs)
        {
            graph.Dispose();
        }
    }

    [Test]
    public void The_first_index_that_is_out_of_range_is_reported_by_whichever_thread()
    {
        Node x = Input("x", [300, 70]);
        Node indices = Input<long>("indices", ["N"]);
        Node rows = Input("rows", ["N", 70]);
        long[] wrong = [.. Enumerable.Range(0, 400).Select(i => i % 90 == 80 ? 1000L + i : i % 300)];
        foreach (int threads in ThreadCounts)
        {
            using CompiledGraph graph = GraphCompiler.Compiler.Compile(
                [x, indices, rows], [IndexAdd(x, 0, indices, rows)], options: new CompileOptions { Threads = threads, Chunking = Chunking.Finest });
            Assert.That(
                () => graph.Run(Given(0, [300, 70]), wrong, Given(1, [400, 70])),
                Throws.TypeOf<ExecutionException>().With.Message.Contains("1080"),
                $"{threads} threads");
        }
    }

    [Test]
    public void Windows_of_many_images_are_packed_once_an_image()
    {
        Input<float> x = Input("x", ["N", 40, 5, 6]);
        Input<float> w = Input("w", [530, 40, 3, 3]);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, w], [Conv2D(x, w, padding: 1)], options: new() { Threads = 2, Passes = new() { WholeConvolutions = false, MergeSmallKernels = false } });

        // How much is packed at once depends on the cache.
        int cache = CacheSizes.Level2;
        long[] ranges;
        try
        {
            CacheSizes.Level2 = 512 << 10;
            ranges = [.. new long[] { 0, 1, 2, 40 }.Select(n => Steps(graph.Executor.Program, [n])[^1].Range)];
        }
        finally
        {
            CacheSizes.Level2 = cache;
        }

        Assert.That(ranges[0], Is.Zero);
        Assert.That(ranges[1], Is.GreaterThan(2));
        Assert.That(ranges[2], Is.GreaterThan(2));
        Assert.That(ranges[3], Is.EqualTo(40));
    }

    private static void AssertIsShared(Program program, long[] symbols)
    {
        (long Range, double Work)[] steps = Steps(program, symbols);
        Assert.That(steps.Sum(s => s.Work), Is.GreaterThan(Chunking.Default.LeastWork), "the case is a large one");
        Assert.That(steps.Where(s => s.Work > Chunking.Default.LeastWork).Select(s => s.Range), Is.All.GreaterThan(1));
    }

    private static (long Range, double Work)[] Steps(Program program, long[] symbols)
    {
        long[] sizes = new long[program.Plan.Sizes];
        program.Plan.EvaluateSizes(symbols, sizes);
        return [.. program.Plan.Steps.Select(s => (sizes[s.Range], s.Work?.Invoke(sizes) ?? 0))];
    }

    private static Argument Given(int seed, long[] shape)
    {
        int count = (int)shape.Aggregate(1L, (a, b) => a * b);
        return Tensor.Create(new Generator((ulong)seed + 1).Normal(count).ToArray(), [.. shape.Select(s => (nint)s)]);
    }

    private static byte[] Read(RunResults results, Node y) => y.DType == DType.Int64
        ? MemoryMarshal.AsBytes(results.GetArray<long>(0).AsSpan()).ToArray()
        : MemoryMarshal.AsBytes(results.GetArray<float>(0).AsSpan()).ToArray();
}
