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

        Leaf<double> x = Variable("x", 4);
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
}
