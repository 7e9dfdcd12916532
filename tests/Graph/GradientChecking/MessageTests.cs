using System.Numerics.Tensors;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.GradientChecking;

/// <summary>What a gradient check says to people.</summary>
[TestFixture]
public sealed class MessageTests
{
    private readonly Parameter<float> w = Parameter("w", Tensor.Create<float>([0.5f, -0.25f], [2]));

    private Node Wrong => Sum(CustomGradient("wrong sine", [w], p => Sin(p[0]), (i, _, c) => [2 * c * Cos(i[0])]).Named("bend", "model/layer"));

    [Test]
    public void A_failure_names_the_node_and_shows_the_numbers()
    {
        GradientCheckException? error = Assert.Throws<GradientCheckException>(() => GradientCheck.Verify(Wrong, [w]));

        Assert.That(error?.Message, Does.StartWith(
            "The gradient is wrong. Gradient check of Sum float32[]: failed.\n" +
            "The pullback of wrong sine 'model/layer/bend' float32[2] disagrees with differences of that operation alone, for input 0 at index [0]: " +
            "analytic ").And.Contains("Inputs: Parameter 'w' float32[2].").And.Contains("2 failed").And.Contains("1.75516512"));
    }

    [Test]
    public void The_report_is_a_table()
    {
        string text = GradientCheck.Run(Sum(Square(w)), [w]).ToString();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(text, Does.StartWith("Gradient check of Sum float32[]: passed.\nOrder 1: ⟨u, J·v⟩ = "));
            Assert.That(text, Does.Contain("Order 1, Parameter 'w' float32[2]: 2 passed.\norder  target  at   analytic  numeric  bar"));
            Assert.That(text, Does.Match(@"\n1      w       \[0\]  1         1        \S+ +passed\n1      w       \[1\]  -0.5      -0.5     \S+ +passed\n$"));
        }
    }

    [Test]
    public void A_value_that_nothing_uses_is_refused()
    {
        Input<double> x = Input<double>("x", [], requiresGrad: true);
        Input<double> other = Input<double>("other", []);
        var values = new Dictionary<Node, Tensor<double>> { [x] = Tensor.Create<double>([2], [1]), [other] = Tensor.Create<double>([3], [1]) };
        Assert.That(
            () => GradientCheck.Run(x * x, [x], values),
            Throws.TypeOf<BindingException>().With.Message.EqualTo("GradientCheck: Input 'other' float64[] was given a value, and neither the loss nor a target depends on it."));
        Assert.That(() => GradientCheck.Run(x * x * other, [x], values), Throws.Nothing);
    }

    [Test]
    public void A_long_table_is_cut()
    {
        Input<double> x = Input<double>("x", [60], requiresGrad: true);

        Assert.That(GradientCheck.Run(Sum(x), [x]).ToString(), Does.EndWith("… 20 more\n"));
    }

    [Test]
    public void Inconclusive_has_a_message_of_its_own()
    {
        Input<double> x = Input<double>("x", [], requiresGrad: true);
        GradientCheckException? error = Assert.Throws<GradientCheckException>(() => GradientCheck.Verify(Log(x), [x], new Dictionary<Node, Tensor<double>> { [x] = Tensor.Create<double>([-1], [1]) }));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(error?.Message, Does.StartWith("The gradient could not be checked: differences do not settle at these values."));
            Assert.That(error?.Message, Does.Contain("inconclusive: the value is not finite at this point"));
            Assert.That(error?.Report.Verdict, Is.EqualTo(GradientVerdict.Inconclusive));
            Assert.That(error?.Report.Fault, Is.Null);
        }
    }

    [Test]
    public void Misuse_is_explained()
    {
        Input<double> x = Input<double>("x", [2], requiresGrad: true);
        Input<double> plain = Input<double>("plain", [2]);
        Input<int> count = Input<int>("count", [2]);
        Node y = Sin(x);
        Node loss = Sum(y * Cast(count, DType.Float64));
        Dictionary<Node, Tensor<double>> Given(Node node, params double[] values) => new() { [node] = Tensor.Create(values, [values.Length]) };

        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => GradientCheck.Run(loss, []), Throws.TypeOf<GraphException>().With.Message.Contains("there is no target"));
            Assert.That(() => GradientCheck.Run(loss, [x, x]), Throws.TypeOf<GraphException>().With.Message.EqualTo("GradientCheck: Input 'x' float64[2] is listed twice."));
            Assert.That(() => GradientCheck.Run(loss, [x, y]), Throws.TypeOf<GraphException>().With.Message.Contains("the target Sin float64[2] depends on the target Input 'x' float64[2]"));
            Assert.That(() => GradientCheck.Run(loss, [plain]), Throws.TypeOf<GradientException>().With.Message.Contains("the target Input 'plain' float64[2] does not require a gradient"));
            Assert.That(() => GradientCheck.Run(Sum(plain), [x]), Throws.TypeOf<GradientException>().With.Message.Contains("the loss Sum float64[] does not require a gradient"));
            Assert.That(() => GradientCheck.Run(loss, [x], Given(x, 1, 2, 3)), Throws.TypeOf<BindingException>().With.Message.EqualTo("GradientCheck: Input 'x' float64[2] was given a value of shape [3]."));
            Assert.That(() => GradientCheck.Run(loss, [x], Given(y, 1, 2)), Throws.TypeOf<BindingException>().With.Message.Contains("is computed and cannot be given a value"));
            Assert.That(() => GradientCheck.Run(loss, [x], Given(count, 0.5, 1)), Throws.TypeOf<BindingException>().With.Message.Contains("numbers that are not whole"));
            Assert.That(() => GradientCheck.Run(loss, [x], options: new GradientCheckOptions { Order = 0 }), Throws.TypeOf<GraphException>().With.Message.Contains("the order is 0"));
            Assert.That(() => GradientCheck.Run(loss, [x], options: new GradientCheckOptions { Low = 1 }), Throws.TypeOf<GraphException>().With.Message.Contains("from 1 to 1"));
            Assert.That(() => GradientCheck.Run(loss, [x], options: new GradientCheckOptions { BarFactor = double.NaN }), Throws.TypeOf<GraphException>().With.Message.Contains("BarFactor is NaN"));
            Assert.That(() => GradientCheckMode.RandomProjections(0), Throws.TypeOf<GraphException>().With.Message.Contains("0 projections"));
        }
    }
}
