using System.Globalization;

namespace GraphCompiler.Tests.RandomNumbers;

[TestFixture]
public sealed class GammaSlopesTests
{
    /// <summary>Numeric derivatives of the regularised incomplete gamma function in 100 digits.</summary>
    [Test]
    public void Slopes_are_those_of_the_incomplete_gamma_function()
    {
        var folder = new DirectoryInfo(TestContext.CurrentContext.TestDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "tests", "data", "gamma-slopes.csv")))
        {
            folder = folder.Parent ?? throw new FileNotFoundException("tests/data/gamma-slopes.csv");
        }

        (double worst, double worstCurvature) = (0, 0);
        foreach (string line in File.ReadLines(Path.Combine(folder.FullName, "tests", "data", "gamma-slopes.csv")).Where(l => !l.StartsWith('#')))
        {
            double[] row = [.. line.Split(',').Select(f => double.Parse(f, CultureInfo.InvariantCulture))];
            double error = Math.Abs((GammaSlopes.Slope(row[0], row[1]) / row[2]) - 1);
            double curvatureError = Math.Abs((GammaSlopes.Curvature(row[0], row[1]) / row[3]) - 1);
            (worst, worstCurvature) = (Math.Max(worst, error), Math.Max(worstCurvature, curvatureError));
            Assert.That(error, Is.LessThan(1e-12), line);
            Assert.That(curvatureError, Is.LessThan(1e-9), line);
        }

        TestContext.Out.WriteLine($"worst errors {worst:E1}, {worstCurvature:E1}");
    }

    [Test]
    public void Slopes_are_smooth_where_the_methods_meet()
    {
        foreach ((double a, double x, double da, double dx) in ((double, double, double, double)[])[(0.7, 1.5, 0, 1e-9), (30, 30, 0, 1e-9), (2000, 1970, 1e-7, 0), (2000, 2100, 1e-7, 0)])
        {
            Assert.That(GammaSlopes.Slope(a - da, x - dx), Is.EqualTo(GammaSlopes.Slope(a + da, x + dx)).Within(1e-8));
        }
    }

    [Test]
    public void What_is_no_gamma_number_has_no_slope()
    {
        Assert.That(GammaSlopes.Slope(0, 1), Is.NaN);
        Assert.That(GammaSlopes.Slope(1, -1), Is.NaN);
        Assert.That(GammaSlopes.Slope(double.NaN, 1), Is.NaN);
        Assert.That(GammaSlopes.Slope(double.PositiveInfinity, 1), Is.NaN);

        // The far tails end, too.
        Assert.That(GammaSlopes.Slope(1999, 1e-300), Is.Not.NaN);
        Assert.That(GammaSlopes.Slope(0.5, 700), Is.Positive);
        Assert.That(GammaSlopes.Slope(1e15, 1e15), Is.EqualTo(1).Within(1e-12));
    }
}
