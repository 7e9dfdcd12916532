using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Batching;

/// <summary>What Vmap takes and gives: axes, shared values, sizes, random numbers, names, and mistakes.</summary>
internal sealed class VmapTests
{
    private static readonly Node Table = Of([2, 3], 1, 2, 3, 4, 5, 6);

    [Test]
    public void Axes_are_those_that_were_asked_for()
    {
        Assert.That(Values(Vmap(r => Sum(r * Vector(1, 10, 100)))(Table)), Is.EqualTo((double[])[321, 654]));
        Assert.That(Values(Vmap(c => c[0] - c[1], inAxis: 1)(Table)), Is.EqualTo((double[])[-3, -3, -3]));
        Assert.That(Values(Vmap(c => c[0] - c[1], inAxis: -1)(Table)), Is.EqualTo((double[])[-3, -3, -3]));
        AssertSame(Run(Vmap(r => r * 2, outAxis: 1)(Table)), Reals([3, 2], 2, 8, 4, 10, 6, 12));
        AssertSame(Run(Vmap(r => r * 2, outAxis: -1)(Table)), Reals([3, 2], 2, 8, 4, 10, 6, 12));
        AssertSame(Run(Vmap(r => r * 2, inAxis: 1, outAxis: 1)(Table)), Reals([2, 3], 2, 4, 6, 8, 10, 12));
    }

    [Test]
    public void Several_inputs_and_results_have_axes_of_their_own()
    {
        AssertSame(Run(Vmap((r, v) => r * v, inAxes: (0, null))(Table, Vector(1, 2, 3))), Reals([2, 3], 1, 4, 9, 4, 10, 18));
        AssertSame(Run(Vmap((c, v) => c * v, inAxes: (1, 0))(Table, Vector(1, 2, 3))), Reals([3, 2], 1, 4, 4, 10, 9, 18));
        NodeList results = Vmap(x => [x[0] + x[1], Sum(x[0]), Constant(7.0)], outAxes: [1, 0, 0])([Table, Vector(10, 20)]);
        AssertSame(Run(results[0]), Reals([3, 2], 11, 24, 12, 25, 13, 26));
        AssertSame(Run(results[1]), Reals([2], 6, 15));
        AssertSame(Run(results[2]), Reals([2], 7, 7));
        AssertSame(Run(Vmap(Exp)(Table)), Run(Exp(Table)));
        AssertSame(Run(Vmap(Dot)(Table, Table)), Reals([2], 14, 77));
        AssertSame(Run(Vmap(Vmap((a, b) => a - b), inAxes: (0, null))(Table, Vector(1, 2, 3))), Reals([2, 3], 0, 0, 0, 3, 3, 3));
        AssertSame(Run(Vmap(x => [x[1], x[0]])([Table, Table * 2])[1]), Run(Table));
        (Node largest, Node where) = Vmap(r => [Max(r), ArgMax(r)])(Table);
        Assert.That(Values(largest).Concat(Values(where)), Is.EqualTo((double[])[3, 6, 2, 2]));
    }

    [Test]
    public void A_size_may_be_a_symbol_and_no_example_is_none([Values(0, 1, 5)] int count)
    {
        Input<double> xs = Variable("xs", 3, "B");
        Node mapped = Vmap(x => Softmax(x, 0) * Sum(x), inAxis: 1, outAxis: 1)(xs);
        Assert.That(mapped.Shape, Is.EqualTo(S(3, "B")));
        TensorValue given = Sample(new NodeType(DType.Float64, S(3, count)), _ => 0, 3);
        AssertSame(Run(mapped, (xs, given)), Run(Softmax(xs, 0) * Sum(xs, 0), (xs, given)));
    }

