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
        Leaf<double> x = Variable("x", 3);
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
}
