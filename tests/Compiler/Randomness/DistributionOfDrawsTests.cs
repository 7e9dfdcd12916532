using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler;

/// <summary>
/// What is drawn has the distribution that it should have. Seeds are fixed, so that a test that passes does so always; thresholds are those that one in a
/// thousand right generators would miss.
/// </summary>
[Parallelizable(ParallelScope.All)]
internal sealed class DistributionOfDrawsTests
{
    private const int Count = 40_000;

    // Of Kolmogorov's distribution, and of the normal one.
    private const double MostDistance = 1.95;
    private const double MostDeviations = 3.3;

    [Test]
    public void UniformNumbersAreUniform([Values(DType.Float32, DType.Float64)] DType dtype) =>
        IsOf(Draw(g => Uniform(g, [Count], dtype)), Math.Clamp, mean: 0.5, variance: 1.0 / 12);

    [Test]
    public void UniformNumbersLieBetweenTheirBounds([Values(DType.Float32, DType.Float64)] DType dtype)
    {
        double[] found = Draw(g => Uniform(g, -3, 5, [Count], dtype));
        Assert.That(found, Is.All.InRange(-3, 5));
        IsOf(found, (x, _, _) => (x + 3) / 8, mean: 1, variance: 64.0 / 12);
    }

    [Test]
    public void NormalNumbersAreNormal([Values(DType.Float32, DType.Float64)] DType dtype)
    {
        double[] found = Draw(g => Normal(g, 2, 3, [Count], dtype));
        IsOf(found, (x, _, _) => 0.5 * (1 + VectorMath.Erf((x - 2) / (3 * Math.Sqrt(2)))), mean: 2, variance: 9);
        double fourth = found.Average(x => Math.Pow((x - 2) / 3, 4));
        Assert.That(fourth, Is.EqualTo(3).Within(MostDeviations * Math.Sqrt(96.0 / Count)));

        // One in 31,574 is beyond 4; numbers at an end of the uniform ones are there.
        Assert.That(found.Max(x => Math.Abs(x - 2) / 3), Is.InRange(3.5, 6));
    }

    [Test]
    public void ExponentialNumbersAreExponential([Values(DType.Float32, DType.Float64)] DType dtype)
    {
        double[] found = Draw(g => Exponential(g, Scalar(0.5, dtype), [Count]));
        Assert.That(found, Is.All.GreaterThan(0));
        IsOf(found, (x, _, _) => 1 - Math.Exp(-x / 2), mean: 2, variance: 4);
    }

    [Test]
    public void GumbelNumbersAreGumbels([Values(DType.Float32, DType.Float64)] DType dtype) =>
        IsOf(Draw(g => Gumbel(g, Scalar(1, dtype), Scalar(2, dtype), [Count])), (x, _, _) => Math.Exp(-Math.Exp(-(x - 1) / 2)), mean: 1 + (2 * 0.5772156649), variance: 4 * Math.PI * Math.PI / 6);

    [Test]
    public void BernoulliNumbersHaveTheirProbability([Values(DType.Float32, DType.Float64, DType.Int32, DType.Bool)] DType dtype)
    {
        foreach (double p in (double[])[0, 0.03, 0.5, 0.9, 1])
        {
            double[] found = Draw(g => Bernoulli(g, p, [Count], dtype));
            Assert.That(found, Is.All.EqualTo(0).Or.EqualTo(1));
            Assert.That(found.Average(), Is.EqualTo(p).Within(MostDeviations * Math.Sqrt(p * (1 - p) / Count)), $"p = {p}");
            if (dtype.IsFloat())
            {
                double[] byNode = Draw(g => Bernoulli(g, Scalar(p, dtype), [Count]));
                Assert.That(byNode.Average(), Is.EqualTo(p).Within(MostDeviations * Math.Sqrt(p * (1 - p) / Count)), $"p = {p} as a node");
            }
        }
    }

    [Test]
    public void IntegersAreEquallyLikely([Values(DType.Int32, DType.Int64)] DType dtype)
    {
        double[] found = Draw(g => RandInt(g, -6, 7, [Count], dtype));
        AreCounts([.. Enumerable.Range(-6, 13).Select(k => found.Count(v => v == k))], [.. Enumerable.Repeat(1.0 / 13, 13)]);
        double[] wide = Draw(g => RandInt(g, -(1L << 52), 1L << 52, [Count]));
        IsOf(wide, (x, _, _) => (Math.ScaleB(x, -52) + 1) / 2, mean: 0, variance: Math.ScaleB(1, 104) / 3);
    }

