using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Differentiation;

/// <summary>Derivatives of the user's own, on the way back and on the way forth.</summary>
public class CustomGradientTests
{
    private static readonly Input<double> X = Variable("x", 2);
    private static readonly TensorValue At = Reals([2], 0.5, 2);

    [Test]
    public void A_pushforward_of_its_own_is_used_in_forward_mode()
    {
        Node y = CustomGradient("f", [X], v => v[0] * v[0], (v, _, c) => [2 * v[0] * c], (v, y, t) => 3 * y * t[0]!);
        Assert.That(Values(Jvp([y], [X], [Vector(1, 2)])[0], (X, At)), Is.EqualTo(new[] { 0.75, 24 }));
        Assert.That(Values(Gradients(Sum(y), X)[0], (X, At)), Is.EqualTo(new double[] { 1, 4 }));

        NodeList both = CustomGradient("g", [X, X * 2], v => [v[0] + v[1], v[0]], (_, _, c) => [c[0], c[1]], (_, _, t) => [t[0], t[1]]);
        NodeList pushed = Jvp(both, [X], [Vector(1, 2)]);
        Assert.That(Values(pushed[0], (X, At)), Is.EqualTo(new double[] { 1, 2 }));
        Assert.That(Values(pushed[1], (X, At)), Is.EqualTo(new double[] { 2, 4 }));
    }

    [Test]
    public void What_does_not_move_has_no_tangent()
    {
        Input<double> other = Variable("other", 2);
        Node y = CustomGradient("f", [X, other], v => v[0] * v[1], (v, _, c) => [v[1] * c, v[0] * c], (v, _, t) => t[1] is null ? v[1] * t[0]! : null);
        Assert.That(Values(Jvp([y], [X], [Vector(1, 2)])[0], (X, At), (other, Reals([2], 3, 4))), Is.EqualTo(new double[] { 3, 8 }));
        Assert.That(Values(Jvp([y], [X, other], [Vector(1, 2), Vector(1, 1)])[0]), Is.EqualTo(new double[] { 0, 0 }));
    }

    [Test]
    public void Orders_are_those_of_what_the_derivatives_build()
    {
        Node Cube(Node x) => CustomGradient("cube", [x], v => v[0] * v[0] * v[0], (v, _, c) => [3 * v[0] * v[0] * c], (v, _, t) => 3 * v[0] * v[0] * t[0]!);
        Assert.That(() => GradientCheck.Verify(Sum(Cube(X)), [X], options: new GradientCheckOptions { Order = 3 }), Throws.Nothing);
        Assert.That(Values(HessianVectorProduct(Sum(Cube(X)), [X], [Vector(1, 2)])[0], (X, At)), Is.EqualTo(new double[] { 3, 24 }));
    }

    [Test]
    public void Bad_pushforwards_are_refused_where_the_function_is_made()
    {
        Node With(Func<NodeList, Node, IReadOnlyList<Node?>, Node?> push) => CustomGradient("f", [X], v => v[0], (_, _, c) => [c], push);
        Assert.That(() => With((_, _, t) => Sum(t[0]!)), Throws.TypeOf<GradientException>().With.Message.EqualTo("The pushforward of f float64[2] returned a tangent float64[] for result 0, which is float64[2]."));
        Assert.That(() => CustomGradient("g", [X], v => [v[0], v[0]], (_, _, c) => [c[0]], (_, _, t) => t), Throws.TypeOf<GradientException>().With.Message.Contains("1 tangent for 2 results"));
        Assert.That(
            () => CustomGradient("h", [X], v => [CountNonZero(v[0])], (_, _, _) => [null], (_, _, t) => [Cast(Sum(t[0]!), DType.Int64)]),
            Throws.TypeOf<GradientException>().With.Message.Contains("int64 has no gradients; return null for it"));
        Assert.That(() => CustomGradient("i", [X], v => [v[0]], (_, _, c) => c, (_, _, _) => null!), Throws.TypeOf<GradientException>().With.Message.Contains("one tangent for each result"));
    }

