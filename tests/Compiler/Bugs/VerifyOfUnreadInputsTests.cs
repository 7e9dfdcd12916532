using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Bugs;

/// <summary>A kernel need not read what a product over no elements is made of: verification found no value for it.</summary>
internal sealed class VerifyOfUnreadInputsTests
{
    [Test]
    public void AProductOverNoElementsIsVerified()
    {
        Input<double> x = Input<double>("x", [1, 2, 0]);
        Input<double> y = Input<double>("y", [1, 0, 2]);
        Node loss = MatMul(MatMul(x, y), x).Sum();
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, y], [loss, x], null, new CompileOptions { Verify = true });
        Assert.That(graph.Run(Array.Empty<double>(), Array.Empty<double>()).GetArray<double>(0), Is.EqualTo(new double[] { 0 }));
    }
}
