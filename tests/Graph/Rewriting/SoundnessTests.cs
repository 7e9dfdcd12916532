using GraphCompiler.Rewriting;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Rewriting;

/// <summary>Simplification where numbers are not kind: signed zeros, infinities, NaN, sizes of 0, ends of a dtype's range.</summary>
public class SoundnessTests
{
    private static readonly double[] Unkind = [0.0, -0.0, 1, -1, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1e-310, 1e300];

    private static Node Simple(Node node) => Rewriter.Run(Simplify.Rules, [node]).Of(node);

    private static IEnumerable<TestCaseData> Exact()
    {
        foreach ((string name, Func<Node, Node> f) in new (string, Func<Node, Node>)[]
        {
            ("x + 0", x => x + 0), ("x + -0", x => x + (-0.0)), ("x - 0", x => x - 0), ("x - -0", x => x - (-0.0)), ("0 - x", x => 0 - x), ("-0 - x", x => -0.0 - x),
            ("x * 0", x => x * 0), ("x - x", x => x - x), ("x * 1", x => x * 1), ("x * -1", x => x * -1), ("-(x - x)", x => -(x - x)), ("-(x - 1)", x => -(x - 1)),
            ("-(-x)", x => -(-x)), ("x + -x", x => x + (-x)), ("1 / x", x => 1 / x), ("x / 4", x => x / 4), ("x ^ 0", x => Pow(x, 0)), ("x ^ 2", x => Pow(x, 2)),
            ("|-x|", x => Abs(-x)), ("max(x, x)", x => Maximum(x, x)), ("x / x", x => x / x), ("where", x => Where(Constant(true), x, x * 2)),
            ("sum over no axis", x => Sum(x, [])), ("sum of a broadcast", x => Sum(BroadcastTo(x, [3, Unkind.Length]), 0)), ("x ^ 3", x => Pow(x, 3)),
        })
        {
            yield return new TestCaseData(f).SetArgDisplayNames(name);
        }
    }

    [TestCaseSource(nameof(Exact))]
    public void The_numbers_are_the_same_bit_for_bit(Func<Node, Node> f)
    {
        Node x = Input<double>("x", [Unkind.Length]);
        TensorValue value = Reals([Unkind.Length], Unkind);
        Node y = f(x);
        double[] before = Values(y, (x, value));
        double[] after = Values(Simple(y), (x, value));
        for (int i = 0; i < before.Length; i++)
        {
            Assert.That(after[i], Is.EqualTo(before[i]), $"of {Unkind[i]}");
            Assert.That(double.IsNaN(before[i]) || double.IsNegative(after[i]) == double.IsNegative(before[i]), Is.True, $"the sign of {before[i]}, of {Unkind[i]}");
        }
    }

    [Test]
    public void The_sum_of_a_broadcast_of_infinity_over_no_element_is_zero()
    {
        Node x = Input<double>("x", []);
        Node n = Input<double>("n", ["N"]);
        Node sum = Sum(BroadcastTo(x, ["N"]));
        Node simple = Simple(sum);
        foreach (long size in new long[] { 0, 1, 3 })
        {
            double[] Of(Node node) => Values(node, (x, Reals([], double.PositiveInfinity)), (n, Reals([size], new double[size])));
            Assert.That(Of(simple), Is.EqualTo(Of(sum)));
        }

        Assert.That(Value(Simple(Sum(BroadcastTo(x, [0]))), (x, Reals([], double.NaN))), Is.Zero);
    }

    [Test]
    public void A_division_by_a_tiny_power_of_two_stays()
    {
        Node x = Input("x", [1]);
        Node y = x / Math.Pow(2, -128);
        TensorValue tiny = TensorValue.OfReals(DType.Float32, [1], [1e-40]);
        Assert.That(Values(Simple(y), (x, tiny)), Is.EqualTo(Values(y, (x, tiny))));
        Assert.That(Values(y, (x, tiny))[0], Is.LessThan(1));
    }

    [Test]
    public void Folding_leaves_what_needs_a_size_or_fails()
    {
        Node numbers = Vector(1, 2, 3, 4);
        Node part = Slice(numbers, 0, "N", (Dim)"N" + 2);
        Assert.That(Simple(part).Shape, Is.EqualTo(S(2)));
        Node wrong = Take(numbers, Constant(new long[] { 9 }));
        Assert.That(() => Simple(wrong), Throws.Nothing);
        Assert.That(() => Values(Simple(wrong)), Throws.TypeOf<ExecutionException>());
    }

    [Test]
    public void Narrowing_casts_stay()
    {
        Node x = Vector(0.1, 2.7, -3.9, 1e30);
        Node y = Input<double>("y", [4]);
        foreach (DType through in new[] { DType.Float32, DType.Int32, DType.Bool })
        {
            Node twice = Cast(Cast(y, through), DType.Float64);
            Assert.That(Values(Simple(twice), (y, Run(x))), Is.EqualTo(Values(twice, (y, Run(x)))));
        }
    }
}