    [Test]
    public void In_a_body_derivatives_use_what_they_are_given()
    {
        Node w = Variable("w", 2);
        Node Step(Node h, Node x, bool lists)
        {
            Node inside = Sin(x);
            return CustomGradient("f", lists ? [h, inside] : [h], v => Tanh(v[0]), (v, y, c) => [(1 - (y * y)) * c * (lists ? v[1] : inside), .. lists ? (Node?[])[null] : []]);
        }

        Node Loop(bool lists) => Scan(X, Ones([3, 2], DType.Float64), (h, x) => Step(h, x, lists)).Last;
        Assert.That(() => Loop(false), Throws.TypeOf<GraphException>().With.Message.Contains("The pullback of f float64[2] uses Sin float64[2], which was made in the body of Scan").And.Message.Contains("add it to the inputs"));
        Assert.That(Values(Gradients(Sum(Loop(true)), X)[0], (X, At)), Has.All.GreaterThan(0));

        // What is from outside of the body becomes an input.
        Node outer = Scan(X, Ones([3, 2], DType.Float64), (h, _) => CustomGradient("f", [h], v => v[0] * 1, (_, _, c) => [c * w], (_, _, t) => t[0]! * w)).Last;
        (Node, TensorValue)[] given = [(X, At), (w, Reals([2], 2, 3))];
        Node gradient = Gradients(Sum(outer), X)[0];
        Assert.That(Values(gradient, given), Is.EqualTo(new double[] { 8, 27 }));
        Assert.That(Values(Jvp([outer], [X], [Vector(1, 1)])[0], given), Is.EqualTo(new double[] { 8, 27 }));
        Assert.That(Values(Gradients(Sum(gradient), w)[0], given), Is.EqualTo(new double[] { 12, 27 }), "of the next order, too");
        Assert.That(
            () => Scan(X, 3, (h, _) => HostFunction("f", [h], h.Results[0], _ => { }, (_, _, c) => [c * w])),
            Throws.TypeOf<GraphException>().With.Message.Contains("The pullback of HostFunction 'f' float64[2] uses Input 'w' float64[2]").And.Message.Contains("add it to the inputs"));
    }

    [Test]
    public void In_a_batch_derivatives_are_asked_for_each_example()
    {
        Node W(Node x) => CustomGradient("f", [x], v => v[0] * v[0], (v, _, c) => [3 * v[0] * c], (v, _, t) => 5 * v[0] * t[0]!);
        Node many = Stack([X, 2 * X]);
        Assert.That(Values(Vmap(x => Gradients(Sum(W(x)), x)[0])(many), (X, At)), Is.EqualTo(new[] { 1.5, 6, 3, 12 }));
        Assert.That(Values(Vmap(x => Jvp([W(x)], [x], [OnesLike(x)])[0])(many), (X, At)), Is.EqualTo(new[] { 2.5, 10, 5, 20 }));
        Assert.That(Values(Vmap(x => Gradients(Sum(GradientHook(x * x, c => c / Norm(c))), x)[0])(many), (X, At)), Is.EqualTo(new[] { 1, 4, 2, 8 }.Select(v => v / Math.Sqrt(2))).Within(1e-14), "by the norm of one example");
    }

