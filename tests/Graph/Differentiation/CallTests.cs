using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Differentiation;

/// <summary>Named functions with and without a pullback of their own.</summary>
public class CallTests
{
    private static readonly Leaf<double> X = Variable("x", 2);
    private static readonly TensorValue At = Reals([2], 0.5, 2);

    [Test]
    public void A_pullback_of_its_own_is_used()
    {
        Node y = Call("straight", [X], v => [Floor(v[0])], (inputs, results, cotangents) => [cotangents[0]! * 7]);
        Assert.That(Values(y, (X, At)), Is.EqualTo(new double[] { 0, 2 }));
        Assert.That(Values(Gradients(Sum(y), X)[0], (X, At)), Is.EqualTo(new double[] { 7, 7 }));
        Assert.That(Value(Jvp([Sum(y)], [X], [Vector(1, 2)])[0], (X, At)), Is.EqualTo(21));
    }

    [Test]
    public void Several_results_get_their_own_cotangents()
    {
        IReadOnlyList<Node?>? seen = null;
        Node two = Call(
            "two",
            [X],
            v => [v[0] * 2, v[0] * v[0]],
            (inputs, results, cotangents) =>
            {
                seen = cotangents;
                return [cotangents[1]! * 2 * inputs[0]];
            });
        Node gradient = Gradients(Sum(Output(two, 1)), X)[0];
        Assert.That(seen![0], Is.Null);
        Assert.That(Values(gradient, (X, At)), Is.EqualTo(new double[] { 1, 4 }));
        Node plain = Call("plain", [X], v => [v[0] * 2, v[0] * v[0]]);
        Assert.That(Values(Gradients(Sum(Output(plain, 0) * Output(plain, 1)), X)[0], (X, At)), Is.EqualTo(new[] { 1.5, 24 }));
    }

    [Test]
    public void Bad_pullbacks_are_refused_where_the_call_is_made()
    {
        Leaf<long> k = Input<long>("k", [2]);
        Assert.That(() => Call("count", [X], v => [v[0]], (_, _, _) => []), Throws.TypeOf<GradientException>().With.Message.Contains("count").And.Message.Contains("0 cotangents for 1 input;"));
        Assert.That(() => Call("more", [X], v => [v[0]], (_, _, c) => [c[0], c[0]]), Throws.TypeOf<GradientException>().With.Message.Contains("2 cotangents for 1 input;"));
        Assert.That(() => Call("null", [X], v => [v[0]], (_, _, _) => null!), Throws.TypeOf<GradientException>().With.Message.Contains("one cotangent for each input"));
        Assert.That(() => Call("shape", [X], v => [v[0]], (_, _, c) => [Sum(c[0]!)]), Throws.TypeOf<GradientException>().With.Message.Contains("float64[]").And.Message.Contains("float64[2]"));
        Assert.That(() => Call("dtype", [X], v => [v[0]], (_, _, c) => [Cast(c[0]!, DType.Float32)]), Throws.TypeOf<GradientException>().With.Message.Contains("float32[2]").And.Message.Contains("float64[2]"));
        Assert.That(
            () => Call("whole", [X, k], v => [v[0] * Cast(v[1], DType.Float64)], (i, _, c) => [c[0]! * Cast(i[1], DType.Float64), i[1]]),
            Throws.TypeOf<GradientException>().With.Message.Contains("int64 has no gradients").And.Message.Contains("input 1"));
        Assert.That(() => Call("plain", [Input<double>("p", [2])], v => [v[0]], (_, _, _) => []), Throws.TypeOf<GradientException>(), "no gradient is asked for yet");
        Assert.That(() => Call("none", [X], _ => []), Throws.TypeOf<GraphException>().With.Message.Contains("'none'").And.Message.Contains("at least one node"));
    }

    [Test]
    public void Pullbacks_may_call_each_other_s_functions()
    {
        static Node MySin(Node x) => Call("sin", [x], v => [Sin(v[0])], (i, _, c) => [c[0]! * MyCos(i[0])]);
        static Node MyCos(Node x) => Call("cos", [x], v => [Cos(v[0])], (i, _, c) => [-c[0]! * MySin(i[0])]);
        Node third = Gradients(Sum(Gradients(Sum(Gradients(Sum(MySin(X)), X)[0]), X)[0]), X)[0];
        Assert.That(Values(third, (X, At)), Is.EqualTo(new[] { -Math.Cos(0.5), -Math.Cos(2) }).Within(1e-12));
    }

    [Test]
    public void A_pullback_that_lets_nothing_flow_gives_zeros()
    {
        Node y = Call("still", [X], v => [v[0]], (_, _, _) => [null]);
        Assert.That(Values(Gradients(Sum(y), X)[0], (X, At)), Is.EqualTo(new double[2]));
    }

    [Test]
    public void A_body_may_not_reach_for_other_leaves_that_require_gradients()
    {
        Leaf<double> w = Variable("w", 2);
        Assert.That(() => Call("f", [X], v => [v[0] * Sin(w)]), Throws.TypeOf<GraphException>().With.Message.Contains("'f'").And.Message.Contains("'w'").And.Message.Contains("add it to the inputs"));
        Assert.That(() => Call("f", [X], v => [v[0] * Detach(w)]), Throws.Nothing);
        Assert.That(() => Call("f", [X], v => [v[0] * Input<double>("p", [2])]), Throws.Nothing);
    }

    [Test]
    public void NoGrad_inside_a_body_holds()
    {
        Node y = Call("f", [X], v =>
        {
            Node frozen;
            using (GradMode.NoGrad())
            {
                frozen = v[0] * v[0];
            }

            return [frozen * v[0]];
        });
        Assert.That(Values(Gradients(Sum(y), X)[0], (X, At)), Is.EqualTo(new[] { 0.25, 4 }));
    }
}