    [Test]
    public void What_no_example_moves_is_the_same_node()
    {
        Input<double> w = Variable("w", 3);
        Node heavy = Exp(w);
        Node mapped = Vmap(r => (r * heavy) + Sin(heavy))(Table);
        List<Node> nodes = GraphWalk.TopologicalOrder([mapped]);
        Assert.That(nodes, Has.Member(heavy));
        Assert.That(nodes.Single(n => n.Operation == "Sin").Shape, Is.EqualTo(S(3)), "it is computed once");
        Assert.That(Gradients(Sum(mapped), heavy)[0].Shape, Is.EqualTo(S(3)), "it is the user's node, which is differentiated");
    }

    [Test]
    public void Gradients_are_cut_where_they_were()
    {
        Input<double> x = Variable("x", 2, 3);
        TensorValue at = Reals([2, 3], 1, 2, 3, 4, 5, 6);
        Assert.That(Values(Gradients(Sum(Vmap(r => r * Detach(r))(x)), x)[0], (x, at)), Is.EqualTo((double[])[1, 2, 3, 4, 5, 6]));
        Assert.That(Values(Gradients(Sum(Vmap(r => r * Frozen(r))(x)), x)[0], (x, at)), Is.EqualTo((double[])[2, 4, 6, 8, 10, 12]));
        using (GradMode.NoGrad())
        {
            Assert.That(Vmap(r => r * 2)(x).RequiresGrad, Is.False);
        }

        Assert.That(Vmap(r => r * 2)(Table).RequiresGrad, Is.False);

        static Node Frozen(Node r)
        {
            using (GradMode.NoGrad())
            {
                return r * 2;
            }
        }
    }

    [Test]
    public void Nodes_keep_their_names()
    {
        Node mapped = Vmap(r => Exp(r * 2).Named("grown", "model"))(Table);
        Assert.That(GraphWalk.TopologicalOrder([mapped]).Single(n => n.Operation == "Exp"), Has.Property(nameof(Node.Name)).EqualTo("grown").And.Property(nameof(Node.Scope)).EqualTo("model"));
    }

    [Test]
    public void Examples_draw_different_numbers_or_the_same([Values] VmapRandomness randomness)
    {
        var generator = new Generator(3);
        Node outside = Uniform(generator, [], DType.Float64);
        NodeList drawn = Vmap(
            r =>
            [
                r + Uniform(generator, [2], DType.Float64),
                Uniform(generator, [2], DType.Float64),
                Scan(r, 3, (h, t) => (h, h + Uniform(generator, [2], DType.Float64))).Outputs,
                Scan([], 3, (h, t) => ([], [Uniform(generator, [2], DType.Float64)])).Outputs[0],
                While([r, Constant(0)], s => s[1] < 2, s => [s[0] + Uniform(generator, [2], DType.Float64), s[1] + 1])[0],
                While([r], s => Sum(s[0]) < 0.7, s => [s[0] + Uniform(generator, [2], DType.Float64)], most: 5)[0],
                Cond(Sum(r) < 1, () => Uniform(generator, [2], DType.Float64), () => r),
                Call("Noise", [r], c => c[0] + Uniform(generator, [2], DType.Float64)),
                Vmap(x => x + Uniform(generator, [], DType.Float64), randomness: randomness)(Zeros([3], DType.Float64)),
                Gamma(generator, r + 2),
                r + outside,
            ],
            randomness: randomness)(Zeros([5, 2], DType.Float64));
        TensorValue[] values = Interpreter.Evaluate(drawn, new Dictionary<Node, TensorValue>());
        for (int i = 0; i < drawn.Count; i++)
        {
            int each = (int)values[i].Count / 5;
            int inner = drawn[i].Rank == 2 && each == 3 && randomness == VmapRandomness.Same ? 1 : each;
            int expected = i == drawn.Count - 1 ? 1 : randomness == VmapRandomness.Same ? inner : each * 5;
            Assert.That(values[i].Reals.Distinct().Count(), Is.EqualTo(expected), $"result {i}");
        }

        Assert.That(values.SelectMany(v => v.Reals).Distinct().Count(), Is.GreaterThan(randomness == VmapRandomness.Same ? 20 : 100), "operations draw different numbers");
    }

