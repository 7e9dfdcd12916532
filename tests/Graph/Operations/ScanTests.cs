using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Operations;

/// <summary>Scans where order, ties, NaN and infinities matter, and what they cost.</summary>
public class ScanTests
{
    private const double NaN = double.NaN;
    private const double Infinity = double.PositiveInfinity;

    [Test]
    public void Extrema_so_far_are_the_last_of_equals_and_NaN_stays()
    {
        (Node values, Node indices) = CumulativeMax(Vector(1, 3, 3, 2, NaN, 7, NaN, 9), 0);
        (Node least, Node at) = CumulativeMin(Of([2, 3], 2, 1, 5, 2, 4, 3), 0);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Values(values), Is.EqualTo([1, 3, 3, 3, NaN, NaN, NaN, NaN]));
            Assert.That(Values(indices), Is.EqualTo([0, 1, 2, 2, 4, 4, 6, 6]));
            Assert.That(Values(least), Is.EqualTo([2, 1, 5, 2, 1, 3]));
            Assert.That(Values(at), Is.EqualTo([0, 0, 0, 1, 0, 1]));
        }
    }

    [Test]
    public void Sums_of_exponentials_neither_overflow_nor_trip_over_infinities()
    {
        Assert.That(Values(LogCumulativeSumExp(Vector(-Infinity, -Infinity, 1000, 1000, -1000), 0)), Is.EqualTo([-Infinity, -Infinity, 1000, 1000 + Math.Log(2), 1000 + Math.Log(2)]).Within(1e-12));
        Assert.That(Values(LogCumulativeSumExp(Vector(0, Infinity, 3), 0)), Is.EqualTo([0, Infinity, Infinity]));

        Input<double> x = Variable("x", 3);
        double[] gradient = Values(Gradients(Select(LogCumulativeSumExp(x, 0), 0, 2), x)[0], (x, Reals([3], -Infinity, 800, 800)));
        Assert.That(gradient, Is.EqualTo([0, 0.5, 0.5]).Within(1e-12));
    }

    [Test]
    public void Directions_and_initial_values()
    {
        Node x = Of([2, 3], 1, 2, 3, 4, 5, 6);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Values(CumulativeSum(x, 0)), Is.EqualTo([1, 2, 3, 5, 7, 9]));
            Assert.That(Values(CumulativeSum(x, 1, reverse: true)), Is.EqualTo([6, 5, 3, 15, 11, 6]));
            Assert.That(Values(CumulativeProduct(x, 1)), Is.EqualTo([1, 2, 6, 4, 20, 120]));
            Assert.That(Values(CumulativeScan(x, 1, (double before, double here) => before - here, reverse: true)), Is.EqualTo([0, 1, 3, -3, 1, 6]));
            Assert.That(Values(LinearRecurrence(Vector(NaN, 0.5, 2), Vector(4, 1, 1), 0)), Is.EqualTo([4, 3, 7]), "the first coefficient is not used");
            Assert.That(Values(LinearRecurrence(Vector(0.5, 2, NaN), Vector(4, 1, 1), 0, reverse: true)), Is.EqualTo([5.5, 3, 1]));
            Assert.That(Values(CumulativeSum(Of(Whole([3], 1, long.MaxValue, 1)), 0)), Is.EqualTo([1, long.MinValue, long.MinValue + 1]));
        }
    }

    [Test]
    public void Gradients_of_products_are_exact_at_zeros()
    {
        Input<double> x = Variable("x", 4);
        double[] gradient = Values(Gradients(Sum(CumulativeProduct(x, 0)), x)[0], (x, Reals([4], 2, 0, 3, 0)));
        Assert.That(gradient, Is.EqualTo([1, 2 + 6, 0, 0]));
    }

    [Test]
    public void Nothing_flows_from_a_coefficient_that_is_not_used()
    {
        Input<double> a = Variable("a", 3);
        double[] gradient = Values(Gradients(Sum(LinearRecurrence(a, Vector(1, 2, 3), 0)), a)[0], (a, Reals([3], NaN, 2, 3)));
        Assert.That(gradient, Is.EqualTo([0, 1 + 3, 4]));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void A_NaN_leaves_the_slopes_before_it_alone_unless_a_cotangent_comes_through_it(bool reverse)
    {
        Input<double> x = Variable("x", 4);
        double[] Turned(params double[] values) => reverse ? [.. values.Reverse()] : values;
        double[] Before(double[] values) => Turned(values)[..2];
        Node y = LogCumulativeSumExp(x, 0, reverse);
        Node before = Sum(Where(Constant(Turned(1, 1, 0, 0)) > 0, y, 0));
        Node first = Gradients(before, x)[0];
        Node whole = Gradients(Sum(y), x)[0];
        Node pushed = Jvp([y], [x], [Constant(Turned(1, 0, 0, 0))])[0];
        var run = GraphCompiler.Compiler.Compile<Func<double[], (double[], double[], double[])>>([x], [first, whole, pushed]);
        double[] at = Turned(1, 2, NaN, 3);
        double share = 1 / (1 + Math.E);
        (double[] f, double[] w, double[] p) = run(at);
        Assert.That(Before(f), Is.EqualTo([1 + share, 1 - share]).Within(1e-12));
        Assert.That(Before(p), Is.EqualTo([1, share]).Within(1e-12));
        Assert.That(w, Has.All.NaN, "each reaches a result that is NaN");
        foreach ((Node node, double[] compiled) in new[] { (first, f), (whole, w), (pushed, p) })
        {
            Assert.That(Before(Values(node, (x, Reals([4], at)))), Is.EqualTo(Before(compiled)).Within(1e-12), "interpreted");
        }
    }

    [Test]
    public void A_scan_s_infinite_slope_does_not_meet_a_cotangent_of_zero()
    {
        Input<double> x = Variable("x", 3);
        Node y = CumulativeScan(x, 0, (double a, double b) => Math.Sqrt(a) + b);
        double[] gradient = Values(Gradients(Select(y, 0, 0), x)[0], (x, Reals([3], 0, 1, 2)));
        Assert.That(gradient, Is.EqualTo([1, 0, 0]));
    }

    [Test]
    public void Equal_scans_are_one()
    {
        Node x = Input("x", ["N"]);
        Assert.That(CumulativeProduct(x, 0).Op, Is.EqualTo(CumulativeProduct(x, -1).Op));
        Assert.That(CumulativeProduct(x, 0).Op, Is.Not.EqualTo(LogCumulativeSumExp(x, 0).Op));
    }
}
