using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Differentiation;

/// <summary>Ties, singular points and branches that are not taken.</summary>
public class SingularPointTests
{
    private const double Infinity = double.PositiveInfinity;

    private static double Slope(Func<Node, Node> f, double at)
    {
        Input<double> x = Variable();
        return Value(Gradients(f(x), [x], Unreached.Zeros)[0], (x, Reals([], at)));
    }

    private static IEnumerable<TestCaseData> Points()
    {
        foreach ((string name, Func<Node, Node> f, double at, double slope) in new (string, Func<Node, Node>, double, double)[]
        {
            ("relu", Relu, 0, 0), ("abs", Abs, 0, 0), ("sign", Sign, 0, 0), ("floor", Floor, 1, 0), ("clamp low", x => Clamp(x, 1, 2), 1, 1), ("clamp high", x => Clamp(x, 1, 2), 2, 1),
            ("clamp below", x => Clamp(x, 1, 2), 0.5, 0), ("maximum tie", x => Maximum(x, Constant(1.0)), 1, 0.5), ("minimum tie", x => Minimum(Constant(1.0), x), 1, 0.5),
            ("sqrt", Sqrt, 0, Infinity), ("x^0", x => Pow(x, 0), 0, 0), ("x^0 at 2", x => Pow(x, 0), 2, 0), ("x^½", x => Pow(x, 0.5), 0, Infinity), ("x^1", x => Pow(x, 1), 0, 1), ("x^2", x => Pow(x, 2), 0, 0),
            ("0^b", b => Pow(Constant(0.0), b), 2, 0), ("0^0", b => Pow(Constant(0.0), b), 0, 0), ("0^-1", b => Pow(Constant(0.0), b), -1, -Infinity), ("(-1)^b", b => Pow(Constant(-1.0), b), 2, double.NaN),
            ("where sqrt", x => Where(x > 0, Sqrt(x), x * 3), 0, 3), ("where log", x => Where(x > 0, Log(x), Constant(0.0)), 0, 0), ("where 1/x", x => Where(Equal(x, 0), Constant(1.0), Sin(x) / x), 0, 0),
            ("where √ of negative", x => Where(x > 0, Sqrt(x) * x, x), -1, 1), ("where x^½", x => Where(x > 0, Pow(x, 0.5), x), 0, 1), ("where exp overflow", x => Where(x < 1, Exp(x), x), 1000, 1),
        })
        {
            yield return new TestCaseData(f, at, slope).SetArgDisplayNames(name);
        }
    }

    [TestCaseSource(nameof(Points))]
    public void The_slope_is_as_agreed(Func<Node, Node> f, double at, double slope) => Assert.That(Slope(f, at), Is.EqualTo(slope));

    [Test]
    public void Untaken_branches_stay_silent_in_higher_orders()
    {
        foreach (Func<Node, Node> f in new Func<Node, Node>[] { x => Where(x > 0, Sqrt(x), x * x), x => Where(x > 0, Log(x) * x, x * x), x => Where(x > 0, Pow(x, 0.3), x * x) })
        {
            Input<double> x = Variable();
            Node first = Gradients(f(x), x)[0];
            Node second = Gradients(first, x)[0];
            Node third = Gradients(second, [x], Unreached.Zeros)[0];
            Assert.That(Value(second, (x, Reals([], 0))), Is.EqualTo(2));
            Assert.That(Value(third, (x, Reals([], 0))), Is.Zero);
            Assert.That(Value(HessianVectorProduct(f(x), [x], [Constant(1.0)])[0], (x, Reals([], 0))), Is.EqualTo(2));
        }
    }

    [Test]
    public void Ties_share_or_go_to_the_first()
    {
        Input<double> x = Variable("x", 4);
        TensorValue at = Reals([4], 3, 1, 3, 1);
        Assert.That(Values(Gradients(Max(x), x)[0], (x, at)), Is.EqualTo(new[] { 0.5, 0, 0.5, 0 }));
        Assert.That(Values(Gradients(Min(x, 0), x)[0], (x, at)), Is.EqualTo(new[] { 0, 0.5, 0, 0.5 }));
        Assert.That(Values(Gradients(MaxWithIndex(x, 0).Values, x)[0], (x, at)), Is.EqualTo(new double[] { 1, 0, 0, 0 }));
        Assert.That(Values(Gradients(MinWithIndex(x, 0).Values, x)[0], (x, at)), Is.EqualTo(new double[] { 0, 1, 0, 0 }));
    }

    [TestCase(new double[] { 2, 0, 3, 4 })]
    [TestCase(new double[] { 0, 5, 0, 1 })]
    [TestCase(new double[] { 0, 0, 0, 1 })]
    [TestCase(new double[] { 2, 3, 0.5, 1 })]
    public void A_product_is_exact_to_second_order(double[] at)
    {
        double Others(params int[] without) => at.Where((_, i) => !without.Contains(i)).Aggregate(1.0, (p, v) => p * v);
        foreach (Dim size in new Dim[] { 4, "N" })
        {
            Input<double> x = Variable("x", size);
            Node first = Gradients(Prod(x), x)[0];
            Assert.That(Values(first, (x, Reals([4], at))), Is.EqualTo(Enumerable.Range(0, 4).Select(i => Others(i))));
            for (int i = 0; i < 4; i++)
            {
                double[] row = Values(Gradients(Select(first, 0, i), x)[0], (x, Reals([4], at)));
                Assert.That(row, Is.EqualTo(Enumerable.Range(0, 4).Select(j => i == j ? 0 : Others(i, j))));
            }
        }
    }
}
