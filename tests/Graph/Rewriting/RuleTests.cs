using GraphCompiler.Rewriting;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Rewriting;

/// <summary>A case a rule, in which it fires, and keeps type and value.</summary>
public class RuleTests
{
    private static readonly Input<double> X = Variable("x", "N", 3);
    private static readonly Input<double> Y = Variable("y", "N", 3);
    private static readonly Input<double> V = Variable("v", 3);
    private static readonly Input<long> K = Input<long>("k", ["N", 3]);
    private static readonly Input<int> J = Input<int>("j", [3]);
    private static readonly Input<bool> C = Input<bool>("c", ["N", 3]);

    private static readonly (string Rule, Node[] Cases)[] Stable =
    [
        ("log(softmax(x)) → logSoftmax(x)", [Log(Softmax(X, 0)), Log(Softmax(X))]),
        ("log(exp(x)) → x", [Log(Exp(X))]),
        ("log(1 + exp(x)) → softplus(x)", [Log(1 + Exp(X)), Log(Exp(X) + 1)]),
        ("log(exp(a) + exp(b)) → logAddExp(a, b)", [Log(Exp(X) + Exp(Y))]),
        ("log(Σexp(x)) → logSumExp(x)", [Log(Sum(Exp(X), 1)), Log(Sum(Exp(X), 0, keepDims: true)), Log(Sum(Exp(X))), Log(Sum(Exp(X - V), 0))]),
        ("log(c·Σexp(x)) → logSumExp(x) + log(c)", [Log(Mean(Exp(X), 1)), Log(Mean(Exp(X), 0, keepDims: true)), Log(2 * Sum(Exp(X), 1)), Log(Sum(Exp(X)) / 7)]),
        ("log(1 + Σexp(x)) → softplus(logSumExp(x))", [Log(1 + Sum(Exp(X), 1)), Log1P(Sum(Exp(X), 0, keepDims: true))]),
        ("log(Σexp(x − max(x))) + max(x) → logSumExp(x)", [
            Log(Sum(Exp(X - Max(X, 1, keepDims: true)), 1, keepDims: true)) + Max(X, 1, keepDims: true),
            Max(X, 1) + Log(Sum(Exp(X - Detach(Max(X, 1, keepDims: true))), 1)),
            Detach(Max(V)) + Log(Sum(Exp(V - Max(V)))),
            Squeeze(Log(Sum(Exp(Y - Max(Y, 1, keepDims: true)), 1, keepDims: true)), 1) + Squeeze(Max(Y, 1, keepDims: true), 1),
        ]),
        ("log1p(exp(x)) → softplus(x)", [Log1P(Exp(X))]),
        ("log(1 + x) → log1p(x)", [Log(1 + Square(X)), Log(Square(X) + 1)]),
        ("log(sigmoid(x)) → −softplus(−x)", [Log(Sigmoid(X))]),
        ("1/(1 + exp(−x)) → sigmoid(x)", [Reciprocal(1 + Exp(-X)), 1 / (Exp(-X) + 1)]),
        ("x/(1 + exp(−y)) → x·sigmoid(y)", [X / (1 + Exp(-Y))]),
        ("exp(logSoftmax(x)) → softmax(x)", [Exp(LogSoftmax(X, 0))]),
    ];

