using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Batching;

/// <summary>Vmap within and around differentiation, loops and branches is a loop over examples.</summary>
internal sealed class NestingTests
{
    private static readonly Input<double> Examples = Variable("xs", "B", 3);
    private static readonly Input<double> Weights = Variable("w", 3, 3);
    private static readonly TensorValue ExampleValues = Reals([4, 3], 0.3, -1.2, 0.8, 2.1, 0.5, -0.7, -0.4, 0.9, 1.6, -2.2, 0.1, 0.6);
    private static readonly TensorValue WeightValues = Reals([3, 3], 0.5, -0.3, 0.2, 0.8, 0.1, -0.6, -0.4, 0.7, 0.3);

    private static IEnumerable<TestCaseData> Functions() => new (string Name, Func<Node, Node> Function)[]
    {
        ("a layer", x => Tanh(MatMul(Weights, x))),
        ("a gradient", x => Gradients(Sum(Tanh(MatMul(Weights, x)) * x), x)[0]),
        ("a gradient of what is shared", x => Gradients(Sum(Tanh(MatMul(Weights, x))), Weights)[0]),
        ("a second gradient", x => Gradients(Sum(Gradients(Sum(Exp(MatMul(Weights, x) * 0.3)), x)[0]), Weights)[0]),
        ("a tangent", x => Jvp([Sin(MatMul(Weights, x))], [x], [Flip(x, 0)])[0]),
        ("a product with a Hessian", x => HessianVectorProduct(Sum(Exp(MatMul(Weights, x) * 0.2)), [x], [Cos(x)])[0]),
        ("a map within", x => Vmap(row => Sum(row * x) + Sum(Vmap((a, b) => a * Exp(b))(x, row)))(Weights)),
        ("a gradient of a map within", x => Gradients(Sum(Vmap(row => Sin(Sum(row * x)))(Weights)), x)[0]),
        ("nothing of the example", x => Weights[0]),
        ("a scan that starts from it", x => Scan(x, 4, (h, t) => Tanh(MatMul(Weights, h))).Last),
        ("outputs of a scan", x => Scan(x, Weights, (h, row) => (h * 0.5, Sum(h * row) + Sin(row))).Outputs),
        ("a scan along it", x => Scan(Constant(0.5), x, (h, e) => Sin(h + e), reverse: true).Outputs),
        ("a scan along it, in blocks", x => Scan(Constant(0.5), x, (h, e) => Sin(h + e), checkpoint: 2).Outputs),
        ("a scan whose carry becomes its own later", x => Scan([Constant(0.5), Constant(0.1), Constant(2.0)], [x], (c, e) => ([c[1] * c[2], Sin(e[0]) + c[1], c[2]], [c[0]])).Outputs[0]),
        ("a scan of what is shared", x => x * Scan(Constant(0.2), Weights[0], (h, e) => Sin(h + e)).Last),
        ("a gradient through a scan", x => Gradients(Scan(Constant(0.5), x, (h, e) => Sin((h * 2) + e)).Last, x)[0]),
        ("a gradient within a scan", x => Scan(x, 3, (h, t) => h - (Gradients(Sum(Tanh(MatMul(Weights, h))), h)[0] * 0.1)).Last),
        ("a map within a scan", x => Scan(x, 3, (h, t) => Vmap(row => Tanh(Sum(row * h)))(Weights)).Last),
        ("a loop that ends apart", x => While([x, Constant(0)], s => Sum(s[0] * s[0]) < 30, s => [s[0] * 1.7, s[1] + 1], most: 9)[0]),
        ("a bounded loop that ends apart", x => While([x, Constant(2.0)], s => Sum(s[0] * s[0]) < 30, s => [(s[0] * 1.7) + (Weights[0] / s[1]), s[1]], most: 5)[0]),
        ("a loop that ends at once", x => While([x, Constant(0)], s => s[1] < 3, s => [Tanh(MatMul(Weights, s[0])), s[1] + 1], most: 5)[0]),
        ("a gradient through a loop that ends apart", x => Gradients(Sum(While([x], s => Sum(s[0] * s[0]) < 30, s => [Sinh(s[0])], most: 6)[0]), x)[0]),
        ("a tangent through a loop that ends apart", x => Jvp([While([x], s => Sum(s[0] * s[0]) < 30, s => [Sinh(s[0]) + Weights[0]], most: 9)[0]], [x], [Cos(x)])[0]),
        ("a branch of its own", x => Cond(Sum(x) > 0.4, () => Log(Abs(x)), () => Weights[0])),
        ("a branch for all", x => Cond(Sum(Weights) > 0, () => x * Weights[0], () => Weights[1])),
        ("a gradient through a branch", x => Gradients(Sum(Cond(Sum(x) > 0.4, () => Sqrt(x + 3), () => Exp(x))), x)[0]),
        ("a branch within a scan", x => Scan(x, 4, (h, t) => Cond(Sum(h) > 0, () => h * Weights[0], () => h + Weights[1])).Outputs),
        ("a loop within a branch", x => Cond(Sum(x) > 0.4, () => While([x], s => Sum(s[0]) < 20, s => [(s[0] * 1.5) + 1], most: 9)[0], () => Scan(x, 2, (h, t) => Sin(h)).Last)),
        ("a call", x => Call("Twice", [x, Weights], c => MatMul(c[1], c[0]) * 2)),
        ("a call with a pullback", x => CustomGradient("Bent", [x, Weights], c => MatMul(c[1], Sin(c[0])), (c, y, u) => [MatMul(Transpose(c[1]), u) * Cos(c[0]) * 0.5, Outer(u, Sin(c[0])) * 0.25])),
        ("a gradient through a call with a pullback", x => Gradients(Sum(CustomGradient("Bent", [x], c => Sin(c[0]), (c, y, u) => [u * Exp(c[0])])), x)[0]),
    }.Select(f => new TestCaseData(f.Function).SetArgDisplayNames(f.Name));

