using System.Globalization;

namespace GraphCompiler.Tests;

/// <summary>The incomplete gamma functions against references of 60 digits, and where they end.</summary>
[TestFixture]
public sealed class IncompleteGammaTests
{
    private const double Infinity = double.PositiveInfinity;

    [Test]
    public void Each_is_accurate_where_it_vanishes()
    {
        (double lower, double upper, double density) = (0, 0, 0);
        foreach (string line in File.ReadLines(Path.Combine(Repository.Root, "tests", "data", "incomplete-gamma.csv")).Where(l => !l.StartsWith('#')))
        {
            double[] row = [.. line.Split(',').Select(f => double.Parse(f, CultureInfo.InvariantCulture))];
            lower = Math.Max(lower, Excess(IncompleteGamma.Lower(row[0], row[1]), row[2], line));
            upper = Math.Max(upper, Excess(IncompleteGamma.Upper(row[0], row[1]), row[3], line));
            density = Math.Max(density, Excess(IncompleteGamma.Density(row[0], row[1]), row[4], line));
        }

        TestContext.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"worst of what is allowed: P {lower:F2}, Q {upper:F2}, density {density:F2}"));
    }

    [Test]
    public void Both_together_are_1_and_neither_jumps_where_methods_meet()
    {
        foreach (double a in (double[])[0.05, 0.4, 0.9, 1.1, 5, 9.999999, 10, 199.9999, 200, 1000, 1e6, 1e12])
        {
            foreach (double share in (double[])[0.4, 0.5, 0.62, 0.999, 1, 1.001, 1.1, 1.62, 2])
            {
                double x = a * share;
                double density = IncompleteGamma.Density(a, x);
                Assert.That(IncompleteGamma.Lower(a, x) + IncompleteGamma.Upper(a, x), Is.EqualTo(1).Within(1e-15), $"{a}, {x}");
                Assert.That(IncompleteGamma.Lower(a, x * (1 + 1e-9)) - IncompleteGamma.Lower(a, x), Is.EqualTo(1e-9 * x * density).Within(2e-14 + (1e-5 * 1e-9 * x * density)), $"{a}, {x}");
            }
        }

        foreach (double x in (double[])[1.1, 0.9, 0.3])
        {
            Assert.That(IncompleteGamma.Upper(0.2, x * (1 - 1e-12)), Is.EqualTo(IncompleteGamma.Upper(0.2, x * (1 + 1e-12))).Within(1e-11));
        }
    }

    [TestCase(0, 1, 1, 0, 0)]
    [TestCase(0, Infinity, 1, 0, 0)]
    [TestCase(2, 0, 0, 1, 0)]
    [TestCase(1, 0, 0, 1, 1)]
    [TestCase(0.5, 0, 0, 1, Infinity)]
    [TestCase(2, Infinity, 1, 0, 0)]
    [TestCase(Infinity, 2, 0, 1, 0)]
    [TestCase(0, 0, double.NaN, double.NaN, double.NaN)]
    [TestCase(Infinity, Infinity, double.NaN, double.NaN, double.NaN)]
    [TestCase(-1, 2, double.NaN, double.NaN, double.NaN)]
    [TestCase(1, -2, double.NaN, double.NaN, double.NaN)]
    [TestCase(double.NaN, 1, double.NaN, double.NaN, double.NaN)]
    [TestCase(1, double.NaN, double.NaN, double.NaN, double.NaN)]
    [TestCase(1e-320, 1, 1, 0, 0)]
    [TestCase(3, 1e-200, 0, 1, 0)]
    [TestCase(3, 1e10, 1, 0, 0)]
    [TestCase(1e300, 1, 0, 1, 0)]
    [TestCase(1e300, 1e301, 1, 0, 0)]
    public void The_ends(double a, double x, double lower, double upper, double density)
    {
        Assert.That(IncompleteGamma.Lower(a, x), Is.EqualTo(lower));
        Assert.That(IncompleteGamma.Upper(a, x), Is.EqualTo(upper).Within(1e-319));
        Assert.That(IncompleteGamma.Density(a, x), Is.EqualTo(density).Within(1e-319));
    }

    /// <summary>The error as a part of what is allowed: 10⁻¹⁴, and 2·10⁻¹⁵ for each unit of the logarithm, which is where a power has its error.</summary>
    private static double Excess(double found, double truth, string line)
    {
        if (truth < 1e-300)
        {
            Assert.That(found, Is.EqualTo(truth).Within(1e-300), line);
            return 0;
        }

        double excess = Math.Abs((found / truth) - 1) / (1e-14 + (2e-15 * Math.Abs(Math.Log(truth))));
        Assert.That(excess, Is.LessThan(1), $"{line}: {found:R}");
        return excess;
    }
}
