using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Surface;

/// <summary>Graphs with inputs and parameters replaced by other nodes.</summary>
internal sealed class SubstituteTests
{
    private readonly Input<float> x = Input("x", ["N", 3]);
    private readonly Parameter<float> w = Parameter("w", new Generator(1).Normal(3, 3));
    private readonly Parameter<float> a = Parameter("a", new Generator(2).Normal(3, 1));
    private readonly Parameter<float> b = Parameter("b", new Generator(3).Normal(1, 3));

    [Test]
    public void An_adapter_takes_the_place_of_a_weight_and_has_its_gradients()
    {
        Node replaced = Substitute(Loss(w), Map(w, Adapted()));

        Assert.That(Trained(replaced), Is.EqualTo(Trained(Loss(Adapted()))));
    }

    [Test]
    public void What_the_body_of_a_call_uses_is_replaced_too()
    {
        Node Called(Node weight) => Sum(Call("outer", [x], v => Call("inner", [v[0]], u => Tanh(MatMul(u[0], weight)))));

        Assert.That(Trained(Substitute(Called(w), Map(w, Adapted()))), Is.EqualTo(Trained(Called(Adapted()))));
    }

    [Test]
    public void What_requires_a_gradient_does_not_slip_under_a_pullback()
    {
        Input<float> given = Input("given", [3]);
        Node With(Node captured) => CustomGradient("clipped", [x], v => v[0] * captured, (inputs, results, cotangents) => [cotangents]);
        Node[] calls = [With(given), Call("outer", [x], v => With(given))];
        Parameter<float> scale = Parameter("scale", [1f, 2f, 3f]);
        foreach (Node call in calls)
        {
            Assert.That(() => Substitute(call, Map(given, scale)), Throws.InstanceOf<GraphException>().With.Message.Contain("clipped").And.Message.Contain("requires a gradient"));
            Assert.That(Substitute(call, Map(given, Detach(scale))).RequiresGrad, Is.False);
        }
    }

    [Test]
    public void All_are_replaced_at_once()
    {
        (Input<float> p, Input<float> q) = (Input("p", [2]), Input("q", [2]));
        Node swapped = Substitute(p - (2 * q), new Dictionary<Node, Node> { [p] = q, [q] = p });
        Node doubled = Substitute(p * p, Map(p, p + p));

        Assert.That(Values(swapped, p, q), Is.EqualTo(Values(q - (2 * p), p, q)));
        Assert.That(Values(doubled, p, q), Is.EqualTo(Values((p + p) * (p + p), p, q)));
        static float[] Values(Node y, Node p, Node q)
        {
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([p, q], y);
            return graph.Run(new[] { 1f, 2f }, new[] { 30f, 400f }).GetArray<float>();
        }
    }

    [Test]
    public void Several_nodes_share_afterwards_what_they_shared_and_the_rest_stays()
    {
        Node shared = MatMul(x, w);
        Node untouched = Exp(x);
        NodeList made = Substitute([shared + untouched, Tanh(shared), untouched, w, x], Map(w, Adapted()));

        Assert.That(made[0].Inputs[0], Is.SameAs(made[1].Inputs[0]).And.Not.SameAs(shared));
        Assert.That(made[0].Inputs[1], Is.SameAs(untouched).And.SameAs(made[2]));
        Assert.That(made[3].ToString(), Is.EqualTo(Adapted().ToString()));
        Assert.That(made[4], Is.SameAs(x));
    }

    [Test]
    public void What_is_not_reached_is_ignored()
    {
        Node y = Tanh(x);
        Assert.That(Substitute(y, Map(w, Adapted())), Is.SameAs(y));
    }

    [Test]
    public void Names_scopes_and_cuts_are_kept()
    {
        Input<float> given = Input("given", [3, 3]);
        Node named = MatMul(x, given).Named("hidden", "layer");
        Node made = Substitute(named, Map(given, w));
        Assert.That((made.Name, made.Scope, made.RequiresGrad, named.RequiresGrad), Is.EqualTo(("hidden", "layer", true, false)));
        Assert.That(Substitute(Detach(w) * 2, Map(w, Adapted())).RequiresGrad, Is.False);
        using (GradMode.NoGrad())
        {
            Assert.That(Substitute(Loss(w), Map(w, Adapted())).RequiresGrad, Is.False);
        }
    }

    [Test]
    public void Random_numbers_are_those_of_the_nodes_given()
    {
        Generator random = new(5);
        Node y = Dropout(random, w, 0.5);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([], [y, Substitute(y, Map(w, w * 1))]);
        RunResults results = graph.Run();
        Assert.That(results.GetArray<float>(1), Is.EqualTo(results.GetArray<float>(0)));
    }

    [Test]
    public void What_does_not_fit_is_refused()
    {
        Node y = Loss(w);
        Refused<DTypeException>(() => Substitute(y, Map(w, Input<double>("d", [3, 3]))), "'d' float64[3, 3]", "'w' float32[3, 3]", "Cast");
        Refused<ShapeException>(() => Substitute(y, Map(w, a)), "'a' float32[3, 1]", "'w' float32[3, 3]");
        Refused<ShapeException>(() => Substitute(y, Map(x, Input("z", ["M", 3]))), "[M, 3]", "[N, 3]");
        Refused<GraphException>(() => Substitute(y, Map(Tanh(w), w)), "Tanh", "no input or parameter");
        Refused<GraphException>(() => Substitute(y, Map(w, Call("two", [w], v => [v[0], v[0]])[0].Inputs[0])), "two", "2 results", "Output(node, i)");
        Assert.That(() => Substitute(y, Map(w, null!)), Throws.ArgumentNullException);
        Assert.That(() => Substitute([y, null!], Map(w, w)), Throws.ArgumentNullException);
        Assert.That(() => Substitute(y, null!), Throws.ArgumentNullException);

        static void Refused<T>(Func<Node> bad, params string[] parts)
            where T : Exception
        {
            string message = Assert.Catch<T>(() => bad())!.Message;
            foreach (string part in parts)
            {
                Assert.That(message, Does.Contain(part));
            }
        }
    }

    private static Dictionary<Node, Node> Map(Node leaf, Node by) => new() { [leaf] = by };

    private Node Adapted() => w + MatMul(a, b);

    private Node Loss(Node weight) => Sum(Tanh(MatMul(x, weight)) * MatMul(x, weight));

    private float[][] Trained(Node loss)
    {
        foreach (Parameter<float> p in new[] { w, a, b })
        {
            p.ZeroGrad();
        }

        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], loss);
        float value = graph.Forward(new Generator(9).Normal(4, 3)).Scalar<float>();
        graph.Backward();
        return [[value], .. new[] { w, a, b }.Select(p => p.Grad!.ToArray())];
    }
}
