using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Differentiation;

/// <summary>Named functions with and without a pullback of their own.</summary>
public class CallTests
{
    private static readonly Input<double> X = Variable("x", 2);
    private static readonly TensorValue At = Reals([2], 0.5, 2);

    [Test]
    public void A_pullback_of_its_own_is_used()
    {
        Node y = CustomGradient("straight", [X], v => Floor(v[0]), (inputs, results, cotangents) => [cotangents * 7]);
        Assert.That(Values(y, (X, At)), Is.EqualTo(new double[] { 0, 2 }));
        Assert.That(Values(Gradients(Sum(y), X)[0], (X, At)), Is.EqualTo(new double[] { 7, 7 }));
        Assert.That(Value(Jvp([Sum(y)], [X], [Vector(1, 2)])[0], (X, At)), Is.EqualTo(21));
    }

    [Test]
    public void Several_results_get_their_own_cotangents()
    {
        IReadOnlyList<Node?>? seen = null;
        NodeList two = CustomGradient(
            "two",
            [X],
            v => [v[0] * 2, v[0] * v[0]],
            (inputs, results, cotangents) =>
            {
                seen = cotangents;
                return [cotangents[1]! * 2 * inputs[0]];
            });
        Node gradient = Gradients(Sum(two[1]), X)[0];
        Assert.That(seen![0], Is.Null);
        Assert.That(Values(gradient, (X, At)), Is.EqualTo(new double[] { 1, 4 }));
        NodeList plain = Call("plain", [X], v => [v[0] * 2, v[0] * v[0]]);
        Assert.That(Values(Gradients(Sum(plain[0] * plain[1]), X)[0], (X, At)), Is.EqualTo(new[] { 1.5, 24 }));
    }

    [Test]
    public void A_node_of_several_results_answers_for_none_of_them()
    {
        var (sine, count) = Call("both", [X], v => [Sin(v[0]), CountNonZero(v[0])]);
        Node both = sine.Inputs[0];
        Assert.That((sine.DType, sine.Rank, count.DType, count.Rank), Is.EqualTo((DType.Float64, 1, DType.Int64, 0)));
        Assert.That(Output(both, 1).Shape, Is.EqualTo(count.Shape));
        foreach (Action ask in (Action[])
        [
            () => _ = both.DType, () => _ = both.Shape, () => _ = both.Rank, () => _ = both[0], () => Sum(both), () => Gradients(Sum(sine), both), () => Gradients(both, X),
            () => Vjp([both], [X], [sine]), () => Vjp([sine], [X], [both]), () => Jvp([sine], [both], [sine]), () => _ = new Graph([X], [both]), () => Call("more", [both], v => v[0]),
            () => GradientCheck.Run(Sum(sine), [both]), () => Substitute(sine, new Dictionary<Node, Node> { [X] = both }), () => _ = Stack([both, sine]), () => MatMul(sine, both),
        ])
        {
            Assert.That(() => ask(), Throws.InstanceOf<GraphException>().With.Message.Contains("both float64[2], int64[] has 2 results; take one with Output(node, i)."));
        }
    }

    [Test]
    public void Bad_pullbacks_are_refused_where_the_call_is_made()
    {
        Input<long> k = Input<long>("k", [2]);
        Assert.That(() => CustomGradient("count", [X], v => v[0], (_, _, _) => []), Throws.TypeOf<GradientException>().With.Message.Contains("count").And.Message.Contains("0 cotangents for 1 input;"));
        Assert.That(() => CustomGradient("more", [X], v => v[0], (_, _, c) => [c, c]), Throws.TypeOf<GradientException>().With.Message.Contains("2 cotangents for 1 input;"));
        Assert.That(() => CustomGradient("null", [X], v => v[0], (_, _, _) => null!), Throws.TypeOf<GradientException>().With.Message.Contains("one cotangent for each input"));
        Assert.That(() => CustomGradient("shape", [X], v => v[0], (_, _, c) => [Sum(c)]), Throws.TypeOf<GradientException>().With.Message.Contains("float64[]").And.Message.Contains("float64[2]"));
        Assert.That(() => CustomGradient("dtype", [X], v => v[0], (_, _, c) => [Cast(c, DType.Float32)]), Throws.TypeOf<GradientException>().With.Message.Contains("float32[2]").And.Message.Contains("float64[2]"));
        Assert.That(
            () => CustomGradient("whole", [X, k], v => v[0] * Cast(v[1], DType.Float64), (i, _, c) => [c * Cast(i[1], DType.Float64), i[1]]),
            Throws.TypeOf<GradientException>().With.Message.Contains("int64 has no gradients").And.Message.Contains("input 1"));
        Assert.That(() => CustomGradient("plain", [Input<double>("p", [2])], v => v[0], (_, _, _) => []), Throws.TypeOf<GradientException>(), "no gradient is asked for yet");
        Assert.That(() => Call("none", [X], _ => []), Throws.TypeOf<GraphException>().With.Message.Contains("'none'").And.Message.Contains("at least one node"));
    }

    [Test]
    public void Pullbacks_may_call_each_other_s_functions()
    {
        static Node MySin(Node x) => CustomGradient("sin", [x], v => Sin(v[0]), (i, _, c) => [c * MyCos(i[0])]);
        static Node MyCos(Node x) => CustomGradient("cos", [x], v => Cos(v[0]), (i, _, c) => [-c * MySin(i[0])]);
        Node third = Gradients(Sum(Gradients(Sum(Gradients(Sum(MySin(X)), X)[0]), X)[0]), X)[0];
        Assert.That(Values(third, (X, At)), Is.EqualTo(new[] { -Math.Cos(0.5), -Math.Cos(2) }).Within(1e-12));
    }

