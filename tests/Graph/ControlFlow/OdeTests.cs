using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.ControlFlow;

/// <summary>Differential equations whose solutions are known otherwise than by a formula, and how solving them ends.</summary>
internal sealed class OdeTests
{
    [Test]
    public void Hunters_and_prey_keep_their_invariant()
    {
        (Node values, Node converged, Node steps) = OdeSolve((t, y) => Stack([y[0] * (1.5 - y[1]), y[1] * (y[0] - 3)]), Vector(1, 1), Arange(21, dtype: DType.Float64), 1e-9);
        Node invariant = Select(values, 1, 0) - (3 * Log(Select(values, 1, 0))) + Select(values, 1, 1) - (1.5 * Log(Select(values, 1, 1)));
        double[] kept = Compiled(invariant);
        Assert.That(kept, Has.All.EqualTo(kept[0]).Within(1e-6));
        Assert.That((Compiled(converged), Compiled(steps)[0]), Is.EqualTo((new double[] { 1 }, Value(steps))));
        Assert.That(Value(steps), Is.InRange(200, 2000));
    }

    [Test]
    public void Short_steps_where_an_equation_is_stiff()
    {
        // y = sin t + a part that vanishes at once.
        Node[] solved = All(OdeSolve((t, y) => (-1000 * (y - Sin(t))) + Cos(t), Constant(1.0), Vector(0, 1, 2)));
        Assert.That(Compiled(solved[0]), Is.EqualTo(new[] { 1, Math.Sin(1), Math.Sin(2) }).Within(1e-5));
        Assert.That(Compiled(solved[2])[0], Is.InRange(500, 5000));
        Assert.That(Compiled(solved[1])[0], Is.EqualTo(1));
    }

    [Test]
    public void What_is_not_reached_is_no_number()
    {
        // y = 1 / (1 − t) ends at 1.
        (Node values, Node converged, _) = OdeSolve((t, y) => y * y, Constant(1.0), Vector(0, 0.5, 2, 3));
        Assert.That(Compiled(values), Is.EqualTo(new[] { 1, 2, double.NaN, double.NaN }).Within(1e-5));
        Assert.That(Compiled(converged)[0], Is.Zero);
        (values, converged, Node steps) = OdeSolve((t, y) => -y, Constant(1.0), Vector(0, 1, 50), maxSteps: 30);
        Assert.That(Compiled(values)[1..], Is.EqualTo(new[] { Math.Exp(-1), double.NaN }).Within(1e-5));
        Assert.That((Compiled(converged)[0], Compiled(steps)[0] > 30), Is.EqualTo((0, true)));
    }

    [Test]
    public void Times_may_be_one_or_equal_or_symbols()
    {
        Assert.That(Values(OdeSolve((t, y) => y, Vector(1, 2), Vector(3)).Values), Is.EqualTo(new double[] { 1, 2 }));
        Assert.That(Values(OdeSolve((t, y) => y, Constant(1.0), Vector(0, 0, 1, 1)).Values), Is.EqualTo(new[] { 1, 1, Math.E, Math.E }).Within(1e-5));
        Input<double> times = Input<double>("times", ["T"]);
        Node values = OdeSolve((t, y) => y, Constant(1.0), times).Values;
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([times], values);
        Assert.That(graph.Run(new[] { 0, 0.5 }).GetArray<double>(0), Is.EqualTo(new[] { 1, Math.Exp(0.5) }).Within(1e-5));
        Assert.That(graph.Run(new[] { 0, 0.1, 0.2, 0.3, 0.4 }).GetArray<double>(0)[^1], Is.EqualTo(Math.Exp(0.4)).Within(1e-5));
    }

    [Test]
    public void Mistakes_are_refused_where_they_are_made()
    {
        Node y0 = Vector(1, 2), times = Vector(0, 1);
        Assert.That(() => OdeSolve((t, y) => Sum(y), y0, times), Throws.TypeOf<ShapeException>().And.Message.EqualTo("OdeSolve: the function gives float64[], not float64[2]; it gives the slope of y, of its dtype and shape."));
        Assert.That(() => OdeSolve((t, y) => Cast(y, DType.Float32), y0, times), Throws.TypeOf<DTypeException>());
        Assert.That(() => OdeSolve((t, y) => y, y0, Constant(1.0)), Throws.TypeOf<ShapeException>().And.Message.StartsWith("OdeSolve: the times are a vector [T], not Constant float64[]"));
        Assert.That(() => OdeSolve((t, y) => y, y0, Constant([0f, 1f])), Throws.TypeOf<DTypeException>().And.Message.StartsWith("OdeSolve: y is float64, and so are all its parts and the times, not float32; use Cast."));
        Assert.That(() => OdeSolve((t, y) => [y[0]], [y0, y0], times), Throws.TypeOf<GraphException>().And.Message.EqualTo("OdeSolve: y has 2 parts, and the function gives 1; it gives a slope for each."));
        Assert.That(() => OdeSolve((t, y) => (NodeList)null!, [y0], times), Throws.TypeOf<GraphException>().And.Message.Contains("gives null"));
        Assert.That(() => OdeSolve((t, y) => y, [], times), Throws.TypeOf<GraphException>().And.Message.EqualTo("OdeSolve: y has no part."));
        Assert.That(() => OdeSolve((t, y) => y, Constant([1, 2]), times), Throws.TypeOf<DTypeException>());
        Assert.That(() => OdeSolve((t, y) => y, y0, times, relative: 0), Throws.TypeOf<ArgumentOutOfRangeException>().And.Message.Contains("an error that is allowed is above 0"));
        Assert.That(() => OdeSolve((t, y) => y, y0, times, absolute: double.NaN), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => OdeSolve((t, y) => y, y0, times, maxSteps: 0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => OdeSolve((t, y) => y, y0, times, gradient: (OdeGradient)7), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    private static Node[] All((Node Values, Node Converged, Node Steps) solved) => [solved.Values, solved.Converged, solved.Steps];

    private static double[] Compiled(Node node)
    {
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([], Cast(node, DType.Float64));
        return graph.Run().GetArray<double>(0);
    }
}
