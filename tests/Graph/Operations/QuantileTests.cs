using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Operations;

/// <summary>Quantiles, medians beside NaN and modes against loops over sorted arrays; where they have corners.</summary>
public sealed class QuantileTests
{
    private const double NaN = double.NaN;
    private const double Infinity = double.PositiveInfinity;

    private static readonly double[] Numbers = [3, 1, 2, 2, -4, 7, 1, 0.5, 6, 2, 9, -1];

    [Test]
    public void Quantiles_along_any_axes([Values] QuantileInterpolation way, [Values(0, 0.3, 0.5, 0.8, 1)] double q)
    {
        Input<double> x = Variable("x", 2, "N", 3);
        TensorValue at = Reals([2, 2, 3], Numbers);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ComputedValues.Of(Quantile(x, q, interpolation: way), 1e-15, (x, at)), Is.EqualTo([Textbook(Numbers, q, way)]).Within(1e-15));
            Assert.That(ComputedValues.Of(Quantile(x, q, [0, 1], keepDims: true, way), 1e-15, (x, at)), Is.EqualTo(Enumerable.Range(0, 3).Select(c => Textbook([.. Numbers.Where((_, i) => i % 3 == c)], q, way))).Within(1e-15));
            Assert.That(ComputedValues.Of(NaNQuantile(x, Vector(q, 0.25), 2, interpolation: way), 1e-15, (x, at)),
                Is.EqualTo(from p in new[] { q, 0.25 } from row in Numbers.Chunk(3) select Textbook(row, p, way)).Within(1e-15));
            Assert.That(Quantile(x, q, [0, 1], keepDims: true).Shape, Is.EqualTo(S(1, 1, 3)));
            Assert.That(Quantile(x, Input<double>("q", ["Q"]), 1).Shape, Is.EqualTo(S("Q", 2, 3)));
            Assert.That(Quantile(x, Input<double>("q", ["Q"]), keepDims: true).Shape, Is.EqualTo(S("Q", 1, 1, 1)));
        }
    }

    [Test]
    public void Quantiles_of_float32_are_those_of_its_numbers()
    {
        float[] numbers = [.. Numbers.Select(v => (float)v / 3)];
        double[] found = ComputedValues.Of(Quantile(Constant(numbers), Constant(new float[] { 0.7f, 0.5f, 0 })));
        Assert.That(found, Is.EqualTo(new[] { 0.7f, 0.5, 0 }.Select(q => Textbook([.. numbers.Select(v => (double)v)], q, QuantileInterpolation.Linear))).Within(2e-6));
    }

    [Test]
    public void NaN_and_infinities()
    {
        Node x = Of([5, 3], 1, NaN, 3, NaN, NaN, NaN, Infinity, Infinity, 2, -Infinity, 1, Infinity, -Infinity, -Infinity, 5);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ComputedValues.Of(Quantile(x, 0.25, 1)), Is.EqualTo([NaN, NaN, Infinity, -Infinity, -Infinity]));
            Assert.That(Value(Quantile(Vector(-Infinity, Infinity), 0.5)), Is.NaN);
            Assert.That(ComputedValues.Of(NaNQuantile(x, 0.25, 1)), Is.EqualTo([1.5, NaN, Infinity, -Infinity, -Infinity]));
            Assert.That(ComputedValues.Of(NaNQuantile(x, 0.5, 1)), Is.EqualTo([2, NaN, Infinity, 1, -Infinity]));
            Assert.That(ComputedValues.Of(NaNMedianWithIndex(x, 1).Values), Is.EqualTo([1, NaN, Infinity, 1, -Infinity]));
            Assert.That(ComputedValues.Of(NaNMedianWithIndex(x, 1).Indices), Is.EqualTo([0, 0, 0, 1, 1]));
            Assert.That(Value(NaNMedian(x)), Is.EqualTo(2));
            Assert.That(Value(NaNMedian(Vector(NaN, NaN))), Is.NaN);
        }
    }

    [Test]
    public void The_slopes_of_a_quantile_go_to_what_it_is_made_of()
    {
        (Input<double> x, Input<double> q) = (Variable("x", 4), Variable("q"));
        (Node, TensorValue)[] given = [(x, Reals([4], 8, 1, 2, 4)), (q, Reals([], 0.5))];
        Node[] slopes = [.. Gradients(Quantile(x, q), [x, q])];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Values(slopes[0], given), Is.EqualTo([0, 0, 0.5, 0.5]));
            Assert.That(Value(slopes[1], given), Is.EqualTo(3 * (4 - 2)));
            Assert.That(Values(Gradients(NaNMedian(x), x)[0], (x, Reals([4], 2, 2, NaN, 7))), Is.EqualTo([0.5, 0.5, 0, 0]));
            Assert.That(Values(Gradients(Mode(x).Values, x)[0], (x, Reals([4], 5, 2, 5, 7))), Is.EqualTo([1, 0, 0, 0]));
        }
    }

    [Test]
    public void The_most_frequent_element_and_where_it_is_first()
    {
        double[][] rows = [[3, 1, 3, 2, 1], [5, 4, 3, 2, 1], [7, 7, 7, 7, 7], [-0.0, 2, 0, 2, 9], [NaN, 1, NaN, 2, 3], [NaN, 2, 2, NaN, 1]];
        Input<double> x = Variable("x", "N", 5);
        TensorValue at = Reals([6, 5], [.. rows.SelectMany(r => r)]);
        (Node values, Node indices) = Mode(x);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ComputedValues.Of(values, (x, at)), Is.EqualTo([1, 1, 7, 0, NaN, 2]));
            Assert.That(ComputedValues.Of(indices, (x, at)), Is.EqualTo([1, 4, 0, 0, 0, 1]));
            Assert.That(Values(Mode(Of(Whole([3, 2], 4, 1, 4, 2, 3, 2)), 0, keepDims: true).Values), Is.EqualTo([4, 2]));
            Assert.That(Mode(x, 0, keepDims: true).Values.Shape, Is.EqualTo(S(1, 5)));
        }

        var random = new Random(3);
        long[] drawn = [.. Enumerable.Range(0, 400).Select(_ => (long)random.Next(0, 12))];
        Assert.That(ComputedValues.Of(Mode(Of(Whole([10, 40], drawn))).Values), Is.EqualTo(drawn.Chunk(40).Select(r => (double)r.GroupBy(v => v).OrderByDescending(g => g.Count()).ThenBy(g => g.Key).First().Key)));
    }

    [Test]
    public void Mistakes_are_refused_by_name()
    {
        Input<float> x = Input("x", [3, 0]);
        Input<double> q = Input<double>("q", [1]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => Quantile(Input("y", [3]), 1.5), Throws.TypeOf<GraphException>().And.Message.StartsWith("Quantile: a quantile is from 0 to 1; it is 1.5"));
            Assert.That(() => NaNQuantile(Input("y", [3]), double.NaN), Throws.TypeOf<GraphException>().And.Message.StartsWith("NaNQuantile:"));
            Assert.That(() => Quantile(x, 0.5, 1), Throws.TypeOf<ShapeException>().And.Message.StartsWith("Quantile: axis 1 has no elements").And.Message.Contains("'x'"));
            Assert.That(() => Quantile(x, q), Throws.TypeOf<DTypeException>().And.Message.StartsWith("Quantile:").And.Message.Contains("'q'"));
            Assert.That(() => Quantile(q, Input<double>("p", [2, 2])), Throws.TypeOf<ShapeException>().And.Message.StartsWith("Quantile: the quantiles must be a scalar or a vector").And.Message.Contains("'p'"));
            Assert.That(() => Quantile(q, 0.5, interpolation: (QuantileInterpolation)9), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => NaNMedian(x), Throws.TypeOf<ShapeException>().And.Message.StartsWith("NaNMedian: there are no elements"));
            Assert.That(() => NaNMedianWithIndex(x, 1), Throws.TypeOf<ShapeException>().And.Message.StartsWith("NaNMedianWithIndex: axis 1 has no elements"));
            Assert.That(() => Mode(x), Throws.TypeOf<ShapeException>().And.Message.StartsWith("Mode: axis -1 has no elements"));
            Assert.That(() => Run(Quantile(Vector(1, 2), q), (q, Reals([1], -0.5))), Throws.TypeOf<ExecutionException>().And.Message.StartsWith("Quantile: a quantile is from 0 to 1; it is -0.5"));
        }
    }

    /// <summary>The definition, of numbers without NaN.</summary>
    private static double Textbook(double[] values, double q, QuantileInterpolation way)
    {
        double[] sorted = [.. values.Order()];
        double rank = q * (values.Length - 1);
        (double below, double above) = (sorted[(int)Math.Floor(rank)], sorted[(int)Math.Ceiling(rank)]);
        return way switch
        {
            QuantileInterpolation.Lower => below,
            QuantileInterpolation.Higher => above,
            QuantileInterpolation.Nearest => sorted[(int)Math.Round(rank)],
            QuantileInterpolation.Midpoint => (below + above) / 2,
            _ => below + ((rank - Math.Floor(rank)) * (above - below)),
        };
    }
}
