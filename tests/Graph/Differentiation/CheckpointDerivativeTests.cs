using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Differentiation;

/// <summary>Derivatives of functions that are computed again are those of the functions.</summary>
public class CheckpointDerivativeTests
{
    private static readonly Input<double> X = Variable("x", 2);
    private static readonly Input<double> W = Variable("w", 2);
    private static readonly (Node, TensorValue)[] Given = [(X, Reals([2], 0.5, 2)), (W, Reals([2], -1, 0.25))];

    private static readonly (string Name, Func<Node, Node> Plain, Func<Node, Node> Checked)[] Cases =
    [
        ("one", x => Sin(x * W), x => Checkpoint(v => Sin(v * W), x)),
        ("nested", x => Exp(Sin(x * W) * x) + x, x => Checkpoint(v => Exp(Checkpoint(u => Sin(u * W) * v, v)) + v, x)),
        ("a chain", x => Tanh(Sin(x) * W), x => Checkpoint(v => Tanh(v * W), Checkpoint(v => Sin(v), x))),
        ("in a call", x => Sin(x * W), x => Call("f", [x], v => Checkpoint(u => Sin(u * W), v[0]))),
        ("around a call", x => x * W, x => Checkpoint(v => CustomGradient("f", [v, W], u => u[0] * u[1], (u, _, c) => [c * u[1], c * u[0]]), x)),
        ("several", x => (Sin(x) * W) + x, x => Checkpoint(v => [v[0] * v[1], v[0]], [Sin(x), W]) is [var product, _] ? product + x : x),
        ("twice the same", x => x * Sin(x), x => Checkpoint(v => [v[0] * Sin(v[1])], [x, x])[0]),
        ("with integers", x => Take(x, Constant((long[])[1, 0]), 0) * W, x => Checkpoint(v => [Take(v[0], v[1], 0) * W], [x, Constant((long[])[1, 0])])[0]),
    ];

    [Test]
    public void They_are_those_of_the_function([ValueSource(nameof(Cases))] (string Name, Func<Node, Node> Plain, Func<Node, Node> Checked) row)
    {
        Node q = X * 1.5;
        (Node plain, Node again) = (row.Plain(q), row.Checked(q));
        Same(again, plain);
        Node[] targets = [X, q, W];
        foreach (Node target in targets.Where(t => GradientsOrNull(Sum(plain), [t])[0] is not null))
        {
            (Node one, Node other) = (Gradients(Sum(again), target)[0], Gradients(Sum(plain), target)[0]);
            Same(one, other);
            Same(Jvp([again], [target], [Vector(1, 2)])[0], Jvp([plain], [target], [Vector(1, 2)])[0]);
            Same(HessianVectorProduct(Sum(again), [target], [Vector(1, 2)])[0], HessianVectorProduct(Sum(plain), [target], [Vector(1, 2)])[0]);
            Same(GradientsOrNull(Sum(one * one), [target])[0] ?? ZerosLike(X), GradientsOrNull(Sum(other * other), [target])[0] ?? ZerosLike(X));
        }

        static void Same(Node actual, Node expected) => Assert.That(Values(actual, Given), Is.EqualTo(Values(expected, Given)).Using<double>((a, e) => Math.Abs(a - e) <= 1e-13 * Math.Max(1, Math.Abs(e))));
    }

    [Test]
    public void They_agree_with_differences()
    {
        Node y = Sum(Checkpoint(v => Exp(Checkpoint(u => Sin(u * W) * v, v)) + v, X));
        Assert.That(() => GradientCheck.Verify(y, [X, W], options: new GradientCheckOptions { Order = 2 }), Throws.Nothing);
    }

    [Test]
    public void In_a_batch_it_is_one_for_all_examples()
    {
        var generator = new Generator(1);
        Node Of(Func<Func<Node, Node>, Node, Node> wrap) => Vmap(x => Gradients(Sum(wrap(v => Sin(v * W), x)), x)[0])(X * Ones([3, 2], DType.Float64));
        Assert.That(Values(Of(Checkpoint), Given), Is.EqualTo(Values(Of((f, x) => f(x)), Given)));
        Assert.That(GraphWalk.TopologicalOrder([Vmap(x => Checkpoint(v => Sin(v), x))(X)]).Select(n => n.Operation), Has.One.EqualTo("Checkpoint"));

        // Each example draws its own mask, and the gradient the same.
        NodeList masked = Vmap(NodeList (Node x) =>
        {
            Node y = Checkpoint(v => Dropout(generator, v, 0.5), x);
            return [y, Gradients(Sum(y), x)[0]];
        })(Ones([16, 2], DType.Float64) + (X * 0));
        TensorValue[] both = Interpreter.Evaluate(masked, Given.ToDictionary(g => g.Item1, g => g.Item2));
        AssertSame(both[1], both[0]);
        Assert.That(Enumerable.Range(0, 32).Select(i => both[0][i]).Distinct(), Is.EquivalentTo(new double[] { 0, 2 }));
    }

    [Test]
    public void It_is_a_node_of_its_own_that_is_seen()
    {
        Node y = Checkpoint(v => Sin(v * W), X);
        Assert.That((y.Operation, y.IsComposite, y.Bodies.Count), Is.EqualTo(("Checkpoint", true, 1)));
        Assert.That(y.Inputs, Is.EqualTo(new Node[] { X, W }));
    }

    [Test]
    public void What_has_effects_is_not_done_again()
    {
        Node y = Checkpoint(v => HostFunction("write", [v], v.Results[0], call => call.In<double>(0).CopyTo(call.Out<double>(0)), (_, _, c) => [c], hasEffects: true), X);
        Assert.That(Values(y, Given), Is.EqualTo(new[] { 0.5, 2 }));
        Assert.That(() => Gradients(Sum(y), X), Throws.TypeOf<GradientException>().With.Message.Contains("Checkpoint").And.Message.Contains("has effects"));
    }

    [Test]
    public void Mistakes_are_told()
    {
        Assert.That(() => Checkpoint(_ => [], [X]), Throws.TypeOf<GraphException>().With.Message.Contains("Checkpoint: the body must return at least one node"));
        Assert.That(() => Checkpoint(v => v, (Node)null!), Throws.ArgumentNullException);
        Node? leaked = null;
        _ = Checkpoint(v => leaked = v * 2, X);
        Assert.That(() => leaked! + 1, Throws.TypeOf<GraphException>().With.Message.Contains("the body of Checkpoint"));
    }
}
