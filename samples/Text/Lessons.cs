using GraphCompiler;
using GraphCompiler.Learning;
using static GraphCompiler.Ops;

namespace Text;

/// <summary>How writers and judges are trained. The test is shown after each epoch; nothing is chosen by it.</summary>
internal sealed class Lessons(Tokens tokens, Passage[] training, Passage[] test, Generator random, CompileOptions options)
{
    /// <summary>The most tokens that are read of a passage; few have more.</summary>
    private const int MostRead = 160;

    private readonly Input<long> read = Input<long>("read", ["N", "T"]);
    private readonly Input<long> next = Input<long>("next", ["N", "T"]);
    private readonly Input<long> novel = Input<long>("novel", ["N"]);

    /// <summary>Options of the compiler.</summary>
    public CompileOptions Options => options;

    /// <summary>Has a writer learn which token follows, in small batches, which makes many steps.</summary>
    public async Task Learn(Writer writer, int epochs, CancellationToken cancellation)
    {
        Rows batches = tokens.Language(training, MostRead).Shuffle(seed: 1).Batch(16).Prefetch(2);
        using Trainer trainer = Trainer(writer, [read, next, novel], 4e-3, batches.BatchCount * epochs, () =>
        {
            Objective loss = Objective.CrossEntropy(Flatten(writer.Next(read, novel), 0, 1), Flatten(next), ignoreIndex: Tokens.Padding);
            return loss.With(Metric.Perplexity(loss));
        });
        await foreach (Epoch epoch in trainer.Fit(batches, tokens.Language(test, MostRead).Batch(64), epochs, cancellation: cancellation))
        {
            Show(epoch);
        }
    }

    /// <summary>Has a judge learn whose novels passages are from, with some tokens hidden; gives its accuracy on the test.</summary>
    public async Task<double> Learn(Judge judge, int epochs, CancellationToken cancellation)
    {
        Rows batches = tokens.Judged(training, MostRead).Shuffle(seed: 1).Batch(32).Map(Tokens.Hide(0.3)).Prefetch(2);
        using Trainer trainer = Trainer(judge, [read, novel], 5e-3, batches.BatchCount * epochs, () =>
        {
            Node scores = judge.Novel(read);
            return Objective.CrossEntropy(scores, novel).With(Metric.Accuracy(scores, novel));
        });
        double accuracy = 0;
        await foreach (Epoch epoch in trainer.Fit(batches, tokens.Judged(test, MostRead).Batch(64), epochs, cancellation: cancellation))
        {
            Show(epoch);
            accuracy = epoch.Validation!["accuracy"];
        }

        return accuracy;
    }

    /// <summary>AdamW, with a rate that rises for a tenth of the steps and falls along a cosine. Matrices decay; biases and norms do not.</summary>
    private Trainer Trainer(Module model, IReadOnlyList<Node> inputs, double peak, int steps, Func<Objective> define)
    {
        Schedule rate = Schedule.Cosine(peak, steps, warmUp: steps / 10);
        return new Trainer(model, inputs, define, random)
        {
            Optimizers = [new(new AdamW(rate) { WeightDecay = 0.1, Beta2 = 0.99 }, p => p.Rank > 1), new(new AdamW(rate) { WeightDecay = 0, Beta2 = 0.99 })],
            ClipNorm = 1,
            Options = options,
        };
    }

    private static void Show(Epoch epoch) => Console.WriteLine($"epoch {epoch.Number + 1}: loss {epoch.Loss:0.000}; test: {epoch.Validation}; {epoch.Duration.TotalSeconds:0.0} s");
}
