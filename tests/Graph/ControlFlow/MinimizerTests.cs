using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.ControlFlow;

/// <summary>How minimizers end, and what they say.</summary>
internal sealed class MinimizerTests
{
    [Test]
    public void Many_variables_and_few_steps()
    {
        // Rosenbrock's function of 50 variables.
        (Node x, Node value, Node converged, Node steps) = MinimizeLbfgs(
            w => Sum((100 * Square(Slice(w, 0, 1, 50) - Square(Slice(w, 0, 0, 49)))) + Square(1 - Slice(w, 0, 0, 49))), Full([50], -1, DType.Float64), tolerance: 1e-9);
        Assert.That(Values(x), Has.All.EqualTo(1).Within(1e-6));
        Assert.That(Value(value), Is.EqualTo(0).Within(1e-12));
        Assert.That((Value(converged), Value(steps) < 400), Is.EqualTo((1, true)));
    }

    [Test]
    public void A_search_that_does_not_converge_says_so()
    {
        Assert.That(Value(MinimizeLbfgs(Sum, Vector(1)).Converged), Is.Zero, "no least");
        Assert.That(Value(MinimizeLbfgs(w => Sum(Exp(w) - w), Vector(5), maxSteps: 2).Converged), Is.Zero);
        (Node x, _, Node converged, Node steps) = MinimizeLbfgs(w => Sum(Square(w)), Zeros([3], DType.Float64));
        Assert.That((Values(x), Value(converged), Value(steps)), Is.EqualTo((new double[3], 1, 0)), "it starts there");
        Assert.That(Value(MinimizeLbfgs(w => Sum(Sqrt(w)), Vector(-1)).Converged), Is.Zero, "no number");
    }

    [Test]
    public void Problems_of_a_batch_end_by_themselves()
    {
        Node Residuals(Node p) => Exp(p) - Of([2, 1], 1, Math.E);
        (Node x, Node value, Node converged, Node steps) = LevenbergMarquardt(Residuals, Zeros([2, 1], DType.Float64));
        Assert.That(Values(x), Is.EqualTo(new double[] { 0, 1 }).Within(1e-9));
        Assert.That(Values(converged), Has.All.EqualTo(1));
        Assert.That((Values(steps)[0], Values(steps)[1] > 3), Is.EqualTo((1, true)));
        Assert.That(Values(value), Has.All.EqualTo(0).Within(1e-15));
        Assert.That(Values(LevenbergMarquardt(Residuals, Zeros([2, 1], DType.Float64), maxSteps: 2).Converged), Is.EqualTo(new double[] { 1, 0 }), "too few steps");
        Assert.That(Values(LevenbergMarquardt(p => Log(p), Full([1], -1, DType.Float64)).Converged), Is.EqualTo(new double[] { 0 }), "no number");
    }

    [Test]
    public void No_gradient_where_the_least_is_a_line()
    {
        Input<double> a = Variable("a");
        (Node x, _, Node converged, _) = MinimizeLbfgs(w => Square(w[0] + w[1] - a), Zeros([2], DType.Float64));
        TensorValue at = Reals([], 3);
        Assert.That((Value(Sum(x), (a, at)), Value(converged, (a, at))), Is.EqualTo((3, 1)).Within(1e-7));
        Assert.That(Value(Gradients(Sum(x), a)[0], (a, at)), Is.EqualTo(1).Within(1e-7), "what is known of it has a slope");
        Assert.That(Value(Gradients(x[0], a)[0], (a, at)), Is.NaN);
    }

    [Test]
    public void Mistakes_are_refused_where_they_are_made()
    {
        Assert.That(() => MinimizeLbfgs(w => w, Vector(1, 2)), Throws.TypeOf<ShapeException>().And.Message.EqualTo("MinimizeLbfgs: the function gives float64[2], not float64[]; it gives a number of x's dtype."));
        Assert.That(() => MinimizeLbfgs(w => CountNonZero(w), Vector(1, 2)), Throws.TypeOf<DTypeException>());
        Assert.That(() => MinimizeLbfgs(Sum, Constant([1, 2])), Throws.TypeOf<DTypeException>());
        Assert.That(() => MinimizeLbfgs(Sum, Vector(1, 2), memory: 0), Throws.TypeOf<ArgumentOutOfRangeException>().And.Message.Contains("at least one step is remembered"));
        Assert.That(() => LevenbergMarquardt(p => p, Constant(1.0)), Throws.TypeOf<ShapeException>().And.Message.StartsWith("LevenbergMarquardt: x is a vector […, N], not Constant float64[]"));
        Assert.That(() => LevenbergMarquardt(p => Sum(p), Vector(1, 2)), Throws.TypeOf<ShapeException>().And.Message.Contains("it gives a vector for each of x"));
        Assert.That(() => LevenbergMarquardt(p => null!, Vector(1, 2)), Throws.TypeOf<GraphException>());
    }

    private static Node Sum(Node x) => Ops.Sum(x);
}
