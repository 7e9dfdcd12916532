using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Differentiation;

/// <summary>
/// Transformations of functions in transformations, three deep, and derivatives of these, each a row of a table: what it makes of a function of three numbers to three, in a graph, and what that means for a
/// function that can only be called, where derivatives are differences.
/// </summary>
internal sealed class NestedTransformationTests
{
    private static readonly double[] Weights = [0.7, -1.1, 0.4];
    private static readonly double[] At = [0.3, -0.2, 0.5];

    private static readonly (string Name, Func<Func<Node, Node>, Func<Node, Node>> InGraph, Func<Func<double[], double[]>, Func<double[], double[]>> Called)[] Table =
    [
        ("Gradients", f => x => Gradients(Sum(f(x) * Constant(Weights)), [x], Unreached.Zeros)[0], f => x => [.. Enumerable.Range(0, 3).Select(i => Dot(Slope(f, x, Unit(i)), Weights))]),
        ("Jvp", f => x => Jvp([f(x)], [x], [Cos(x)])[0], f => x => Slope(f, x, [.. x.Select(Math.Cos)])),
        ("Vjp", f => x => Vjp([f(x)], [x], [Sin(x)], Unreached.Zeros)[0], f => x => [.. Enumerable.Range(0, 3).Select(i => Dot(Slope(f, x, Unit(i)), [.. x.Select(Math.Sin)]))]),
        ("Vmap", f => x => Sum(Vmap(f)(Stack([x, -0.5 * x], 0)), 0), f => x => Add(f(x), f([.. x.Select(v => -0.5 * v)]), 1)),
        ("Scan", f => x => Scan(x, 2, (h, _) => h + (0.5 * f(h))).Last, f => x => Step(f, Step(f, x))),
        ("While", f => x => While([x, Constant(0)], s => s[1] < 2, s => [s[0] + (0.5 * f(s[0])), s[1] + 1], most: 3)[0], f => x => Step(f, Step(f, x))),
        ("Cond", f => x => Cond(Sum(x) > 0, () => f(x), () => Exp(f(x))), f => x => x.Sum() > 0 ? f(x) : [.. f(x).Select(Math.Exp)]),
        ("Call", f => x => Call("f", [x], p => f(p[0])), f => f),
        ("CustomGradient", f => x => CustomGradient("own", [x], p => f(p[0]), (p, _, c) => [.. Vjp([f(p[0])], [p[0]], [c], Unreached.Zeros)]), f => f),
        ("Checkpoint", f => x => Checkpoint(f, x), f => f),
    ];

    private static IEnumerable<TestCaseData> Pairs =>
        from outer in Enumerable.Range(0, Table.Length) from middle in Enumerable.Range(0, Table.Length) select new TestCaseData(outer, middle).SetArgDisplayNames(Table[outer].Name, Table[middle].Name);

    [TestCaseSource(nameof(Pairs))]
    public void A_nest_is_what_its_parts_are(int outer, int middle)
    {
        using (Assert.EnterMultipleScope())
        {
            Check($"{Table[outer].Name} of {Table[middle].Name}", Table[outer], Table[middle].InGraph(Base));
            foreach ((string name, Func<Func<Node, Node>, Func<Node, Node>> inGraph, _) in Table)
            {
                Func<Node, Node> inner = Table[middle].InGraph(inGraph(Base));
                string nest = $"{Table[outer].Name} of {Table[middle].Name} of {name}";
                Check(nest, Table[outer], inner);
                Check($"Gradients of {nest}", Table[0], Table[outer].InGraph(inner));
                Check($"Jvp of {nest}", Table[1], Table[outer].InGraph(inner));
            }
        }
    }

    /// <summary>Holds the outermost against what it means for the values of what is in it, which have been held so themselves.</summary>
    private static void Check(string name, (string Name, Func<Func<Node, Node>, Func<Node, Node>> InGraph, Func<Func<double[], double[]>, Func<double[], double[]>> Called) outer, Func<Node, Node> inner)
    {
        Input<double> x = Variable("x", 3);
        Node called = inner(x);
        double[] expected = outer.Called(at => Values(called, (x, Reals([3], at))))(At);
        double[] found = Values(outer.InGraph(inner)(x), (x, Reals([3], At)));
        Assert.That(found, Is.EqualTo(expected).Within(1e-6 * Math.Max(1, expected.Max(Math.Abs))), name);
    }

    [TestCaseSource(nameof(Pairs))]
    public void A_nest_is_compiled_to_what_the_interpreter_says(int outer, int inner)
    {
        Input<double> x = Variable("x", 3);
        Node nest = Table[outer].InGraph(Table[inner].InGraph(Base))(x);
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([x], nest);
        double[] expected = Values(nest, (x, Reals([3], At)));
        Assert.That(compiled.Run(At).GetArray<double>(), Is.EqualTo(expected).Within(1e-12 * Math.Max(1, expected.Max(Math.Abs))));
    }

    private static Node Base(Node x) => Sin(x) * Exp(0.3 * Flip(x, 0));

    private static double[] Step(Func<double[], double[]> f, double[] x) => Add(x, f(x), 0.5);

    private static double[] Add(double[] a, double[] b, double factor) => [.. a.Zip(b, (u, v) => u + (factor * v))];

    private static double Dot(double[] a, double[] b) => a.Zip(b, (u, v) => u * v).Sum();

    private static double[] Unit(int at) => [.. Enumerable.Range(0, 3).Select(i => i == at ? 1.0 : 0.0)];

    /// <summary>The derivative along a direction: central differences of the fourth order.</summary>
    private static double[] Slope(Func<double[], double[]> f, double[] x, double[] direction)
    {
        const double h = 1.0 / 256;
        double[] near = Add(f(Add(x, direction, h)), f(Add(x, direction, -h)), -1);
        double[] far = Add(f(Add(x, direction, 2 * h)), f(Add(x, direction, -2 * h)), -1);
        return [.. near.Zip(far, (n, w) => ((8 * n) - w) / (12 * h))];
    }
}
