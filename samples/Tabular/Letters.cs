using GraphCompiler;
using GraphCompiler.Learning;
using static GraphCompiler.Ops;

namespace Tabular;

/// <summary>Which letter it is: an ensemble that votes by probabilities, trained on the first 16,000 rows and tested by the others.</summary>
internal static class Letters
{
    private const int Members = 4;
    private const int Classes = 26;
    private const int TrainingRows = 16_000;
    private const int BatchSize = 128;

    /// <summary>Trains, and gives the part of the test rows that are recognised.</summary>
    public static async Task<double> Run(int epochs)
    {
        Rows all = Tables.Letters().RequireLabels("y", Classes);
        (Rows train, Rows test) = (all.Take(TrainingRows), all.Skip(TrainingRows));
        Rows batches = train.Shuffle(seed: 1).Batch(BatchSize).Prefetch(2);

        var random = new Generator(seed: 1);
        var encoding = Standardizer.Of(train, "x");
        var net = new Ensemble(encoding, new EnsembleSize(Members, encoding.Width!.Value, Hidden: 192, Classes), random);
        Input<float> x = Input("x", ["N", encoding.Width.Value]);
        Input<long> y = Input<long>("y", ["N"]);
        Console.WriteLine(net.Summary(["N", encoding.Width.Value]));
        using var trainer = new Trainer(
            net,
            [x, y],
            () =>
            {
                // Each member learns by itself; only their mean is measured.
                Node logits = net.Forward(x);
                Node each = BroadcastTo(y, [Members, "N"]).Reshape([-1]);
                return Objective.CrossEntropy(Flatten(logits, 0, 1), each).With(Metric.Accuracy(Softmax(logits).Mean(0), y));
            },
            random)
        {
            Optimizers = Ensemble.Optimizers(rate: 4e-3, decay: 0.01, (long)epochs * batches.BatchCount),
            ClipNorm = 1,
        };
        await foreach (Epoch epoch in trainer.Fit(batches, validation: null, epochs))
        {
            if ((epoch.Number + 1) % 5 == 0)
            {
                Console.WriteLine($"letters: epoch {epoch.Number + 1,3}  loss {epoch.Loss:0.0000}  {epoch.Weight / Members / epoch.Duration.TotalSeconds:0} rows/s");
            }
        }

        return trainer.Evaluate(test.Batch(1000))["accuracy"];
    }
}
