using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Differentiation;

/// <summary>Functions for many examples of the user's own, in the place of the body's parts.</summary>
public class CustomBatchTests
{
    private static readonly Input<double> Xs = Variable("xs", 3, 2);
    private static readonly Input<double> Ys = Variable("ys", 4, 2);
    private static readonly (Node, TensorValue)[] Given = [(Xs, Reals([3, 2], 1, 2, 3, 4, 5, 6)), (Ys, Reals([4, 2], 1, 0, 0, 1, 2, 3, 4, 5))];

    // What is asked, but for the trial of two examples.
    private readonly List<string> asked = [];

    [SetUp]
    public void Forget() => asked.Clear();

    [Test]
    public void It_is_called_in_the_place_of_the_body()
    {
        Assert.That(Values(Vmap(x => Product(x, Ones([2], DType.Float64)))(Xs), Given), Is.EqualTo(new double[] { 3, 7, 11 }));
        Assert.That(asked, Is.EqualTo(new[] { "3 True False" }));
        asked.Clear();
        Assert.That(Values(Vmap(x => Product(x, x))(Xs), Given), Is.EqualTo(new double[] { 5, 25, 61 }));
        Assert.That(asked, Is.EqualTo(new[] { "3 True True" }));
        asked.Clear();
        Assert.That(Values(Product(Xs[0], Xs[1]), Given), Is.EqualTo(new double[] { 11 }));
        Assert.That(asked, Is.Empty, "without examples the body is used");

        NodeList both = Vmap((NodeList v) => CustomGradient(
            "both",
            [v[0]],
            x => [Sin(x[0]), Sum(x[0])],
            (x, _, c) => [Cos(x[0]) * c[0]!],
            batch: (x, _) => [10 * x[0], Sum(x[0], 1)]))([Xs]);
        Assert.That(Values(both[0] - (10 * Xs), Given), Is.All.Zero, "and not the body");
        Assert.That(Values(both[1], Given), Is.EqualTo(new double[] { 3, 7, 11 }));
    }

    [Test]
    public void Batches_of_batches_are_one_batch()
    {
        Node pairs = Vmap(x => Vmap(y => Product(x, y))(Ys))(Xs);
        Assert.That(asked, Is.EqualTo(new[] { "4 False True", "12 True True" }));
        Assert.That(Values(pairs - MatMul(Xs, Ys.Transpose()), Given), Is.All.Zero);
        Assert.That(Values(Gradients(Sum(Square(pairs)), Xs)[0] - Gradients(Sum(Square(MatMul(Xs, Ys.Transpose()))), Xs)[0], Given), Is.All.Zero);

        Node three = Vmap(z => Vmap(x => Vmap(y => Product(x * z, y))(Ys))(Xs))(Of([2], 1, 2));
        Assert.That(Values(three - Stack([pairs, 2 * pairs]), Given), Is.All.Zero);
    }

    [Test]
    public void Derivatives_are_those_of_each_example()
    {
        // Not the slope of what is computed, so that it is told whose it is.
        Node F(Node x, Node w) => CustomGradient(
            "f", [x, w], v => Dot(v[0], v[1]), (v, _, c) => [10 * v[1] * c, v[0] * c], (v, _, t) => 5 * Sum(t[0]!), (v, b) => Sum(v[0] * v[1], 1));
        Node w = Variable("w", 2);
        (Node, TensorValue)[] given = [.. Given, (w, Reals([2], 1, 2))];
        Node each = Vmap(x => F(x, w))(Xs);
        Assert.That(Values(each, given), Is.EqualTo(new double[] { 5, 11, 17 }));
        NodeList slopes = Gradients(Sum(each), Xs, w);
        Assert.That(Values(slopes[0], given), Is.EqualTo(new double[] { 10, 20, 10, 20, 10, 20 }));
        Assert.That(Values(slopes[1], given), Is.EqualTo(new double[] { 9, 12 }), "the sum over the examples that share it");
        Assert.That(Values(Vmap(x => Gradients(F(x, w), x)[0])(Xs), given), Is.EqualTo(new double[] { 10, 20, 10, 20, 10, 20 }));
        Assert.That(Values(Jvp([each], [Xs], [OnesLike(Xs)])[0], given), Is.EqualTo(new double[] { 10, 10, 10 }));
        Assert.That(() => GradientCheck.Verify(Sum(Square(Vmap(x => Product(x, x * x))(Xs))), [Xs], options: new GradientCheckOptions { Order = 2 }), Throws.Nothing);
    }