    private static readonly (string Rule, Node[] Cases)[] Simple =
    [
        ("constants are folded", [Sin(Vector(1, 2, 3)) * X, Ones(["N", 3], DType.Float64) * Exp(Full(["N", 3], 2, DType.Float64)) + X, Sum(Vector(1, 2, 3)) + X]),
        ("x + 0 → x", [X + (-0.0), -0.0 + X, K + 0]),
        ("x + (−y) → x − y", [X + (-Y), (-Y) + X]),
        ("x − 0 → x", [X - 0, K - 0]),
        ("0 − x → −x", [-0.0 - X, Sub(ZerosLike(K), K)]),
        ("x − (−y) → x + y", [X - (-Y)]),
        ("x·1 → x", [X * 1, 1 * X]),
        ("x·(−1) → −x", [X * -1, -1 * X]),
        ("(−x)·(−y) → x·y", [(-X) * (-Y)]),
        ("x/1 → x", [X / 1]),
        ("1/x → reciprocal(x)", [1 / X]),
        ("x/2ᵏ → x·2⁻ᵏ", [X / 8, X / -0.25]),
        ("−(−x) → x", [-(-X)]),
        ("−(x − y) → y − x", [-(K - 3)]),
        ("|−x| → |x|", [Abs(-X), Abs(Abs(X))]),
        ("1/(1/x) → x", [Reciprocal(Reciprocal(X))]),
        ("x^0, x^1, x², x³, x⁻¹, x⁻² → products", [Pow(X, 0), Pow(X, 1), Pow(X, 2), Pow(X, 3), Pow(X, -1), Pow(X, -2)]),
        ("column × row → products of elements", [MatMul(Unsqueeze(X, 2), Unsqueeze(Y, 1)), MatMul(Unsqueeze(K, 2), Unsqueeze(K, 1)), MatMul(-0.0 * Unsqueeze(V, 1), Unsqueeze(V, 0))]),
        ("scale(g, finite) → g·finite", [ScaleCotangent(X, Full(["N", 3], 3, DType.Float64)), ScaleCotangent(X, Sin(Cast(K, DType.Float64)))]),
        ("scale(1, s) → s", [ScaleCotangent(OnesLike(X), X)]),
        ("scale(0, s) → 0", [ScaleCotangent(ZerosLike(X), X)]),
        ("where(true, x, y) → x", [Where(Constant(true), X, Y), Where(Constant(false), X, Y)]),
        ("where(c, x, x) → x", [Where(C, X, X)]),
        ("where(¬c, x, y) → where(c, y, x)", [Where(!C, X, Y)]),
        ("¬¬c → c", [!!(Node)C]),
        ("cast(cast(x)) → cast(x)", [Cast(Cast(J, DType.Int64), DType.Float32), Cast(Cast(C, DType.Float32), DType.Int32), Cast(Cast(J, DType.Float64), DType.Int32)]),
        ("max(x, x) → x", [Maximum(X, X)]),
        ("min(x, x) → x", [Minimum(X, X)]),
        ("after(x) → x", [GraphCompiler.Operations.AfterOp.Create(Sin(X), [])]),
        ("reshape(reshape(x)) → reshape(x)", [Reshape(Reshape(X, [3, "N"]), ["N", 3, 1])]),
        ("permute(permute(x)) → permute(x)", [Permute(Permute(Unsqueeze(X, 2) * BroadcastTo(V, ["N", 3, 3]), 1, 2, 0), 1, 0, 2)]),
        ("permute of axes of size 1 → reshape(x)", [Transpose(Unsqueeze(V, 0)), Permute(Sin(Unsqueeze(X, 1)), 1, 0, 2)]),
        ("broadcast(broadcast(x)) → broadcast(x)", [BroadcastTo(BroadcastTo(V, ["N", 3]), [2, "N", 3])]),
        ("broadcast that adds axes of size 1 → reshape(x)", [BroadcastTo(V, [1, 1, 3])]),
        ("sum over no axis → x", [Sum(X, [])]),
        ("sum(broadcast(x)) → n·x", [Sum(BroadcastTo(V, ["N", 3]), 0), Sum(BroadcastTo(V, [5, 3]), 0), Sum(BroadcastTo(Unsqueeze(V, 1), [2, 3, 4]), [0, 2]), Sum(BroadcastTo(J, ["N", 3]), 0)]),
        ("sum(sum(x)) → sum(x)", [Sum(Sum(X, 0), 0), Sum(Sum(Unsqueeze(X, 1), 1), 1)]),
        ("reshape(splat) → splat", [Reshape(Full([2, 3], 2, DType.Float64), [6]) + Vector(1, 2, 3, 4, 5, 6)]),
        ("permute(splat) → splat", [Transpose(Full(["N", 3], 2, DType.Float64)) * Transpose(X)]),
        ("slice(splat) → splat", [Slice(Full(["N", 3], 2, DType.Float64), 1, 0, 2)]),
        ("recurrence of costly steps along the last axis → along the one before, as vectors", [LogCumulativeSumExp(X, 1), LogCumulativeSumExp(Unsqueeze(X, 0), -1, reverse: true)]),
    ];

    internal static IEnumerable<TestCaseData> StableCases() =>
        Stable.SelectMany(r => r.Cases.Select((node, i) => new TestCaseData(node).SetArgDisplayNames($"{r.Rule} {i}")));

    private static IEnumerable<TestCaseData> Cases() =>
        from row in Stable.Concat(Simple)
        from c in row.Cases.Select((node, i) => (node, i))
        select new TestCaseData(row.Rule, c.node).SetArgDisplayNames($"{row.Rule} {c.i}");

    [TestCaseSource(nameof(Cases))]
    public void The_rule_fires_and_keeps_type_and_value(string rule, Node node)
    {
        bool stable = Stable.Any(r => r.Rule == rule);
        Rewritten rewritten = Rewriter.Run(stable ? Stabilize.Rules : [.. Simplify.Rules, .. VectorRules.Rules], [node]);
        Assert.That(rewritten.Hits.Keys, Does.Contain(rule));
        Node after = rewritten.Of(node);
        Assert.That(after.Results[0], Is.EqualTo(node.Results[0]));
        for (int size = 0; size < 4; size++)
        {
            Dictionary<Node, TensorValue> given = Samples([node], seed: size, size);
            given.TryAdd(X, Sample(X.Results[0], _ => size, 9));
            TensorValue before;
            try
            {
                before = Interpreter.Evaluate([node], given)[0];
            }
            catch (BindingException)
            {
                continue;
            }

            AssertSame(Interpreter.Evaluate([after], given)[0], before, 1e-9);
        }
    }

    [Test]
    public void Every_rule_has_a_case()
    {
        Assert.That(Stabilize.Rules.Select(r => r.Name).Distinct(), Is.EquivalentTo(Stable.Select(r => r.Rule)));
        Assert.That(Simplify.Rules.Concat(VectorRules.Rules).Select(r => r.Name).Distinct(), Is.EquivalentTo(Simple.Select(r => r.Rule)));
    }

    [Test]
    public void Results_of_stabilising_match_no_rule_again()
    {
        foreach (Node node in Stable.SelectMany(r => r.Cases))
        {
            Node once = Stabilize.Run([node]).Of(node);
            Assert.That(Stabilize.Run([once]).Hits, Is.Empty);
            Node inlined = InlineCalls.Run([once])[0];
            Assert.That(Stabilize.Run([inlined]).Hits, Is.Empty, "nor does what it is made of");
        }
    }
}
