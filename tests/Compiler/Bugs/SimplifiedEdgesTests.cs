using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Bugs;

/// <summary>Rewrites that were right for all but a few values.</summary>
internal sealed class SimplifiedEdgesTests
{
    /// <summary>sum(broadcast(x)) became n·x, which is 0·∞ = NaN where there is nothing to sum.</summary>
    [TestCase(float.NaN)]
    [TestCase(float.PositiveInfinity)]
    public void TheSumOfNoCopiesIsZero(float value)
    {
        Input<float> x = Input("x", []);
        Input<float> y = Input("y", ["N"]);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, y], [BroadcastTo(x, ["N"]).Sum(), BroadcastTo(x, [0, 3]).Sum()]);
        RunResults results = graph.Run(value, Array.Empty<float>());
        Assert.That(results.Scalar<float>(0), Is.Zero);
        Assert.That(results.Scalar<float>(1), Is.Zero);
        Assert.That(graph.Run(value, new float[2]).Scalar<float>(0), Is.EqualTo(value));
        Assert.That(graph.Run(2f, new float[3]).Scalar<float>(0), Is.EqualTo(6));
    }

    /// <summary>x / 2⁻¹⁴⁹ became x · 2¹⁴⁹, which no float32 holds.</summary>
    [Test]
    public void DivisionByTheSmallestNumberStaysADivision()
    {
        Input<float> x = Input("x", [2]);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], x / float.Epsilon);
        Assert.That(graph.Run((float[])[0, float.Epsilon]).GetArray<float>(), Is.EqualTo(new float[] { 0, 1 }));
    }
}
