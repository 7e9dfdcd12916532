using GraphCompiler.Operations;

namespace GraphCompiler.Rewriting;

/// <summary>
/// Rewrites what would overflow, cancel or lose accuracy: what is compiled, and, as <see cref="StableForms"/>, what is differentiated. Each rule's result
/// matches no rule again.
/// </summary>
internal static class Stabilize
{
    public static IReadOnlyList<RewriteRule> Rules { get; } =
    [
        RewriteRule.For<LogOp>("log(softmax(x)) → logSoftmax(x)", (node, m) =>
            m.Is<SoftmaxOp>(node.Inputs[0]) ? Ops.LogSoftmax(node.Inputs[0].Inputs[0], ((SoftmaxOp)node.Inputs[0].Op).Along) : null),
        RewriteRule.For<LogOp>("log(exp(x)) → x", (node, m) => m.Is<ExpOp>(node.Inputs[0]) ? node.Inputs[0].Inputs[0] : null),
        RewriteRule.For<LogOp>("log(1 + exp(x)) → softplus(x)", (node, m) =>
            m.Is<AddOp>(node.Inputs[0]) && OtherThanOne(node.Inputs[0]) is { } term && m.Is<ExpOp>(term) ? Ops.Softplus(term.Inputs[0]) : null),
        RewriteRule.For<LogOp>("log(exp(a) + exp(b)) → logAddExp(a, b)", (node, m) =>
            m.Is<AddOp>(node.Inputs[0]) && m.Is<ExpOp>(node.Inputs[0].Inputs[0]) && m.Is<ExpOp>(node.Inputs[0].Inputs[1])
                ? Ops.LogAddExp(node.Inputs[0].Inputs[0].Inputs[0], node.Inputs[0].Inputs[1].Inputs[0])
                : null),
        RewriteRule.For<LogOp>("log(Σexp(x)) → logSumExp(x)", (node, m) => LogSums.Of(node.Inputs[0], m)),
        RewriteRule.For<LogOp>("log(c·Σexp(x)) → logSumExp(x) + log(c)", (node, m) => LogSums.OfMultiple(node.Inputs[0], m)),
        RewriteRule.For<LogOp>("log(1 + Σexp(x)) → softplus(logSumExp(x))", (node, m) =>
            m.Is<AddOp>(node.Inputs[0]) && OtherThanOne(node.Inputs[0]) is { } term && LogSums.Of(term, m) is { } log ? Ops.Softplus(log) : null),
        RewriteRule.For<Log1POp>("log(1 + Σexp(x)) → softplus(logSumExp(x))", (node, m) => LogSums.Of(node.Inputs[0], m) is { } log ? Ops.Softplus(log) : null),
        RewriteRule.For<AddOp>("log(Σexp(x − max(x))) + max(x) → logSumExp(x)", (node, m) =>
            LogSums.OfShifted(node.Inputs[0], node.Inputs[1], m) ?? LogSums.OfShifted(node.Inputs[1], node.Inputs[0], m)),
        RewriteRule.For<Log1POp>("log1p(exp(x)) → softplus(x)", (node, m) => m.Is<ExpOp>(node.Inputs[0]) && !IsNeverPositive(node.Inputs[0].Inputs[0]) ? Ops.Softplus(node.Inputs[0].Inputs[0]) : null),
        RewriteRule.For<LogOp>("log(1 + x) → log1p(x)", (node, m) =>
            m.Is<AddOp>(node.Inputs[0]) && OtherThanOne(node.Inputs[0]) is { } term ? Ops.Log1P(term) : null),
        RewriteRule.For<LogOp>("log(sigmoid(x)) → −softplus(−x)", (node, m) => m.Is<SigmoidOp>(node.Inputs[0]) ? -Ops.Softplus(-node.Inputs[0].Inputs[0]) : null),
        RewriteRule.For<ReciprocalOp>("1/(1 + exp(−x)) → sigmoid(x)", (node, m) => m.Is<AddOp>(node.Inputs[0]) ? Logistic(node.Inputs[0], m) : null),
        RewriteRule.For<DivOp>("1/(1 + exp(−x)) → sigmoid(x)", (node, m) =>
            Splat.Is(node.Inputs[0], 1) && m.Is<AddOp>(node.Inputs[1]) ? Logistic(node.Inputs[1], m) : null),
        RewriteRule.For<DivOp>("x/(1 + exp(−y)) → x·sigmoid(y)", (node, m) =>
            m.Is<AddOp>(node.Inputs[1]) && Logistic(node.Inputs[1], m) is { } sigmoid ? node.Inputs[0] * sigmoid : null),
        RewriteRule.For<ExpOp>("exp(logSoftmax(x)) → softmax(x)", (node, m) =>
            m.Is<LogSoftmaxOp>(node.Inputs[0]) ? Ops.Softmax(node.Inputs[0].Inputs[0], ((LogSoftmaxOp)node.Inputs[0].Op).Along) : null),
    ];

    public static Rewritten Run(IReadOnlyList<Node> roots) => Rewriter.Run(Rules, roots);

    private static Node? OtherThanOne(Node sum) => Splat.Is(sum.Inputs[0], 1) ? sum.Inputs[1] : Splat.Is(sum.Inputs[1], 1) ? sum.Inputs[0] : null;

    private static Node? Logistic(Node sum, MatchContext m) =>
        OtherThanOne(sum) is { } term && m.Is<ExpOp>(term) && m.Is<NegOp>(term.Inputs[0]) ? Ops.Sigmoid(term.Inputs[0].Inputs[0]) : null;

    /// <summary>The expansions of softplus and logAddExp hold log1p(exp(−|x|)) and log1p(exp(min − max)), which are stable as they are.</summary>
    private static bool IsNeverPositive(Node node) => node.Op switch
    {
        NegOp => node.Inputs[0].Op is AbsOp,
        WhereOp => Splat.Is(node.Inputs[1], 0) && IsNeverPositive(node.Inputs[2]),
        SubOp => node.Inputs[0].Op is MinimumOp && node.Inputs[1].Op is MaximumOp && node.Inputs[0].Inputs.SequenceEqual(node.Inputs[1].Inputs),
        _ => false,
    };
}
