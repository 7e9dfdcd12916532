using System.Numerics.Tensors;
using CsCheck;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Operations;

/// <summary>Orders of ties, NaN, infinities and zeros of both signs; lengths around powers of two.</summary>
public class SortingTests
{
    private const double NaN = double.NaN;
    private const double Infinity = double.PositiveInfinity;

    [Test]
    public void NaN_is_the_greatest_and_equals_keep_their_order()
    {
        Node x = Vector(3, NaN, -0.0, Infinity, 0, -Infinity, NaN, 3);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Values(ArgSort(x)), Is.EqualTo([5, 2, 4, 0, 7, 3, 1, 6]));
            Assert.That(Values(ArgSort(x, descending: true)), Is.EqualTo([1, 6, 3, 0, 7, 2, 4, 5]));
            Assert.That(Values(Sort(x).Values), Is.EqualTo([-Infinity, -0.0, 0, 3, 3, Infinity, NaN, NaN]));
            Assert.That(Values(TopK(x, 3).Indices), Is.EqualTo([1, 6, 3]));
            Assert.That(Values(KthValue(x, 2).Indices), Is.EqualTo([2]));
        }
    }

    [Test]
    public void Compiled_sorts_of_any_length_are_stable([Values] bool descending, [Values] bool single)
    {
        Node x = single ? Input("x", ["N"]) : Input<double>("x", ["N"]);
        CompiledGraph graph = GraphCompiler.Compiler.Compile([x], ArgSort(x, 0, descending));
        double[] values = [double.NegativeInfinity, -1e30, -2, -1e-40, -0.0, 0, 1e-40, 1, 2, double.PositiveInfinity, double.NaN];
        Gen.Int[0, values.Length - 1].Select(i => values[i]).Array[0, 300].Sample(
            numbers =>
            {
                long[] order = (single ? graph.Run(numbers.Select(v => (float)v).ToArray()) : graph.Run(numbers)).GetArray<long>();
                IEnumerable<long> places = Enumerable.Range(0, numbers.Length).Select(i => (long)i);
                double Key(long i) => double.IsNaN(numbers[i]) ? 1e300 : double.IsInfinity(numbers[i]) ? Math.Sign(numbers[i]) * 1e299 : single ? (float)numbers[i] : numbers[i];
                Assert.That(order, Is.EqualTo(descending ? places.OrderByDescending(Key) : places.OrderBy(Key)));
            },
            iter: 200,
            threads: 1);
    }

    /// <summary>Lines of every kind and length, at ranks of every kind, against a stable sort: each way of selection is taken.</summary>
    [Test]
    public void Selections_are_parts_of_the_stable_sort([Values] DType type, [Values] bool largest)
    {
        if (type == DType.Bool)
        {
            return;
        }

        var random = new Random(7);
        foreach ((int length, int k) in new[] { (1, 1), (9, 2), (33, 1), (33, 33), (257, 3), (257, 12), (700, 100), (700, 520), (700, 700), (5000, 5), (5000, 160), (5000, 900), (5000, 4900) })
        {
            Node x = type switch { DType.Float32 => Input("x", ["N"]), DType.Float64 => Input<double>("x", ["N"]), DType.Int32 => Input<int>("x", ["N"]), _ => Input<long>("x", ["N"]) };
            (Node top, Node kth) = (TopK(x, k, 0, largest).Indices, KthValue(x, k, 0).Indices);
            CompiledGraph graph = GraphCompiler.Compiler.Compile([x], [top, kth, ArgSort(x, 0, largest)]);
            foreach (Func<int, double> line in Lines(random, length))
            {
                double[] values = [.. Enumerable.Range(0, length).Select(line).Select(v => type.IsInteger() && !double.IsFinite(v) ? 0 : v)];
                Argument argument = type switch
                {
                    DType.Float32 => values.Select(v => (float)v).ToArray(),
                    DType.Float64 => values,
                    DType.Int32 => values.Select(v => (int)v).ToArray(),
                    _ => values.Select(v => (long)(v * (1L << 31))).ToArray(),
                };
                IEnumerable<long> places = Enumerable.Range(0, length).Select(i => (long)i);
                var order = Comparer<double>.Create((a, b) => double.IsNaN(a) || double.IsNaN(b) ? double.IsNaN(a).CompareTo(double.IsNaN(b)) : a.CompareTo(b));
                double Key(long i) => type == DType.Float32 ? (float)values[i] : type == DType.Int32 ? (int)values[i] : type == DType.Int64 ? (long)(values[i] * (1L << 31)) : values[i];
                long[] falling = [.. places.OrderByDescending(Key, order)];
                long[] rising = [.. places.OrderBy(Key, order)];
                RunResults results = graph.Run(argument);
                Assert.That(results.GetArray<long>(0), Is.EqualTo((largest ? falling : rising)[..k]), $"{k} of {length}");
                Assert.That(results.GetArray<long>(1), Is.EqualTo(rising[(k - 1)..k]), $"the {k}. of {length}");
                Assert.That(results.GetArray<long>(2), Is.EqualTo(largest ? falling : rising), $"all of {length}");
            }
        }
    }

    [Test]
    public void Selections_along_any_axis_and_of_no_elements_agree_with_the_interpreter()
    {
        Node x = Input("x", ["N", 7, "M"]);
        Node[] results = [TopK(x, 2, 0).Indices, TopK(Transpose(x), 0, 1).Indices, TopK(x, 3, 1, largest: false).Indices, KthValue(x, 2, 2).Indices, MedianWithIndex(x, 1).Indices, Median(x)];
        CompiledGraph graph = GraphCompiler.Compiler.Compile([x], results, options: new CompileOptions { Verify = true });
        var random = new Random(3);
        foreach ((int n, int m) in new[] { (2, 2), (40, 3), (3, 90) })
        {
            float[] values = [.. Enumerable.Range(0, n * 7 * m).Select(_ => random.Next(-9, 9) / 4f)];
            Assert.That(() => graph.Run(Tensor.Create(values, [n, 7, m])), Throws.Nothing);
        }

        Assert.That(() => graph.Run(Tensor.Create(new float[14], [1, 7, 2])), Throws.TypeOf<BindingException>().With.Message.Contains("N ≥ 2"));
    }

    [Test]
    [NonParallelizable]
    public void Warm_selections_allocate_nothing()
    {
        Assume.That(CompileOptions.Default.Verify, Is.False, "the interpreter, which verifies, allocates");
        Node x = Input("x", [3, 2000]);
        CompiledGraph graph = GraphCompiler.Compiler.Compile([x], [TopK(x, 5).Indices, TopK(x, 700).Indices, Median(x), ArgSort(x)]);
        float[] values = [.. Enumerable.Range(0, 6000).Select(i => (float)(i * 37L % 1009))];
        (long[] few, long[] many, float[] median, long[] order) = (new long[15], new long[2100], new float[1], new long[6000]);
        long least = long.MaxValue;
        for (int round = 0; round < 5 && least > 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int call = 0; call < 20; call++)
            {
                graph.Run([values], [few, many, median, order]);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.That(least, Is.Zero);
    }

    private static IEnumerable<Func<int, double>> Lines(Random random, int length) =>
    [
        _ => random.NextDouble() - 0.5,
        i => i, i => -i, _ => 4,
        i => i % 2 == 0 ? 0.0 : -0.0,
        _ => random.Next(5) - 2,
        i => random.Next(20) == 0 ? NaN : random.Next(20) == 0 ? -Infinity : Math.ScaleB(random.NextDouble() - 0.5, random.Next(30) - 15),
        i => Math.Abs(i - (length / 2)),
        i => (long)i * i % 1009,
    ];

    [Test]
    public void Medians_are_the_lower_ones_and_NaN_wins()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Value(Median(Of([2, 2], 4, 1, 3, 2))), Is.EqualTo(2));
            Assert.That(Value(Median(Vector(1, NaN, 0))), Is.NaN);
            Assert.That(Values(MedianWithIndex(Of([2, 3], 5, 1, 3, 2, NaN, 7), 1).Indices), Is.EqualTo([2, 1]));
            Assert.That(Values(MedianWithIndex(Of(Whole([4], 4, 1, 3, 2)), 0).Values), Is.EqualTo([2]));
        }

        Input<double> x = Variable("x", 4);
        Assert.That(Values(Gradients(Median(x), x)[0], (x, Reals([4], 2, 1, 2, 5))), Is.EqualTo([0.5, 0, 0.5, 0]), "ties share");
    }

    [Test]
    public void Values_find_their_place()
    {
        Node sorted = Vector(1, 2, 2, 4);
        Node values = Of([2, 3], 0, 2, 3, 4, 5, NaN);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Values(SearchSorted(sorted, values)), Is.EqualTo([0, 1, 3, 3, 4, 4]));
            Assert.That(Values(SearchSorted(sorted, values, right: true)), Is.EqualTo([0, 3, 3, 4, 4, 4]));
            Assert.That(Values(SearchSorted(Vector(), values)), Is.All.EqualTo(0));
            Assert.That(Values(SearchSorted(Of([2, 2], 1, 3, 10, 20), Of([2, 1], 2, 15))), Is.EqualTo([1, 1]));
        }
    }

    [Test]
    public void NaN_is_the_greatest_where_values_would_be_put()
    {
        Node sorted = Vector(1, 2, double.PositiveInfinity, double.NaN, double.NaN);
        Node values = Vector(double.NaN, double.PositiveInfinity, 2, 0);
        Assert.That(ComputedValues.Of(SearchSorted(sorted, values)), Is.EqualTo([3, 2, 1, 0]));
        Assert.That(ComputedValues.Of(SearchSorted(sorted, values, right: true)), Is.EqualTo([5, 3, 2, 0]));
    }
}
