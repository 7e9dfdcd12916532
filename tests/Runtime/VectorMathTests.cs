using System.Globalization;
using System.Runtime.Intrinsics;
using GraphCompiler.Execution;

namespace GraphCompiler.Tests;

public sealed class VectorMathTests
{
    // Measured on the references, rounded up.
    [TestCase("Exp", 1)]
    [TestCase("Log", 1)]
    [TestCase("Log1P", 1)]
    [TestCase("Tanh", 1.5)]
    [TestCase("Sigmoid", 1.25)]
    [TestCase("Sin", 1.5)]
    [TestCase("Cos", 1.5)]
    [TestCase("Erf", 1)]
    public void A_double_function_agrees_with_high_precision_references(string name, double bound)
    {
        var function = Find(name);
        var (worst, at) = (0.0, 0.0);
        var rows = References().Where(row => row.Function == name).ToList();
        foreach (var row in rows)
        {
            var ulps = UlpDistance.Of(function.Double(row.X), row.Y, row.Missing);
            if (name is "Sin" or "Cos" && Math.Abs(row.X) > VectorMath.DoubleAngleLimit)
            {
                // The platform's functions: glibc's cosine is 8 ulp off at the double that is nearest to an odd multiple of π/2.
                Assert.That(ulps, Is.LessThan(10), $"at {row.X:R}");
            }
            else if (ulps > worst)
            {
                (worst, at) = (ulps, row.X);
            }
        }

        TestContext.Out.WriteLine($"{name}: {worst:F3} ulp at {at:R} over {rows.Count} points");
        Assert.That(rows, Has.Count.GreaterThan(70));
        Assert.That(worst, Is.LessThanOrEqualTo(bound), $"at {at:R}");
    }

    [TestCase("Exp")]
    [TestCase("Log")]
    [TestCase("Log1P")]
    [TestCase("Tanh")]
    [TestCase("Sigmoid")]
    [TestCase("Sin")]
    [TestCase("Cos")]
    [TestCase("Erf")]
    public void A_float_function_is_correctly_rounded_but_for_ties(string name)
    {
        var function = Find(name);
        var worst = References().Where(row => row.Function == name && Math.Abs(row.X) < float.MaxValue)
            .Select(row => (float)row.X)
            .Max(x => UlpDistance.Of(function.Single(x), function.Double(x)));
        Assert.That(worst, Is.LessThanOrEqualTo(0.5));
    }

    [TestCase("Exp")]
    [TestCase("Log")]
    [TestCase("Log1P")]
    [TestCase("Tanh")]
    [TestCase("Sigmoid")]
    [TestCase("Sin")]
    [TestCase("Cos")]
    [TestCase("Erf")]
    public void Every_width_gives_the_same_bits(string name)
    {
        var function = Find(name);

        // Neighbours differ wildly in size, so a lane that depended on them would show.
        var points = References().Select(row => row.X)
            .Concat([double.NaN, double.PositiveInfinity, double.NegativeInfinity, 0, -0.0, double.MaxValue, double.Epsilon, -double.Epsilon, -1, 1])
            .ToArray();
        new Random(7).Shuffle(points);
        for (var i = 0; i + 8 <= points.Length; i++)
        {
            var expected = points[i..(i + 8)].Select(x => Identity(function.Double(x))).ToArray();
            var by128 = function.By128(Vector128.Create(points, i));
            var by256 = function.By256(Vector256.Create(points, i));
            var by512 = function.By512(Vector512.Create(points, i));
            for (var lane = 0; lane < 8; lane++)
            {
                Assert.That(Identity(by512[lane]), Is.EqualTo(expected[lane]), $"512 bits, {points[i + lane]:R}");
                Assert.That(lane >= 4 || Identity(by256[lane]) == expected[lane], $"256 bits, {points[i + lane]:R}");
                Assert.That(lane >= 2 || Identity(by128[lane]) == expected[lane], $"128 bits, {points[i + lane]:R}");
            }
        }
    }

    [TestCase("Exp", double.PositiveInfinity, double.PositiveInfinity)]
    [TestCase("Exp", 709.79, double.PositiveInfinity)]
    [TestCase("Exp", double.NegativeInfinity, 0)]
    [TestCase("Exp", -745.2, 0)]
    [TestCase("Exp", 0, 1)]
    [TestCase("Log", 0, double.NegativeInfinity)]
    [TestCase("Log", -0.0, double.NegativeInfinity)]
    [TestCase("Log", -1, double.NaN)]
    [TestCase("Log", double.NegativeInfinity, double.NaN)]
    [TestCase("Log", double.PositiveInfinity, double.PositiveInfinity)]
    [TestCase("Log", 1, 0)]
    [TestCase("Log1P", -0.0, -0.0)]
    [TestCase("Log1P", -1, double.NegativeInfinity)]
    [TestCase("Log1P", -1.5, double.NaN)]
    [TestCase("Log1P", double.PositiveInfinity, double.PositiveInfinity)]
    [TestCase("Tanh", -0.0, -0.0)]
    [TestCase("Tanh", 20, 1)]
    [TestCase("Tanh", double.NegativeInfinity, -1)]
    [TestCase("Sigmoid", double.NegativeInfinity, 0)]
    [TestCase("Sigmoid", -double.MaxValue, 0)]
    [TestCase("Sigmoid", double.PositiveInfinity, 1)]
    [TestCase("Sigmoid", 0, 0.5)]
    [TestCase("Sin", -0.0, -0.0)]
    [TestCase("Sin", double.PositiveInfinity, double.NaN)]
    [TestCase("Cos", -0.0, 1)]
    [TestCase("Cos", double.NegativeInfinity, double.NaN)]
    [TestCase("Erf", -0.0, -0.0)]
    [TestCase("Erf", 6, 1)]
    [TestCase("Erf", double.NegativeInfinity, -1)]
    public void A_double_function_is_right_at_a_special_value(string name, double argument, double expected)
    {
        var function = Find(name);
        Assert.That(Identity(function.Double(argument)), Is.EqualTo(Identity(expected)));
        Assert.That(function.Double(double.NaN), Is.NaN);
    }

