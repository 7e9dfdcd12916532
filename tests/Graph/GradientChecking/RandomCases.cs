using GraphCompiler.Operations;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GradientChecking.GradientCase;

namespace GraphCompiler.Tests.GradientChecking;

/// <summary>Rows for what is drawn with parameters, and for dropout: a check sees one draw.</summary>
internal static class RandomCases
{
    public static IEnumerable<GradientCase> All =>
    [
        Row("uniform numbers", x => Uniform(new Generator(1), x[0], x[1]), In(["N", 1], -1, 0), In([2], 1, 2)),
        Row("normal numbers", x => Square(Normal(new Generator(1), x[0], x[1])), In(["N", 2], -1, 1), In([2])),
        Row("normal numbers of a larger shape", x => Square(Normal(new Generator(1), x[0], x[1], [3, 2])), In([2], -1, 1), In([])),
        Row("exponential numbers", x => Exponential(new Generator(1), x[0], ["N", 2]), In(["N", 1])),
        Row("Gumbel numbers", x => Square(Gumbel(new Generator(1), x[0], x[1])), In([3], -1, 1), In([1])),
        Row("Gumbel softmax", x => GumbelSoftmax(new Generator(1), x[0], 0.8, axis: 0), In([3, "N"], -1, 1)),
        Row("dropout", x => Square(Dropout(new Generator(2), x[0], 0.4)), In(["N", 4])),
        Row("dropout of a transpose, then of a product", x => Square(Dropout(new Generator(3), MatMul(Dropout(new Generator(2), Transpose(x[0]), 0.3), x[1]), 0.5)), In(["N", 2]), In(["N", 3])),
        Row("dropout of nothing", x => Dropout(new Generator(2), x[0], 0.5), In([0, 3])),
        Row("dropout by a node", x => Dropout(new Generator(2), x[0] * x[0], Constant(0.4)), In([4])),
        Row("dropout of lines", x => Square(Dropout1D(new Generator(2), x[0], 0.4)), In([3, "N", 2])),
        Row("dropout of pictures", x => Square(Dropout2D(new Generator(2), x[0], 0.4)), In([3, 2, 1])),
        Row("dropout of volumes", x => Square(Dropout3D(new Generator(2), x[0], 0.4)), In([3, 2, 1, 2])),
        Row("alpha dropout", x => Square(AlphaDropout(new Generator(2), x[0], 0.4)), In(["N", 4])),
        new("gamma numbers", typeof(RandomGammaOp), x => Gamma(new Generator(3), x[0], x[1]), [In(["N", 3], 0.4, 4), In([3])]),
        new("how gamma numbers move", typeof(GammaSlopeOp), x => Gradients(Sum(Gamma(new Generator(3), x[0])), x[0])[0], [In([4], 0.4, 4)], Order: 1),
        Row("beta numbers", x => Square(Beta(new Generator(3), x[0], x[1])), In(["N"], 0.6, 3), In([1], 0.6, 3)),
        Row("Dirichlet numbers", x => Square(Dirichlet(new Generator(3), x[0])), In([2, 3], 0.6, 3)),
        Row("chi-square numbers", x => ChiSquare(new Generator(3), x[0]), In([3], 1, 5)),
        Row("Student's t numbers", x => StudentT(new Generator(3), x[0]), In([3], 1, 5)),
    ];

    private static GradientCase Row(string name, Func<Node[], Node> apply, params CaseInput[] inputs) => new(name, typeof(MulOp), apply, inputs);
}
