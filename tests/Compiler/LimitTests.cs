using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler;

/// <summary>Functions of one number, their slopes and curvatures at the ends of the line and about 0: what mathematics has there, and no NaN.</summary>
[Parallelizable(ParallelScope.Children)]
internal sealed class LimitTests
{
    private const double Infinity = double.PositiveInfinity;

    // Of values and slopes at −∞ and +∞; NaN for what is not defined there, or infinite with its slope.
    private static readonly (string Name, Func<Node, Node> Of, (double Value, double Slope) Left, (double Value, double Slope) Right)[] Functions =
    [
        ("Relu", Relu, (0, 0), (Infinity, 1)), ("Relu6", Relu6, (0, 0), (6, 0)), ("LeakyRelu", x => LeakyRelu(x), (-Infinity, 0.01), (Infinity, 1)),
        ("Elu", x => Elu(x), (-1, 0), (Infinity, 1)), ("Celu", x => Celu(x, 2), (-2, 0), (Infinity, 1)), ("Selu", Selu, (-1.7580993408473766, 0), (Infinity, 1.0507009873554805)),
        ("Gelu", x => Gelu(x), (0, 0), (Infinity, 1)), ("Gelu by tanh", x => Gelu(x, approximate: true), (0, 0), (Infinity, 1)), ("Silu", Silu, (0, 0), (Infinity, 1)),
        ("Mish", Mish, (0, 0), (Infinity, 1)), ("Softplus", Softplus, (0, 0), (Infinity, 1)), ("LogSigmoid", LogSigmoid, (-Infinity, 1), (0, 0)),
        ("Softsign", Softsign, (-1, 0), (1, 0)), ("HardTanh", x => HardTanh(x), (-1, 0), (1, 0)), ("HardSigmoid", HardSigmoid, (0, 0), (1, 0)), ("HardSwish", HardSwish, (0, 0), (Infinity, 1)),
        ("HardShrink", x => HardShrink(x), (-Infinity, 1), (Infinity, 1)), ("SoftShrink", x => SoftShrink(x), (-Infinity, 1), (Infinity, 1)), ("TanhShrink", TanhShrink, (-Infinity, 1), (Infinity, 1)),
        ("Sigmoid", Sigmoid, (0, 0), (1, 0)), ("Tanh", Tanh, (-1, 0), (1, 0)), ("Erf", Erf, (-1, 0), (1, 0)), ("Erfc", Erfc, (2, 0), (0, 0)), ("NormalCdf", NormalCdf, (0, 0), (1, 0)),
        ("Atan", Atan, (-Math.PI / 2, 0), (Math.PI / 2, 0)), ("Asinh", Asinh, (-Infinity, 0), (Infinity, 0)), ("Sinc", Sinc, (0, 0), (0, 0)), ("Abs", Abs, (Infinity, -1), (Infinity, 1)),
        ("Exp", Exp, (0, 0), (Infinity, double.NaN)), ("Exp2", Exp2, (0, 0), (Infinity, double.NaN)), ("ExpM1", ExpM1, (-1, 0), (Infinity, double.NaN)),
        ("Log", Log, (double.NaN, double.NaN), (Infinity, 0)), ("Log2", Log2, (double.NaN, double.NaN), (Infinity, 0)), ("Log10", Log10, (double.NaN, double.NaN), (Infinity, 0)),
        ("Log1P", Log1P, (double.NaN, double.NaN), (Infinity, 0)), ("Sqrt", Sqrt, (double.NaN, double.NaN), (Infinity, 0)), ("Rsqrt", Rsqrt, (double.NaN, double.NaN), (0, 0)),
        ("Cbrt", Cbrt, (-Infinity, 0), (Infinity, 0)), ("Reciprocal", Reciprocal, (0, 0), (0, 0)), ("Acosh", Acosh, (double.NaN, double.NaN), (Infinity, 0)),
        ("Hypot", x => Hypot(x, OnesLike(x)), (Infinity, double.NaN), (Infinity, double.NaN)), ("LogAddExp", x => LogAddExp(x, ZerosLike(x)), (0, 0), (Infinity, 1)),
        ("Atan2", x => Atan2(x, OnesLike(x)), (-Math.PI / 2, 0), (Math.PI / 2, 0)),
        ("BinaryCrossEntropyWithLogits at 0", x => BinaryCrossEntropyWithLogits(x, ZerosLike(x), reduction: LossReduction.None), (0, 0), (Infinity, 1)),
        ("BinaryCrossEntropyWithLogits at 1", x => BinaryCrossEntropyWithLogits(x, OnesLike(x), reduction: LossReduction.None), (Infinity, -1), (0, 0)),
        ("SoftMarginLoss at −1", x => SoftMarginLoss(x, -OnesLike(x), LossReduction.None), (0, 0), (Infinity, 1)),
        ("KLDivLoss at 0", x => KLDivLoss(x, ZerosLike(x), reduction: LossReduction.None), (0, 0), (0, 0)),
        ("KLDivLoss at log 0", x => KLDivLoss(x, Full(x.Shape, -Infinity, x.DType), logTarget: true, reduction: LossReduction.None), (0, 0), (0, 0)),
        ("PoissonNllLoss at 0", x => PoissonNllLoss(x, ZerosLike(x), reduction: LossReduction.None), (0, 0), (Infinity, double.NaN)),
    ];