    [Test]
    public void It_brings_derivatives_of_its_own_if_it_has_some()
    {
        Node Twice(Node x) => CustomGradient("twice", [x], v => 2 * v[0], (_, _, c) => [2 * c], batch: (v, _) => CustomGradient("many", v, m => 2 * m[0], (_, _, c) => [7 * c]));
        Assert.That(Values(Gradients(Sum(Vmap(Twice)(Xs)), Xs)[0], Given), Is.All.EqualTo(7));
        Assert.That(Values(Gradients(Sum(Twice(Xs)), Xs)[0], Given), Is.All.EqualTo(2));
    }

    [Test]
    public void In_loops_it_uses_what_it_is_given()
    {
        Node w = Call("both", [Parameter("w", [], 3, DType.Float64, requiresGrad: false)], v => [v[0], -v[0]])[0];
        Node Step(Node h) => CustomGradient("step", [h], v => v[0] * w, (_, _, c) => [c * w], batch: (v, _) => Noted(v[0]) * w);
        Node Noted(Node x)
        {
            asked.Add($"{x.Shape[0]}");
            return x;
        }

        Node looped = Vmap(x => Scan(x, 2, (h, _) => Step(h)).Last)(Xs);
        Assert.That(asked, Does.Contain("3"));
        Assert.That(Values(looped - (9 * Xs), Given), Is.All.Zero);
        Assert.That(Values(Gradients(Sum(looped), Xs)[0], Given), Is.All.EqualTo(9));
    }

    [Test]
    public void What_does_not_fit_is_named()
    {
        Node With(Func<NodeList, IReadOnlyList<bool>, Node> batch) => CustomGradient("f", [Xs], v => v[0], (_, _, c) => [c], batch: batch);
        Assert.That(
            () => With((v, _) => Sum(v[0], 0)),
            Throws.TypeOf<ShapeException>().With.Message.EqualTo("The batch function of f float64[3, 2] returned float64[3, 2] for result 0, which is float64[3, 2] for each of 2 examples; return float64[2, 3, 2]."));
        Assert.That(() => With((v, _) => Cast(v[0], DType.Float32)), Throws.TypeOf<DTypeException>().With.Message.Contains("return float64[2, 3, 2]"));
        Assert.That(() => With((_, _) => null!), Throws.TypeOf<GraphException>().With.Message.Contains("returned null"));
        Assert.That(
            () => CustomGradient("g", [Xs], v => [v[0], v[0]], (_, _, c) => [c[0]], batch: (v, _) => [v[0]]),
            Throws.TypeOf<GraphException>().With.Message.Contains("returned 1 node for 2 results"));

        // It depends on what is batched, which the trial does not see.
        Node shared = Ones([2], DType.Float64);
        Node Sums(Node x, Node y) => CustomGradient("h", [x, y], v => v[0] + v[1], (_, _, c) => [c, c], batch: (v, b) => b[1] ? v[0] + v[1] : v[1]);
        Node free = Variable("free", 2);
        Assert.That(
            () => Vmap(x => CustomGradient("j", [x], v => v[0], (_, _, c) => [c], batch: (v, _) => v[0] * free))(Xs),
            Throws.TypeOf<GraphException>().With.Message.Contains("CustomGradient 'j'").And.Message.Contains("'free' float64[2], which requires a gradient and is not among the inputs"));
        Assert.That(() => Vmap(x => Sums(x, shared))(Xs), Throws.TypeOf<ShapeException>().With.Message.Contains("returned float64[2] for result 0").And.Message.Contains("return float64[3, 2]"));
        Assert.That(
            () => Vmap(x => CustomGradient("i", [x], v => v[0] + Detach(x * 2), (_, _, c) => [c], batch: (v, _) => v[0]))(Xs),
            Throws.TypeOf<GraphException>().With.Message.Contains("belongs to the body of Vmap").And.Message.Contains("add it to the inputs"));
    }

    private Node Product(Node x, Node y) => CustomGradient("product", [x, y], v => Dot(v[0], v[1]), (v, _, c) => [v[1] * c, v[0] * c], batch: (v, isBatched) =>
    {
        Dim size = v[isBatched[0] ? 0 : 1].Shape[0];
        if (size != 2)
        {
            asked.Add($"{size} {isBatched[0]} {isBatched[1]}");
        }

        return Sum(v[0] * v[1], 1);
    });
}
