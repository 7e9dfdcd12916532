using CharLm;

namespace GraphCompiler.Learning.Tests.SamplePrograms;

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
        var batch = NameBatch.Of(["Ann", "Bo"], Vocabulary, 5);
        long[] ann = [.. Vocabulary.Encode("Ann")];
        long[] bo = [.. Vocabulary.Encode("Bo")];
        Assert.That(batch.Inputs, Is.EqualTo((long[])[0, .. ann, 0, 0, .. bo, 0, 0]));
        Assert.That(batch.Targets, Is.EqualTo((long[])[.. ann, 0, NameBatch.Ignored, .. bo, 0, NameBatch.Ignored, NameBatch.Ignored]));

        NameBatch hidden = batch.Hide(0.5, new Generator(1));
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
    public void A_small_training_lowers_the_loss_the_same_way_on_any_number_of_threads()
    {
        double[][] losses = [.. new[] { 1, 2 }.Select(threads =>
        {
            var random = new Generator(5);
            using var training = new NameTraining(Model(random), 40, random, new CompileOptions { Threads = threads });
            double before = training.Loss(Data.HeldOut);
            double[] steps = [.. training.Batches(Data.Training).Select(training.Step)];
            Assert.That(training.StepCount, Is.EqualTo(40));
            return (double[])[before, .. steps, training.Loss(Data.HeldOut)];
        })];
        Assert.That(losses[0][^1], Is.LessThan(losses[0][0] - 0.7));
        Assert.That(losses[1], Is.EqualTo(losses[0]));
    }

    [Test]
    public void Later_tokens_change_nothing_before_them()
    {
        NameModel model = Model(new Generator(7));
        Input<long> tokens = Ops.Input<long>("tokens", ["N", Length]);
        var logits = model.Transformer.Compile<Func<long[], float[]>>([tokens], () => model.Transformer.Forward(tokens));
        const int Changed = 4;
        long[] row = NameBatch.Of(["Margaretha"], model).Inputs;
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
        NameModel model = Model(new Generator(9));
        IReadOnlyList<string> names = model.MakeUp(200, 1.5, new Generator(1));
        Assert.That(names, Has.Count.EqualTo(200));
        Assert.That(names, Has.All.Length.AtMost(Length));
        Assert.That(names.Select(n => Vocabulary.Decode(Vocabulary.Encode(n))), Is.EqualTo(names));

        // Hardly any temperature: the likeliest name, always.
        Assert.That(model.MakeUp(20, 1e-4, new Generator(2)).Distinct().Count(), Is.EqualTo(1));
        Assert.That(model.MakeUp(0, 1, new Generator(2)), Is.Empty);
    }

    [Test]
    public void A_model_that_was_saved_makes_up_the_same_names()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            string path = Path.Combine(folder, "names.safetensors");
            NameModel model = NameModel.Create(Vocabulary, Length, new Generator(9));
            model.Save(path);
            NameModel again = NameModel.Load(path);
            Assert.That(again.MakeUp(10, 1, new Generator(1)), Is.EqualTo(model.MakeUp(10, 1, new Generator(1))));
            new Linear(1, 1, new Generator(1)).Save(path);
            Assert.That(() => NameModel.Load(path), Throws.TypeOf<InvalidDataException>().With.Message.EndsWith("holds no model of names."));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static NameModel Model(Generator random) => new(new CharTransformer(Tiny, random), Vocabulary);

    private static readonly double[] Discounts = [.. Enumerable.Range(1, 19).Select(i => i / 20.0)];
}
