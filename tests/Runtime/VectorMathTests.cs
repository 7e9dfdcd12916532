using System.Globalization;
using System.Reflection;
using System.Runtime.Intrinsics;

namespace GraphCompiler.Tests;

public sealed class VectorMathTests
{
    // Measured on the references, rounded up. They hold what a dense search found to be furthest off, so docs/semantics.md promises little more.
    private static readonly (string Name, double Ulps)[] _bounds =
    [
        ("Exp", 1.5), ("Exp2", 0.75), ("ExpM1", 2), ("Log", 1), ("Log2", 1.5), ("Log10", 1.75), ("Log1P", 1.25), ("Tanh", 2.25), ("Sigmoid", 2.25), ("Sinh", 1.5), ("Cosh", 1),
        ("Asinh", 2.25), ("Acosh", 2.5), ("Atanh", 2.25), ("Cbrt", 0.6), ("Sin", 1.5), ("Cos", 1.5), ("Tan", 2.75), ("Asin", 0.75), ("Acos", 0.75), ("Atan", 2), ("Erf", 1), ("Erfc", 4.5), ("NormalCdf", 4.5),
        ("ErfInv", 2.5), ("BesselI0", 3.75), ("BesselI1", 4), ("LogGamma", 3.25), ("Digamma", 3.75), ("Polygamma1", 3.5), ("Polygamma2", 5.5), ("Polygamma3", 6.5), ("Polygamma5", 10),
        ("Polygamma8", 11),
    ];

    private static IEnumerable<TestCaseData> Bounds() => _bounds.Select(b => new TestCaseData(b.Name, b.Ulps));

    private static IEnumerable<TestCaseData> Names() => _bounds.Select(b => new TestCaseData(b.Name));

