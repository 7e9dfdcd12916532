using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Operations;

/// <summary>Numbers taken apart, put together, rounded to decimals and moved to their neighbours, over the whole range of both float types.</summary>
public sealed class NumberTests
{
    private const double Infinity = double.PositiveInfinity;

    private static readonly float[] Singles =
    [
        0, -0f, 1, -1, 0.5f, 2, 3, float.Epsilon, -float.Epsilon, 2 * float.Epsilon, 1.17549435e-38f, 1.1754942e-38f, 2.3509887e-38f, 2.350989e-38f, float.MaxValue, float.MinValue,
        float.PositiveInfinity, float.NegativeInfinity, float.NaN, MathF.BitDecrement(1), MathF.BitIncrement(1), MathF.ScaleB(1, -102), MathF.BitDecrement(MathF.ScaleB(1, -102)),
        MathF.ScaleB(1, -125), MathF.BitDecrement(MathF.ScaleB(1, -125)), MathF.ScaleB(1, 127), -MathF.BitDecrement(MathF.ScaleB(1, 100)), .. Drawn().Select(b => BitConverter.Int32BitsToSingle((int)b)),
    ];

    private static readonly double[] Doubles =
    [
        0, -0.0, 1, -1, 0.5, 2, 3, double.Epsilon, -double.Epsilon, 2 * double.Epsilon, Math.ScaleB(1, -1022), Math.BitDecrement(Math.ScaleB(1, -1022)), double.MaxValue, double.MinValue,
        Infinity, -Infinity, double.NaN, Math.BitDecrement(1), Math.BitIncrement(1), Math.ScaleB(1, -969), Math.BitDecrement(Math.ScaleB(1, -969)), Math.ScaleB(1, -1021),
        Math.BitDecrement(Math.ScaleB(1, -1021)), Math.ScaleB(1, 1023), .. Drawn().Select(BitConverter.Int64BitsToDouble),
    ];

    [Test]
    public void The_next_number_of_either_type()
    {
        double[] towards = [Infinity, -Infinity, 0, 1.5, double.NaN];
        foreach (double toward in towards)
        {
            (Input<float> a, Input<double> b) = (Input("a", [Singles.Length]), Input<double>("b", [Doubles.Length]));
            double[] single = ComputedValues.Of(NextAfter(a, Full([], toward, DType.Float32)), (a, TensorValue.OfReals(DType.Float32, [Singles.Length], [.. Singles.Select(v => (double)v)])));
            double[] twice = ComputedValues.Of(NextAfter(b, Full([], toward, DType.Float64)), (b, Reals([Doubles.Length], Doubles)));
            using (Assert.EnterMultipleScope())
            {
                Assert.That(single, Is.EqualTo(Singles.Select(v => (double)NextSingle(v, (float)toward))), $"float32 toward {toward}");
                Assert.That(twice, Is.EqualTo(Doubles.Select(v => Next(v, toward))), $"float64 toward {toward}");
            }
        }

        static float NextSingle(float a, float b) => float.IsNaN(b) ? float.NaN : a == b ? b : a < b ? MathF.BitIncrement(a) : MathF.BitDecrement(a);

        static double Next(double a, double b) => double.IsNaN(b) ? double.NaN : a == b ? b : a < b ? Math.BitIncrement(a) : Math.BitDecrement(a);
    }

    [Test]
    public void The_slope_to_the_next_number_is_1_and_0()
    {
        (Input<double> a, Input<double> b) = (Variable("a", 2), Variable("b", 2));
        Node[] slopes = [.. Gradients(Sum(NextAfter(a, b)), [a, b], Unreached.Zeros)];
        (Node, TensorValue)[] given = [(a, Reals([2], 1, 0)), (b, Reals([2], 3, 0))];
        Assert.That(Values(slopes[0], given), Is.EqualTo([1, 1]));
        Assert.That(Values(slopes[1], given), Is.EqualTo([0, 0]));
    }

    [Test]
    public void A_number_is_its_mantissa_times_a_power_of_two()
    {
        (Input<float> a, Input<double> b) = (Input("a", [Singles.Length]), Input<double>("b", [Doubles.Length]));
        TensorValue singles = TensorValue.OfReals(DType.Float32, [Singles.Length], [.. Singles.Select(v => (double)v)]);
        foreach ((Node x, TensorValue values) in new (Node, TensorValue)[] { (a, singles), (b, Reals([Doubles.Length], Doubles)) })
        {
            (Node mantissa, Node exponent) = Frexp(x);
            double[] mantissas = ComputedValues.Of(mantissa, (x, values));
            double[] exponents = ComputedValues.Of(exponent, (x, values));
            double[] back = ComputedValues.Of(Ldexp(mantissa, exponent), (x, values));
            Assert.That(exponent.DType, Is.EqualTo(DType.Int32));
            for (int i = 0; i < mantissas.Length; i++)
            {
                bool isNumber = double.IsFinite(values[i]) && values[i] != 0;
                Assert.That(exponents[i], Is.EqualTo(isNumber ? Math.ILogB(values[i]) + 1 : 0), $"exponent of {values[i]:R}");
                Assert.That(mantissas[i], Is.EqualTo(isNumber ? Math.ScaleB(values[i], -(int)exponents[i]) : values[i]), $"mantissa of {values[i]:R}");
                Assert.That(back[i], Is.EqualTo(values[i]));
            }
        }
    }

