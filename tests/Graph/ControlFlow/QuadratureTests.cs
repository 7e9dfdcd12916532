using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.ControlFlow;

/// <summary>Integrals that are hard, and how they end.</summary>
internal sealed class QuadratureTests
{
    private static readonly Node Zero = Constant(0.0);
    private static readonly Node One = Constant(1.0);
    private static readonly Node Infinity = Constant(double.PositiveInfinity);

    [Test]
    public void Peaks_waves_and_ends_where_the_integrand_has_none()
    {
        Assert.That(Value(Integrate(x => Rsqrt(x), Zero, One, 1e-7).Value), Is.EqualTo(2).Within(1e-6));
        Assert.That(Value(Integrate(x => 1e-3 / (Square(x - 0.3) + 1e-6), Constant(-1.0), One).Value), Is.EqualTo(Math.Atan(700) + Math.Atan(1300)).Within(1e-8));
        Assert.That(Value(Integrate(x => Sin(200 * x), Zero, One).Value), Is.EqualTo((1 - Math.Cos(200)) / 200).Within(1e-9));
        Assert.That(Value(Integrate(x => Reciprocal(1 + (x * x)), -Infinity, Infinity).Value), Is.EqualTo(Math.PI).Within(1e-8));
        Assert.That(Value(Integrate(x => Reciprocal(1 + (x * x)), Infinity, -Infinity).Value), Is.EqualTo(-Math.PI).Within(1e-8));
        Assert.That(Value(Integrate(x => Exp(-x), Infinity, Zero).Value), Is.EqualTo(-1).Within(1e-8));
        Assert.That(Value(Integrate(x => x * x * x, Constant(2.0), One).Value), Is.EqualTo(-3.75).Within(1e-12));
        Assert.That(Value(Integrate(Exp, One, One).Value), Is.Zero);
        Assert.That(Values(Integrate(x => Stack([x, x * x]), Zero, Constant(3.0)).Value), Is.EqualTo(new[] { 4.5, 9 }).Within(1e-12));
    }

    [Test]
    public void The_error_is_told()
    {
        (Node value, Node error, Node converged) = Integrate(x => Sqrt(x), Zero, One, 1e-6);
        Assert.That(Math.Abs(Value(value) - (2 / 3.0)), Is.LessThan(Value(error)));
        Assert.That((Value(error) < 1e-6, Value(converged)), Is.EqualTo((true, 1)));
        (_, error, converged) = Integrate(x => Sqrt(x), Zero, One, 1e-6, maxIntervals: 3);
        Assert.That((Value(error) > 1e-6, Value(converged)), Is.EqualTo((true, 0)));
        Assert.That(Value(Integrate(Reciprocal, Zero, One).Converged), Is.Zero, "it has no end");
        Assert.That(Value(Integrate(Log, Constant(-1.0), One).Converged), Is.Zero, "no number");
    }

    [Test]
    public void Mistakes_are_refused_where_they_are_made()
    {
        Assert.That(() => Integrate(x => x, Vector(0, 1), One), Throws.TypeOf<ShapeException>().And.Message.StartsWith("Integrate: an end is one number, not Constant float64[2]"));
        Assert.That(() => Integrate(x => x, Zero, Constant(1f)), Throws.TypeOf<DTypeException>().And.Message.StartsWith("Integrate: the ends are float64 and float32; use Cast."));
        Assert.That(() => Integrate(x => x, Constant(0), Constant(1)), Throws.TypeOf<DTypeException>());
        Assert.That(() => Integrate(x => Cast(x, DType.Float32), Zero, One), Throws.TypeOf<DTypeException>().And.Message.EqualTo("Integrate: the function gives float32[], not float64[]; it gives floats of x's dtype."));
        Assert.That(() => Integrate(x => null!, Zero, One), Throws.TypeOf<GraphException>());
        Assert.That(() => Integrate(x => x, Zero, One, relative: -1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => Integrate(x => x, Zero, One, absolute: double.NaN), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => Integrate(x => x, Zero, One, maxIntervals: 1), Throws.TypeOf<ArgumentOutOfRangeException>().And.Message.Contains("at least two intervals"));
    }
}