    [TestCaseSource(nameof(Bounds))]
    public void A_double_function_agrees_with_high_precision_references(string name, double bound)
    {
        var function = Find(name);
        var (worst, at) = (0.0, 0.0);
        var rows = References().Where(row => row.Function == name).ToList();
        foreach (var row in rows)
        {
            var ulps = UlpDistance.Of(function.Double(row.X), row.Y, row.Missing);
            if (row.X < 0 && IsReflected(name))
            {
                // A sum of two terms that may cancel: in units of the larger one.
                ulps *= Math.Abs(row.Y) / Math.Max(Math.Abs(row.Y), Math.Abs(function.Double(1 - row.X)));
            }

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

    [TestCaseSource(nameof(Names))]
    public void A_float_function_is_correctly_rounded_but_for_ties(string name)
    {
        var function = Find(name);
        var worst = References().Where(row => row.Function == name && Math.Abs(row.X) < float.MaxValue)
            .Select(row => (float)row.X)
            .Max(x => UlpDistance.Of(function.Single(x), function.Double(x)));
        Assert.That(worst, Is.LessThanOrEqualTo(0.5));
    }

    [TestCaseSource(nameof(Names))]
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
    [TestCase("Exp2", double.PositiveInfinity, double.PositiveInfinity)]
    [TestCase("Exp2", double.NegativeInfinity, 0)]
    [TestCase("Exp2", 1024, double.PositiveInfinity)]
    [TestCase("Exp2", -1076, 0)]
    [TestCase("Exp2", -1074, double.Epsilon)]
    [TestCase("Exp2", 1023, 8.98846567431158e307)]
    [TestCase("Exp2", 0, 1)]
    [TestCase("ExpM1", -0.0, -0.0)]
    [TestCase("ExpM1", double.PositiveInfinity, double.PositiveInfinity)]
    [TestCase("ExpM1", double.NegativeInfinity, -1)]
    [TestCase("ExpM1", 709.79, double.PositiveInfinity)]
    [TestCase("ExpM1", double.Epsilon, double.Epsilon)]
    [TestCase("Log2", 0, double.NegativeInfinity)]
    [TestCase("Log2", -1, double.NaN)]
    [TestCase("Log2", 8, 3)]
    [TestCase("Log2", double.Epsilon, -1074)]
    [TestCase("Log2", double.PositiveInfinity, double.PositiveInfinity)]
    [TestCase("Log10", 0, double.NegativeInfinity)]
    [TestCase("Log10", 1000, 3)]
    [TestCase("Log10", 1e22, 22)]
    [TestCase("Log10", -1, double.NaN)]
    [TestCase("Sinh", -0.0, -0.0)]
    [TestCase("Sinh", double.NegativeInfinity, double.NegativeInfinity)]
    [TestCase("Sinh", 711, double.PositiveInfinity)]
    [TestCase("Cosh", 0, 1)]
    [TestCase("Cosh", double.NegativeInfinity, double.PositiveInfinity)]
    [TestCase("Asinh", -0.0, -0.0)]
    [TestCase("Asinh", double.NegativeInfinity, double.NegativeInfinity)]
    [TestCase("Acosh", 1, 0)]
    [TestCase("Acosh", 0.999, double.NaN)]
    [TestCase("Acosh", -5, double.NaN)]
    [TestCase("Acosh", double.PositiveInfinity, double.PositiveInfinity)]
    [TestCase("Atanh", -0.0, -0.0)]
    [TestCase("Atanh", 1, double.PositiveInfinity)]
    [TestCase("Atanh", -1, double.NegativeInfinity)]
    [TestCase("Atanh", 2, double.NaN)]
    [TestCase("Atanh", double.NegativeInfinity, double.NaN)]
    [TestCase("Cbrt", -0.0, -0.0)]
    [TestCase("Cbrt", -27, -3)]
    [TestCase("Cbrt", double.NegativeInfinity, double.NegativeInfinity)]
    [TestCase("Tan", -0.0, -0.0)]
    [TestCase("Tan", double.PositiveInfinity, double.NaN)]
    [TestCase("Asin", -0.0, -0.0)]
    [TestCase("Asin", 1, Math.PI / 2)]
    [TestCase("Asin", -1.0000001, double.NaN)]
    [TestCase("Acos", 1, 0)]
    [TestCase("Acos", -1, Math.PI)]
    [TestCase("Acos", 0, Math.PI / 2)]
    [TestCase("Acos", 1.5, double.NaN)]
    [TestCase("Atan", -0.0, -0.0)]
    [TestCase("Atan", double.NegativeInfinity, -Math.PI / 2)]
    [TestCase("Atan", 1, Math.PI / 4)]
    [TestCase("Erfc", double.PositiveInfinity, 0)]
    [TestCase("Erfc", double.NegativeInfinity, 2)]
    [TestCase("Erfc", 0, 1)]
    [TestCase("Erfc", 27.3, 0)]
    [TestCase("NormalCdf", double.PositiveInfinity, 1)]
    [TestCase("NormalCdf", double.NegativeInfinity, 0)]
    [TestCase("NormalCdf", -0.0, 0.5)]
    [TestCase("NormalCdf", -39, 0)]
    [TestCase("ErfInv", -0.0, -0.0)]
    [TestCase("ErfInv", 1, double.PositiveInfinity)]
    [TestCase("ErfInv", -1, double.NegativeInfinity)]
    [TestCase("ErfInv", 1.1, double.NaN)]
    [TestCase("BesselI0", 0, 1)]
    [TestCase("BesselI0", double.NegativeInfinity, double.PositiveInfinity)]
    [TestCase("BesselI0", 715, double.PositiveInfinity)]
    [TestCase("BesselI1", -0.0, -0.0)]
    [TestCase("BesselI1", double.NegativeInfinity, double.NegativeInfinity)]
    [TestCase("LogGamma", 0, double.PositiveInfinity)]
    [TestCase("LogGamma", 1, 0)]
    [TestCase("LogGamma", 2, 0)]
    [TestCase("LogGamma", -3, double.PositiveInfinity)]
    [TestCase("LogGamma", double.NegativeInfinity, double.PositiveInfinity)]
    [TestCase("Digamma", 0, double.NegativeInfinity)]
    [TestCase("Digamma", -0.0, double.PositiveInfinity)]
    [TestCase("Digamma", -2, double.NaN)]
    [TestCase("Digamma", double.PositiveInfinity, double.PositiveInfinity)]
    [TestCase("Digamma", double.NegativeInfinity, double.NaN)]
    [TestCase("Polygamma1", 0, double.PositiveInfinity)]
    [TestCase("Polygamma2", 0, double.NegativeInfinity)]
    [TestCase("Polygamma1", double.PositiveInfinity, 0)]
    public void A_double_function_is_right_at_a_special_value(string name, double argument, double expected)
    {
        var function = Find(name);
        Assert.That(Identity(function.Double(argument)), Is.EqualTo(Identity(expected)));
        Assert.That(function.Double(double.NaN), Is.NaN);
    }

    [TestCase("Sin", -1, 1)]
    [TestCase("Cos", -1, 1)]
    [TestCase("Tanh", -1, 1)]
    [TestCase("Sigmoid", 0, 1)]
    [TestCase("Exp", 0, double.PositiveInfinity)]
    [TestCase("Exp2", 0, double.PositiveInfinity)]
    [TestCase("ExpM1", -1, double.PositiveInfinity)]
    [TestCase("Cosh", 1, double.PositiveInfinity)]
    [TestCase("Erf", -1, 1)]
    [TestCase("Erfc", 0, 2)]
    [TestCase("Atan", -Math.PI / 2, Math.PI / 2)]
    [TestCase("BesselI0", 1, double.PositiveInfinity)]
    public void A_double_function_stays_within_its_range(string name, double least, double most)
    {
        Overloads function = Find(name);
        var random = new Random(1);
        for (int i = 0; i < 200_000; i++)
        {
            // Near multiples of π/2, near 0, and where functions saturate.
            double small = (random.Next(2) == 0 ? 1 : -1) * Math.Pow(10, -16 * random.NextDouble());
            double x = (i % 3) switch
            {
                0 => (Math.PI / 2 * random.Next(-1000, 1000)) + small,
                1 => small,
                _ => (80 * random.NextDouble()) - 40,
            };
            double y = function.Double(x);
            if (!(y >= least && y <= most))
            {
                Assert.Fail($"{name}({x:R}) = {y:R} is outside of [{least:R}, {most:R}]");
            }
        }
    }

    [TestCase(-9.424777960233952)]
    [TestCase(12.566370616818167)]
    public void The_root_of_what_a_cosine_leaves_of_1_is_a_number(double x)
    {
        double cos = VectorMath.Apply<Functions.Cos>(x);
        Assert.That(Math.Sqrt(1 - (cos * cos)), Is.Not.NaN);
    }

    [Test]
    public void The_angle_of_a_point_is_that_of_the_platform([Values(1e-320, 1e-300, 1e-3, 0.4142, 1, 2.4142, 1e3, 1e307, 1.7e308)] double size)
    {
        double[] others = [0, -0.0, 1e-320, 1e-5, 0.4, 0.42, 1, 2.41, 2.42, 1e300, 1.7e308, double.PositiveInfinity];
        foreach (double y in others.Concat(others.Select(o => -o)))
        {
            foreach ((double a, double b) in new[] { (y, size), (y, -size), (size, y), (-size, y), (y, y), (y, -y) })
            {
                double expected = Math.Atan2(a, b);
                double found = VectorMath.Apply2<Functions.Atan2>(a, b);
                Assert.That(Math.Abs(found - expected), Is.LessThanOrEqualTo(2 * (Math.BitIncrement(Math.Abs(expected)) - Math.Abs(expected))), $"atan2({a:R}, {b:R}) = {found:R}, not {expected:R}");
                Assert.That(double.IsNegative(found), Is.EqualTo(double.IsNegative(expected)), $"atan2({a:R}, {b:R})");
            }
        }

        Assert.That(VectorMath.Apply2<Functions.Atan2>(double.NaN, size), Is.NaN);
        Assert.That(VectorMath.Apply2<Functions.Atan2>(size, double.NaN), Is.NaN);
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

    private static bool IsReflected(string name) => name is "LogGamma" || name.Contains("gamma", StringComparison.Ordinal);

    private static long Identity(double value) => double.IsNaN(value) ? long.MinValue + 1 : BitConverter.DoubleToInt64Bits(value);

    private static Overloads Find(string name)
    {
        if (name.StartsWith("Polygamma", StringComparison.Ordinal))
        {
            double order = double.Parse(name["Polygamma".Length..], CultureInfo.InvariantCulture);
            return new(
                x => VectorMath.Apply2<Functions.Polygamma>(order, x),
                x => VectorMath.Apply2<Functions.Polygamma>((float)order, x),
                x => VectorMath.Apply2<Functions.Polygamma>(Vector128.Create(order), x),
                x => VectorMath.Apply2<Functions.Polygamma>(Vector256.Create(order), x),
                x => VectorMath.Apply2<Functions.Polygamma>(Vector512.Create(order), x));
        }

        Type function = typeof(Functions).GetNestedType(name, BindingFlags.NonPublic)!;
        return (Overloads)typeof(VectorMathTests).GetMethod(nameof(Of), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(function).Invoke(null, null)!;
    }

    private static Overloads Of<TFunction>()
        where TFunction : struct, ILanesFunction =>
        new(VectorMath.Apply<TFunction>, VectorMath.Apply<TFunction>, VectorMath.Apply<TFunction>, VectorMath.Apply<TFunction>, VectorMath.Apply<TFunction>);

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