    [TestCaseSource(nameof(Functions))]
    public void A_function_of_many_is_that_of_each(Func<Node, Node> function)
    {
        Node mapped = Vmap(function)(Examples);
        Node looped = Stack([.. Enumerable.Range(0, 4).Select(i => function(Examples[i]))], 0);
        AssertSame(RunAll(mapped), RunAll(looped));

        // Gradients of the whole, with other weights for each element, in both modes.
        TensorValue shape = RunAll(looped);
        Node u = Cos(Reshape(Cast(Arange(shape.Count), DType.Float64), Shape.Of(shape.Shape.Select(s => Dim.Of(s)))));
        foreach (Input<double> target in (Input<double>[])[Examples, Weights])
        {
            if (GradientsOrNull(Sum(looped * u), [target])[0] is { } expected)
            {
                AssertSame(RunAll(Gradients(Sum(AssumeShape(mapped, u.Shape) * u), [target], Unreached.Zeros)[0]), RunAll(expected), 1e-11);
            }
        }

        AssertSame(RunAll(Jvp([mapped], [Examples], [Sin(Examples)])[0]), RunAll(Jvp([looped], [Examples], [Sin(Examples)])[0]), 1e-11);
    }

    [Test]
    public void A_loop_without_a_bound_runs_until_all_have_ended()
    {
        NodeList Ends(Node x) => While([x, Constant(0)], s => Sum(s[0] * s[0]) < 30, s => [s[0] * 1.7, s[1] + 1]);
        NodeList mapped = Vmap(Ends)(Examples);
        double[] steps = [.. Enumerable.Range(0, 4).Select(i => Values(Ends(Examples[i])[1], (Examples, ExampleValues))[0])];
        Assert.That(steps.Distinct().Count(), Is.GreaterThan(1));
        Assert.That(Values(mapped[1], (Examples, ExampleValues)), Is.EqualTo(steps));
        Node looped = Stack([.. Enumerable.Range(0, 4).Select(i => Ends(Examples[i])[0])], 0);
        AssertSame(RunAll(Jvp([mapped[0]], [Examples], [Sin(Examples)])[0]), RunAll(Jvp([looped], [Examples], [Sin(Examples)])[0]));
    }

    private static TensorValue RunAll(Node node) => Run(node, (Examples, ExampleValues), (Weights, WeightValues));
}
