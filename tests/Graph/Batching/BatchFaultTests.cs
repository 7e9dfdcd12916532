using GraphCompiler.Operations;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Batching;

/// <summary>A batching rule that is made wrong is named, wherever its operation stands.</summary>
internal sealed class BatchFaultTests
{
    private static readonly Input<double> X = Variable("x", 3);
    private static readonly Input<double> W = Variable("w", 3, 3);

    private static IEnumerable<TestCaseData> Cases()
    {
        yield return Case("a node", () => Sum(Cumulated(Tanh(MatMul(X, W)))));
        yield return Case("beside others of its kind", () => MatMul(W, Cumulated(X)) + CumulativeSum(X[..0], 0).Sum());
        yield return Case("a composite", () => Exp(Call("mine", [X], x => [Cumulated(x[0]) * 2])[0]), "mine");
        yield return Case("a checkpoint", () => Exp(Checkpoint(x => Cumulated(x) * 2, X)), "Checkpoint");
        yield return Case("a branch", () => Cond(Sum(X) > 2, () => Cumulated(X), () => X).Named("choice"), "Cond 'choice'");
        yield return Case("a loop", () => Scan(Zeros([3], DType.Float64), X, (h, x) => h + Cumulated(h + x)).Last, "step 0 of Scan");
        yield return Case("a loop that ends apart", () => While(X, x => Sum(x) < 9, x => Cumulated(x) + 1, most: 4), "step 0 of While");
        yield return Case("a loop in a branch", () => Cond(Sum(X) > 2, () => X, () => Scan(X, 3, (h, t) => Cumulated(h)).Last), "Cond", "step 0 of Scan");
        yield return Case("a gradient", () => Gradients(Sum(Square(Cumulated(X))), X)[0]);

        static TestCaseData Case(string name, Func<Node> one, params string[] inside) => new TestCaseData(one, inside).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Cases))]
    public void TheOperationIsNamed(Func<Node> one, string[] inside)
    {
        Node root = one();
        TensorValue[][] examples = [.. new[] { 0.25, 1.5 }.Select(scale => (TensorValue[])[Reals([3], scale, 0.5, 0.75), Reals([3, 3], 1, 2, 3, 4, 5, 6, 7, 8, 9)])];
        var locator = new BatchFaultLocator(_ => 0);
        Assert.That(locator.Find([root], [X, W], examples), Is.Null);

        BatchFault? fault = null;
        OpRules.With(
            (node, rule, answer) => rule == OpRule.Batch && node.Op is CumulativeSumOp ? [-answer[0]!] : answer,
            () => fault = locator.Find([root], [X, W], examples));
        Assert.That((fault?.Node.Operation, fault?.Inside), Is.EqualTo(("CumulativeSum", inside)));
        Assert.That(fault!.ToString(), Does.StartWith("The batching rule of CumulativeSum float64[3]").And.Contain(inside.Length == 0 ? " disagrees " : $" (inside {inside[^1]}"));
    }

    private static Node Cumulated(Node x) => CumulativeSum(x, 0);
}