    [Test]
    public void A_pullback_that_lets_nothing_flow_gives_zeros()
    {
        Node y = CustomGradient("still", [X], v => v[0], (_, _, _) => [null]);
        Assert.That(Values(Gradients(Sum(y), X)[0], (X, At)), Is.EqualTo(new double[2]));
    }

    [Test]
    public void What_a_body_reaches_for_becomes_an_input()
    {
        Input<double> w = Variable("w", 2);
        Node outer = Exp(w);
        NodeList two = Call("two", [w], v => [v[0], v[0] * 3]);
        Node y = Call("f", [X], v => v[0] * outer * Call("inner", [v[0] + 1], u => u[0] * v[0] + two[1]));
        (Node, TensorValue)[] given = [(X, At), (w, Reals([2], -0.3, 0.7))];
        Node plain = X * outer * (((X + 1) * X) + (w * 3));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(y.Inputs, Has.Member(outer));
            Assert.That(Values(y, given), Is.EqualTo(Values(plain, given)).Within(1e-14));
            foreach (Input<double> leaf in (Input<double>[])[X, w])
            {
                Assert.That(Values(Gradients(Sum(y), leaf)[0], given), Is.EqualTo(Values(Gradients(Sum(plain), leaf)[0], given)).Within(1e-13));
                Assert.That(Values(Jvp([y], [leaf], [Vector(1, 2)])[0], given), Is.EqualTo(Values(Jvp([plain], [leaf], [Vector(1, 2)])[0], given)).Within(1e-13));
            }

            Assert.That(Values(Gradients(Sum(y), outer)[0], given), Is.EqualTo(Values(Gradients(Sum(plain), outer)[0], given)).Within(1e-13));
            Assert.That(() => GradientCheck.Verify(Sum(y), [X, w]), Throws.Nothing);
            Assert.That(() => GradientCheck.Verify(Sum(Call("scaled", [X], v => v[0] * Input<double>("p", [2]))), [X]), Throws.Nothing);
        }
    }

    [Test]
    public void A_pullback_of_its_own_knows_all_that_needs_one()
    {
        Input<double> w = Variable("w", 2);
        static IReadOnlyList<Node?> Pull(NodeList inputs, Node result, Node cotangent) => [cotangent * inputs[0] * inputs.Count];
        Node frozen = CustomGradient("f", [X], v => v[0] * Detach(w) * Input<double>("p", [2]), Pull);
        Assert.That(() => CustomGradient("f", [X], v => v[0] * Sin(w), Pull), Throws.TypeOf<GraphException>().With.Message.Contains("'f'").And.Message.Contains("'w'").And.Message.Contains("add it to the inputs"));
        Assert.That(Values(Gradients(Sum(frozen), X)[0], (X, At), (w, At)), Is.EqualTo(new double[] { 0.5, 2 }), "it sees the inputs that were listed");
    }

    [Test]
    public void What_a_body_makes_has_no_value_outside_of_it()
    {
        Node? given = null;
        Node? made = null;
        Node? number = null;
        Node y = Call("f", [X], v =>
        {
            (given, made, number) = (v[0], v[0] * 2, Constant(3.0));
            Assert.That(Values(Gradients(Sum(made * number), v[0])[0]), Is.EqualTo(new double[] { 6, 6 }), "inside it is a node like others");
            return made * number;
        });
        foreach (Node leaked in (Node[])[given!, made!])
        {
            Assert.That(() => leaked + 1, Throws.TypeOf<GraphException>().With.Message.Contains(leaked.Describe()).And.Message.Contains("Add uses").And.Message.Contains("the body of Call 'f'"));
            Assert.That(() => new Graph([], [leaked]), Throws.TypeOf<GraphException>().With.Message.Contains("the body of Call 'f'"));
            Assert.That(() => Call("g", [X], v => v[0] * leaked), Throws.TypeOf<GraphException>().With.Message.Contains("the body of Call 'f'"));
        }

        Assert.That(() => Call("fails", [X], v => (made = v[0] * 2) is null ? v[0] : throw new InvalidOperationException()), Throws.InvalidOperationException);
        Assert.That(() => made! * 2, Throws.TypeOf<GraphException>().With.Message.Contains("the body of Call 'fails'"));
        Assert.That(Values(y, (X, At)), Is.EqualTo(new double[] { 3, 12 }));
    }

    /// <summary>As a static field is, which .NET may set when a body first asks for it.</summary>
    [Test]
    public void What_is_made_of_constants_in_a_body_is_known_everywhere()
    {
        Node? number = null;
        Node? table = null;
        Node y = Call("f", [X], v =>
        {
            number = Constant(3.0);
            table = Reshape(Stack([number, number + 1]), [2]);
            return v[0] * table;
        });
        Assert.That(Values(y, (X, At)), Is.EqualTo(new[] { 1.5, 8 }));
        Assert.That(Values(table! + number!), Is.EqualTo(new double[] { 6, 7 }));
        Assert.That(Values(Call("g", [X], v => v[0] * table!), (X, At)), Is.EqualTo(new[] { 1.5, 8 }));
    }

    [Test]
    public void Leaves_made_in_a_body_are_there_for_all()
    {
        Input<double>? inside = null;
        Node y = Call("f", [X], v => v[0] * (inside = Variable("inside", 2)));
        Assert.That(Values(Gradients(Sum(y * inside!), inside!)[0], (X, At), (inside!, Reals([2], 3, 4))), Is.EqualTo(new double[] { 3, 16 }));
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

            return frozen * v[0];
        });
        Assert.That(Values(Gradients(Sum(y), X)[0], (X, At)), Is.EqualTo(new[] { 0.25, 4 }));
    }
}
