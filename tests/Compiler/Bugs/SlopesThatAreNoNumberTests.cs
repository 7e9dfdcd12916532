using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Bugs;

/// <summary>Slopes of functions that stay in an interval were taken for finite; the sine of infinity and the arc sine of 2 are NaN.</summary>
internal sealed class SlopesThatAreNoNumberTests
{
    private static IEnumerable<TestCaseData> Functions() =>
    [
        new TestCaseData((Func<Node, Node>)Sin, float.PositiveInfinity).SetArgDisplayNames("sin"),
        new TestCaseData((Func<Node, Node>)Cos, float.NegativeInfinity).SetArgDisplayNames("cos"),
        new TestCaseData((Func<Node, Node>)(x => x * Asin(x)), 2f).SetArgDisplayNames("x·asin x"),
        new TestCaseData((Func<Node, Node>)(x => x * Acos(x)), -2f).SetArgDisplayNames("x·acos x"),
    ];

    [TestCaseSource(nameof(Functions))]
    public void TheSideThatWasNotSelectedGetsNothing(Func<Node, Node> function, float at)
    {
        Leaf<float> x = Input("x", [3], requiresGrad: true);
        Node y = Where(Abs(x) < 1, function(x), x);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], Gradients(y.Sum(), x)[0]);
        float[] slopes = graph.Run(new float[] { at, 0.5f, at }).GetArray<float>();
        Assert.That((float[])[slopes[0], slopes[2]], Is.EqualTo((float[])[1, 1]));
        Assert.That(slopes[1], Is.Not.NaN.And.Not.EqualTo(1));
    }
}