    [Test]
    public void A_hook_rewrites_what_flows_back_and_nothing_else()
    {
        Node Through(Func<Node, Node> rewrite) => Gradients(Sum(GradientHook(X * X, rewrite) * Vector(1, -5)), X)[0];
        Assert.That(Values(GradientHook(X, c => -c), (X, At)), Is.EqualTo(new[] { 0.5, 2 }));
        Assert.That(Values(Through(c => Clamp(c, -1, 1)), (X, At)), Is.EqualTo(new double[] { 1, -4 }), "clipped");
        Assert.That(Values(Through(c => c * 10), (X, At)), Is.EqualTo(new double[] { 10, -200 }), "scaled");
        Assert.That(Values(Through(c => -c), (X, At)), Is.EqualTo(new double[] { -1, 20 }), "reversed");
        Assert.That(Values(Jvp([GradientHook(X * X, c => -c)], [X], [Vector(1, 1)])[0], (X, At)), Is.EqualTo(new double[] { 1, 4 }), "forward mode sees x");
        Assert.That(() => GradientHook(X, c => Sum(c)), Throws.TypeOf<GradientException>().With.Message.StartsWith("GradientHook: rewrite gave float64[] for a cotangent float64[2]; what flows on has its dtype and shape"));
        Assert.That(() => GradientHook(X, c => null!), Throws.TypeOf<GradientException>().With.Message.StartsWith("GradientHook: rewrite gave null for a cotangent float64[2]"));
        Assert.That(() => GradientHook(Constant(1), c => c), Throws.TypeOf<DTypeException>().With.Message.Contains("GradientHook"));
    }

    [Test]
    public void A_hook_sees_the_sum_of_all_that_flows_into_it()
    {
        List<double> seen = [];
        Node watched = GradientHook(X, c => HostFunction("watch", [c], c.Results[0], call =>
        {
            call.In<double>(0).CopyTo(call.Out<double>(0));
            seen.AddRange(call.In<double>(0));
        }, hasEffects: true));
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([X], Gradients(Sum(watched * 3) + Sum(watched * watched), X)[0]);
        graph.Run(new[] { 0.5, 2.0 });
        Assert.That(seen, Is.EqualTo(new double[] { 4, 7 }));
    }

    [Test]
    public void A_straight_through_estimator_is_a_line()
    {
        Node y = CustomGradient("round", [X], v => Round(v[0]), (_, _, c) => [c]);
        Assert.That(Values(Gradients(Sum(y * y), X)[0], (X, At)), Is.EqualTo(new double[] { 0, 4 }));
        Assert.That(Values(Gradients(Sum(X + Detach(Round(X) - X)), X)[0], (X, At)), Is.EqualTo(new double[] { 1, 1 }), "the same without");
    }

    [Test]
    public void A_value_and_its_gradients_come_from_a_function()
    {
        Node plain = Input<double>("plain", [2]);
        Node w = Variable("w", 2);
        (Node value, NodeList gradients) = ValueAndGradients(x => Sum(x[0] * x[0] * Sin(w)) + x[1], [plain, Sum(plain)]);
        (Node, TensorValue)[] given = [(plain, At), (w, Reals([2], 1, 2))];
        Assert.That(Value(value, given), Is.EqualTo((0.25 * Math.Sin(1)) + (4 * Math.Sin(2)) + 2.5).Within(1e-15));
        Assert.That(Values(gradients[0], given), Is.EqualTo(new[] { Math.Sin(1), 4 * Math.Sin(2) }).Within(1e-15), "inputs are independent of each other, and require nothing");
        Assert.That(Values(gradients[1], given), Is.EqualTo(new double[] { 1 }));
        Assert.That(Values(Gradients(Sum(gradients[0]), w)[0], given), Is.EqualTo(new[] { Math.Cos(1), 4 * Math.Cos(2) }).Within(1e-15), "what the function uses has gradients, too");
        Assert.That(Values(ValueAndGradients(_ => Sum(w), [plain]).Gradients[0]), Is.EqualTo(new double[] { 0, 0 }));
    }

    [Test]
    public void Functions_without_gradients_are_refused()
    {
        Assert.That(() => ValueAndGradients(x => x[0], [X]), Throws.TypeOf<GradientException>().With.Message.Contains("scalar"));
        Assert.That(() => ValueAndGradients(x => Cast(x[0], DType.Float64), [Constant(1L)]), Throws.TypeOf<GradientException>().With.Message.Contains("int64"));
        Assert.That(() => ValueAndGradients(x => ArgMax(x[0], 0), [X]), Throws.InstanceOf<GraphException>().With.Message.Contains("ValueAndGradients").And.Message.Contains("int64"));
    }
}
