using CharLm;

namespace GraphCompiler.Tests.SamplePrograms;

/// <summary>The parts of the sample that models names, and a small training of it.</summary>
public sealed class CharLmTests
{
    private static readonly NameData Data = NameData.Load(new Generator(3));
    private static readonly Vocabulary Vocabulary = new(Data.All);
    private static readonly int Length = Data.LongestName + 1;
    private static readonly TransformerSize Tiny = new(Vocabulary.Count, Length, Width: 16, Heads: 2, Layers: 1);

    [Test]
    public void The_parts_of_the_data_share_no_name()
    {
        Assert.That(Data.All, Is.Unique);
        Assert.That(Data.All.Count(), Is.EqualTo(4944));
        Assert.That(Data.HeldOut, Has.Length.EqualTo(500));
    }

    [Test]
    public void Names_survive_the_vocabulary()
    {
        Assert.That(Data.All.Select(n => Vocabulary.Decode(Vocabulary.Encode(n))), Is.EqualTo(Data.All));
        Assert.That(Data.All.SelectMany(Vocabulary.Encode).Distinct().Order(), Is.EqualTo(Enumerable.Range(1, Vocabulary.Count - 1)));
        Assert.That(() => Vocabulary.Encode("Ann3"), Throws.ArgumentException.With.Message.Contains("'3'"));
    }

