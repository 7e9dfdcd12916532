using System.Linq.Expressions;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Differentiation;

/// <summary>C# lambdas as operations.</summary>
public class MapTests
{
    private static readonly Expression<Func<double, double>> Swish = v => v / (1 + Math.Exp(-v));
    private static readonly Expression<Func<double, double, double>> Scaled = (a, b) => 2 * a * b;
    private static Expression<Func<double, double>>? itself;

    private static readonly Expression<Func<double, double>>[] Functions =
    [
        v => Math.Abs(v), v => Math.Exp(v), v => Math.Log(v), v => Math.Sqrt(v), v => Math.Tanh(v), v => Math.Sin(v), v => Math.Cos(v), v => Math.Floor(v), v => Math.Pow(v, 3),
        v => Math.Max(v, 1), v => Math.Min(1, v), v => Math.Clamp(v, 0.7, 1.2), v => Math.FusedMultiplyAdd(v, v, 1), v => double.LogP1(v), v => -v + (2 * v) - (1 / +v), v => v > 1 ? v * v : 3,
        v => v >= 1 && !(v == 1.5) || v == 2.5 ? v : -v, v => v < 1 ^ v <= 2 ? 1 : v, v => 2, v => (float)v,
        v => Math.Cbrt(v), v => Math.Log2(v), v => Math.Log10(v), v => double.ExpM1(v), v => double.Exp2(v), v => Math.Sinh(v), v => Math.Cosh(v), v => Math.Asinh(v), v => Math.Acosh(v + 1),
        v => Math.Atanh(v / 3), v => Math.Tan(v), v => Math.Asin(v / 3), v => Math.Acos(v / 3), v => Math.Atan(v), v => Math.Ceiling(v), v => Math.Round(v), v => Math.Truncate(v),
        v => double.IsNaN(v) || double.IsInfinity(v) ? 1 : 2, v => double.IsFinite(v) && !double.IsNegative(v) ? 1 : 2, v => Math.Atan2(v, 1), v => double.Hypot(v, 3), v => Math.CopySign(v, -1),
        v => double.Lerp(v, 2, 0.25), v => v % 2, v => Math.Log(v + 1, 3), v => Math.Sign(v - 1), v => double.MaxNumber(v, 1) + double.MinNumber(1, v), v => double.DegreesToRadians(v) + double.RadiansToDegrees(v),
        v => v * Swish.Of(v) + Scaled.Of(v, Swish.Of(2 * v)),
    ];

    [TestCaseSource(nameof(Functions))]
    public void A_lambda_gives_what_CSharp_gives(Expression<Func<double, double>> function)
    {
        double[] at = [0.5, 1, 1.5, 2.5];
        double[] actual = Values(Map(Vector(at), function));
        Func<double, double> compiled = function.Compile();
        Assert.That(actual, Is.EqualTo(at.Select(compiled)).Within(1e-9));
    }

    [Test]
    public void Captured_values_are_frozen()
    {
        double factor = 2;
        Node y = Map(Vector(1, 3), v => v * factor);
        factor = 100;
        Assert.That(Values(y), Is.EqualTo(new double[] { 2, 6 }));
        Assert.That(factor, Is.EqualTo(100));
    }

    [Test]
    public void Integers_are_what_CSharp_makes_of_them_or_refused()
    {
        Node x = Vector(-2, 3);
        Assert.That(Values(Map(x, (double v) => Math.Sign(v) + (Math.Sign(v) == 1 ? 10 : 20))), Is.EqualTo(new double[] { 19, 11 }));
        Assert.That(() => Map(x, (double v) => Math.Sign(v) * 3 / 2), Throws.TypeOf<GraphException>().With.Message.Contains("'((Sign(v) * 3) / 2)'").And.Message.Contains("integers"));
        Assert.That(() => Map(x, (double v) => Math.Sign(v) & 1), Throws.TypeOf<GraphException>().With.Message.Contains("'(Sign(v) & 1)'"));
        Assert.That(() => Map(x, (double v) => ~Math.Sign(v)), Throws.TypeOf<GraphException>().With.Message.Contains("'Not(Sign(v))'"));
    }

    [Test]
    public void A_part_that_throws_is_quoted()
    {
        double[] none = null!;
        double[] two = [1, 2];
        double? nothing = null;
        int zero = 0;
        Assert.That(() => Map(Vector(1), (double v) => v * none[0]), Throws.TypeOf<GraphException>().With.InnerException.TypeOf<NullReferenceException>().And.Message.Contains("none"));
        Assert.That(() => Map(Vector(1), (double v) => v * two[7]), Throws.TypeOf<GraphException>().With.InnerException.TypeOf<IndexOutOfRangeException>().And.Message.Contains("two"));
        Assert.That(() => Map(Vector(1), (double v) => v * (1 / zero)), Throws.TypeOf<GraphException>().With.InnerException.TypeOf<DivideByZeroException>());
        Assert.That(() => Map(Vector(1), (double v) => v * nothing!.Value), Throws.TypeOf<GraphException>().With.Message.Contains("nothing"));
    }

