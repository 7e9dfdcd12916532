using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Operations;

/// <summary>Truth of many, norms and deviations where they have corners: nothing to reduce, zeros, NaN and infinities.</summary>
public class StatisticsTests
{
    private static readonly Node Nothing = Of([2, 0]);

    [Test]
    public void Truth_of_any_values()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Values(Any(Of([3, 2], 0, 0, 0, double.NaN, -0.0, 2), 1)), Is.EqualTo([0, 1, 1]));
            Assert.That(Values(All(Of([3, 2], 0, 1, 3, double.NaN, -0.0, 2), 1)), Is.EqualTo([0, 1, 0]));
            Assert.That(Values(CountNonZero(Of([3, 2], 0, 1, 3, double.NaN, -0.0, 2), 0)), Is.EqualTo([1, 3]));
            Assert.That(Values(Any(Of(Truth([3], false, true, false)))), Is.EqualTo([1]));
            Assert.That(Values(All(Of(Truth([3], false, true, false)))), Is.EqualTo([0]));
            Assert.That(Values(CountNonZero(Of(Whole([2, 2], 0, 5, -1, 0)), 1, keepDims: true)), Is.EqualTo([1, 1]));
            Assert.That(Values(Any(Nothing, 1)), Is.EqualTo([0, 0]));
            Assert.That(Values(All(Nothing, 1)), Is.EqualTo([1, 1]));
            Assert.That(Any(Input<long>("i", ["N"])).DType, Is.EqualTo(DType.Bool));
            Assert.That(CountNonZero(Input("x", ["N"])).DType, Is.EqualTo(DType.Int64));
        }
    }

    [TestCase(0, 2)]
    [TestCase(1, 7)]
    [TestCase(2, 5)]
    [TestCase(3, 4.497941445275415)]
    [TestCase(0.5, 13.928203230275509)]
    [TestCase(-1, 0)]
    [TestCase(double.PositiveInfinity, 4)]
    [TestCase(double.NegativeInfinity, 0)]
    public void Norms_of_a_vector_with_a_zero(double order, double expected) => Assert.That(Value(Norm(Vector(3, 0, -4), order)), Close(expected, 1e-12));

    [Test]
    public void Norms_of_NaN_and_of_nothing([Values(1, 2, 3, 0.5, -2, double.PositiveInfinity, double.NegativeInfinity)] double order)
    {
        Assert.That(Value(Norm(Vector(1, double.NaN), order)), Is.NaN);
        if (double.IsFinite(order))
        {
            Assert.That(Value(Norm(Vector(), order)), Is.EqualTo(order > 0 ? 0 : double.PositiveInfinity));
        }
    }

    [Test]
    public void Gradients_are_0_where_norms_and_deviations_are([Values(1, 2, 3, 0.5, 1.5, double.PositiveInfinity)] double order)
    {
        Input<double> x = Variable("x", 3);
        (Node, TensorValue) zero = (x, Reals([3], 0, 0, 0));
        Assert.That(Values(Gradients(Norm(x, order), x)[0], zero), Is.All.EqualTo(0));
        Assert.That(Values(Gradients(Sum(CDist(Reshape(x, [1, 3]), Reshape(x, [1, 3]), order)), x)[0], zero), Is.All.EqualTo(0));
        Assert.That(Values(Gradients(StandardDeviation(x), x)[0], (x, Reals([3], 2, 2, 2))), Is.All.EqualTo(0));
    }

    [Test]
    public void Sums_without_NaN()
    {
        Node x = Of([3, 2], 1, double.NaN, double.NaN, double.NaN, 2, 4);
        Assert.That(Values(NaNSum(x, 1)), Is.EqualTo([1, 0, 6]));
        Assert.That(Values(NaNMean(x, 1)), Is.EqualTo([1, double.NaN, 3]));
    }

    [Test]
    public void LogSumExp_of_extremes()
    {
        Node x = Of([4, 2], double.NegativeInfinity, 1, double.NegativeInfinity, double.NegativeInfinity, double.PositiveInfinity, 1, 1000, 1000);
        Assert.That(Values(LogSumExp(x, 1)), Is.EqualTo([1, double.NegativeInfinity, double.PositiveInfinity, 1000 + Math.Log(2)]).Within(1e-12));
    }

    [Test]
    public void Differences_and_integrals_of_short_axes()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Values(Diff(Vector(1, 4, 9, 16), 2)), Is.EqualTo([2, 2]));
            Assert.That(Values(Diff(Vector(1, 4), 0)), Is.EqualTo([1, 4]));
            Assert.That(Run(Diff(Vector(1, 4), 2)).Count, Is.Zero);
            Assert.That(Values(Diff(Of(Whole([2, 2], 1, 4, 3, 3)), axis: 0)), Is.EqualTo([2, -1]));
            Assert.That(Value(Trapezoid(Vector(1, 2, 4), 0.5)), Is.EqualTo(2.25));
            Assert.That(Value(Trapezoid(Vector(7))), Is.Zero);
            Assert.That(Value(Trapezoid(Vector(1, 2, 4), Vector(0, 1, 3))), Is.EqualTo(7.5));
        }
    }

    [Test]
    public void Both_moments_and_both_extremes()
    {
        Input<double> x = Variable("x", 2, "N");
        TensorValue at = Reals([2, 3], 1, 2, 6, 4, double.NaN, 0);
        (Node variance, Node mean) = VarMean(x, 1);
        (Node deviation, _) = StdMean(x, 1, keepDims: true, correction: 0);
        (Node min, Node max) = AMinMax(x, 1);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ComputedValues.Of(variance, 1e-15, (x, at)), Is.EqualTo([7, double.NaN]));
            Assert.That(ComputedValues.Of(mean, (x, at)), Is.EqualTo([3, double.NaN]));
            Assert.That(ComputedValues.Of(deviation, 1e-15, (x, at)), Is.EqualTo([Math.Sqrt(14.0 / 3), double.NaN]).Within(1e-15));
            Assert.That(ComputedValues.Of(min, (x, at)), Is.EqualTo([1, double.NaN]));
            Assert.That(ComputedValues.Of(max, (x, at)), Is.EqualTo([6, double.NaN]));
            Assert.That(Values(AMinMax(Of(Whole([3], 4, -1, 2))).Min), Is.EqualTo([-1]));
            Assert.That(() => AMinMax(Nothing, 1), Throws.TypeOf<ShapeException>().And.Message.StartsWith("AMinMax: axis 1 has no elements"));
        }
    }

    [Test]
    public void Covariances_by_their_sums([Values(0, 1, 0.5)] double correction, [Values] bool frequent, [Values] bool weighted)
    {
        double[,] x = { { 1, 4, 2, 8, 5 }, { -1, 0, 3, 2, 2.5 }, { 7, 7, 7, 7, 7 } };
        long[] often = [1, 2, 0, 3, 1];
        double[] important = [0.5, 1, 2, 0.25, 0];
        double Weight(int k) => (frequent ? often[k] : 1) * (weighted ? important[k] : 1);
        double total = Enumerable.Range(0, 5).Sum(Weight);
        double count = total - (correction * (weighted ? Enumerable.Range(0, 5).Sum(k => Weight(k) * important[k]) / total : 1));
        double Mean(int i) => Enumerable.Range(0, 5).Sum(k => Weight(k) * x[i, k]) / total;
        double[] expected = [.. from i in Enumerable.Range(0, 3) from j in Enumerable.Range(0, 3) select Enumerable.Range(0, 5).Sum(k => Weight(k) * (x[i, k] - Mean(i)) * (x[j, k] - Mean(j))) / count];

        Input<double> rows = Variable("x", "N", 5);
        Node found = Cov(rows, correction, frequent ? Constant(often) : null, weighted ? Constant(important) : null);
        Assert.That(ComputedValues.Of(found, 1e-14, (rows, Reals([3, 5], [.. x.Cast<double>()]))), Is.EqualTo(expected).Within(1e-14));
    }

    [Test]
    public void Covariance_keeps_the_digits_of_what_differs()
    {
        Node far = Of([2, 3], 1e9 + 1, 1e9 + 2, 1e9 + 3, 1e9, 1e9 + 2, 1e9 + 7);
        Assert.That(ComputedValues.Of(Cov(far), 1e-12), Is.EqualTo([1, 3.5, 3.5, 13]).Within(1e-9));
        Assert.That(Value(Cov(Vector(1, 2, 6))), Is.EqualTo(7));
        Assert.That(Value(Cov(Of([], 3.0), 0)), Is.Zero);
        Assert.That(Value(Cov(Vector(1))), Is.NaN);
    }

    [Test]
    public void Correlations()
    {
        Node x = Of([4, 4], 1, 2, 3, 4, -2, -4, -6, -8, 1, -1, -1, 1, 5, 5, 5, 5);
        double[] found = ComputedValues.Of(CorrCoef(x), 1e-14);
        double nan = double.NaN;
        Assert.That(found, Is.EqualTo([1, -1, 0, nan, -1, 1, 0, nan, 0, 0, 1, nan, nan, nan, nan, nan]).Within(1e-15));
        Assert.That(Value(CorrCoef(Vector(1, 2, 4))), Is.EqualTo(1));
    }

    [Test]
    public void Slopes_of_samples()
    {
        Input<double> y = Variable("y", "N", 4);
        double[] places = [0, 1, 1.5, 4];
        TensorValue at = Reals([2, 4], [.. places.Select(v => v * v), .. places.Select(v => 3 * v)]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ComputedValues.Of(NumericalGradient(y, Vector(places)), 1e-14, (y, at)), Is.EqualTo([1, 2, 3, 5.5, 3, 3, 3, 3]).Within(1e-14));
            Assert.That(ComputedValues.Of(NumericalGradient(y, Vector(places), edgeOrder: 2), 1e-14, (y, at)), Is.EqualTo([0, 2, 3, 8, 3, 3, 3, 3]).Within(1e-13));
            Assert.That(Values(NumericalGradient(Vector(1, 2, 4, 7, 11), 2)), Is.EqualTo([0.5, 0.75, 1.25, 1.75, 2]));
            Assert.That(Values(NumericalGradient(Vector(0, 1, 4, 9), edgeOrder: 2)), Is.EqualTo([0, 2, 4, 6]));
            Assert.That(Values(NumericalGradient(Of([2, 2], 1, 2, 4, 8), axis: 0)), Is.EqualTo([3, 6, 3, 6]));
            Assert.That(ComputedValues.Of(CumulativeTrapezoid(Vector(1, 2, 4), 0.5)), Is.EqualTo([0.75, 2.25]));
            Assert.That(ComputedValues.Of(CumulativeTrapezoid(Vector(1, 2, 4), Vector(0, 1, 3))), Is.EqualTo([1.5, 7.5]));
            Assert.That(Run(CumulativeTrapezoid(Vector(7))).Count, Is.Zero);
        }
    }

    [Test]
    public void Mistakes_are_refused_by_name()
    {
        (Input<float> x, Input<float> cube) = (Input("x", [2, 3]), Input("cube", [1, 2, 3]));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => Cov(cube), Throws.TypeOf<ShapeException>().And.Message.StartsWith("Cov: it takes [variables, observations]").And.Message.Contains("'cube'"));
            Assert.That(() => CorrCoef(cube), Throws.TypeOf<ShapeException>().And.Message.StartsWith("CorrCoef:").And.Message.Contains("'cube'"));
            Assert.That(() => Cov(x, frequencies: Input("f", [3])), Throws.TypeOf<DTypeException>().And.Message.StartsWith("Cov: the frequencies must be int32 or int64").And.Message.Contains("'f'"));
            Assert.That(() => Cov(x, weights: Input("w", [2])), Throws.TypeOf<ShapeException>().And.Message.StartsWith("Cov: the weights must be [3]").And.Message.Contains("'w'"));
            Assert.That(() => Run(Cov(Of([1, 2], 1, 2), weights: Vector(1, -1))), Throws.TypeOf<ExecutionException>().And.Message.StartsWith("Cov: a weight is at least 0; it is -1"));
            Assert.That(() => NumericalGradient(Input("y", [2, 1])), Throws.TypeOf<ShapeException>().And.Message.StartsWith("NumericalGradient: axis -1 has 1 sample, fewer than 2"));
            Assert.That(() => NumericalGradient(Input("y", [2]), edgeOrder: 2), Throws.TypeOf<ShapeException>().And.Message.Contains("fewer than 3"));
            Assert.That(() => NumericalGradient(Input("y", [4]), edgeOrder: 3), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => NumericalGradient(x, Input("p", [2])), Throws.TypeOf<ShapeException>().And.Message.StartsWith("NumericalGradient: places [2] do not fit").And.Message.Contains("'p'"));
            Assert.That(() => CumulativeTrapezoid(Input("y", [2, 0])), Throws.TypeOf<ShapeException>().And.Message.StartsWith("CumulativeTrapezoid: axis -1 has no samples"));
        }
    }
}
