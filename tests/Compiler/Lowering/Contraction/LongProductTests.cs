using System.Numerics;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Lowering.Contraction;

/// <summary>
/// A sum of n products is off by at most (b + log₂(n/b)) units of the sum of their magnitudes, with chains of b = 256 products: wherever products are added up,
/// at every width, and with the same bits at any number of threads.
/// </summary>
[Parallelizable(ParallelScope.Children)]
internal sealed class LongProductTests
{
    private const int Chain = 256;

    private static IEnumerable<VectorWidth> Widths => VectorWidths.Supported;

    /// <summary>Sizes and layouts, with the lengths of the inner axis, so that each way to compute a product meets chains, blocks and spans of them.</summary>
    private static IEnumerable<TestCaseData> Products()
    {
        foreach (string layout in (string[])["nn", "nt", "tn", "tt"])
        {
            yield return Case("dot", [], 1, 1, layout, [1000, 8191, 10_000, 100_003]);
            yield return Case("vector · matrix", [], 1, 37, layout, [1000, 8191, 30_001]);
            yield return Case("matrix · vector", [], 19, 1, layout, [1000, 8191, 30_001]);
            yield return Case("few", [], 7, 5, layout, [1000, 10_000, 100_003]);
            yield return Case("square", [], 64, 64, layout, [257, 1000, 9000]);
            yield return Case("many columns", [], 18, 300, layout, [300, 9000]);
            yield return Case("batch", [3], 5, 21, layout, [1000, 10_000]);
        }

        static TestCaseData Case(string name, Dim[] batch, int m, int n, string layout, int[] lengths) =>
            new TestCaseData(batch, m, n, layout, lengths).SetArgDisplayNames(name, layout);
    }

    [TestCaseSource(nameof(Products))]
    public void Errors_do_not_grow_with_the_inner_axis(Dim[] batch, int m, int n, string layout, int[] lengths)
    {
        foreach (int k in lengths)
        {
            Terms<float>[] terms = Terms<float>.Of(k);
            Check(batch, m, n, k, layout, isSymbolic: false, terms);
            Check(batch, m, n, k, layout, isSymbolic: true, terms);
        }

        Terms<double>[] doubles = Terms<double>.Of(lengths[1]);
        Check(batch, m, n, lengths[1], layout, isSymbolic: false, doubles);
        Check(batch, m, n, lengths[1], layout, isSymbolic: true, doubles);
    }

    [TestCase(1, 1, 1_000_000)]
    [TestCase(1, 5, 1_000_000)]
    [TestCase(7, 1, 1_000_000)]
    [TestCase(7, 5, 1_000_000)]
    [TestCase(1, 1, 10_000_000)]
    [Category("Slow")]
    public void Errors_do_not_grow_with_millions_of_products(int m, int n, int k)
    {
        Terms<float>[] terms = Terms<float>.Of(k);
        foreach (string layout in (string[])["nn", "nt", "tn", "tt"])
        {
            Check([], m, n, k, layout, isSymbolic: false, terms);
            Check([], m, n, k, layout, isSymbolic: true, terms);
        }
    }