    private static IEnumerable<TestCaseData> Cases() =>
        from f in Functions
        from dtype in (DType[])[DType.Float32, DType.Float64]
        select new TestCaseData(f.Of, dtype, f.Left, f.Right).SetArgDisplayNames(f.Name, dtype.ToString());

    [TestCaseSource(nameof(Cases))]
    public void LimitsAreMet(Func<Node, Node> function, DType dtype, (double Value, double Slope) left, (double Value, double Slope) right)
    {
        double most = dtype == DType.Float32 ? float.MaxValue : double.MaxValue;
        double least = dtype == DType.Float32 ? float.Epsilon : double.Epsilon;
        double[] points = [-Infinity, -most, most, Infinity, 0, -0.0, least, -least, 1e-20, -1e-20];
        foreach (double[][] results in Results(function, dtype, points))
        {
            for (int i = 0; i < 4; i++)
            {
                (double value, double slope) = i < 2 ? left : right;
                Assert.That(double.IsInfinity(value) && i is 1 or 2 ? value : results[0][i], double.IsNaN(value) ? Is.NaN : Is.EqualTo(value).Within(1e-6), $"at {points[i]}");
                if (!double.IsNaN(slope))
                {
                    Assert.That(results[1][i], Is.EqualTo(slope).Within(1e-6), $"the slope at {points[i]}");
                    Assert.That(results[2][i], Is.EqualTo(0).Within(1e-6), $"the curvature at {points[i]}");
                }
            }

            // A function of positive numbers has none on the left; where a slope is infinite, the curvature may be of either sign.
            for (int i = 4; i < points.Length && !double.IsNaN(left.Value); i++)
            {
                Assert.That(results.Take(double.IsInfinity(results[1][i]) ? 2 : 3).Select(r => r[i]), Has.None.NaN, $"at {points[i]}");
            }
        }
    }

    /// <summary>Against float64, whose functions are held against references: what cancels shows in the tails.</summary>
    [TestCase("Gelu", -12.5), TestCase("Gelu by tanh", -5), TestCase("Silu", -80), TestCase("Mish", -80), TestCase("NormalCdf", -12.5), TestCase("Elu", -9), TestCase("Selu", -9), TestCase("Softplus", -80), TestCase("Sigmoid", -80), TestCase("LogSigmoid", 30)]
    public void TailsAndTheirSlopesKeepTheirDigits(string name, double end)
    {
        Func<Node, Node> function = Functions.Single(f => f.Name == name).Of;
        double[] points = [.. Enumerable.Range(1, 400).Select(i => (double)(float)(end * i / 400))];
        double[][] wanted = Results(function, DType.Float64, points).First();
        foreach (double[][] found in Results(function, DType.Float32, points))
        {
            for (int i = 0; i < points.Length; i++)
            {
                Assert.That(found[0][i], Is.EqualTo(wanted[0][i]).Within(1e-5 * Math.Abs(wanted[0][i])), $"at {points[i]}");

                // A slope that changes its sign is lost where it does.
                double turn = name is "Gelu" or "Gelu by tanh" or "Silu" or "Mish" ? 1e-6 * Math.Abs(wanted[0][i]) : 0;
                Assert.That(found[1][i], Is.EqualTo(wanted[1][i]).Within((2e-5 * Math.Abs(wanted[1][i])) + turn), $"the slope at {points[i]}");
            }
        }
    }

    /// <summary>Values and slopes in the tail, from 30 digits.</summary>
    [Test]
    public void GeluIsWhatItIsInItsTail()
    {
        (double X, double Value, double Slope)[] known = [(-6.5, -2.6104003795084266e-10, -1.6950517937572626e-9), (-10, -7.6198530241605261e-23, -7.6184000964648141e-22), (-20, -5.5072482372124674e-88, -1.1014360483133464e-86), (-30, -1.4720141781444561e-196, -4.4160316907084944e-195)];
        foreach (double[][] found in Results(x => Gelu(x), DType.Float64, [.. known.Select(k => k.X)]))
        {
            for (int i = 0; i < known.Length; i++)
            {
                Assert.That(found[0][i], Is.EqualTo(known[i].Value).Within(1e-14 * Math.Abs(known[i].Value)));
                Assert.That(found[1][i], Is.EqualTo(known[i].Slope).Within(1e-13 * Math.Abs(known[i].Slope)));
            }
        }
    }