    [Test]
    public void PermutationsAreEquallyLikely()
    {
        int[] counts = new int[24];
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([], Permutation(new Generator(1), 4), new CompileOptions { Threads = 1 });
        for (int i = 0; i < 4800; i++)
        {
            long[] found = graph.Run().GetArray<long>(0);
            Assert.That(found, Is.EquivalentTo((long[])[0, 1, 2, 3]));
            counts[(found[0] * 6) + (found[1..].Order().ToList().IndexOf(found[1]) * 2) + (found[2] > found[3] ? 1 : 0)]++;
        }

        AreCounts(counts, [.. Enumerable.Repeat(1.0 / 24, 24)]);
        Assert.That(Draw(g => Permutation(g, 1000, DType.Int32)).Order(), Is.EqualTo(Enumerable.Range(0, 1000)));
    }

    [Test]
    public void ClassesAreDrawnByTheirProbabilities([Values(DType.Float32, DType.Float64)] DType dtype)
    {
        double[] p = [0.1, 0.4, 0, 0.3, 0.2];
        Node logits = Cast(Log(Constant((double[])[1, 4, 0, 3, 2])), dtype);
        double[] found = Draw(g => Categorical(g, Unsqueeze(logits, 1), 0, Count));
        AreCounts([.. Enumerable.Range(0, 5).Select(k => found.Count(v => v == k))], p);
        double[] weighted = Draw(g => Multinomial(g, Exp(logits), Count, replacement: true));
        AreCounts([.. Enumerable.Range(0, 5).Select(k => weighted.Count(v => v == k))], p);
    }

    [Test]
    public void PositionsWithoutReplacementAreDrawnOneAfterTheOther()
    {
        double[] weights = [1, 2, 3];
        double[] found = Draw(g => Multinomial(g, BroadcastTo(Constant(weights), [Count, 3]), 2));
        int[] counts = new int[9];
        for (int i = 0; i < Count; i++)
        {
            counts[(3 * (int)found[2 * i]) + (int)found[(2 * i) + 1]]++;
        }

        AreCounts(counts, [.. from i in Enumerable.Range(0, 3) from j in Enumerable.Range(0, 3) select i == j ? 0 : weights[i] / 6 * weights[j] / (6 - weights[i])]);
    }

    [Test]
    public void GammaNumbersAreGammas([Values(0.2, 0.5, 1, 2.5, 40, 1e6)] double concentration, [Values(DType.Float32, DType.Float64)] DType dtype)
    {
        double[] found = Draw(g => Gamma(g, Scalar(concentration, dtype), Scalar(2, dtype), [Count]));
        Assert.That(found, Is.All.GreaterThan(0));
        IsOf(found, (x, _, _) => Incomplete(concentration, 2 * x), mean: concentration / 2, variance: concentration / 4);
    }

    [Test]
    public void TheGammaFamilyHasItsMoments()
    {
        double[] beta = Draw(g => Beta(g, Scalar(2, DType.Float64), Scalar(0.5, DType.Float64), [Count]));
        Assert.That(beta.Average(), Is.EqualTo(0.8).Within(MostDeviations * Math.Sqrt(1 / (6.25 * 3.5) / Count)));
        double[] shares = Draw(g => Dirichlet(g, Constant((double[])[1, 2, 5]), [Count, 3]));
        Assert.That(shares.Chunk(3).Select(c => c.Sum()), Is.All.EqualTo(1).Within(1e-12));
        Assert.That(shares.Where((_, i) => i % 3 == 2).Average(), Is.EqualTo(5.0 / 8).Within(MostDeviations * Math.Sqrt(15.0 / 64 / 9 / Count)));
        double[] square = Draw(g => ChiSquare(g, Scalar(3, DType.Float64), [Count]));
        IsOf(square, (x, _, _) => Incomplete(1.5, x / 2), mean: 3, variance: 6);
        double[] student = Draw(g => StudentT(g, Scalar(6, DType.Float64), [Count]));
        Assert.That(student.Average(), Is.Zero.Within(MostDeviations * Math.Sqrt(1.5 / Count)));
        Assert.That(student.Average(t => t * t), Is.EqualTo(1.5).Within(MostDeviations * Math.Sqrt((13.5 - 2.25) / Count)));
    }

    [Test]
    public void GumbelSoftmaxIsACategoricalDraw()
    {
        Node logits = BroadcastTo(Log(Constant((double[])[1, 3, 6])), [Count, 3]);
        double[] hard = Draw(g => GumbelSoftmax(g, logits, 0.5, hard: true));
        AreCounts([.. Enumerable.Range(0, 3).Select(k => Enumerable.Range(0, Count).Count(i => Math.Abs(hard[(3 * i) + k] - 1) < 1e-9))], [0.1, 0.3, 0.6]);
    }