    [Test]
    public void A_product_with_a_power_of_two_rounds_once()
    {
        (Input<double> x, Input<long> n) = (Input<double>("x", [6, 1]), Input<long>("n", [16]));
        double[] numbers = [1, -1.7, 0, 1.2345678901234567, double.Epsilon, double.MaxValue];
        long[] exponents = [0, 1, -1, 10, 1023, 1024, 2000, 2097, 2098, -1022, -1023, -1074, -1075, -2098, int.MaxValue, long.MinValue];

        double[] found = ComputedValues.Of(Ldexp(x, n), (x, Reals([6, 1], numbers)), (n, Whole([16], exponents)));

        Assert.That(found, Is.EqualTo(from v in numbers from e in exponents select Math.ScaleB(v, (int)Math.Clamp(e, -5000, 5000))));
        Assert.That(ComputedValues.Of(Ldexp(Constant(new float[] { 1.5f, 1.7f, 1 }), Constant(new int[] { -149, -130, 128 }))), Is.EqualTo([2 * float.Epsilon, MathF.ScaleB(1.7f, -130), Infinity]));
    }

    [Test]
    public void Sizes_beyond_a_doubles_integers_are_exact()
    {
        const long Size = (1L << 60) + (1L << 36) + 1;
        Input<float> x = Input("x", ["N", 0]);
        foreach (Dim size in (Dim[])[Size, x.Shape[0] * 0 + Size, x.Shape[0] * Size])
        {
            (Node, TensorValue)[] given = [(x, TensorValue.OfReals(DType.Float32, [1, 0], []))];
            Assert.That(Exact(DimValue(size)), Is.EqualTo(Size));
            Assert.That(Exact(DimValue(size) + DimValue(-Size) + 1), Is.EqualTo(1));
            foreach ((DType type, double expected) in new[] { (DType.Float32, (float)Size), (DType.Float64, (double)Size) })
            {
                Assert.That(ComputedValues.Of(Sum(x) * 0 + Cast(DimValue(size, type), DType.Float32), given), Is.EqualTo([(float)expected]));
                Assert.That(Value(DimValue(size, type), given), Is.EqualTo(expected));
                Assert.That(Value(Cast(DimValue(size), type), given), Is.EqualTo(expected));
            }

            long Exact(Node node)
            {
                using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], [node, Sum(x)]);
                long computed = graph.Run(Tensors.Zeros<float>(1, 0)).GetArray<long>(0)[0];
                Assert.That(Run(node, given).Integers[0], Is.EqualTo(computed));
                return computed;
            }
        }

        Assert.That(() => DimValue(1L << 31, DType.Int32), Throws.TypeOf<ShapeException>().With.Message.EqualTo("DimValue: the size 2147483648 does not fit into int32; int64 holds every size."));
        Assert.That(() => DimValue(-(1L << 31) - 1, DType.Int32), Throws.TypeOf<ShapeException>());
        Assert.That(Value(DimValue(int.MinValue, DType.Int32)), Is.EqualTo(int.MinValue));
        Assert.That(() => DimValue(1, DType.Bool), Throws.TypeOf<DTypeException>().With.Message.Contains("not a bool"));
    }

    /// <summary>2^53 + 1 has become 2^53 before anyone sees it.</summary>
    [Test]
    public void Integers_that_a_double_cannot_tell_apart_are_refused()
    {
        Input<long> n = Input<long>("n", [1]);
        Func<Node>[] made =
        [
            () => n + 9007199254740993, () => -9007199254740993 - n, () => Full([2], 9007199254740993, DType.Int64), () => Arange(3, 9007199254740993), () => Pad(n, 0, 1, 1, 9007199254740993),
            () => Equal(n, 9007199254740993), () => Where(n > 0, n, 9007199254740993), () => Clamp(n, 0, 9007199254740993),
        ];
        foreach (Func<Node> make in made)
        {
            Assert.That(() => make(), Throws.TypeOf<DTypeException>().With.Message.Contains("from 2^53 = 9007199254740992 on: another integer may be meant").And.Message.Contains("Constant with an int64"));
        }

        Assert.That(Run(n + 9007199254740991, (n, Whole([1], 1))).Integers, Is.EqualTo([1L << 53]));
        Assert.That(Run(n + Constant(9007199254740993), (n, Whole([1], 0))).Integers, Is.EqualTo([9007199254740993]));
    }

    [Test]
    public void An_ignored_class_is_exact()
    {
        Input<long> target = Input<long>("target", [2]);
        Node loss = NllLoss(Constant(new float[] { -1, -2, -3, -4 }, [2, 2]), target, LossReduction.None, ignoreIndex: 9007199254740993);
        Assert.That(Values(loss, (target, Whole([2], 9007199254740993, 1))), Is.EqualTo([0, 4]));
        Assert.That(() => Values(loss, (target, Whole([2], 9007199254740992, 1))), Throws.TypeOf<ExecutionException>().With.Message.Contains("index 9007199254740992"));
    }

    [TestCase(2, 1.005, 1.0)]
    [TestCase(2, 2.675, 2.68)]
    [TestCase(1, -0.25, -0.2)]
    [TestCase(3, 0.1236, 0.124)]
    [TestCase(-1, 25, 20)]
    [TestCase(-2, 1251, 1300)]
    [TestCase(-3, 499, 0)]
    [TestCase(0, 2.5, 2)]
    [TestCase(300, 1.25, 1.25)]
    [TestCase(10, 1e305, 1e305)]
    [TestCase(400, 0.0, 0.0)]
    [TestCase(-400, 1e300, 0)]
    [TestCase(2, Infinity, Infinity)]
    [TestCase(-2, -Infinity, -Infinity)]
    [TestCase(2, double.NaN, double.NaN)]
    public void Decimals(int decimals, double x, double expected)
    {
        Input<double> given = Variable();
        Assert.That(ComputedValues.Of(Round(given, decimals), (given, Reals([], x))), Is.EqualTo([expected]));
        Assert.That(Value(Gradients(Round(given, decimals), [given], Unreached.Zeros)[0], (given, Reals([], x))), Is.Zero);
    }

    [Test]
    public void One_end_is_cut()
    {
        Input<double> x = Variable("x", 4);
        TensorValue at = Reals([4], -1, 2, 3, double.NaN);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ComputedValues.Of(ClampMin(x, 2), (x, at)), Is.EqualTo([2, 2, 3, double.NaN]));
            Assert.That(ComputedValues.Of(ClampMax(x, Vector(0, 2, 1, 1)), (x, at)), Is.EqualTo([-1, 2, 1, double.NaN]));
            Assert.That(Values(Gradients(Sum(ClampMin(x, 2)), x)[0], (x, at))[..3], Is.EqualTo([0, 1, 1]));
            Assert.That(Values(Gradients(Sum(ClampMax(x, 2)), x)[0], (x, at))[..3], Is.EqualTo([1, 1, 0]));
            Assert.That(Values(ClampMin(Constant(new int[] { int.MinValue, 7 }), Constant(3))), Is.EqualTo([3, 7]));
            Assert.That(Values(ClampMax(Constant(new long[] { long.MaxValue, 7 }), 9)), Is.EqualTo([9, 7]));
        }
    }

    [Test]
    public void Degrees_and_radians()
    {
        Assert.That(Values(Deg2Rad(Vector(180, -90, 0))), Is.EqualTo([Math.PI, -Math.PI / 2, 0]));
        Assert.That(Values(Rad2Deg(Vector(Math.PI, -Math.PI / 2, 0))), Is.EqualTo([180, -90, 0]));
    }

    [Test]
    public void An_incomplete_gamma_function_does_not_move_with_its_order_at_the_ends()
    {
        (Input<double> a, Input<double> x) = (Variable("a", 4), Variable("x", 4));
        (Node, TensorValue)[] given = [(a, Reals([4], 2, 2, 1, 3)), (x, Reals([4], 0, Infinity, 0, 1e-200))];
        Node[] slopes = [.. Gradients(Sum(RegularizedGammaP(a, x)), [a, x])];
        Node[] above = [.. Gradients(Sum(RegularizedGammaQ(a, x)), [a, x])];
        Assert.That(Values(slopes[0], given), Is.All.EqualTo(0));
        Assert.That(Values(slopes[1], given), Is.EqualTo([0, 0, 1, 0]));
        Assert.That(Values(above[1], given), Is.EqualTo([0, 0, -1, 0]));
    }

    [Test]
    public void Mistakes_are_refused_by_name()
    {
        Input<float> x = Input("x", [3]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => Ldexp(x, x), Throws.TypeOf<DTypeException>().And.Message.StartsWith("Ldexp: the exponent must be int32 or int64, not float32").And.Message.Contains("'x'"));
            Assert.That(() => NextAfter(x, Input<double>("y", [3])), Throws.TypeOf<DTypeException>().And.Message.StartsWith("NextAfter:").And.Message.Contains("'y'"));
            Assert.That(() => ClampMin(x, Input<double>("low", [3])), Throws.TypeOf<DTypeException>().And.Message.StartsWith("ClampMin:").And.Message.Contains("'low'"));
            Assert.That(() => ClampMax(x, Input("high", [2])), Throws.TypeOf<ShapeException>().And.Message.StartsWith("ClampMax:").And.Message.Contains("'high'"));
            Assert.That(() => Round(Input<int>("i", [3]), 2), Throws.TypeOf<DTypeException>().And.Message.StartsWith("Round:"));
        }
    }

    private static IEnumerable<long> Drawn()
    {
        var random = new Random(5);
        return Enumerable.Range(0, 400).Select(_ => random.NextInt64(long.MinValue, long.MaxValue)).Where(b => float.IsFinite(BitConverter.Int32BitsToSingle((int)b)) && double.IsFinite(BitConverter.Int64BitsToDouble(b)));
    }
}
