namespace GraphCompiler.Learning.Tests.Generation;

/// <summary>How tokens are chosen by their logits.</summary>
internal sealed class SamplingTests
{
    private static readonly float[] Logits = [1, 3, float.NegativeInfinity, 3, 2];

    [Test]
    public void The_likeliest_is_the_first_of_equal_ones() => Assert.That(Sampling.Greedy.Choose(Logits), Is.EqualTo(1));

    [TestCase(1, null, 1, new[] { 0.0520, 0.3844, 0, 0.3844, 0.1414 })]
    [TestCase(0.5, null, 1, new[] { 0.0084, 0.4648, 0, 0.4648, 0.0620 }, Description = "likely ones more often")]
    [TestCase(1, 3, 1, new[] { 0, 0.4223, 0, 0.4223, 0.1554 })]
    [TestCase(1, 1, 1, new[] { 0.0, 1, 0, 0, 0 })]
    [TestCase(1, null, 0.5, new[] { 0, 0.5, 0, 0.5, 0 }, Description = "one alone does not reach half")]
    [TestCase(1, null, 0.3, new[] { 0.0, 1, 0, 0, 0 })]
    [TestCase(1, 2, 0.6, new[] { 0, 0.5, 0, 0.5, 0 }, Description = "of what the first leaves")]
    [TestCase(100, 2, 1, new[] { 0, 0.5, 0, 0.5, 0 })]
    public void Tokens_are_drawn_as_often_as_they_are_likely(double temperature, int? topK, double topP, double[] expected)
    {
        const int Draws = 4000;
        Sampling sampling = Make(2);
        int[] drawn = [.. Enumerable.Range(0, Draws).Select(_ => sampling.Choose(Logits))];
        for (int token = 0; token < expected.Length; token++)
        {
            int count = drawn.Count(t => t == token);
            Assert.That(count, expected[token] is 0 or 1 ? Is.EqualTo(Draws * (int)expected[token]) : Is.EqualTo(Draws * expected[token]).Within(5 * Math.Sqrt(Draws * expected[token])));
        }

        Sampling again = Make(2);
        Assert.That(drawn[..50], Is.EqualTo(Enumerable.Range(0, 50).Select(_ => again.Choose(Logits)).ToArray()));
        Assert.That((sampling.Temperature, sampling.TopK, sampling.TopP), Is.EqualTo((temperature, topK, topP)));

        Sampling Make(ulong seed) => new(new Generator(seed)) { Temperature = temperature, TopK = topK, TopP = topP };
    }

    [Test]
    public void Numbers_out_of_range_are_refused()
    {
        var random = new Generator(1);
        foreach (double temperature in (double[])[0, -1, double.NaN, double.PositiveInfinity])
        {
            Assert.That(() => new Sampling(random) { Temperature = temperature }, Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("Sampling.Greedy"));
        }

        foreach (double p in (double[])[0, -0.1, 1.1, double.NaN])
        {
            Assert.That(() => new Sampling(random) { TopP = p }, Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("above 0 and at most 1"));
        }

        Assert.That(() => new Sampling(random) { TopK = 0 }, Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("At least one"));
        foreach (float[] logits in (float[][])[[], [1, float.NaN], [float.PositiveInfinity], [float.NegativeInfinity]])
        {
            Assert.That(() => Sampling.Greedy.Choose(logits), Throws.ArgumentException.With.Message.Contains("No token can be chosen"));
        }
    }
}