    /// <summary>Neighbours, in a line and from call to call, are independent, and so are the parts of a block.</summary>
    [Test]
    public void NeighboursAreIndependent()
    {
        Generator generator = new(17);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([], [Uniform(generator, [Count], DType.Float64), Normal(generator, [Count], DType.Float64)]);
        double[][] found = [.. Enumerable.Range(0, 2).Select(_ => graph.Run()).SelectMany(r => new[] { r.GetArray<double>(0), r.GetArray<double>(1) })];
        foreach (double[] a in found)
        {
            foreach (double[] b in found)
            {
                foreach (int lag in (int[])[0, 1, 2, 4, 8, 16, 256])
                {
                    if (lag > 0 || a != b)
                    {
                        double correlation = Correlation(a.AsSpan(lag), b.AsSpan(0, Count - lag));
                        Assert.That(Math.Abs(correlation) * Math.Sqrt(Count), Is.LessThan(4), $"lag {lag}");
                    }
                }
            }
        }
    }

    /// <summary>The regularised incomplete gamma function, by its power series; by the normal distribution where the concentration is huge.</summary>
    private static double Incomplete(double a, double x)
    {
        if (a > 1e5)
        {
            double y = 3 * Math.Sqrt(a) * (Math.Cbrt(x / a) - 1 + (1 / (9 * a)));
            return 0.5 * (1 + VectorMath.Erf(y / Math.Sqrt(2)));
        }

        double term = Math.Exp((a * Math.Log(x)) - x - GammaFunctions.LogGamma(a + 1));
        double sum = term;
        for (int n = 1; n < 1000 && term > 0; n++)
        {
            term *= x / (a + n);
            sum += term;
        }

        return sum;
    }

    private static double[] Draw(Func<Generator, Node> draw)
    {
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([], Cast(draw(new Generator(2024)), DType.Float64));
        return graph.Run().GetArray<double>(0);
    }

    private static double Correlation(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        (double sumA, double sumB, double aa, double ab, double bb) = (0, 0, 0, 0, 0);
        for (int i = 0; i < a.Length; i++)
        {
            sumA += a[i];
            sumB += b[i];
            aa += a[i] * a[i];
            ab += a[i] * b[i];
            bb += b[i] * b[i];
        }

        double n = a.Length;
        return (ab - (sumA * sumB / n)) / Math.Sqrt((aa - (sumA * sumA / n)) * (bb - (sumB * sumB / n)));
    }

    /// <summary>Kolmogorov and Smirnov's distance from a distribution function, and two moments.</summary>
    private static void IsOf(double[] found, Func<double, double, double, double> function, double mean, double variance)
    {
        int n = found.Length;
        double[] sorted = [.. found.Order()];
        double distance = 0;
        for (int i = 0; i < n; i++)
        {
            double p = function(sorted[i], 0, 1);
            distance = Math.Max(distance, Math.Max(((i + 1.0) / n) - p, p - ((double)i / n)));
        }

        double own = found.Average();
        double second = found.Average(x => (x - mean) * (x - mean));
        double spread = Math.Sqrt(found.Average(x => Math.Pow(((x - mean) * (x - mean)) - variance, 2)) / n);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(distance * Math.Sqrt(n), Is.LessThan(MostDistance), "distance");
            Assert.That(own, Is.EqualTo(mean).Within(MostDeviations * Math.Sqrt(variance / n)), "mean");
            Assert.That(second, Is.EqualTo(variance).Within(MostDeviations * spread), "variance");
        }
    }

    /// <summary>Pearson's chi-square; its bound by Wilson and Hilferty's approximation.</summary>
    private static void AreCounts(int[] counts, double[] probabilities)
    {
        double all = counts.Sum();
        double sum = 0;
        int degrees = -1;
        for (int i = 0; i < counts.Length; i++)
        {
            if (probabilities[i] == 0)
            {
                Assert.That(counts[i], Is.Zero);
                continue;
            }

            double expected = all * probabilities[i];
            sum += (counts[i] - expected) * (counts[i] - expected) / expected;
            degrees++;
        }

        double ninth = 2.0 / (9 * degrees);
        Assert.That(sum, Is.LessThan(degrees * Math.Pow(1 - ninth + (3.09 * Math.Sqrt(ninth)), 3)));
    }
}
