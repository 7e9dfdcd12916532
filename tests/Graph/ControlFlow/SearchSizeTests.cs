using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.ControlFlow;

/// <summary>Searches, equations and integrals of sizes that are symbols, none and one among them, and in bodies of loops; compiled.</summary>
internal sealed class SearchSizeTests
{
    private static readonly IEnumerable<TestCaseData> Functions =
    [
        Of("FixedPoint", a => FixedPoint(x => a / (1 + x), OnesLike(a)).Value, a => (Math.Sqrt(1 + (4 * a)) - 1) / 2, a => 1 / Math.Sqrt(1 + (4 * a))),
        Of("FixedPoint, combined", a => FixedPoint(x => a / (1 + x), OnesLike(a), memory: 2).Value, a => (Math.Sqrt(1 + (4 * a)) - 1) / 2, a => 1 / Math.Sqrt(1 + (4 * a))),
        Of("FindRoot", a => FindRoot(x => Square(x) - a, OnesLike(a)).Value, Math.Sqrt, a => 0.5 / Math.Sqrt(a)),
        Of("FindRoot of a batch", a => Squeeze(FindRoot(x => Square(x) - Unsqueeze(a, -1), Unsqueeze(OnesLike(a), -1)).Value, -1), Math.Sqrt, a => 0.5 / Math.Sqrt(a)),
        Of("Bisect", a => Bisect(x => Square(x) - a, ZerosLike(a), Constant(10.0)).Value, Math.Sqrt, a => 0.5 / Math.Sqrt(a)),
        Of("MinimizeLbfgs", a => MinimizeLbfgs(x => Sum(Exp(x) - (a * x)), ZerosLike(a), 1e-11).X, Math.Log, a => 1 / a),
        Of("LevenbergMarquardt", a => Squeeze(LevenbergMarquardt(x => Exp(x) - Unsqueeze(a, -1), Unsqueeze(ZerosLike(a), -1)).X, -1), Math.Log, a => 1 / a),
        Of("OdeSolve", a => OdeSolve((t, y) => -y * y * a, OnesLike(a), Constant([0.0, 1.0]), 1e-9).Values[1], a => 1 / (1 + a), a => -1 / ((1 + a) * (1 + a))),
        Of("OdeSolve, through the steps", a => OdeSolve((t, y) => -y * y * a, OnesLike(a), Constant([0.0, 1.0]), 1e-9, maxSteps: 60, gradient: OdeGradient.Steps).Values[1], a => 1 / (1 + a), a => -1 / ((1 + a) * (1 + a))),
        Of("Integrate", a => Integrate(x => Exp(-a * x), Constant(0.0), Constant(double.PositiveInfinity)).Value, a => 1 / a, a => -1 / (a * a)),
    ];

    [TestCaseSource(nameof(Functions))]
    public void Of_any_number_of_elements(Func<Node, Node> find, Func<double, double> value, Func<double, double> slope)
    {
        Input<double> a = Input<double>("a", ["N"], requiresGrad: true);
        Node found = find(a);
        Check(a, found, value, slope, [0, 1, 6]);
    }

    [TestCaseSource(nameof(Functions))]
    public void In_each_step_of_a_loop(Func<Node, Node> find, Func<double, double> value, Func<double, double> slope)
    {
        Input<double> a = Input<double>("a", ["N"], requiresGrad: true);
        (_, NodeList found) = Scan([], [a], (_, row) => ([], [find(Unsqueeze(row[0], 0))]));
        Check(a, Squeeze(found[0], 1), value, slope, [0, 1, 4]);
    }

    private static void Check(Input<double> a, Node found, Func<double, double> value, Func<double, double> slope, int[] sizes)
    {
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([a], [found, Gradients(Sum(found), a)[0]]);
        using CompiledGraph training = GraphCompiler.Compiler.Compile([a], Sum(found));
        foreach (int n in sizes)
        {
            double[] given = [.. Enumerable.Range(0, n).Select(i => 0.5 + (0.3 * i))];
            RunResults results = graph.Run(given);
            Assert.That(results.GetArray<double>(0), Is.EqualTo(given.Select(value)).Within(1e-7), $"values of {n}");
            Assert.That(results.GetArray<double>(1), Is.EqualTo(given.Select(slope)).Within(1e-6), $"slopes of {n}");
            training.Forward(given);
            training.Backward();
            Assert.That(a.Grad is { } gradient ? [.. gradient] : new double[n], Is.EqualTo(given.Select(slope)).Within(1e-6), $"slopes of {n} by backward");
            training.ZeroGrad();
        }
    }

    private static TestCaseData Of(string name, Func<Node, Node> find, Func<double, double> value, Func<double, double> slope) => new TestCaseData(find, value, slope).SetArgDisplayNames(name);
}