    [Test]
    public void Two_inputs_broadcast_and_differentiate()
    {
        Input<double> x = Variable("x", 2);
        Node y = Map(x, Constant(3.0), (a, b) => a * a * b);
        Assert.That(Values(Gradients(Sum(y), x)[0], (x, Reals([2], 1, 2))), Is.EqualTo(new double[] { 6, 12 }));
    }

    [Test]
    public void Three_and_four_inputs_broadcast_and_differentiate()
    {
        Input<double> x = Variable("x", 2);
        Node y = Map(x, Constant(3.0), Of([2, 1], 1, 10), (double a, double b, double c) => (a * b) + (a > 1.5 ? c : 0));
        Assert.That(Values(y, (x, Reals([2], 1, 2))), Is.EqualTo(new double[] { 3, 7, 3, 16 }));
        Assert.That(Values(Gradients(Sum(y), x)[0], (x, Reals([2], 1, 2))), Is.EqualTo(new double[] { 6, 6 }));
        Assert.That(Values(Map(Vector(1), Vector(2), Vector(4), (double a, double b, double c) => a + (b / c))), Is.EqualTo(new[] { 1.5 }));
        Assert.That(Values(Map(Vector(1), Vector(2), Vector(3), Vector(4), (double a, double b, double c, double d) => (a * b) - (c / d))), Is.EqualTo(new[] { 1.25 }));

        Node single = Constant((float[])[1, 2]);
        Assert.That(Values(Map(single, single, single, (a, b, c) => a + b + MathF.Sqrt(c))), Is.EqualTo(new[] { 3, 4 + Math.Sqrt(2) }).Within(1e-6));
        Assert.That(Values(Map(single, single, single, single, (a, b, c, d) => a + b + c + d)), Is.EqualTo(new double[] { 4, 8 }));
    }

    [Test]
    public void Lambdas_are_used_within_others()
    {
        Expression<Func<float, float>> square = v => v * v;
        Expression<Func<float, float, float>> sum = (a, b) => square.Of(a) + b;
        Assert.That(Values(Map(Constant((float[])[1, 2]), v => sum.Of(v, 1) - square.Of(v))), Is.EqualTo(new double[] { 1, 1 }));
        Assert.That((square.Of(3), sum.Of(3, 1), Swish.Of(0), Scaled.Of(1, 2)), Is.EqualTo((9f, 10f, 0d, 4d)), "outside of graphs they have values");

        itself = v => itself!.Of(v) + 1;
        Assert.That(() => Map(Vector(1), itself), Throws.TypeOf<GraphException>().With.Message.Contains("Of(v)").And.Message.Contains("uses itself"));
        itself = null;
        Assert.That(() => Map(Vector(1), v => itself!.Of(v)), Throws.TypeOf<GraphException>().With.Message.Contains("is null"));
    }

    [Test]
    public void Captured_nodes_broadcast_and_get_gradients()
    {
        (Input<double> x, Input<double> w) = (Variable("x", 2), Variable("w", 2, 1));
        Node[] inner = [Sin(w), Exp(x)];
        Node y = Map(x, v => (w.Element() * v) + Math.Max(inner[0].Element(), -2) - inner[1].Element());
        (Node, TensorValue)[] given = [(x, Reals([2], 1, 2)), (w, Reals([2, 1], 3, 5))];
        Assert.That(y.Type, Is.EqualTo(new NodeType(DType.Float64, [2, 2])));
        Assert.That(Values(y - ((w * x) + Sin(w) - Exp(x)), given), Is.All.Zero);
        NodeList slopes = Gradients(Sum(y), x, w);
        Assert.That(Values(slopes[0], given), Is.EqualTo(new[] { 8 - (2 * Math.E), 8 - (2 * Math.Exp(2)) }).Within(1e-12));
        Assert.That(Values(slopes[1], given), Is.EqualTo(new[] { 3 + (2 * Math.Cos(3)), 3 + (2 * Math.Cos(5)) }).Within(1e-12));
        Assert.That(Values(Vmap(row => Map(x, v => v * row.Element()))(w), given), Is.EqualTo(new double[] { 3, 6, 5, 10 }), "of one example");

        // In float32, and where no parameter is used beside them.
        Node scale = Parameter("scale", [], 3, DType.Float32);
        Assert.That(Values(Map(Constant((float[])[1, 2]), v => v > 1.5f ? 2 * scale.Element() : scale.Element() * v)), Is.EqualTo(new double[] { 3, 6 }));
        Assert.That(Values(Map(Constant((float[])[1, 2]), v => scale.Element())), Is.EqualTo(new double[] { 3, 3 }));
    }

    [Test]
    public void Lambdas_within_others_capture_nodes()
    {
        Node w = Of([2, 1], 3, 5);
        Expression<Func<double, double>> scaled = v => v * w.Element();
        Assert.That(Values(Map(Vector(1, 2), v => v + scaled.Of(v))), Is.EqualTo(new double[] { 4, 8, 6, 12 }));
        Assert.That(Values(Map(Vector(1, 2), v => v + scaled.Of(2) + Scaled.Of(w.Element(), 1))), Is.EqualTo(new double[] { 13, 14, 21, 22 }));
    }

