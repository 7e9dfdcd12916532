using System.Numerics;
using System.Numerics.Tensors;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler;

/// <summary>The error of sums grows with the logarithm of their length, whatever is added up, along which axes, and with which vectors.</summary>
[Parallelizable(ParallelScope.Children)]
internal sealed class AccurateSumsTests
{
    // In the bound (b + log2(n/b))·u·Σ|x| for n terms, u the unit roundoff.
    private const double BlockTerms = 64;

    private static readonly string[] Kinds = ["constant", "random", "alternating", "sorted"];

    private static IEnumerable<TestCaseData> Cases() =>
        from width in VectorWidths.Supported
        from kind in Kinds
        from count in new[] { 1000, 1_000_000 }
        from single in new[] { true, false }
        select new TestCaseData(width, kind, count, single);

    [TestCaseSource(nameof(Cases))]
    public void Sums_along_every_axis(object width, string kind, int count, bool single)
    {
        Assume.That(CompileOptions.Default.Verify || CompileOptions.Default.Interpret, Is.False, "the interpreter takes its time");
        if (single)
        {
            CheckSums<float>((VectorWidth)width, kind, count);
        }
        else
        {
            CheckSums<double>((VectorWidth)width, kind, count);
        }
    }

    [TestCaseSource(nameof(Cases))]
    public void Running_sums_along_every_axis(object width, string kind, int count, bool single)
    {
        Assume.That(CompileOptions.Default.Verify || CompileOptions.Default.Interpret, Is.False, "the interpreter takes its time");
        if (single)
        {
            CheckScans<float>((VectorWidth)width, kind, count / 2);
        }
        else
        {
            CheckScans<double>((VectorWidth)width, kind, count / 2);
        }
    }

