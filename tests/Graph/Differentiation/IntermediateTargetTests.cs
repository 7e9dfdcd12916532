using GraphCompiler.Differentiation;
using GraphCompiler.Operations;
using GraphCompiler.Tests.GradientChecking;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Differentiation;

/// <summary>Gradients with respect to nodes that are computed are taken through these very nodes, to any order and in both modes.</summary>
[TestFixture]
public sealed class IntermediateTargetTests
{
    private static readonly Input<double> P = Variable("p");
    private readonly Node q = P * 1.0;

    private static double At2(Node node) => Value(node, (P, Reals([], 2)));

    [Test]
    public void A_gradient_is_differentiated_again_through_its_target()
    {
        Node g = Gradients(q.Pow(3), q)[0];
        Assert.That(At2(g), Is.EqualTo(12));
        Assert.That(At2(Gradients(g, q)[0]), Is.EqualTo(12));
        Assert.That(At2(Gradients(q * g, q)[0]), Is.EqualTo(36));
        Assert.That(At2(Gradients(Gradients(q * g, q)[0], q)[0]), Is.EqualTo(36), "9q² once more");
        Assert.That(At2(Gradients(q * g, P)[0]), Is.EqualTo(36));
        Assert.That(At2(Jvp([g], [q], [OnesLike(q)])[0]), Is.EqualTo(12));
        Assert.That(At2(Jvp([q * g], [q], [OnesLike(q)])[0]), Is.EqualTo(36));
        Assert.That(At2(Jvp([Jvp([q.Pow(3)], [q], [OnesLike(q)])[0]], [q], [OnesLike(q)])[0]), Is.EqualTo(12));
        Assert.That(At2(HessianVectorProduct(q.Pow(3), [q], [Ones([], DType.Float64)])[0]), Is.EqualTo(12));
    }

    [Test]
    public void A_gradient_depends_on_every_node_that_it_was_taken_through()
    {
        Node h = Sin(q);
        Node unused = Log(1 + Exp(q));
        Node g = Gradients((h * h * h) + unused, P)[0];
        Assert.That(At2(Gradients(g, h)[0]), Close(6 * Math.Sin(2) * Math.Cos(2)), "h is no target of the first call");
    }

    [Test]
    public void Targets_may_be_the_loss_each_other_and_the_same()
    {
        Node h = q * q;
        Node loss = h * h * q;
        NodeList g = Gradients(loss, loss, h, q, h, P);
        Assert.That(g.Select(At2), Is.EqualTo(new double[] { 1, 2 * 4 * 2, 5 * 16, 2 * 4 * 2, 5 * 16 }));
        Assert.That(At2(Gradients(g[1] * h, h)[0]), Is.EqualTo(4 * 4 * 2), "2·h²·q");
        Assert.That(At2(HessianVectorProduct(loss, [h, q], [Ones([], DType.Float64), Zeros([], DType.Float64)])[0]), Is.EqualTo(4), "2·q");
    }

    [Test]
    public void Equal_nodes_are_not_taken_for_each_other()
    {
        Node twin = P * 1.0;
        Node g = Gradients(q.Pow(3), q)[0];
        Assert.That(At2(Gradients(twin * g, q)[0]), Is.EqualTo(24), "2 · 6q");
        Assert.That(At2(Gradients(twin * g, twin)[0]), Is.EqualTo(12));
        Assert.That(At2(Gradients(twin * g, P)[0]), Is.EqualTo(36));
    }

    [Test]
    public void The_body_of_a_call_is_gone_through_by_the_call_s_inputs()
    {
        foreach (Node cube in new[]
        {
            Call("cube", [q], x => x[0] * x[0] * x[0]),
            CustomGradient("cube", [q], x => x[0] * x[0] * x[0], (x, _, c) => [3 * x[0] * x[0] * c]),
            CustomGradient("cube", [q], x => x[0].Pow(3), (x, y, c) => [3 * y / x[0] * c]),
            Call("cube", [q], x => [x[0], x[0].Pow(3)])[1],
        })
        {
            Node g = Gradients(cube, q)[0];
            Assert.That(At2(Gradients(q * g, q)[0]), Close(36));
            Assert.That(At2(Jvp([q * g], [q], [OnesLike(q)])[0]), Close(36));
        }

        Node softplus = Call("softplus", [q], x => Log(1 + Exp(x[0])));
        Assert.That(Value(Gradients(softplus, q)[0], (P, Reals([], 1000))), Is.EqualTo(1), "a body is differentiated in its stable form too");
    }

    [Test]
    public void A_graph_of_a_node_and_of_gradients_through_it_holds_it_once()
    {
        Node x = Variable("x", 4, 3);
        Node point = MatMul(x, Transpose(x));
        Node loss = Sum(Log(1 + Exp(point)));
        Node g = Gradients(loss, point)[0];
        Node again = Gradients(Sum(g * g), point)[0];
        List<Node> nodes = GraphWalk.TopologicalOrder([point, loss, g, again]);
        Assert.That(nodes.Count(n => n.Op is MatMulOp), Is.EqualTo(1));
    }

