using CsCheck;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Operations;

/// <summary>Values against plain computations that know nothing of the graph.</summary>
public class ValueTests
{
    private static readonly double[,,] Cube = Fill();

    private static readonly Node X = Of([2, 3, 4], [.. Cube.Cast<double>()]);

    private static double[,,] Fill()
    {
        var random = new Random(4);
        var cube = new double[2, 3, 4];
        foreach ((int i, int j, int k) in Positions())
        {
            cube[i, j, k] = random.Next(-5, 6);
        }

        return cube;
    }

    private static IEnumerable<(int I, int J, int K)> Positions() =>
        from i in Enumerable.Range(0, 2) from j in Enumerable.Range(0, 3) from k in Enumerable.Range(0, 4) select (i, j, k);

    [Test]
    public void Reductions_over_any_axes([Values(0, 1, 2, 3, 4, 5, 6, 7)] int mask, [Values] bool keepDims)
    {
        int[] axes = [.. Enumerable.Range(0, 3).Where(a => (mask & (1 << a)) != 0)];
        double[][] groups = [.. Positions()
            .GroupBy(p => ((mask & 1) != 0 ? 0 : p.I, (mask & 2) != 0 ? 0 : p.J, (mask & 4) != 0 ? 0 : p.K))
            .Select(g => g.Select(p => Cube[p.I, p.J, p.K]).ToArray())];
        long[] shape = [.. new long[] { 2, 3, 4 }.Select((s, a) => (s, a)).Where(p => keepDims || !axes.Contains(p.a)).Select(p => axes.Contains(p.a) ? 1 : p.s)];
        void Check(Node node, Func<double[], double> expected)
        {
            TensorValue value = Run(node);
            Assert.That(value.Shape, Is.EqualTo(shape));
            for (int i = 0; i < groups.Length; i++)
            {
                Assert.That(value[i], Close(expected(groups[i]), 1e-9));
            }
        }

        Check(Sum(X, axes, keepDims), g => g.Sum());
        Check(Prod(X, axes, keepDims), g => g.Aggregate(1.0, (p, v) => p * v));
        Check(Max(X, axes, keepDims), g => g.Max());
        Check(Min(X, axes, keepDims), g => g.Min());
        Check(Mean(X, axes, keepDims), g => g.Average());
        Check(Variance(X, axes, keepDims, correction: 0), g => g.Select(v => Math.Pow(v - g.Average(), 2)).Average());
        Check(ArgMax(X, axes, keepDims), g => Array.IndexOf(g, g.Max()));
        Check(ArgMin(X, axes, keepDims), g => Array.IndexOf(g, g.Min()));
    }

    [Test]
    public void Slices_are_Pythons() => Gen.Select(Gen.Int[0, 6], Gen.Int[-8, 8], Gen.Int[-8, 8], Gen.Int[1, 4]).Sample((size, start, stop, step) =>
    {
        int Place(int at) => Math.Clamp(at < 0 ? at + size : at, 0, size);
        List<double> expected = [];
        for (int i = Place(start); i < Place(stop); i += step)
        {
            expected.Add(i);
        }

        return Values(Slice(Vector([.. Enumerable.Range(0, size).Select(i => (double)i)]), 0, start, stop, step)).SequenceEqual(expected);
    });

    [Test]
    public void Ranges_and_negative_padding_do_not_wrap_around()
    {
        Node x = Vector(1, 2, 3);
        Assert.That(Values(Slice(x, 0, ^5..)), Is.EqualTo(new double[] { 1, 2, 3 }));
        Assert.That(Values(Slice(x, 0, 1..^1)), Is.EqualTo(new double[] { 2 }));
        Assert.That(Values(Pad(x, 0, -1, 2, 9)), Is.EqualTo(new double[] { 2, 3, 9, 9 }));
        Assert.That(Values(Pad(x, 0, 1, -3, 9)), Is.EqualTo(new double[] { 9 }));
        Assert.That(Values(Pad(x, 0, -2, -1)), Is.Empty);
        Assert.That(Values(Pad(x, 0, 1, 0, double.NegativeInfinity))[0], Is.EqualTo(double.NegativeInfinity));
    }

    [Test]
    public void Joins_and_index_operations_with_duplicates()
    {
        Node a = Of([2, 2], 1, 2, 3, 4);
        Assert.That(Values(Concat([a, a * 10], 1)), Is.EqualTo(new double[] { 1, 2, 10, 20, 3, 4, 30, 40 }));
        Assert.That(Values(Stack([a, a * 10], -1)), Is.EqualTo(new double[] { 1, 10, 2, 20, 3, 30, 4, 40 }));
        Assert.That(Values(Take(a, Constant(new long[] { 1, 1, 0 }), 1)), Is.EqualTo(new double[] { 2, 2, 1, 4, 4, 3 }));
        Assert.That(Run(Take(a, Of(Whole([1, 1], 1)))).Shape, Is.EqualTo(new long[] { 1, 1, 2 }));
        Assert.That(Values(Gather(a, 1, Of(Whole([2, 3], 0, 1, 1, 1, 0, 0)))), Is.EqualTo(new double[] { 1, 2, 2, 4, 3, 3 }));
        Assert.That(Values(ScatterAdd(a, 1, Of(Whole([2, 2], 0, 0, 1, 1)), a)), Is.EqualTo(new double[] { 4, 2, 3, 11 }));
        Assert.That(Values(IndexAdd(a, 0, Constant(new[] { 1, 1 }), a)), Is.EqualTo(new double[] { 1, 2, 7, 10 }));
    }

