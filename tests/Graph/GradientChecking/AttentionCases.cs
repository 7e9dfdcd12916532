using GraphCompiler.Operations;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GradientChecking.GradientCase;

namespace GraphCompiler.Tests.GradientChecking;

/// <summary>Rows for attention: masks of both kinds, a query that sees nothing, shared heads, symbols.</summary>
internal static class AttentionCases
{
    private static readonly Node Mask = Reshape(Constant(new[] { true, false, true, false, false, false }), [2, 3]);

    public static IEnumerable<GradientCase> All =>
    [
        Row("attention over a symbol", x => ScaledDotProductAttention(x[0], x[1], x[2]), In(["M", "N", 2], -1, 1), In(["M", 3, 2], -1, 1), In(["M", 3, 1])),
        Row("attention with bools, one row of them false", x => ScaledDotProductAttention(x[0], x[1], x[2], Mask), In([2, 2], -1, 1), In([3, 2], -1, 1), In([3, 2])),
        Row("attention with numbers added", x => ScaledDotProductAttention(x[0], x[1], x[1], x[2], causal: true, scale: 1), In([2, 2], -1, 1), In([3, 2], -1, 1), In([2, 3], -1, 1)),
        Row("attention of shared heads", x => ScaledDotProductAttention(x[0], x[1], x[2], groupedHeads: true), In([4, 1, 2], -1, 1), In([2, 2, 2], -1, 1), In([2, 2, 1])),
        Row("self-attention of two heads", x => MultiHeadAttention(x[0], x[0], x[0], 2, x[1], x[2], x[3], x[4]).Result, In([2, 1, 2], -1, 1), In([6, 2], -1, 1), In([6], -1, 1), In([2, 2], -1, 1), In([2], -1, 1)),
        Row("weights of attention of two heads", x => MultiHeadAttention(x[0], x[1], x[1], 2, x[2], null, Constant(new double[] { 1, 0, 0, 1 }).Reshape([2, 2]), null, batchFirst: true).Weights, In([1, 1, 2], -1, 1), In([1, 2, 2], -1, 1), In([6, 2], -1, 1)),
        Row("attention with dropout", x => ScaledDotProductAttention(x[0], x[1], x[2], causal: true, dropout: 0.3, generator: new Generator(4)), In([3, 2], -1, 1), In(["N", 2], -1, 1), In(["N", 2])),
        Row("two heads with dropout", x => MultiHeadAttention(x[0], x[0], x[0], 2, x[1], null, x[2], null, dropout: 0.4, generator: new Generator(5)).Result, In([3, 1, 2], -1, 1), In([6, 2], -1, 1), In([2, 2], -1, 1)),
    ];

    private static GradientCase Row(string name, Func<Node[], Node> apply, params CaseInput[] inputs) => new(name, typeof(MatMulOp), apply, inputs);
}
