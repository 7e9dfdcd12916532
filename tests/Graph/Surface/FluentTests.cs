using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Surface;

/// <summary>Methods of nodes do what the functions of their names do.</summary>
internal sealed class FluentTests
{
    private readonly Node x = Of([2, 2], 0.5, -2, 4, 1);

    private IEnumerable<(Node Fluent, Node Function)> Pairs() =>
    [
        (x.Abs(), Abs(x)), (x.Log(), Log(x)), (x.Sqrt(), Sqrt(x)), (x.Relu(), Relu(x)), (x.Sigmoid(), Sigmoid(x)),
        (x.LogSoftmax(), LogSoftmax(x, 1)), (x.LogSoftmax(0), LogSoftmax(x, 0)),
        (x.ArgMin(), ArgMin(x)), (x.ArgMin(1), ArgMin(x, 1)), (x.ArgMin(0, keepDims: true), ArgMin(x, 0, keepDims: true)),
        (x.Select(0, 1), Select(x, 0, 1)), (x.Select(1, -1), Select(x, 1, -1)),
    ];

    [Test]
    public void They_are_the_functions()
    {
        foreach ((Node fluent, Node function) in Pairs())
        {
            AssertSame(Run(fluent), Run(function), 0);
        }
    }

    [Test]
    public void They_give_what_their_names_say()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Values(x.Abs()), Is.EqualTo(new[] { 0.5, 2, 4, 1 }));
            Assert.That(Values(x.Relu()), Is.EqualTo(new[] { 0.5, 0, 4, 1 }));
            Assert.That(Values(x.Abs().Sqrt()), Is.EqualTo(new[] { Math.Sqrt(0.5), Math.Sqrt(2), 2, 1 }));
            Assert.That(Values(x.Abs().Log()), Is.EqualTo(new[] { -Math.Log(2), Math.Log(2), Math.Log(4), 0 }).Within(1e-15));
            Assert.That(Values(x.Sigmoid()), Is.EqualTo(new[] { 0.5, -2, 4, 1 }.Select(v => 1 / (1 + Math.Exp(-v)))).Within(1e-15));
            Assert.That(Values(x.LogSoftmax().Exp().Sum(1)), Is.EqualTo(new double[] { 1, 1 }).Within(1e-14));
            Assert.That(Values(x.ArgMin(1)), Is.EqualTo(new double[] { 1, 1 }));
            Assert.That(Values(x.Select(0, 1)), Is.EqualTo(new double[] { 4, 1 }));
        }
    }
}
