using GraphCompiler.Tests.Options;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler;

/// <summary>Values at the edges of functions, and what is refused beyond them.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class EdgeValueTests
{
    private static Node[] Positive(Node p)
    {
        var generator = new Generator(1);
        Node one = OnesLike(p);
        return
        [
            Exponential(generator, p), Gumbel(generator, 0 * one, p), Gamma(generator, p), Gamma(generator, one, p), Beta(generator, p, one), Beta(generator, one, p), Dirichlet(generator, p),
            ChiSquare(generator, p), StudentT(generator, p),
        ];
    }

    [Test]
    public void Parameters_of_distributions_are_checked_when_the_graph_runs([Range(0, 8)] int which)
    {
        string name = new[] { "Exponential", "Gumbel", "Gamma", "Gamma", "Beta", "Beta", "Dirichlet", "ChiSquare", "StudentT" }[which];
        Input<float> p = Input("p", [2]);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([p], Positive(p)[which]);
        foreach (float bad in (float[])[0, -1, float.NaN, float.PositiveInfinity])
        {
            Assert.That(() => graph.Run((float[])[1, bad]), Throws.TypeOf<ExecutionException>().With.Message.StartsWith($"{name}: a ").And.Message.Contains("above 0").And.Message.Contains("Input 'p'"), $"{bad}");
        }

        Assert.That(graph.Run((float[])[1, 0.5f]).GetArray<float>(0), Has.All.Not.NaN);
    }

    [Test]
    public void TanhShrink_keeps_its_digits()
    {
        double[] at = [.. Enumerable.Range(-60, 121).Select(i => Math.CopySign(Math.Pow(10, Math.Abs(i) / 10.0 - 5), i)), 1.4999, 1.5, 2, 20];
        Input<double> x = Input<double>("x", [at.Length], requiresGrad: true);
        Input<float> single = Input("s", [at.Length]);
        Node y = TanhShrink(x);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, single], [y, Gradients(y.Sum(), x)[0], TanhShrink(single)]);
        RunResults results = graph.Run(at, at.Select(v => (float)v).ToArray());
        for (int i = 0; i < at.Length; i++)
        {
            Assert.That(results.GetArray<double>(0)[i], Is.EqualTo(Exact(at[i])).Within(16 * Math.BitIncrement(1.0) * 2.3e-16 * Math.Abs(Exact(at[i]))), $"{at[i]}");
            double slope = Math.Tanh(at[i]) * Math.Tanh(at[i]);
            Assert.That(results.GetArray<double>(1)[i], Is.EqualTo(slope).Within(64 * 2.3e-16 * slope), $"slope at {at[i]}");
            Assert.That(results.GetArray<float>(2)[i], Is.EqualTo(Exact((float)at[i])).Within(16 * 6e-8 * Math.Abs(Exact((float)at[i]))), $"{at[i]}");
        }

        // The Taylor series in a range where its terms fall fast, x − tanh x as it is beyond.
        static double Exact(double v)
        {
            double square = v * v;
            double rest = 0;
            for (int k = 61; k >= 3; k -= 2)
            {
                rest = square / (k + rest);
            }

            return Math.Abs(v) < 2 ? v * rest / (1 + rest) : v - Math.Tanh(v);
        }
    }

    [Test]
    public void Infinities_have_angles_and_no_class()
    {
        const float Inf = float.PositiveInfinity;
        Input<float> a = Input("a", [4]);
        Input<float> b = Input("b", [4]);
        Input<float> logits = Input("logits", [2, 2]);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([a, b, logits], [Atan2(a, b), CrossEntropy(logits, Constant((long[])[0, 1]), LossReduction.None)]);
        RunResults results = graph.Run((float[])[Inf, Inf, -Inf, -Inf], (float[])[Inf, -Inf, Inf, -Inf], (float[])[Inf, 0, Inf, 0]);
        Assert.That(results.GetArray<float>(0), Is.EqualTo((float[])[MathF.PI / 4, 3 * MathF.PI / 4, -MathF.PI / 4, -3 * MathF.PI / 4]).Within(1).Ulps);
        Assert.That(results.GetArray<float>(1), Is.All.NaN);
    }

    [Test]
    public void What_is_no_dtype_is_refused()
    {
        const DType Wrong = (DType)99;
        var generator = new Generator(1);
        Input<float> x = Input("x", [2]);
        Func<object>[] doors =
        [
            () => Cast(x, Wrong), () => Zeros([2], Wrong), () => Ones([2], Wrong), () => Full([2], 1, Wrong), () => Arange(3, dtype: Wrong), () => Scalar(1, Wrong), () => DimValue("N", Wrong), () => DimValue(3, Wrong),
            () => Iota([2], 0, Wrong), () => OneHot(Constant((long[])[0]), 2, Wrong), () => Uniform(generator, [2], Wrong), () => Normal(generator, [2], Wrong), () => Exponential(generator, [2], Wrong),
            () => Gumbel(generator, [2], Wrong), () => Wrong.Size(), () => Wrong.ClrType(), () => Wrong.Display(),
        ];
        for (int i = 0; i < doors.Length; i++)
        {
            Assert.That(() => doors[i](), Throws.TypeOf<DTypeException>().With.Message.Contains("99 is not a dtype").And.Message.Contains("DType.Float32"), $"door {i}");
        }
    }

    [Test]
    public void Curvature_before_a_NaN_is_as_without_it()
    {
        Input<double> x = Input<double>("x", [5], requiresGrad: true);
        Node y = LogCumulativeSumExp(x, 0);
        Node first = Gradients((y * Constant((double[])[1, 2, 3, 0, 0])).Sum(), x)[0];
        Node second = Gradients((first * Constant((double[])[3, -1, 2, 0, 0])).Sum(), x)[0];
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], [first, second]);
        RunResults with = graph.Run((double[])[0.5, -1, 2, double.NaN, 1]);
        RunResults without = graph.Run((double[])[0.5, -1, 2, 0, 1]);
        Assert.That(with.GetArray<double>(0)[..3], Is.EqualTo(without.GetArray<double>(0)[..3]).Within(1e-14));
        Assert.That(with.GetArray<double>(1)[..3], Is.EqualTo(without.GetArray<double>(1)[..3]).Within(1e-14));
    }

    [Test]
    public void Records_print_as_code_does()
    {
        TestCulture.Under(TestCulture.Of("de-DE"), () =>
        {
            Assert.That(new GradientCheckOptions { Low = -1.5 }.ToString(), Does.StartWith("GradientCheckOptions { ").And.Contain("Low = -1.5").And.EndsWith(" }"));
            Assert.That(new DotTest(1, 0.5, 0.25, 1e-7, GradientVerdict.Passed).ToString(), Is.EqualTo("DotTest { Order = 1, Forward = 0.5, Reverse = 0.25, Tolerance = 1E-07, Verdict = Passed }"));
            return true;
        });
    }
}
