using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler;

/// <summary>What a side that was not selected computes has no part in a gradient, however far outside of a function's domain it is.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class SideNotSelectedTests
{
    private static readonly float[] Points =
    [
        float.NegativeInfinity, float.MinValue, -1e30f, -100, -12, -3, -2.5f, -2, -1.5f, -1, -0.5f, -1e-30f, -0f, 0, 1e-45f, 1e-30f, 0.5f, 1, 1.5f, 2, 3, 12, 100, 1e30f, float.MaxValue,
        float.PositiveInfinity,
    ];

    private static readonly IReadOnlyList<(string Name, Func<Node, Node> Make)> Functions =
    [
        ("Abs", Abs), ("Sqrt", Sqrt), ("Rsqrt", Rsqrt), ("Cbrt", Cbrt), ("Reciprocal", Reciprocal), ("x²", x => x * x), ("1/x", x => 1 / x), ("x/(1 − x)", x => x / (1 - x)),
        ("Exp", Exp), ("Exp2", Exp2), ("ExpM1", ExpM1), ("Log", Log), ("Log2", Log2), ("Log10", Log10), ("Log1P", Log1P), ("Sigmoid", Sigmoid), ("Logit", x => Logit(x)),
        ("Sin", Sin), ("Cos", Cos), ("Tan", Tan), ("Asin", Asin), ("Acos", Acos), ("Atan", Atan), ("Atan2", x => Atan2(x, 1 - x)), ("Hypot", x => Hypot(x, 1 - x)),
        ("Sinh", Sinh), ("Cosh", Cosh), ("Tanh", Tanh), ("Asinh", Asinh), ("Acosh", Acosh), ("Atanh", Atanh), ("Sinc", Sinc),
        ("Erf", Erf), ("Erfc", Erfc), ("ErfInv", ErfInv), ("NormalCdf", NormalCdf), ("LogGamma", LogGamma), ("Digamma", Digamma), ("Polygamma", x => Polygamma(2, x)),
        ("BesselI0", BesselI0), ("BesselI1", BesselI1), ("XLogY", x => XLogY(x, x)), ("XLog1PY", x => XLog1PY(x, x)), ("LogAddExp", x => LogAddExp(x, -x)),
        ("Pow 0.5", x => Pow(x, 0.5)), ("Pow 1.5", x => Pow(x, 1.5)), ("Pow 2.5", x => Pow(x, 2.5)), ("Pow 3", x => Pow(x, 3)), ("Pow 7", x => Pow(x, 7)), ("Pow −1", x => Pow(x, -1)), ("Pow −0.5", x => Pow(x, -0.5)),
        ("xˣ", x => Pow(x, x)), ("FMod", x => FMod(x, x - 1)), ("Remainder", x => Remainder(x, x - 1)), ("FloorDivide", x => FloorDivide(x, x - 1) * x),
        ("Relu", Relu), ("Elu", x => Elu(x)), ("Celu", x => Celu(x)), ("Selu", Selu), ("Gelu", x => Gelu(x)), ("TanhGelu", x => Gelu(x, approximate: true)), ("Silu", Silu), ("Mish", Mish),
        ("Softplus", x => Softplus(x)), ("Softsign", Softsign), ("LogSigmoid", LogSigmoid), ("HardSwish", HardSwish), ("TanhShrink", TanhShrink), ("Clamp", x => Clamp(x, -1, 1)),
    ];

    private static readonly IReadOnlyList<(string Name, Func<Node, Node> Make)> Around =
    [
        ("f", y => y), ("tanh f", Tanh), ("sigmoid f", Sigmoid), ("erf f", Erf), ("normal f", NormalCdf), ("atan f", Atan), ("sin atan f", y => Sin(Atan(y))), ("sign f · f", y => Sign(y) * Sigmoid(y)), ("atan2", y => Atan2(y, y + 1)),
        ("softplus f", y => Softplus(y)), ("gelu f", y => Gelu(y)), ("silu f", Silu),
    ];

    [Test]
    public void A_row_without_any_number_spoils_no_other(
        [Values("softmax", "log-softmax", "log of the sum", "norm", "deviation", "layer norm")] string name)
    {
        Input<float> x = Input("x", [3, 2], requiresGrad: true);
        Input<bool> mask = Input<bool>("mask", [3, 2]);
        Node masked = Where(mask, x, name is "norm" or "deviation" or "layer norm" ? 0 : double.NegativeInfinity);
        Node y = name switch
        {
            "softmax" => Softmax(masked, 1),
            "log-softmax" => LogSoftmax(masked, 1),
            "log of the sum" => LogSumExp(masked, 1, keepDims: true),
            "norm" => Reciprocal(Norm(masked, 2, 1, keepDims: true)),
            "deviation" => Log(StandardDeviation(masked, 1, keepDims: true)),
            _ => LayerNorm(masked, epsilon: 0),
        };
        Node chosen = Where(Any(mask, 1, keepDims: true), y * Constant((float[])[1, 2]), 0);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, mask], [Gradients(chosen.Sum(), x)[0]]);
        float[] slopes = graph.Run((float[])[1, 2, 3, 4, 5, 7], (bool[])[true, true, false, false, true, true]).GetArray<float>(0);
        Assert.That(slopes, Has.All.Not.NaN);
        Assert.That(slopes[2..4], Is.All.Zero);
    }

    [Test]
    public void A_row_of_an_input_that_is_no_number_spoils_no_other([Values] bool within,
        [Values("softmax", "log-softmax", "log of the sum", "norm", "norm of cubes", "variance", "deviation", "layer norm", "RMS norm", "normalised", "cross-entropy", "mean", "sum")] string name)
    {
        Input<float> x = Input("x", [3, 2], requiresGrad: true);
        Input<bool> chosen = Input<bool>("chosen", [3]);
        Node inner = within ? Tanh(x) : x;
        Node y = name switch
        {
            "softmax" => Softmax(inner, 1),
            "log-softmax" => LogSoftmax(inner, 1),
            "log of the sum" => LogSumExp(inner, 1, keepDims: true),
            "norm" => Norm(inner, 2, 1, keepDims: true),
            "norm of cubes" => Norm(inner, 3, 1, keepDims: true),
            "variance" => Variance(inner, 1, keepDims: true),
            "deviation" => StandardDeviation(inner, 1, keepDims: true),
            "layer norm" => LayerNorm(inner),
            "RMS norm" => RmsNorm(inner),
            "normalised" => Normalize(inner),
            "cross-entropy" => Unsqueeze(CrossEntropy(inner, Constant((long[])[0, 1, 1]), reduction: LossReduction.None), 1),
            "mean" => Mean(inner, 1, keepDims: true),
            _ => Sum(Exp(inner), 1, keepDims: true),
        };
        Node first = Gradients(Where(Unsqueeze(chosen, 1), y * Constant((float[])[1, 2]), 0).Sum(), x)[0];
        Node second = first.RequiresGrad ? Gradients((first * Constant((float[])[1, 3])).Sum(), [x], Unreached.Zeros)[0] : ZerosLike(x);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, chosen], [first, second]);
        RunResults spoilt = graph.Run((float[])[1, 2, float.NaN, float.PositiveInfinity, 5, 7], (bool[])[true, false, true]);
        RunResults clean = graph.Run((float[])[1, 2, 3, 4, 5, 7], (bool[])[true, false, true]);
        for (int i = 0; i < 2; i++)
        {
            Assert.That(spoilt.GetArray<float>(i), Is.EqualTo(clean.GetArray<float>(i)));
            Assert.That(spoilt.GetArray<float>(i)[2..4], Is.All.Zero);
        }
    }

    private static IEnumerable<TestCaseData> Cases() => Functions.Select((f, i) => new TestCaseData(i).SetArgDisplayNames(f.Name));

    [TestCaseSource(nameof(Cases))]
    public void Has_no_gradient_of_any_order(int row)
    {
        Input<float> x = Input("x", [Points.Length], requiresGrad: true);
        Input<float> w = Input("w", [Points.Length], requiresGrad: true);
        List<string> names = [];
        List<Node> slopes = [];
        foreach ((string name, Func<Node, Node> around) in Around)
        {
            Add($"{name} of x", around(Functions[row].Make(x)));
            Add($"{name} of tanh x", around(Functions[row].Make(2 * Tanh(x))));
            Add($"{name} of w·x", around(Functions[row].Make(w * x)));
        }

        float[] ones = [.. Points.Select(_ => 1f)];
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, w], slopes);
        RunResults results = graph.Run(Points, ones);
        using (Assert.EnterMultipleScope())
        {
            for (int i = 0; i < slopes.Count; i++)
            {
                float[] values = results.GetArray<float>(i);
                float[] wrong = [.. Points.Where((_, at) => values[at] != 0)];
                Assert.That(wrong, Is.Empty, names[i]);
            }
        }

        void Add(string name, Node y)
        {
            // Known when the graph runs.
            Node chosen = Where(w > 2, y, 0);
            Node[] first = [.. Gradients(chosen.Sum(), [x, w], Unreached.Zeros)];
            names.AddRange([$"{name} in x", $"{name} in w", $"{name}, second order"]);
            Node sum = (first[0] + first[1]).Sum();
            slopes.AddRange([.. first, sum.RequiresGrad ? Gradients(sum, [x], Unreached.Zeros)[0] : ZerosLike(x)]);
        }
    }
}