    [Test]
    public void A_dropout_drops_others_in_each_example_and_the_same_in_its_gradient()
    {
        Input<double> x = Variable("x", 6, 20);
        Node kept = Vmap(r => Dropout(new Generator(1), r, 0.5))(x);
        TensorValue[] values = Interpreter.Evaluate([kept, Gradients(Sum(kept), x)[0]], new Dictionary<Node, TensorValue> { [x] = TensorValue.Full(DType.Float64, [6, 20], 1) });
        AssertSame(values[0], values[1]);
        Assert.That(Enumerable.Range(0, 6).Select(i => string.Join(",", values[0].Reals.Skip(20 * i).Take(20))).Distinct().Count(), Is.EqualTo(6));
    }

    [Test]
    public void Mistakes_are_named()
    {
        Node symbols = Input<double>("s", ["N", 3]);
        Assert.That(() => Vmap(r => r, inAxis: 2)(Table), Throws.InstanceOf<ShapeException>().And.Message.Contains("Vmap: axis 2 is outside a rank of 2"));
        Assert.That(() => Vmap(r => r, outAxis: 2)(Table), Throws.InstanceOf<ShapeException>().And.Message.Contains("out axis 2 is outside the rank 2"));
        Assert.That(() => Vmap((a, b) => a)(Table, Vector(1, 2, 3)), Throws.InstanceOf<ShapeException>().And.Message.Contains("has 2 examples").And.Message.Contains("of input 1").And.Message.Contains("has 3"));
        Assert.That(() => Vmap((a, b) => a)(Table, symbols), Throws.InstanceOf<ShapeException>().And.Message.Contains("AssumeShape"));
        Assert.That(() => Vmap((a, b) => a, inAxes: (null, null))(Table, Table), Throws.InstanceOf<GraphException>().And.Message.Contains("no input has an axis of examples"));
        Assert.That(() => Vmap((NodeList x) => [Table])([]), Throws.InstanceOf<GraphException>().And.Message.Contains("no input has an axis of examples"));
        Assert.That(() => Vmap(x => [x[0]], inAxes: [0])([Table, Table]), Throws.InstanceOf<GraphException>().And.Message.Contains("1 axis in inAxes for 2 inputs"));
        Assert.That(() => Vmap(r => [r, r], outAxes: [0])(Table), Throws.InstanceOf<GraphException>().And.Message.Contains("1 out axis for 2 results"));
        Assert.That(() => Vmap(NodeList (Node r) => [])(Table), Throws.InstanceOf<GraphException>().And.Message.Contains("Vmap: the body must return at least one node"));
        Assert.That(() => Vmap(Node (Node r) => null!)(Table), Throws.TypeOf<GraphException>().And.Message.StartsWith("Vmap: the body gave null"));
        Assert.That(() => Vmap(r => r)(Constant(1.0)), Throws.InstanceOf<ShapeException>().And.Message.StartsWith("Vmap: a scalar has no axis of examples").And.Message.EndsWith("Input: Constant float64[]."));
        Assert.That(() => Vmap(r => MatMul(r, Table))(Table), Throws.InstanceOf<ShapeException>().And.Message.Contains("MatMul"), "errors speak of one example");

        Node plain = Input<double>("plain", [2, 3]);
        Assert.That(() => Vmap(r => Gradients(Sum(r * r), plain)[0])(plain), Throws.TypeOf<GradientException>().And.Message.EndsWith("In the body of Vmap, what it is applied to is not there: the gradient may be meant in what the body is given."));
        Assert.That(() => Vmap(r => Gradients(Sum(r * r), Table)[0])(Table), Throws.TypeOf<GradientException>().And.Message.Contains("the gradient may be meant in what the body is given"));

        Node? leaked = null;
        Vmap(r => leaked = r * 2)(Table);
        Assert.That(() => leaked! + 1, Throws.InstanceOf<GraphException>().And.Message.Contains("the body of Vmap"));
        Assert.That(() => Vmap(r => leaked!)(Table), Throws.InstanceOf<GraphException>().And.Message.Contains("the body of Vmap"));
    }
}
