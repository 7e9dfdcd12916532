using System.Numerics.Tensors;

namespace GraphCompiler.Learning.Tests.Modules;

/// <summary>Initialisers have the moments and properties that they promise.</summary>
internal sealed class InitializerTests
{
    private static IEnumerable<TestCaseData> Rules()
    {
        const int In = 300;
        const int Out = 200;
        yield return Case("PyTorch", Initializer.PyTorch(In), Math.Sqrt(1.0 / (3 * In)), 1 / Math.Sqrt(In));
        yield return Case("Keras", Initializer.Keras, Math.Sqrt(2.0 / (In + Out)), Math.Sqrt(6.0 / (In + Out)));
        yield return Case("XavierUniform", Initializer.XavierUniform(2), 2 * Math.Sqrt(2.0 / (In + Out)), 2 * Math.Sqrt(6.0 / (In + Out)));
        yield return Case("XavierNormal", Initializer.XavierNormal(2), 2 * Math.Sqrt(2.0 / (In + Out)), double.PositiveInfinity);
        yield return Case("HeUniform", Initializer.HeUniform(1), Math.Sqrt(1.0 / In), Math.Sqrt(3.0 / In));
        yield return Case("HeNormal", Initializer.HeNormal(fanOut: true), Math.Sqrt(2.0 / Out), double.PositiveInfinity);
        yield return Case("LeCunNormal", Initializer.LeCunNormal(), Math.Sqrt(1.0 / In), double.PositiveInfinity);
        yield return Case("Normal", Initializer.Normal(0, 0.5f), 0.5, double.PositiveInfinity);
        yield return Case("Uniform", Initializer.Uniform(-1, 1), Math.Sqrt(1.0 / 3), 1);

        // The deviation of a normal number within two deviations (Johnson, Kotz and Balakrishnan, 1994).
        yield return Case("TruncatedNormal", Initializer.TruncatedNormal(0, 0.5f, -1, 1), 0.5 * 0.8796256610342398, 1);

        static TestCaseData Case(string name, Initializer rule, double deviation, double bound) => new TestCaseData(rule, deviation, bound).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Rules))]
    public void Moments_are_as_promised(Initializer rule, double deviation, double bound)
    {
        // The mean of 60,000 numbers and their variance lie within five of their deviations.
        float[] values = rule.Make(new Generator(7), 200, 300).Values.ToArray();
        double n = values.Length;
        Assert.That(values.Average(), Is.EqualTo(0).Within(5 * deviation / Math.Sqrt(n)));
        Assert.That(Math.Sqrt(values.Sum(v => (double)v * v) / n), Is.EqualTo(deviation).Within(5 * deviation / Math.Sqrt(n)));
        Assert.That(TensorPrimitives.MaxMagnitude<float>(values), Is.GreaterThanOrEqualTo((float)-bound).And.LessThanOrEqualTo((float)bound));
        Assert.That(rule.Make(new Generator(7), 200, 300).Values.ToArray(), Is.EqualTo(values), "the same seed, the same values");
    }

    [TestCase(5, 8)]
    [TestCase(8, 5)]
    [TestCase(6, 6)]
    public void Rows_or_columns_are_orthogonal(int rows, int columns)
    {
        float[] w = Initializer.Orthogonal(2).Make(new Generator(3), rows, columns).Values.ToArray();
        int count = Math.Min(rows, columns);
        float At(int i, int j) => rows <= columns ? w[(i * columns) + j] : w[(j * columns) + i];
        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j < count; j++)
            {
                double dot = Enumerable.Range(0, Math.Max(rows, columns)).Sum(k => (double)At(i, k) * At(j, k));
                Assert.That(dot, Is.EqualTo(i == j ? 4 : 0).Within(1e-5));
            }
        }
    }

    [Test]
    public void Windows_count_to_the_fan()
    {
        float[] values = Initializer.HeUniform().Make(new Generator(1), 4, 3, 5, 5).Values.ToArray();
        Assert.That(values.Max(Math.Abs), Is.LessThanOrEqualTo(MathF.Sqrt(6f / 75)).And.GreaterThan(0.9f * MathF.Sqrt(6f / 75)));
    }

    [Test]
    public void What_a_rule_is_not_for_is_refused()
    {
        var random = new Generator(1);
        Assert.That(() => Initializer.XavierNormal().Make(random, 5), Throws.TypeOf<ShapeException>().With.Message.Contains("[5] has no fan-in"));
        Assert.That(() => Initializer.Orthogonal().Make(random, 5), Throws.TypeOf<ShapeException>().With.Message.Contains("no rows and columns"));
        Assert.That(() => Initializer.PyTorch(0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => Initializer.TruncatedNormal(0, 1, 5, 6), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("too few"));
        Assert.That(Initializer.Constant(3).Make(2, 1).Values.ToArray(), Is.EqualTo((float[])[3, 3]));
        Assert.That(Initializer.Orthogonal().Make(random, 0, 3).ElementCount, Is.Zero);
        Assert.That(Initializer.Ones.Value, Is.EqualTo(1));
    }
}