    [Test]
    [Category("Slow")]
    public void A_hundred_million_generated_numbers([Values] bool leading)
    {
        const int Count = 100_000_000;
        Node x = Input("x", []);
        Node index = Iota([Count], 0);
        Node terms = Where(GreaterEqual(index, ZerosLike(index)), x, 0);
        Node sum = leading ? Reshape(terms, [Count / 4, 4]).Sum(0) : terms.Sum();
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], sum);
        double exact = 0.1f * (double)Count / (leading ? 4 : 1);
        Assert.That(graph.Run(0.1f).GetArray<float>(), Is.All.EqualTo(exact).Within(Bound<float>(Count, exact)));
    }

    /// <summary>Sums that others wait for, sums of columns beside sums of rows, and sums in a kernel that does the work of several.</summary>
    [Test]
    public void Means_norms_and_losses_inherit_it()
    {
        Assume.That(CompileOptions.Default.Verify || CompileOptions.Default.Interpret, Is.False, "the interpreter takes its time");
        const int Count = 1_000_000;
        Node x = Input("x", ["N", 4]);
        float[] tenths = new float[Count];
        Array.Fill(tenths, 0.1f);
        foreach (VectorWidth width in VectorWidths.Supported)
        {
            using CompiledGraph graph = GraphCompiler.Compiler.Compile(
                [x], [x.Mean(), x.Mean(0), Norm(x), x - x.Mean(), Softmax(x, 0), LogSumExp(x)], options: new CompileOptions { Width = width });
            RunResults results = graph.Run(Tensor.Create(tenths, [Count / 4, 4]));
            using (Assert.EnterMultipleScope())
            {
                Assert.That(results.GetArray<float>(0), Is.All.EqualTo(0.1f).Within(80).Ulps);
                Assert.That(results.GetArray<float>(1), Is.All.EqualTo(0.1f).Within(80).Ulps);
                Assert.That(results.GetArray<float>(2), Is.All.EqualTo(0.1f * 1000).Within(80).Ulps);
                Assert.That(results.GetArray<float>(3), Is.All.EqualTo(0).Within(80 * 1e-8f));
                Assert.That(results.GetArray<float>(4), Is.All.EqualTo(4f / Count).Within(80).Ulps);
                Assert.That(results.GetArray<float>(5), Is.All.EqualTo((float)(0.1 + Math.Log(Count))).Within(80).Ulps);
            }
        }
    }

    [Test]
    public void Infinities_and_NaN_stay_what_they_are()
    {
        Node x = Input("x", ["N", "M"]);
        foreach (VectorWidth width in VectorWidths.Supported)
        {
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], [x.Sum(0), x.Sum(1), x.Sum(), CumulativeSum(x, 0), CumulativeSum(x, 1)], options: new CompileOptions { Width = width });
            float[] given = new float[500 * 300];
            given[(7 * 300) + 3] = float.PositiveInfinity;
            given[(9 * 300) + 4] = float.NegativeInfinity;
            given[(9 * 300) + 5] = float.NaN;
            given[(400 * 300) + 8] = float.MaxValue;
            given[(401 * 300) + 8] = float.MaxValue;
            given[(402 * 300) + 8] = float.NegativeInfinity;
            RunResults results = graph.Run(Tensor.Create(given, [500, 300]));
            float[] columns = results.GetArray<float>(0);
            float[] rows = results.GetArray<float>(1);
            float[] down = results.GetArray<float>(3);
            float[] along = results.GetArray<float>(4);
            using (Assert.EnterMultipleScope())
            {
                Assert.That(columns[..9], Is.EqualTo((float[])[0, 0, 0, float.PositiveInfinity, float.NegativeInfinity, float.NaN, 0, 0, float.NaN]));
                Assert.That((float[])[rows[7], rows[9], rows[400], rows[402]], Is.EqualTo((float[])[float.PositiveInfinity, float.NaN, float.MaxValue, float.NegativeInfinity]));
                Assert.That(results.GetArray<float>(2)[0], Is.NaN);
                Assert.That((float[])[down[(499 * 300) + 3], down[(499 * 300) + 4], down[(499 * 300) + 5]], Is.EqualTo((float[])[float.PositiveInfinity, float.NegativeInfinity, float.NaN]));
                Assert.That((float[])[along[(8 * 300) - 1], along[(400 * 300) + 299]], Is.EqualTo((float[])[float.PositiveInfinity, float.MaxValue]));
            }
        }
    }

    /// <summary>Values far from 0 differ in their last digits only: their mean is not exact, and its error must not show.</summary>
    [Test]
    public void Variances_about_a_large_offset([Values] bool single, [Values(0, 1)] int axis)
    {
        if (single)
        {
            CheckVariance<float>(axis, 1e6);
        }
        else
        {
            CheckVariance<double>(axis, 1e13);
        }
    }

    private static void CheckVariance<T>(int axis, double offset)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Assume.That(CompileOptions.Default.Verify || CompileOptions.Default.Interpret, Is.False, "the interpreter takes its time");
        const int Count = 100_000;
        nint[] shape = axis == 0 ? [Count, 2] : [2, Count];
        Node x = Input<T>("x", axis == 0 ? ["N", 2] : [2, "N"], requiresGrad: true);
        Node weights = Sin(Cast(Iota([x.Shape[axis]], 0), x.DType));
        Node loss = (Variance(x, axis) + StandardDeviation(x, axis)).Sum();
        Node normal = axis == 0 ? BatchNormTraining(x, epsilon: 0) : LayerNorm(x, epsilon: 0);
        Node zero = Zeros([2], x.DType);
        Node running = BatchNormTraining(axis == 0 ? x : x.Transpose(), zero, zero, null, null, momentum: 1).RunningVariance;
        Node seen = (normal * (axis == 0 ? Unsqueeze(weights, 1) : weights)).Sum();
        Node[] results = [Variance(x, axis), Gradients(loss, x)[0], normal, Gradients(seen, x)[0], running];

        T[] given = [.. Enumerable.Range(0, 2 * Count).Select(i => T.CreateChecked(offset + (0.1 * Math.Sin((axis == 0 ? i / 2 : i % Count) + (axis == 0 ? i % 2 : i / Count)))))];
        int At(int line, int i) => axis == 0 ? (2 * i) + line : (line * Count) + i;
        foreach (VectorWidth width in VectorWidths.Supported)
        {
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], results, options: new CompileOptions { Width = width });
            RunResults found = graph.Run(Given(given, shape));
            double tolerance = 1e4 * Unit<T>();
            using (Assert.EnterMultipleScope())
            {
                for (int line = 0; line < 2; line++)
                {
                    double[] far = [.. Enumerable.Range(0, Count).Select(i => double.CreateChecked(given[At(line, i)] - T.CreateChecked(offset)))];
                    double mean = far.Average();
                    double[] centred = [.. far.Select(f => f - mean)];
                    double squares = centred.Sum(c => c * c);
                    double variance = squares / (Count - 1);
                    double scale = 1 / Math.Sqrt(squares / Count);
                    double[] y = [.. centred.Select(c => c * scale)];
                    double[] g = [.. Enumerable.Range(0, Count).Select(i => Math.Sin(i))];
                    (double level, double along) = (g.Average(), g.Zip(y, (a, b) => a * b).Average());
                    Expect(0, line, variance);
                    Expect(4, line, variance);
                    for (int i = 0; i < Count; i += 997)
                    {
                        double slope = 2 * centred[i] / (Count - 1);
                        Expect(1, At(line, i), slope * (1 + (0.5 / Math.Sqrt(variance))), 1e-5);
                        Expect(2, At(line, i), y[i], 1);
                        Expect(3, At(line, i), scale * (g[i] - level - (y[i] * along)), 10);
                    }
                }
            }

            void Expect(int result, int at, double want, double magnitude = 0) =>
                Assert.That(double.CreateChecked(found.GetArray<T>(result)[at]), Is.EqualTo(want).Within(tolerance * Math.Max(magnitude, Math.Abs(want))), $"{width}, result {result}, at {at}");
        }
    }

    private static void CheckSums<T>(VectorWidth width, string kind, int count)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T[] terms = Terms<T>(kind, count);
        double[] values = [.. terms.Select(double.CreateChecked)];
        int k = count / 50;
        T[] ones = [.. Enumerable.Repeat(T.One, k)];
        Node flat = Input<T>("flat", ["N"]);
        Node known = Input<T>("known", [count]);
        Node wide = Input<T>("wide", ["M", 50]);
        Node middle = Input<T>("middle", [5, "L", 10]);
        Node rows = Input<T>("rows", [k, 50]);
        Node mask = Input<T>("mask", [k, 1, 1]);
        Node[] sums =
        [
            flat.Sum(), known.Sum(), Exp(Log(Abs(known))).Sum(),
            wide.Sum(0), wide.Sum(1), wide.Transpose().Sum(), wide.Transpose().Sum(1), (wide + wide.Sum(0)).Sum(),
            middle.Sum(1), middle.Sum([0, 1]), middle.Sum([0, 2]), middle.Sum([1, 2]), Permute(middle, 2, 0, 1).Sum(),
            rows.Sum(0), rows.Sum(1), Reshape(rows, [k / 5, 5, 50]).Sum([0, 1]), (Reshape(rows, [k, 5, 10]) * mask).Sum([0, 1]),
        ];
        int[][] groups =
        [
            .. Enumerable.Repeat(Groups(i => 0), 3),
            Groups(i => i % 50), Groups(i => i / 50), Groups(i => 0), Groups(i => i % 50), [],
            Groups(i => (i / (10 * (count / 50)) * 10) + (i % 10)), Groups(i => i % 10), Groups(i => i / 10 % (count / 50)), Groups(i => i / (10 * (count / 50))), Groups(i => 0),
            Groups(i => i % 50), Groups(i => i / 50), Groups(i => i % 50), Groups(i => i % 10),
        ];
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([flat, known, wide, middle, rows, mask], sums, options: new CompileOptions { Width = width });
        RunResults results = graph.Run(Given(terms, count), Given(terms, count), Given(terms, k, 50), Given(terms, 5, k, 10), Given(terms, k, 50), Given(ones, k, 1, 1));
        using (Assert.EnterMultipleScope())
        {
            for (int s = 0; s < sums.Length; s++)
            {
                if (groups[s].Length == 0)
                {
                    continue;
                }

                T[] found = results.GetArray<T>(s);
                var exact = new NeumaierSum[found.Length];
                double[] magnitudes = new double[found.Length];
                for (int i = 0; i < count; i++)
                {
                    exact[groups[s][i]].Add(s == 2 ? Math.Abs(values[i]) : values[i]);
                    magnitudes[groups[s][i]] += Math.Abs(values[i]);
                }

                // Exponentials and logarithms are some units off by themselves.
                double more = s == 2 ? 64 * Unit<T>() : 0;
                for (int g = 0; g < found.Length; g++)
                {
                    double bound = Bound<T>(count / found.Length, magnitudes[g]) + (more * magnitudes[g]);
                    Assert.That(double.CreateChecked(found[g]), Is.EqualTo(exact[g].Value).Within(bound), $"sum {s}, element {g}");
                }
            }
        }

        int[] Groups(Func<int, int> of) => [.. Enumerable.Range(0, count).Select(of)];
    }

    private static void CheckScans<T>(VectorWidth width, string kind, int count)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T[] terms = Terms<T>(kind, 2 * count);
        Node lines = Input<T>("lines", [2, "N"]);
        Node columns = Input<T>("columns", ["N", 2]);
        Node inner = Input<T>("inner", ["N", 1, 2]);
        Node[] scans =
        [
            CumulativeSum(lines, 1), CumulativeSum(columns, 0), CumulativeSum(columns, 0, reverse: true), CumulativeSum(lines.Transpose(), 0), CumulativeSum(Stack([inner, inner], 1), 0),
            LinearRecurrence(OnesLike(columns), columns, 0), LinearRecurrence(OnesLike(lines), lines, 1),
        ];
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([lines, columns, inner], scans, options: new CompileOptions { Width = width });
        RunResults results = graph.Run(Given(terms, 2, count), Given(terms, count, 2), Given(terms, count, 1, 2));
        Line(0, i => i, i => i);
        Line(1, i => 2 * i, i => 2 * i);
        Line(2, i => 2 * (count - 1 - i), i => 2 * (count - 1 - i));
        Line(3, i => i, i => 2 * i);
        Line(4, i => 2 * i, i => 4 * i);
        Line(5, i => 2 * i, i => 2 * i);
        Line(6, i => i, i => i);

        void Line(int scan, Func<int, int> source, Func<int, int> target)
        {
            T[] found = results.GetArray<T>(scan);
            NeumaierSum exact = default;
            double magnitude = 0;
            for (int i = 0; i < count; i++)
            {
                double term = double.CreateChecked(terms[source(i)]);
                exact.Add(term);
                magnitude += Math.Abs(term);
                double error = Math.Abs(double.CreateChecked(found[target(i)]) - exact.Value);
                if (!(error <= Bound<T>(i + 1, magnitude)))
                {
                    Assert.Fail($"scan {scan}, step {i}: {found[target(i)]}, exactly {exact.Value:R}");
                }
            }
        }
    }

    [TestCase(7)]
    [TestCase(40)]
    public void Infinities_in_short_runs_stay_where_they_are(int run)
    {
        const int Runs = 200;
        float[] terms = [.. Enumerable.Repeat(1f, Runs * 3 * run)];
        terms[0] = float.PositiveInfinity;
        terms[(70 * 3 * run) + (2 * run) - 1] = float.NegativeInfinity;
        Input<float> x = Input("x", [Runs, 3, run]);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], Sum(x, [0, 2]));
        Assert.That(graph.Run(Given(terms, Runs, 3, run)).GetArray<float>(0), Is.EqualTo([float.PositiveInfinity, float.NegativeInfinity, Runs * (float)run]));
    }

    private static Argument Given<T>(T[] values, params nint[] shape) => values switch
    {
        float[] singles => Tensor.Create(singles, shape),
        double[] doubles => Tensor.Create(doubles, shape),
        _ => throw new NotSupportedException(typeof(T).Name),
    };

    private static T[] Terms<T>(string kind, int count)
        where T : IBinaryFloatingPointIeee754<T>
    {
        var random = new Random(count);
        double[] uniform = [.. Enumerable.Range(0, count).Select(_ => random.NextDouble())];
        double[] terms = kind switch
        {
            "constant" => [.. Enumerable.Repeat(0.1, count)],
            "random" => [.. uniform.Select(u => u - 0.5)],
            "alternating" => [.. uniform.Select((_, i) => i % 2 == 0 ? 1000.1 : -1000)],
            _ => [.. uniform.Order()],
        };
        return [.. terms.Select(T.CreateChecked)];
    }

    private static double Bound<T>(double terms, double magnitude) =>
        (terms <= BlockTerms ? terms : BlockTerms + Math.Log2(terms / BlockTerms)) * Unit<T>() * magnitude;

    private static double Unit<T>() => typeof(T) == typeof(float) ? Math.ScaleB(1, -24) : Math.ScaleB(1, -53);
}