    [Test]
    public void Targets_are_the_next_inputs()
    {
        var batch = Batch.Of(["Ann", "Bo"], Vocabulary, 5);
        long[] ann = [.. Vocabulary.Encode("Ann")];
        long[] bo = [.. Vocabulary.Encode("Bo")];
        Assert.That(batch.Inputs, Is.EqualTo((long[])[0, .. ann, 0, 0, .. bo, 0, 0]));
        Assert.That(batch.Targets, Is.EqualTo((long[])[.. ann, 0, Batch.Ignored, .. bo, 0, Batch.Ignored, Batch.Ignored]));

        Batch hidden = batch.Hide(0.5, new Generator(1));
        Assert.That(hidden.Targets, Is.SameAs(batch.Targets));
        Assert.That(hidden.Inputs.Zip(batch.Inputs), Has.All.Matches<(long Hidden, long Given)>(p => p.Hidden == p.Given || p.Hidden == Vocabulary.Boundary));
        Assert.That(batch.Hide(1, new Generator(1)).Inputs, Has.All.EqualTo(Vocabulary.Boundary));
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    [TestCase(5)]
    public void Probabilities_of_an_n_gram_model_sum_to_one(int order)
    {
        var model = new NGram(order, Vocabulary, Data.Training[..500], Data.Validation[..50]);
        foreach (string before in (string[])["", "A", "An", "Ann", "Xq", "zzzz"])
        {
            int[] tokens = Vocabulary.Encode(before);
            double[] all = [.. Enumerable.Range(0, Vocabulary.Count).Select(t => model.Probability(tokens, t))];
            Assert.That(all.Sum(), Is.EqualTo(1).Within(1e-12), before);
            Assert.That(all, Has.All.Positive, before);
        }
    }

    [Test]
    public void A_bigram_model_is_the_formula_of_Kneser_and_Ney()
    {
        // Of a and b alone, so that it is counted by hand: contexts of a: the beginning twice, b once; of b: a once; ends: after a twice.
        var few = new Vocabulary(["a", "b"]);
        var model = new NGram(2, few, ["a", "aba"], ["ab"]);
        double[] shares = [.. Enumerable.Range(0, few.Count).Select(t => model.Probability([1], t))];

        // After a there was the end twice and b once: both discounts follow from the probability of a, and must give those of the others.
        // Single tokens: a after two contexts, the end and b after one each.
        (double best, double error) = (from d0 in Discounts
                                       from d1 in Discounts
                                       let single = Single(d0)
                                       let expected = (double[])[(2 - d1 + (2 * d1 * single[0])) / 3, 2 * d1 * single[1] / 3, (1 - d1 + (2 * d1 * single[2])) / 3]
                                       select (d1, expected.Zip(shares, (e, s) => Math.Abs(e - s)).Max())).MinBy(p => p.Item2);
        Assert.That(error, Is.LessThan(1e-12), $"with discount {best}");

        static double[] Single(double d) => [.. ((double[])[1, 2, 1]).Select(c => (c - d + (3 * d / 3)) / 4)];
    }

    [Test]
    public void A_longer_context_predicts_better() => Assert.That(
        new NGram(3, Vocabulary, Data.Training, Data.Validation).Loss(Data.HeldOut),
        Is.LessThan(new NGram(2, Vocabulary, Data.Training, Data.Validation).Loss(Data.HeldOut) - 0.1));

    [Test]
    public void The_learning_rate_rises_and_falls()
    {
        var schedule = new Schedule(100, LearningRate: 1);
        float[] rates = [.. Enumerable.Range(0, 100).Select(schedule.RateAt)];
        Assert.That(rates[..5], Is.EqualTo((float[])[0.2f, 0.4f, 0.6f, 0.8f, 1]));
        Assert.That(rates[5..], Is.Ordered.Descending);
        Assert.That(rates[99], Is.LessThan(0.001).And.Positive);
        Assert.That(new Schedule(1).RateAt(0), Is.Positive);
    }

    [Test]
    public void A_small_training_lowers_the_loss_the_same_way_on_any_number_of_threads()
    {
        float[][] losses = [.. new[] { 1, 2 }.Select(threads =>
        {
            var random = new Generator(5);
            var trainer = new Trainer(new Transformer(Tiny, random), Vocabulary, Length, new Schedule(40), random, new CompileOptions { Threads = threads });
            float before = trainer.Loss(Data.HeldOut);
            float[] steps = [.. trainer.Batches(Data.Training).Select(trainer.Step)];
            Assert.That(trainer.Steps, Is.EqualTo(40));
            return (float[])[before, .. steps, trainer.Loss(Data.HeldOut)];
        })];
        Assert.That(losses[0][^1], Is.LessThan(losses[0][0] - 0.7));
        Assert.That(losses[1], Is.EqualTo(losses[0]));
    }

    [Test]
    public void Later_tokens_change_nothing_before_them()
    {
        var transformer = new Transformer(Tiny, new Generator(7));
        Input<long> tokens = Ops.Input<long>("tokens", ["N", Length]);
        Func<long[], float[]> logits = GraphCompiler.Compiler.Compile<Func<long[], float[]>>([tokens], transformer.Logits(tokens));
        const int Changed = 4;
        long[] row = Batch.Of(["Margaretha"], Vocabulary, Length).Inputs;
        float[] before = logits(row);
        row[Changed] = row[Changed] % (Vocabulary.Count - 1) + 1;
        float[] after = logits(row);
        int same = Changed * Vocabulary.Count;
        Assert.That(after[..same], Is.EqualTo(before[..same]));
        Assert.That(after[same..], Is.Not.EqualTo(before[same..]));
    }

    [Test]
    public void Made_up_names_are_of_known_characters()
    {
        IReadOnlyList<string> Sample(int count, float temperature, ulong seed) =>
            new Sampler(new Transformer(Tiny, new Generator(9)), Vocabulary, Length, new Generator(seed), CompileOptions.Default).Sample(count, temperature);

        IReadOnlyList<string> names = Sample(200, 1.5f, seed: 1);
        Assert.That(names, Has.Count.EqualTo(200));
        Assert.That(names, Has.All.Length.AtMost(Length));
        Assert.That(names.Select(n => Vocabulary.Decode(Vocabulary.Encode(n))), Is.EqualTo(names));
        Assert.That(Sample(200, 1.5f, seed: 1), Is.EqualTo(names));

        // Hardly any temperature: the likeliest name, always.
        Assert.That(Sample(20, 1e-4f, seed: 2).Distinct().Count(), Is.EqualTo(1));
        Assert.That(Sample(0, 1, seed: 2), Is.Empty);
    }

    private static readonly double[] Discounts = [.. Enumerable.Range(1, 19).Select(i => i / 20.0)];
}