    [Test]
    public void Indices_out_of_range_name_node_index_axis_and_size()
    {
        Node a = Of([2, 3], 1, 2, 3, 4, 5, 6);
        foreach (long index in new long[] { -1, 3 })
        {
            Node at = Of(Whole([2, 1], 0, index));
            Node source = Of([2, 1], 1, 1);
            foreach (Node node in new[] { Take(a, at, 1), Gather(a, 1, at), ScatterAdd(a, 1, at, source), IndexAdd(a, 1, Constant(new[] { index }), source), CrossEntropy(a, Squeeze(at, 1), LossReduction.None) })
            {
                Assert.That(() => Run(node.Named("look-up")), Throws.TypeOf<ExecutionException>().With.Message.Contains($"index {index} is outside axis 1 of size 3").And.Message.Contains("[0, 3)"));
            }

            Assert.That(() => Run(Take(a, at, 1).Named("look-up")), Throws.TypeOf<ExecutionException>().With.Message.Contains("Take 'look-up'"));
        }
    }

    private static readonly long[][][] Products =
    [
        [[3], [3], []], [[2, 3], [3], [2]], [[3], [3, 4], [4]], [[2, 3], [3, 4], [2, 4]], [[5, 2, 3], [3], [5, 2]], [[5, 2, 3], [3, 4], [5, 2, 4]], [[3], [5, 3, 4], [5, 4]],
        [[2, 3], [5, 3, 4], [5, 2, 4]], [[5, 1, 2, 3], [6, 3, 4], [5, 6, 2, 4]], [[2, 0], [0, 4], [2, 4]], [[0, 3], [3, 4], [0, 4]],
    ];

    [TestCaseSource(nameof(Products))]
    public void Matrix_products_of_all_ranks(long[] left, long[] right, long[] shape)
    {
        TensorValue a = Sample(new NodeType(DType.Float64, Shape.Of(left)), _ => 0, 1);
        TensorValue b = Sample(new NodeType(DType.Float64, Shape.Of(right)), _ => 0, 2);
        TensorValue c = Run(MatMul(Of(a), Of(b)));
        Assert.That(c.Shape, Is.EqualTo(shape));

        // Sum over k of a[…, m, k]·b[…, k, n] written as a broadcast product.
        Node rows = left.Length == 1 ? Unsqueeze(Of(a), 0) : Of(a);
        Node columns = right.Length == 1 ? Unsqueeze(Of(b), 1) : Of(b);
        Node sum = Sum(Unsqueeze(rows, -1) * Unsqueeze(columns, -3), -2);
        Assert.That(Enumerable.Range(0, (int)c.Count).Select(i => c[i]), Is.EqualTo(Values(sum)).Within(1e-12));
    }

    [Test]
    public void Casts_truncate_saturate_and_test_for_non_zero()
    {
        Node x = Vector(1.9, -1.9, 1e10, -1e30, double.NaN, double.PositiveInfinity, 0.3);
        Assert.That(Values(Cast(x, DType.Int32)), Is.EqualTo(new double[] { 1, -1, int.MaxValue, int.MinValue, 0, int.MaxValue, 0 }));
        Assert.That(Run(Cast(x, DType.Int64)).Integers, Is.EqualTo(new[] { 1, -1, 10_000_000_000, long.MinValue, 0, long.MaxValue, 0 }));
        Assert.That(Values(Cast(x, DType.Bool)), Is.EqualTo(new double[] { 1, 1, 1, 1, 1, 1, 1 }));
        Assert.That(Values(Cast(Constant(new[] { 0.1 }), DType.Float32))[0], Is.EqualTo((double)0.1f));
        Assert.That(Values(Cast(Constant(1L << 32), DType.Int32))[0], Is.Zero);
        Assert.That(Values(Cast(Constant(1L << 32), DType.Bool))[0], Is.EqualTo(1));
    }

    [Test]
    public void Integers_divide_to_the_floor_and_wrap() => Gen.Select(Gen.Int[-20, 20], Gen.Int[-6, 6]).Sample((a, b) =>
    {
        (Node x, Node y) = (Constant(a), Constant(b));
        double power = b < 0 ? (a is 1 or -1 ? Math.Pow(a, b) : 0) : Math.Pow(a, b);
        return Value(x / y) == (b == 0 ? 0 : Math.Floor((double)a / b)) && Value(Pow(x, y)) == power && Value(x * int.MaxValue) == unchecked(a * int.MaxValue);
    });

    [Test]
    public void Empty_and_rank_0_tensors()
    {
        Node none = Of([0, 3]);
        Assert.That(Values(Sum(none, 0)), Is.EqualTo(new double[3]));
        Assert.That(Values(Prod(none, 0)), Is.EqualTo(new double[] { 1, 1, 1 }));
        Assert.That(Values(Mean(none)), Is.EqualTo(new[] { double.NaN }));
        Assert.That(Run(Sin(none) + 1).Shape, Is.EqualTo(new long[] { 0, 3 }));
        Assert.That(Run(Reshape(none, [-1, 7])).Shape, Is.EqualTo(new long[] { 0, 7 }));
        Assert.That(Value(Sum(Constant(3.0)) + ArgMax(Constant(2.0)).Cast(DType.Float64)), Is.EqualTo(3));
        Assert.That(Values(Flatten(Constant(3.0))), Is.EqualTo(new double[] { 3 }));
        Assert.That(Values(Max(Vector(1, double.NaN, 2))), Is.EqualTo(new[] { double.NaN }));
        Assert.That(Values(ArgMax(Vector(1, double.NaN, 2))), Is.EqualTo(new double[] { 1 }));
    }

    [Test]
    public void A_composite_is_evaluated_on_its_inputs_values()
    {
        Node x = Input<double>("x", [3]);
        Node y = x;
        for (int i = 0; i < 60; i++)
        {
            y = Relu(Softplus(y * 0.5));
        }

        Assert.That(Values(y, (x, Reals([3], 1, 2, 3))), Has.All.Positive);
    }
}