    [Test]
    public void Captured_nodes_that_do_not_fit_are_named()
    {
        (Node x, Node single, Node? none) = (Vector(1, 2), Input<float>("single", [2]), null);
        Node[] wide = [Variable("wide", 3)];
        Assert.That(
            () => Map(x, v => v * single.Element()),
            Throws.TypeOf<DTypeException>().With.Message.Contains("single.Element()").And.Message.Contains("is float32 and the lambda is applied to float64").And.Message.Contains("'single' float32[2]"));
        Assert.That(() => Map(x, v => v * wide[0].Element()), Throws.TypeOf<ShapeException>().With.Message.Contains("Map: the shapes [2] and [3] do not broadcast").And.Message.Contains("'wide' float64[3]"));
        Assert.That(() => Map(x, v => v * none!.Element()), Throws.TypeOf<GraphException>().With.Message.Contains("is null"));
        Assert.That(() => Map(x, v => v * wide[(int)v].Element()), Throws.TypeOf<GraphException>().With.Message.Contains("is not known here"));
        Assert.That(() => x.Element(), Throws.TypeOf<GraphException>().With.Message.Contains("float64[2] has elements when the graph runs").And.Message.Contains("a lambda that is given to Map"));
        Assert.That(() => CumulativeScan(x, 0, (a, b) => a * b * x.Element()), Throws.TypeOf<GraphException>().With.Message.Contains("CumulativeScan takes functions of their parameters alone"));
    }

    [Test]
    public void Each_element_has_a_random_number_of_its_own_or_shares_one_on_purpose()
    {
        var generator = new Generator(7);
        var random = new Random(7);
        Node x = Vector(1, 2, 3);
        Node shared = Uniform(generator, [], DType.Float64);
        double held = random.NextDouble();
        Shape wide = [2, 3];
        Shape scalar = [];
        Assert.That(Values(Map(x, (double v) => Uniform(generator, x.Shape, DType.Float64).Element())).Distinct().Count(), Is.EqualTo(3));
        Assert.That(Values(Map(x, (double v) => Uniform(generator, wide, DType.Float64).Element())).Distinct().Count(), Is.EqualTo(6));
        Assert.That(Values(Map(x, (double v) => shared.Element() + held)).Distinct().Count(), Is.EqualTo(1));

        Expression<Func<double, double>> noisy = v => v + random.NextDouble();
        Refuses(() => Map(x, (double v) => v * random.NextDouble()), "random.NextDouble()' in 'v => ", "would be drawn once, when the graph is made; draw ", "Uniform(generator, x.Shape).Element()");
        Refuses(() => Map(x, (double v) => noisy.Of(v)), "NextDouble()", "drawn once");
        Refuses(() => Map(x, (double v) => v * new Random(3).Next(4)), "new Random(3).Next(4)", "drawn once");
        Refuses(() => CumulativeScan(x, 0, (double a, double b) => a + b + random.NextDouble()), "CumulativeScan: '", "NextDouble()", "drawn once");
        Refuses(() => Map(x, (double v) => v + Uniform(generator, scalar, DType.Float64).Element()), "Uniform(", "is drawn once, float64[], for elements of [3]; draw ");
        Refuses(() => Map(Reshape(x, [3, 1]), x, (double v, double w) => v + Uniform(generator, x.Shape, DType.Float64).Element()), "is drawn once, float64[3], for elements of [3, 3]");

        static void Refuses(Func<Node> map, params string[] parts)
        {
            string message = Assert.Throws<GraphException>(() => map())!.Message;
            Assert.Multiple(() => Array.ForEach(parts, part => Assert.That(message, Does.Contain(part))));
        }
    }

    [Test]
    public void What_is_not_understood_is_named()
    {
        Node x = Vector(1, 2);
        Assert.That(() => Map(x, v => v + (v > 1 ? Math.IEEERemainder(v, 2) : 0)), Throws.TypeOf<GraphException>().With.Message.Contains("IEEERemainder(v, 2)").And.Message.Contains("use arithmetic"));
        Assert.That(() => Map(x, v => Math.BitIncrement(v)), Throws.TypeOf<GraphException>().With.Message.Contains("BitIncrement"));
        Assert.That(() => Map(x, v => (int)v), Throws.TypeOf<GraphException>().With.Message.Contains("is not understood"));
        Assert.That(() => Map(x, Cast(x, DType.Float32), (double a, double b) => a + b), Throws.TypeOf<DTypeException>().With.Message.StartsWith("Map: the inputs have different dtypes, float64 and float32"));
        Assert.That(() => Map(x, x, Constant(1f), (double a, double b, double c) => a + b), Throws.TypeOf<DTypeException>().With.Message.EndsWith("Inputs: Constant float64[2], Constant float32[]."));
    }
}