    [Test]
    public void Compiled_code_agrees()
    {
        var p = Input<double>("p", [3], requiresGrad: true);
        Node points = Concat([p, 2 * p]);
        Node g = Gradients(Sum(points.Pow(3)), points)[0];
        Node second = Gradients(Sum(points * g), points)[0];
        Node product = HessianVectorProduct(Sum(points.Pow(3)), [points], [OnesLike(points)])[0];
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([p], [points, second, product]);
        RunResults results = compiled.Run(new double[] { 1, 2, -1 });
        Assert.That(results.GetArray<double>(1), Is.EqualTo(new double[] { 9, 36, 9, 36, 144, 36 }));
        Assert.That(results.GetArray<double>(2), Is.EqualTo(new double[] { 6, 12, -6, 12, 24, -12 }));
    }

    [Test]
    public void Retained_gradients_are_those_of_the_nodes()
    {
        var p = Parameter("p", 2.0);
        Node h = p * 1.0;
        Node twin = p * 1.0;
        using CompiledGraph model = GraphCompiler.Compiler.Compile([], h.Pow(3) + twin, new CompileOptions { RetainGrad = [h] });
        model.Forward();
        model.Backward();
        Assert.That(model.GradientOf<double>(h)![0], Is.EqualTo(12));
        Assert.That(p.Grad![0], Is.EqualTo(13));
    }

    /// <summary>Each operation makes the target: the gradient is differentiated again through what it made.</summary>
    [TestCaseSource(typeof(OperationTableTests), nameof(OperationTableTests.Rows))]
    public void The_result_of_every_operation_is_a_target(GradientCase row)
    {
        Input<double>[] inputs = row.MakeInputs();
        Node result = row.Apply(inputs);
        Node loss = Sum(Log1P(result * result));
        HashSet<Node> used = [.. GraphWalk.TopologicalOrder([loss])];
        GradientReport report = GradientCheck.Run(loss, [result], row.Values(inputs).Where(v => used.Contains(v.Key)).ToDictionary(), Sampled(2));
        Assert.That(report.Verdict, Is.Not.EqualTo(GradientVerdict.Failed), () => report.ToString());
        Assert.That(row.Worst != GradientVerdict.Passed || report.Verdict == GradientVerdict.Passed, () => report.ToString());
    }

    /// <summary>Each operation is applied to targets that are computed: the gradient goes back through it to what was made before.</summary>
    [TestCaseSource(typeof(OperationTableTests), nameof(OperationTableTests.Rows))]
    public void The_inputs_of_every_operation_are_targets(GradientCase row)
    {
        Input<double>[] inputs = row.MakeInputs();
        Node[] before = [.. inputs.Select(i => i * 1.0)];
        GradientReport report = GradientCheck.Run(row.Apply(before), before, row.Values(inputs), Sampled(row.Order));
        Assert.That(report.Verdict, Is.EqualTo(row.Worst), () => report.ToString());
    }

    [Test]
    public void The_check_finds_gradients_that_are_those_of_a_copy()
    {
        var options = new GradientCheckOptions { Order = 2 };
        Node loss = q.Pow(3);
        var draws = new RandomDraws(holds: true);
        var given = new Dictionary<Node, System.Numerics.Tensors.Tensor<double>> { [P] = Tensors.Of(2.0) };
        var evaluator = new InterpreterEvaluator(draws);
        GradientReport right = new GradientChecker(loss, [q], given, options, evaluator, draws).Run();
        GradientReport wrong = new GradientChecker(loss, [q], given, options, evaluator, draws, OfACopy).Run();
        Assert.That(right.Verdict, Is.EqualTo(GradientVerdict.Passed), () => right.ToString());
        Assert.That(wrong.Entries.Select(e => e.Verdict), Is.EqualTo(new[] { GradientVerdict.Passed, GradientVerdict.Failed }), () => wrong.ToString());

        static IReadOnlyList<Node?> OfACopy(Node output, Node cotangent, IReadOnlyList<Node> targets)
        {
            Dictionary<Node, Node> copy = GraphWalk.Map([output], (node, of) => node.Op.IsLeaf ? node : node.Rebuild(of));
            return ReverseMode.Pull([copy[output]], [cotangent], [.. targets.Select(t => copy.GetValueOrDefault(t, t))]);
        }
    }

    [Test]
    public void The_check_keeps_a_cast_apart_from_what_was_cast()
    {
        Input<float> x = Input("x", [2], requiresGrad: true);
        Node wide = Cast(x, DType.Float64);
        Node loss = Sum(wide * wide) + Sum(Cast(Sin(x), DType.Float64));
        Assert.That(() => GradientCheck.Verify(loss, [wide], options: new GradientCheckOptions { Order = 2 }), Throws.Nothing);
    }

    private static GradientCheckOptions Sampled(int order) => new() { Order = order, Mode = GradientCheckMode.SampledCoordinates(4) };
}