    [Test]
    public void Large_angles_alone_are_replaced()
    {
        var points = new float[16];
        for (var i = 0; i < points.Length; i++)
        {
            points[i] = i % 3 == 0 ? 1e6f * (i + 1) : i - 8.5f;
        }

        points[4] = float.NaN;
        points[5] = float.PositiveInfinity;
        points[6] = float.MinValue;
        points[7] = VectorMath.AngleLimit;
        for (var lane = 0; lane < 16; lane++)
        {
            var x = points[lane];
            var large = Math.Abs(x) > VectorMath.AngleLimit;
            var sin = large ? (float)Math.Sin(x) : x;
            var cos = large ? (float)Math.Cos(x) : x;
            Assert.That(VectorMath.SinLarge(x), Is.EqualTo(sin));
            Assert.That(VectorMath.CosLarge(x), Is.EqualTo(cos));
            Assert.That(VectorMath.SinLarge(Vector512.Create(points))[lane], Is.EqualTo(sin));
            Assert.That(VectorMath.CosLarge(Vector512.Create(points))[lane], Is.EqualTo(cos));
            Assert.That(VectorMath.SinLarge(Vector256.Create(points, lane & 8))[lane & 7], Is.EqualTo(sin));
            Assert.That(VectorMath.CosLarge(Vector256.Create(points, lane & 8))[lane & 7], Is.EqualTo(cos));
            Assert.That(VectorMath.SinLarge(Vector128.Create(points, lane & 12))[lane & 3], Is.EqualTo(sin));
            Assert.That(VectorMath.CosLarge(Vector128.Create(points, lane & 12))[lane & 3], Is.EqualTo(cos));
        }
    }

    private static long Identity(double value) => double.IsNaN(value) ? long.MinValue + 1 : BitConverter.DoubleToInt64Bits(value);

    private static Overloads Find(string name) => name switch
    {
        "Exp" => new(VectorMath.Exp, VectorMath.Exp, VectorMath.Exp, VectorMath.Exp, VectorMath.Exp),
        "Log" => new(VectorMath.Log, VectorMath.Log, VectorMath.Log, VectorMath.Log, VectorMath.Log),
        "Log1P" => new(VectorMath.Log1P, VectorMath.Log1P, VectorMath.Log1P, VectorMath.Log1P, VectorMath.Log1P),
        "Tanh" => new(VectorMath.Tanh, VectorMath.Tanh, VectorMath.Tanh, VectorMath.Tanh, VectorMath.Tanh),
        "Sigmoid" => new(VectorMath.Sigmoid, VectorMath.Sigmoid, VectorMath.Sigmoid, VectorMath.Sigmoid, VectorMath.Sigmoid),
        "Sin" => new(VectorMath.Sin, VectorMath.Sin, VectorMath.Sin, VectorMath.Sin, VectorMath.Sin),
        "Cos" => new(VectorMath.Cos, VectorMath.Cos, VectorMath.Cos, VectorMath.Cos, VectorMath.Cos),
        "Erf" => new(VectorMath.Erf, VectorMath.Erf, VectorMath.Erf, VectorMath.Erf, VectorMath.Erf),
        _ => throw new ArgumentException(name),
    };

    private static List<Reference> References()
    {
        var folder = new DirectoryInfo(TestContext.CurrentContext.TestDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "tests", "data", "math-references.csv")))
        {
            folder = folder.Parent ?? throw new FileNotFoundException("tests/data/math-references.csv");
        }

        return
        [
            .. from line in File.ReadLines(Path.Combine(folder.FullName, "tests", "data", "math-references.csv"))
               where !line.StartsWith('#')
               let fields = line.Split(',')
               select new Reference(fields[0], Bits(fields[1]), Bits(fields[2]), double.Parse(fields[3], CultureInfo.InvariantCulture)),
        ];
    }

    private static double Bits(string hex) => BitConverter.UInt64BitsToDouble(ulong.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture));

    /// <summary>f(x) is y plus a fraction of y's ulp.</summary>
    private sealed record Reference(string Function, double X, double Y, double Missing);

    private sealed record Overloads(
        Func<double, double> Double,
        Func<float, float> Single,
        Func<Vector128<double>, Vector128<double>> By128,
        Func<Vector256<double>, Vector256<double>> By256,
        Func<Vector512<double>, Vector512<double>> By512);
}