    [Test]
    public void The_gradient_of_a_weight_sums_over_all_positions([ValueSource(nameof(Widths))] VectorWidth width, [Values] bool isSymbolic)
    {
        Input<float> x = Input("x", [isSymbolic ? "N" : 9, 2, 130, 130]);
        Input<float> w = Input("w", [9, 2, 3, 3], requiresGrad: true);
        Node gradient = Gradients(Conv2D(x, w).Sum(), w)[0];
        int positions = 9 * 128 * 128;
        float[] values = [.. Enumerable.Repeat(0.1f, 9 * 2 * 130 * 130)];
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, w], gradient, new CompileOptions { Width = width });
        float[] found = graph.Run(Tensor(values, 9, 2, 130, 130), Tensor(new float[9 * 2 * 3 * 3], 9, 2, 3, 3)).GetArray<float>(0);
        Assert.That(found, Is.All.EqualTo(positions * (double)0.1f).Within(Bound<float>(positions) * positions * 0.1));
    }

    [Test]
    public void What_follows_a_product_is_done_to_its_whole_sum([ValueSource(nameof(Widths))] VectorWidth width, [Values(700, 5000, 20_000)] int k, [Values] bool isSymbolic)
    {
        Dim inner = isSymbolic ? "K" : k;
        Input<float> x = Input("x", [21, inner]);
        Input<float> y = Input("y", [inner, 35]);
        Input<float> z = Input("z", [21, 35]);
        Node product = MatMul(x, y);
        float[] ones = [.. Enumerable.Repeat(1f, 21 * k)];
        float[] halves = [.. Enumerable.Repeat(0.5f, 35 * k)];
        float[] small = [.. Enumerable.Repeat(0.25f, 21 * 35)];
        Node[] outputs = [Relu(product - z), Exp(product * 1e-5f) + z, product];
        foreach (Node[] some in (Node[][])[[outputs[0]], [outputs[1]], outputs])
        {
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, y, z], some, null, new CompileOptions { Width = width });
            RunResults results = graph.Run(Tensor(ones, 21, k), Tensor(halves, k, 35), Tensor(small, 21, 35));
            for (int i = 0; i < some.Length; i++)
            {
                double expected = Array.IndexOf(outputs, some[i]) switch { 0 => (0.5 * k) - 0.25, 1 => Math.Exp(0.5e-5 * k) + 0.25, _ => 0.5 * k };
                Assert.That(results.GetArray<float>(i), Is.All.EqualTo(expected).Within(1e-6 * expected));
            }
        }
    }

    [Test]
    public void Infinite_sums_stay_infinite([ValueSource(nameof(Widths))] VectorWidth width, [Values("nn", "nt")] string layout)
    {
        (Input<float> a, Input<float> b, Node product) = Operands<float>([], 2, 3, "K", layout);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([a, b], product, new CompileOptions { Width = width });
        foreach (int k in (int[])[100, 5000, 30_000])
        {
            float[] left = [.. Enumerable.Repeat(1f, 2 * k)];
            (left[k / 2], left[k + (k / 3)]) = (float.PositiveInfinity, float.NaN);
            float[] right = [.. Enumerable.Repeat(1f, 3 * k)];
            float[] found = graph.Run(Tensor(left, 2, k), Tensor(right, Lengths([], layout[1], k, 3))).GetArray<float>(0);
            Assert.That(found, Is.EqualTo((float[])[float.PositiveInfinity, float.PositiveInfinity, float.PositiveInfinity, float.NaN, float.NaN, float.NaN]));
        }
    }

    [Test]
    public void Threads_do_not_change_a_bit([Values("nn", "nt", "tn")] string layout, [Values] bool isSymbolic)
    {
        foreach ((int m, int n, int k) in (ReadOnlySpan<(int, int, int)>)[(1, 700, 9000), (300, 40, 5000), (37, 130, 20_000)])
        {
            (Input<float> a, Input<float> b, Node product) = Operands<float>([], m, n, isSymbolic ? "K" : k, layout);
            using CompiledGraph alone = GraphCompiler.Compiler.Compile([a, b], product, new CompileOptions { Threads = 1 });
            using CompiledGraph shared = GraphCompiler.Compiler.Compile([a, b], product, new CompileOptions { Threads = 2, Chunking = Chunking.Finest });
            Argument left = Tensor(Random<float>(m * k, 1), Lengths([], layout[0], m, k));
            Argument right = Tensor(Random<float>(k * n, 2), Lengths([], layout[1], k, n));
            Assert.That(shared.Run(left, right).GetArray<float>(0), Is.EqualTo(alone.Run(left, right).GetArray<float>(0)));
        }
    }

    [Test]
    public void Verification_finds_a_sum_in_one_chain([Values(100_000, 1_000_000)] int k)
    {
        Input<float> x = Input("x", [1, "K"]);
        Input<float> y = Input("y", ["K", 1]);
        TensorValue left = TensorValue.OfReals(DType.Float32, [1, k], [.. Enumerable.Repeat((double)0.1f, k)]);
        TensorValue right = TensorValue.OfReals(DType.Float32, [k, 1], [.. Enumerable.Repeat(1.0, k)]);
        (TensorValue value, double[]? errors) = RoundingErrors.Evaluate(MatMul(x, y), new Dictionary<Node, TensorValue> { [x] = left, [y] = right }, _ => k);
        float chain = 0;
        for (int i = 0; i < k; i++)
        {
            chain = float.FusedMultiplyAdd(0.1f, 1, chain);
        }

        Assert.That(Math.Abs(chain - value[0]), Is.GreaterThan(4 * errors![0]));
    }

    private static void Check<T>(Dim[] batch, int m, int n, int k, string layout, bool isSymbolic, Terms<T>[] terms)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        (Input<T> a, Input<T> b, Node product) = Operands<T>(batch, m, n, isSymbolic ? "K" : k, layout);
        int matrices = batch.Aggregate(1, (count, size) => count * (int)size.Constant!.Value);
        (VectorWidth Width, CompiledGraph Graph)[] graphs =
            [.. Widths.Select(width => (width, GraphCompiler.Compiler.Compile([a, b], product, new CompileOptions { Width = width })))];

        foreach ((string name, T[] row, T[] column, double exact, double magnitude) in terms)
        {
            Argument left = Tensor(Spread(row, matrices, m, isAcross: layout[0] == 't'), Lengths(batch, layout[0], m, k));
            Argument right = Tensor(Spread(column, matrices, n, isAcross: layout[1] == 'n'), Lengths(batch, layout[1], k, n));
            foreach ((VectorWidth width, CompiledGraph graph) in graphs)
            {
                double worst = graph.Run(left, right).GetArray<T>(0).Max(found => Math.Abs(double.CreateTruncating(found) - exact));
                Assert.That(worst, Is.LessThanOrEqualTo(Bound<T>(k) * magnitude), $"{width}, K = {k}, symbolic: {isSymbolic}, {name}");
            }
        }

        Array.ForEach(graphs, g => g.Graph.Dispose());
    }

    /// <summary>What a sum of so many products may be off, relative to the sum of their magnitudes.</summary>
    private static double Bound<T>(int count)
        where T : IBinaryFloatingPointIeee754<T> =>
        (count <= Chain ? count : Chain + Math.Log2((double)count / Chain)) * double.CreateTruncating(T.BitIncrement(T.One) - T.One) / 2;

    private static (Input<T> A, Input<T> B, Node Product) Operands<T>(Dim[] batch, int m, int n, Dim k, string layout)
        where T : unmanaged
    {
        Input<T> a = Input<T>("a", Shape.Of([.. batch, .. layout[0] == 't' ? new Dim[] { k, m } : [m, k]]));
        Input<T> b = Input<T>("b", Shape.Of([.. batch, .. layout[1] == 't' ? new Dim[] { n, k } : [k, n]]));
        return (a, b, MatMul(layout[0] == 't' ? Transpose(a) : a, layout[1] == 't' ? Transpose(b) : b));
    }

    private static int[] Lengths(Dim[] batch, char layout, int rows, int columns) =>
        [.. batch.Select(size => (int)size.Constant!.Value), .. layout == 't' ? (int[])[columns, rows] : [rows, columns]];

    // The same vector in each row of all matrices, or in each column.
    private static T[] Spread<T>(T[] vector, int matrices, int count, bool isAcross)
    {
        var result = new T[matrices * count * vector.Length];
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = vector[isAcross ? i / count % vector.Length : i % vector.Length];
        }

        return result;
    }

    private static T[] Random<T>(int count, int seed)
        where T : IBinaryFloatingPointIeee754<T>
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => T.CreateTruncating((float)(random.NextDouble() - 0.5)))];
    }

    private static Argument Tensor<T>(T[] values, params int[] shape) =>
        values is float[] singles ? Tensors.From<float>(singles, shape) : Tensors.From<double>((double[])(object)values, shape);

    /// <summary>The same elements in every row, and in every column, so that there is one sum to know exactly: of equal terms, random ones, alternating, sorted.</summary>
    private sealed record Terms<T>(string Name, T[] Row, T[] Column, double Exact, double Magnitude)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public static Terms<T>[] Of(int count)
        {
            T[] tenths = new T[count];
            Array.Fill(tenths, T.CreateTruncating(0.1));
            T[] random = Random<T>(count, 1);
            T[] other = Random<T>(count, 2);
            return
            [
                New("equal", tenths, tenths),
                New("random", random, other),
                New("alternating", [.. random.Select((x, i) => int.IsEvenInteger(i) ? T.Abs(x) : -T.Abs(x))], tenths),
                New("sorted", [.. random.Order()], [.. other.Select(T.Abs).Order()]),
            ];
        }

        private static Terms<T> New(string name, T[] row, T[] column)
        {
            (double exact, double magnitude) = Exactly(row, column);
            return new(name, row, column, exact, magnitude);
        }

        // Products and what rounding takes from them, added with what each addition loses.
        private static (double Sum, double Magnitude) Exactly(T[] row, T[] column)
        {
            var sum = default(NeumaierSum);
            double magnitude = 0;
            for (int i = 0; i < row.Length; i++)
            {
                (double x, double y) = (double.CreateTruncating(row[i]), double.CreateTruncating(column[i]));
                sum.Add(x * y);
                sum.Add(Math.FusedMultiplyAdd(x, y, -(x * y)));
                magnitude += Math.Abs(x * y);
            }

            return (sum.Value, magnitude);
        }
    }
}
