using GraphCompiler.Operations;
using GraphCompiler.Rewriting;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Rewriting;

/// <summary>Merging, dropping, the fixed point, and what may not be matched through.</summary>
public class RewriterTests
{
    private static Rewritten Merge(IReadOnlyList<Node> roots) => Rewriter.Run([], roots);

    [Test]
    public void Equal_nodes_merge()
    {
        Node x = Variable();
        Node a = Sin(x) * 2;
        Node b = Sin(x) * 2;
        Rewritten result = Merge([a, b]);
        Assert.That(result.Of(a), Is.SameAs(result.Of(b)));
        Node c = Sin(x) * 3;
        Rewritten other = Merge([a, c]);
        Assert.That(other.Of(c), Is.Not.SameAs(other.Of(a)));
        Assert.That(other.Of(c).Inputs[0], Is.SameAs(other.Of(a).Inputs[0]));
    }

    /// <summary>What is rewritten is not differentiated any more, so it does not matter where gradients end.</summary>
    [Test]
    public void A_node_with_a_gradient_merges_with_one_without()
    {
        Node x = Variable("x", 3);
        Node[] roots = [Sin(x), Quietly(() => Sin(x)), Sin(Detach(x)), Quietly(() => Softmax(x)), Softmax(x)];
        Node[] inlined = InlineCalls.Run(roots);
        Node[] merged = Merge(inlined).Of(inlined);
        Assert.That(merged.Distinct(), Is.EqualTo(new[] { merged[0], merged[4] }));
        Assert.That(GraphWalk.TopologicalOrder(inlined).Select(n => n.Op), Has.None.TypeOf<DetachOp>());
    }

    [Test]
    public void Leaves_never_merge()
    {
        Node a = Input("x", [2]);
        Node b = Input("x", [2]);
        Rewritten result = Merge([a, b]);
        Assert.That(result.Of(a), Is.Not.SameAs(result.Of(b)));
        Assert.That(result.Of(a), Is.SameAs(a));
    }

    [Test]
    public void Constants_compare_bit_for_bit()
    {
        (Node zero, Node minusZero) = (Constant(0.0), Constant(-0.0));
        (Node nan, Node other) = (Constant(double.NaN), Constant(double.NaN));
        Rewritten result = Merge([zero, minusZero, nan, other]);
        Assert.That(result.Of(zero), Is.Not.SameAs(result.Of(minusZero)));
        Assert.That(result.Of(nan), Is.SameAs(result.Of(other)));
        Assert.That(Merge([Constant(0), Constant(0L)]).Hits, Is.Empty);
    }

    [Test]
    public void Dead_nodes_are_dropped_and_rules_run_to_a_fixed_point()
    {
        Node x = Variable();
        Node y = x;
        for (int i = 0; i < 10; i++)
        {
            y = -(-(y * 1));
        }

        Rewritten result = Rewriter.Run(Simplify.Rules, [y]);
        Assert.That(result.Of(y), Is.SameAs(x));
        Assert.That(GraphWalk.TopologicalOrder(result.Of([y])), Has.Count.EqualTo(1));
    }

    [Test]
    public void A_budget_ends_rules_that_chase_each_other()
    {
        RewriteRule[] rules =
        [
            RewriteRule.For<SinOp>("sin → cos", (n, _) => Cos(n.Inputs[0] + 1)),
            RewriteRule.For<CosOp>("cos → sin", (n, _) => Sin(n.Inputs[0] + 1)),
        ];
        Rewritten result = Rewriter.Run(rules, [Sin(Variable())]);
        Assert.That(result.Hits.Values.Sum(), Is.InRange(100, 2000));
    }

    [Test]
    public void A_rule_may_not_change_the_type()
    {
        Node y = Sin(Variable());
        Assert.That(
            () => Rewriter.Run([RewriteRule.For<SinOp>("wrong", (n, _) => Cast(n.Inputs[0], DType.Float32))], [y]),
            Throws.InvalidOperationException.With.Message.Contains("'wrong'"));
    }

    /// <summary>A stable form looks through what was made with gradients only, or they would flow where they were cut off; values have it in any case.</summary>
    [Test]
    public void What_was_made_without_gradients_is_not_differentiated_through()
    {
        Node x = Variable("x");
        Node y = Variable("y");
        Node below = Quietly(() => 1 + Exp(-y));
        Assert.That(GradientsOrNull(x / below, [x, y])[1], Is.Null);
        Node stable = Log(Quietly(() => Softmax(Variable("z", 3))));
        Assert.That(Stabilize.Run([stable]).Of(stable).Op, Is.TypeOf<LogSoftmaxOp>());
    }

    [Test]
    public void Inlining_leaves_no_composite_and_the_same_values()
    {
        Node x = Variable("x", 3);
        NodeList two = Call("two", [x], v => [Softmax(v[0]), Relu(v[0] * 2)]);
        Node[] roots = [LogSoftmax(two[1] + two[0]), Gelu(x), Softplus(x), LayerNorm(x), Clamp(x, -1, 1)];
        Node[] inlined = InlineCalls.Run(roots);
        Assert.That(GraphWalk.TopologicalOrder(inlined).Where(n => n.Op is CompositeOp or OutputOp), Is.Empty);
        for (int i = 0; i < roots.Length; i++)
        {
            AssertSame(Run(inlined[i], (x, Reals([3], -0.5, 0.2, 3))), Run(roots[i], (x, Reals([3], -0.5, 0.2, 3))));
        }
    }

    private static Node Quietly(Func<Node> make)
    {
        using (GradMode.NoGrad())
        {
            return make();
        }
    }
}
