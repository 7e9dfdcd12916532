using GraphCompiler.Operations;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;
using Values = GraphCompiler.Tests.Compiler.Values;

namespace GraphCompiler.Tests.ControlFlow;

/// <summary>Loops and branches against the parts that they stand for.</summary>
internal sealed class LoopTests
{
    private static readonly int[] Counts = [0, 1, 2, 5];

    [TestCaseSource(typeof(LoopCase), nameof(LoopCase.All))]
    public void Values_and_gradients_are_those_of_the_parts(LoopCase c)
    {
        Node[] symbolic = Inputs(c, "T");
        NodeList loops = c.Build(LoopMaker.Loops, symbolic);
        Node[] asked = Asked(loops, symbolic);
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile(symbolic, asked);
        foreach (int count in Counts)
        {
            Node[] constant = Inputs(c, count);
            NodeList parts = c.Build(LoopMaker.Unrolled, constant);
            Assert.That(loops.Select(n => n.RequiresGrad), Is.EqualTo(parts.Select((n, i) => n.RequiresGrad || (loops[i].RequiresGrad && count < Counts[^1]))), "what requires a gradient");
            TensorValue[] samples = [.. constant.Select((n, i) => Sample(n.Results[0], _ => 0, 7 + i))];
            TensorValue[] interpreted = Interpreter.Evaluate(asked, symbolic.Zip(samples).ToDictionary(p => p.First, p => p.Second), _ => count);
            TensorValue[] expected = Interpreter.Evaluate(Asked(parts, constant), constant.Zip(samples).ToDictionary(p => p.First, p => p.Second));
            RunResults results = compiled.Run([.. samples.Select(Values.ToArgument)]);
            for (int i = 0; i < asked.Length; i++)
            {
                AssertSame(interpreted[i], expected[i], 1e-9);
                AssertSame(Values.Read(results, i, expected[i].DType, expected[i].Shape), expected[i], 1e-9);
            }
        }
    }

    [TestCaseSource(typeof(LoopCase), nameof(LoopCase.All))]
    public void Forward_leaves_what_backward_needs(LoopCase c)
    {
        Node[] inputs = Inputs(c, "T");
        Node loss = Loss(c.Build(LoopMaker.Loops, inputs));
        Node[] gradients = [.. Gradients(loss, inputs, Unreached.Zeros)];
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile(inputs, loss);
        foreach (int count in Counts)
        {
            TensorValue[] samples = [.. Inputs(c, count).Select((n, i) => Sample(n.Results[0], _ => 0, 7 + i))];
            TensorValue[] expected = Interpreter.Evaluate(gradients, inputs.Zip(samples).ToDictionary(p => p.First, p => p.Second), _ => count);
            compiled.Forward([.. samples.Select(Values.ToArgument)]);
            compiled.Backward();
            for (int i = 0; i < inputs.Length; i++)
            {
                double[] actual = ((Input<double>)inputs[i]).Grad is { } gradient ? [.. gradient] : new double[expected[i].Count];
                AssertSame(TensorValue.OfReals(DType.Float64, expected[i].Shape, actual), expected[i], 1e-9);
            }

            compiled.ZeroGrad();
        }
    }

    [Test]
    public void Nothing_made_without_gradients_requires_one()
    {
        (Input<double> h, Input<double> xs) = (Variable("h", 2), Variable("xs", "T", 2));
        using (GradMode.NoGrad())
        {
            (Node last, Node outputs) = Scan(h, xs, (c, x) => c * x);
            Node either = Cond(Sum(h) > 0, () => h, () => h * 2);
            Assert.That((last.RequiresGrad, outputs.RequiresGrad, either.RequiresGrad), Is.EqualTo((false, false, false)));
        }

        Assert.That(Scan(Detach(h), Detach(xs), (c, x) => c * x).Last.RequiresGrad, Is.False);
    }

    [Test]
    public void What_takes_a_captured_node_s_place_gets_its_gradient()
    {
        Input<double> factor = Input<double>("factor", []);
        Input<double> h = Variable("h", 2);
        Node last = Scan(h, 3, (c, _) => Cond(Sum(c) > 0, () => c * factor, () => c)).Last;
        Input<double> w = Variable("w");
        Node gradient = Gradients(Sum(Substitute(last, new Dictionary<Node, Node> { [factor] = w * w })), w)[0];
        Assert.That(Value(gradient, (h, Reals([2], 1, 2)), (w, Reals([], 2))), Is.EqualTo(3 * 6 * 32), "of (1 + 2)·w⁶");
    }

    [Test]
    public void A_checkpoint_keeps_what_is_carried_into_blocks()
    {
        (Input<double> h, Input<double> xs) = (Variable("h", 2), Variable("xs", 20, 2));
        Assert.That(RowsKept(checkpoint: null), Is.EqualTo(20));
        Assert.That(RowsKept(checkpoint: 4), Is.EqualTo(5));

        long RowsKept(int? checkpoint)
        {
            Node gradient = Gradients(Sum(Scan(h, xs, (c, x) => Sin(c * x), checkpoint: checkpoint).Last), h)[0];
            return GraphWalk.TopologicalOrder([gradient])
                .Where(n => n.Op is LoopOp { Reverse: false })
                .SelectMany(n => n.Results.Skip(((LoopOp)n.Op).Carried))
                .Where(r => r.Shape.Rank == 2)
                .Max(r => r.Shape[0].Constant!.Value);
        }
    }

    [Test]
    public void Graphs_do_not_grow_with_the_steps()
    {
        Assert.That(Size(1000), Is.EqualTo(Size(3)));

        static int Size(int steps)
        {
            Input<double> h = Variable("h", 2);
            Node loss = Sum(Scan(h, steps, (c, t) => Sin(c) * BroadcastTo(Cast(t, DType.Float64), [2])).Last);
            return GraphWalk.WithBodies(Gradients(Sum(Gradients(loss, h)[0]), h)).Count();
        }
    }

    private static Node[] Inputs(LoopCase c, Dim count) =>
        [.. c.Inputs.Select((s, i) => Input<double>($"x{i}", Shape.Of(s.Select(d => d.Symbol is null ? d : count)), requiresGrad: true))];

    /// <summary>The results, and the first and second derivatives of a number made of them.</summary>
    private static Node[] Asked(NodeList results, Node[] inputs)
    {
        Node[] floats = [.. results.Where(r => r.DType.IsFloat())];
        Node loss = Loss(results);
        Node[] vector = [.. inputs.Select((x, i) => Weights(x, i + 5))];
        return
        [
            .. results, .. Gradients(loss, inputs, Unreached.Zeros), .. HessianVectorProduct(loss, inputs, vector), .. Jvp(floats, inputs, vector),
            .. Gradients(Jvp([loss], inputs, vector).Single(), inputs, Unreached.Zeros),
        ];
    }

    private static Node Loss(NodeList results) => results.Where(r => r.DType.IsFloat()).Select((r, i) => Sum(r * Weights(r, i + 1))).Aggregate((a, b) => a + b);

    private static Node Weights(Node like, int seed) => Reshape(Sin(Arange(like.Shape.ElementCount, seed, 1.7, DType.Float64)), like.Shape);
}