    [TestCase(DType.Float32, 1e30), TestCase(DType.Float64, 1e300)]
    public void SlopesWhoseSquaresOverflowAreThere(DType dtype, double huge)
    {
        double tolerance = dtype == DType.Float32 ? 1e-6 : 1e-14;
        foreach ((Func<Node, Node> function, double slope) in (ReadOnlySpan<(Func<Node, Node>, double)>)[
            (Asinh, 1 / huge), (Acosh, 1 / huge), (x => Atan2(x, Full(x.Shape, huge, dtype)), 0.5 / huge),
            (x => Hypot(x, Full(x.Shape, huge, dtype)), Math.Sqrt(0.5)), (x => Norm(Stack([x, x])), Math.Sqrt(2)), (x => Norm(Stack([x, x]), 3), Math.Cbrt(2))])
        {
            foreach (double[][] found in Results(function, dtype, [huge]))
            {
                Assert.That(found[1][0], Is.EqualTo(slope).Within(tolerance * slope));
            }
        }
    }

    [TestCase(DType.Float32, 1e20), TestCase(DType.Float32, 1e-25), TestCase(DType.Float32, 1), TestCase(DType.Float64, 1e200), TestCase(DType.Float64, 1e-170), TestCase(DType.Float64, 1)]
    public void NormsAndDirectionsNeitherOverflowNorVanish(DType dtype, double unit)
    {
        // 3, 4, 3, 4, …: the norm of order p is a half of the elements' to the inverse of p times that of the pair.
        double[] points = [.. Enumerable.Range(0, 38).Select(i => unit * (i % 2 == 0 ? 3 : 4))];
        double Whole(double order, double pair) => unit * pair * Math.Pow(19, 1 / order);
        (Func<Node, Node> Of, double First)[] functions =
        [
            (x => Norm(x), Whole(2, 5)), (x => Norm(x, 3), Whole(3, 4.497941445275415)), (x => Norm(x, 0.5), Whole(0.5, Math.Pow(Math.Sqrt(3) + 2, 2))), (x => Norm(x, -2), Whole(-2, 2.4)),
            (x => Dist(x, -x), 2 * Whole(2, 5)), (x => PairwiseDistance(x, -x, epsilon: 0), 2 * Whole(2, 5)), (x => Normalize(x, axis: 0, epsilon: 0), 3 / Whole(2, 5) * unit),
            (x => CosineSimilarity(x, Flip(x, 0), 0, 1e-300), 0.96), (x => GradientClipping.ByNorm([x, x], 1).Norm, Math.Sqrt(2) * Whole(2, 5)),
        ];
        foreach ((Func<Node, Node> of, double first) in functions)
        {
            foreach (double[][] found in Results(of, dtype, points))
            {
                Assert.That(found[0][0], Is.EqualTo(first).Within(1e-5 * first));
            }
        }

        foreach (double order in (double[])[2, 3, 0.5, -2])
        {
            double[] pair = order switch { 2 => [3 / 5.0, 4 / 5.0], _ => [.. ((double[])[3, 4]).Select(v => Math.Pow(v / Math.Pow(Math.Pow(3, order) + Math.Pow(4, order), 1 / order), order - 1))] };
            foreach (double[][] found in Results(x => Norm(x, order), dtype, [3 * unit, 4 * unit]))
            {
                Assert.That(found[1], Is.EqualTo(pair).Within(1e-5));
            }
        }
    }

    /// <summary>Values, slopes and curvatures, interpreted and compiled for the narrowest and the widest code.</summary>
    private static IEnumerable<double[][]> Results(Func<Node, Node> function, DType dtype, double[] points)
    {
        Node x = Placeholder(new NodeType(dtype, [points.Length]), "x", requiresGrad: true);
        Node y = function(x);
        Node slope = Gradients(Sum(y), [x], Unreached.Zeros)[0]!;
        Node curvature = slope.RequiresGrad ? Gradients(Sum(slope), [x], Unreached.Zeros)[0]! : ZerosLike(x);
        Node[] roots = [y, slope, curvature];
        TensorValue given = TensorValue.OfReals(dtype, [points.Length], points);
        yield return [.. Interpreter.Evaluate(roots, new Dictionary<Node, TensorValue> { [x] = given }).Select(Reals)];
        foreach (VectorWidth width in (VectorWidth[])[VectorWidth.Scalar, VectorWidths.Best])
        {
            using CompiledGraph compiled = GraphCompiler.Compiler.Compile([x], roots, null, new CompileOptions { Width = width });
            RunResults results = compiled.Run([Values.ToArgument(given)]);
            yield return [.. roots.Select((r, i) => Reals(Values.Read(results, i, dtype, r.Shape.Evaluate(_ => 0))))];
        }
    }

    private static double[] Reals(TensorValue value) => [.. Enumerable.Range(0, (int)value.Count).Select(i => value[i])];
}
