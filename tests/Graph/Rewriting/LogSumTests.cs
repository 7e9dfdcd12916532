using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Rewriting;

/// <summary>Logarithms of sums of exponentials written by hand neither overflow nor vanish, in values and gradients, interpreted and compiled.</summary>
public class LogSumTests
{
    private static readonly Func<Node, Axes, bool, Node>[] Ways =
    [
        (x, axes, keep) => Log(Sum(Exp(x), axes, keep)),
        (x, axes, keep) => Log(Mean(Exp(x), axes, keep) * 3),
        (x, axes, keep) => Log(Sum(Exp(x - Max(x, axes, keepDims: true)), axes, keep)) + Max(x, axes, keep),
        (x, axes, keep) => Max(x, axes, keep) + Log(Sum(Exp(x - Detach(Max(x, axes, keepDims: true))), axes, keep)),
        (x, axes, keep) => Log(Sum(Exp(x - 100), axes, keep)) + 100,
    ];

    private static IEnumerable<TestCaseData> Cases() =>
        from way in Enumerable.Range(0, Ways.Length)
        from axes in (Axes[])[0, 1, Axes.All]
        from keep in (bool[])[false, true]
        select new TestCaseData(way, axes, keep).SetArgDisplayNames($"{way}, {axes}, {keep}");

    [TestCaseSource(nameof(Cases))]
    public void Values_and_gradients_are_those_of_LogSumExp(int way, Axes axes, bool keep)
    {
        foreach (DType dtype in (DType[])[DType.Float32, DType.Float64])
        {
            Node x = dtype == DType.Float32 ? Input<float>("x", [2, 3], requiresGrad: true) : Variable("x", 2, 3);
            foreach (double[] at in (double[][])[[1000, 999, 998, 1000, 1000, 1000], [-1000, -999, -1001, -1000, -1001, -1002], [1000, 0, -1000, 0, double.NegativeInfinity, 1]])
            {
                Node offset = way == 1 ? Log(DimValue(axes == Axes.All ? 6 : axes == 0 ? 2 : 3, dtype)) - Math.Log(3) : Zeros([], dtype);
                (Node Value, Node Gradient, Node Pushed) hand = Of(Ways[way](x, axes, keep) + offset, x);
                (Node Value, Node Gradient, Node Pushed) known = Of(LogSumExp(x, axes, keep), x);
                TensorValue value = TensorValue.OfReals(dtype, [2, 3], at);
                double[] expected = [.. new[] { known.Value, known.Gradient, known.Pushed }.SelectMany(n => Values(n, (x, value)))];
                Assert.That(Values(hand.Gradient, (x, value)), Is.EqualTo(Values(known.Gradient, (x, value))).Within(1e-5), "interpreted");
                Assert.That(expected, Has.All.Matches<double>(double.IsFinite));
                using CompiledGraph compiled = GraphCompiler.Compiler.Compile([x], [hand.Value, hand.Gradient, hand.Pushed]);
                RunResults results = dtype == DType.Float32 ? compiled.Run(at.Select(v => (float)v).ToArray()) : compiled.Run(at);
                double[] actual = [.. Enumerable.Range(0, 3).SelectMany(i => dtype == DType.Float32 ? results.GetArray<float>(i).Select(v => (double)v) : results.GetArray<double>(i))];
                Assert.That(actual, Is.EqualTo(expected).Within(dtype == DType.Float32 ? 2e-4 : 1e-11));
            }
        }

        static (Node, Node, Node) Of(Node y, Node x) => (y, Gradients(Sum(y), x)[0], Jvp([y], [x], [OnesLike(x)])[0]);
    }

    [Test]
    public void Infinities_are_right_where_a_maximum_is_subtracted_by_hand()
    {
        Node x = Input<double>("x", [2]);
        var run = GraphCompiler.Compiler.Compile<Func<double[], double>>([x], Log(Sum(Exp(x - Max(x)))) + Max(x));
        Assert.That(run([double.NegativeInfinity, double.NegativeInfinity]), Is.EqualTo(double.NegativeInfinity));
        Assert.That(run([double.PositiveInfinity, 1]), Is.EqualTo(double.PositiveInfinity));
        Assert.That(run([double.NaN, 1]), Is.NaN);
    }

    [Test]
    public void Sums_of_two_and_sums_beside_one_are_stable_too()
    {
        Input<double> x = Variable("x", 2);
        Input<double> y = Variable("y", 2);
        TensorValue at = Reals([2], 1000, -1000);
        TensorValue low = Reals([2], 999, -1000);
        foreach ((Node hand, Node known) in new[] { (Log(Exp(x) + Exp(y)), LogAddExp(x, y)), (Log(1 + Sum(Exp(x), keepDims: true)), Softplus(LogSumExp(x, keepDims: true))), (Log1P(Sum(Exp(y - x))), Softplus(LogSumExp(y - x))) })
        {
            Assert.That(Values(Gradients(Sum(hand) + Sum(0 * y), x)[0], (x, at), (y, low)), Is.EqualTo(Values(Gradients(Sum(known), x)[0], (x, at), (y, low))));
        }
    }

    [Test]
    public void A_maximum_along_other_axes_is_not_taken_for_the_one_subtracted()
    {
        Input<double> x = Variable("x", 3, 3);
        Node askew = Log(Sum(Exp(x - Max(x, 1)), 1)) + Max(x, 1);
        Node other = Log(Sum(Exp(x - Max(x, 0)), 1)) + Max(x, 1);
        foreach (Node y in (Node[])[askew, other])
        {
            TensorValue at = Reals([3, 3], 1, 5, 2, 0, 3, -1, 2, 2, 7);
            var run = GraphCompiler.Compiler.Compile<Func<double[], double[]>>([x], y);
            Assert.That(run([.. at.Reals]), Is.EqualTo(Values(y, (x, at))).Within(1e-12));
            Assert.That(() => GradientCheck.Verify(y, [x], options: new GradientCheckOptions { Order = 2 }), Throws.Nothing);
        }
    }

    [Test]
    public void A_maximum_that_is_a_target_is_gone_through()
    {
        Input<double> x = Variable("x", 3);
        Node top = Max(x);
        Node y = Log(Sum(Exp(x - top))) + top;
        Assert.That(Value(Gradients(y * top, top)[0], (x, Reals([3], 1, 2, 3))), Close(3 + Math.Log(1 + Math.Exp(-1) + Math.Exp(-2))), "the slope of y by top is 0");
    }
}
