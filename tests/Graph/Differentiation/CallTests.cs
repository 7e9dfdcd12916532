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
    public void Bad_pullbacks_are_explained()
    {
        Node count = Call("count", [X], v => [v[0]], (_, _, _) => []);
        Assert.That(() => Gradients(Sum(count), X), Throws.TypeOf<GradientException>().With.Message.Contains("count").And.Message.Contains("0 cotangents for 1 inputs"));
        Node shape = Call("shape", [X], v => [v[0]], (_, _, c) => [Sum(c[0]!)]);
        Assert.That(() => Gradients(Sum(shape), X), Throws.TypeOf<GradientException>().With.Message.Contains("float64[]").And.Message.Contains("float64[2]"));
        Assert.That(() => Call("none", [X], _ => []), Throws.TypeOf<GraphException>().With.Message.Contains("'none'").And.Message.Contains("at least one node"));
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
