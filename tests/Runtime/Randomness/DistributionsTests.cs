namespace GraphCompiler.Tests.RandomNumbers;

[TestFixture]
public sealed class DistributionsTests
{
    [Test]
    public void Log_is_the_platforms_within_an_ulp_or_two()
    {
        var random = new System.Random(1);
        for (var i = 0; i < 100_000; i++)
        {
            var x = i % 2 == 0 ? 1 - random.NextDouble() : Math.ScaleB(1 - random.NextDouble(), -random.Next(54));
            var expected = Math.Log(x);
            Assert.That(Distributions.Log(x), Is.EqualTo(expected).Within(4.5e-16 * Math.Abs(expected)), $"log {x:R}");
        }

        Assert.That(Distributions.Log(1), Is.Zero);
        Assert.That(Distributions.Log(Math.ScaleB(1, -53)), Is.EqualTo(-53 * Math.Log(2)).Within(1e-14));
    }

    [Test]
    public void Cosine_of_turns_is_the_platforms()
    {
        var random = new System.Random(2);
        for (var i = 0; i < 100_000; i++)
        {
            var turns = random.NextDouble();
            Assert.That(Distributions.CosTurns(turns), Is.EqualTo(double.CosPi(2 * turns)).Within(3e-16), $"cos {turns:R} turns");
        }
    }

    [TestCase(0, 1)]
    [TestCase(0.25, 0)]
    [TestCase(0.5, -1)]
    [TestCase(0.75, 0)]
    [TestCase(0.125, 0.70710678118654757)]
    [TestCase(0.375, -0.70710678118654757)]
    [TestCase(0.625, -0.70710678118654757)]
    [TestCase(0.875, 0.70710678118654757)]
    [TestCase(0.99999999999999989, 1)]
    public void Cosine_is_right_where_octants_meet(double turns, double expected) =>
        Assert.That(Distributions.CosTurns(turns), Is.EqualTo(expected).Within(1.2e-16));

    [Test]
    public void Extreme_bits_give_finite_normals_and_uniforms_below_one()
    {
        var zeros = new PhiloxBlock(0, 0, 0, 0);
        var ones = new PhiloxBlock(uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue);

        Assert.That(Distributions.Normal(zeros), Is.EqualTo(8.571674348652905).Within(1e-12));
        Assert.That(Distributions.Normal(ones), Is.Zero);
        Assert.That(Distributions.Uniform53(ulong.MaxValue), Is.EqualTo(Math.BitDecrement(1.0)));
        Assert.That((float)Distributions.Uniform24(ulong.MaxValue), Is.EqualTo(MathF.BitDecrement(1f)));
        Assert.That(Distributions.Uniform53(0), Is.Zero);
    }

    [Test]
    public void Rejected_words_give_way_to_later_ones()
    {
        // With range 2^63 + 1 almost every second product is rejected; a low word of zero always is.
        const ulong range = (1UL << 63) + 1;
        var block = new PhiloxBlock(0, 0, 0, 0);
        var next = Philox.Block(7, 0, 0);

        Assert.That(Distributions.Bounded(7, block, range), Is.EqualTo(Distributions.Bounded(7, next, range)));
        Assert.That(Distributions.Bounded(7, block, 1), Is.Zero);
    }
}
