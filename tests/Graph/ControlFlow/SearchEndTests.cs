using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.ControlFlow;

/// <summary>How searches end, and what they say.</summary>
internal sealed class SearchEndTests
{
    private static readonly Input<double> X = Variable("x", 3);

    [Test]
    public void A_step_that_goes_too_far_is_cut()
    {
        // Newton's whole steps fly off from there: to larger and larger numbers, and to where the logarithm is not.
        (Node root, Node converged, _) = FindRoot(Atan, Of([2, 1], 3, -20));
        (Node value, Node found, _) = FindRoot(x => Log(x) - Detach(Sum(X)), Constant(4.0));
        Assert.That(Values(root), Is.EqualTo(new double[] { 0, 0 }).Within(1e-12));
        Assert.That(Values(Cast(converged, DType.Float64)), Is.EqualTo(new double[] { 1, 1 }));
        (Node, TensorValue) given = (X, Reals([3], -1, 0, 1));
        Assert.That(Values(value, given), Is.EqualTo(new double[] { 1 }).Within(1e-12));
        Assert.That(Values(Cast(found, DType.Float64), given), Is.EqualTo(new double[] { 1 }));
    }

    [Test]
    public void A_search_that_does_not_converge_says_so()
    {
        Assert.That(Ends(FixedPoint(x => -x, Constant(1.0), maxSteps: 7)), Is.EqualTo(("-1", "0", "7")));
        Assert.That(Ends(FixedPoint(Log, Constant(-1.0))), Is.EqualTo(("NaN", "0", "1")), "it ends where something is not finite");
        Assert.That(Ends(FixedPoint(Sqrt, Constant(4.0), tolerance: 0.5)), Is.EqualTo(("1.4142135623730951", "1", "2")));
        Assert.That(Ends(Bisect(Exp, Constant(-1.0), Constant(1.0))), Is.EqualTo(("-1", "0", "0")), "the nearer end");
        Assert.That(Ends(Bisect(x => x, Constant(-1.0), Constant(0.0))), Is.EqualTo(("0", "1", "0")), "an end may be the root");
        Assert.That(Ends(Bisect(x => x - 0.3, Constant(-1.0), Constant(5.0), maxSteps: 1)).Item2, Is.EqualTo("0"));
    }

    [Test]
    public void Systems_of_a_batch_end_by_themselves()
    {
        (Node value, Node converged, Node steps) = FindRoot(x => Square(x) - Of([3, 1], 4, -1, 9), Of([3, 1], 2.1, 0, 3), maxSteps: 30);
        Assert.That(Values(value), Is.EqualTo(new double[] { 2, 0, 3 }).Within(1e-12));
        Assert.That(Values(converged), Is.EqualTo(new double[] { 1, 0, 1 }), "no root, and a singular Jacobian");
        Assert.That(Values(steps), Is.EqualTo(new double[] { 4, 1, 1 }));
    }

    [Test]
    public void Steps_that_are_combined_are_few()
    {
        double Steps(int memory) => Value(FixedPoint(x => (0.95 * Sin(x)) + Vector(0.1, 0.2, 0.3), Zeros([3], DType.Float64), memory: memory).Steps);
        Assert.That(Steps(3) * 3, Is.LessThan(Steps(0)));
    }

    [Test]
    public void Grad_mode_and_detached_nodes()
    {
        using (GradMode.NoGrad())
        {
            (Node root, _, _) = FindRoot(x => (x * x) - X, OnesLike(X));
            Assert.That(root.RequiresGrad, Is.False);
            Assert.That(Values(FindRoot(x => (x * Sum(x)) - Detach(X), OnesLike(X)).Value, (X, Reals([3], 1, 1, 7))), Is.EqualTo(new[] { 1 / 3.0, 1 / 3.0, 7 / 3.0 }).Within(1e-12));
        }

        Node half = FixedPoint(x => (x + (X / Detach(x))) / 2, OnesLike(X)).Value;
        Assert.That(Values(Gradients(Sum(half), X)[0], (X, Reals([3], 1, 4, 9))), Is.EqualTo(new[] { 1, 0.5, 1 / 3.0 }).Within(1e-9), "what is detached in the function is constant to its derivative");
    }

    [Test]
    public void In_bodies_of_loops()
    {
        (_, Node roots) = Scan(Constant(1.0), X, (r, a) => FindRoot(x => (x * x) - a, r).Value);
        TensorValue at = Reals([3], 4, 9, 16);
        Assert.That(Values(roots, (X, at)), Is.EqualTo(new double[] { 2, 3, 4 }).Within(1e-12));
        Assert.That(Values(Gradients(Sum(roots), X)[0], (X, at)), Is.EqualTo(new[] { 1 / 4.0, 1 / 6.0, 1 / 8.0 }).Within(1e-12));
    }

    [Test]
    public void Gradients_of_single_precision_are_checked_in_double()
    {
        Parameter<float> w = Parameter("w", [0.7f, 1.3f]);
        Node loss = Sum(FixedPoint(x => w / (1 + x), OnesLike(w), tolerance: 1e-14).Value) + Sum(FindRoot(x => (x * x) - w, OnesLike(w), tolerance: 1e-14).Value);
        GradientCheck.Verify(loss, [w]);
        GradientCheck.Verify(Jvp([loss], [w], [OnesLike(w)])[0], [w]);
    }

    [Test]
    public void Mistakes_are_refused_where_they_are_made()
    {
        Assert.That(() => FixedPoint(x => Sum(x), X), Throws.TypeOf<ShapeException>().And.Message.EqualTo("FixedPoint: the function gives float64[], not float64[3]; it gives the dtype and shape that it takes."));
        Assert.That(() => FindRoot(x => Cast(x, DType.Float32), X), Throws.TypeOf<DTypeException>().And.Message.EqualTo("FindRoot: the function gives float32[3], not float64[3]; it gives the dtype and shape that it takes."));
        Assert.That(() => FindRoot(x => x, Constant(1)), Throws.TypeOf<DTypeException>().And.Message.StartsWith("FindRoot: it takes float32 or float64, not int32; use Cast."));
        Assert.That(() => Bisect(x => null!, X, X), Throws.TypeOf<GraphException>().And.Message.EqualTo("Bisect: the function returned null; it gives the dtype and shape that it takes."));
        Assert.That(() => Bisect(x => x, X, Variable("y", 4)), Throws.TypeOf<ShapeException>().And.Message.StartsWith("Bisect"));
        Assert.That(() => FixedPoint(x => x, X, memory: -1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => FixedPoint(x => x, X, tolerance: -1), Throws.TypeOf<ArgumentOutOfRangeException>().And.Message.Contains("FixedPoint: a tolerance is not below 0."));
        Assert.That(() => FindRoot(x => x, X, maxSteps: 0), Throws.TypeOf<ArgumentOutOfRangeException>().And.Message.Contains("FindRoot: there is at least one step."));
    }

    private static (string Value, string Converged, string Steps) Ends((Node Value, Node Converged, Node Steps) found)
    {
        string Text(Node node) => Value(node).ToString(System.Globalization.CultureInfo.InvariantCulture);
        return (Text(found.Value), Text(found.Converged), Text(found.Steps));
    }
}
