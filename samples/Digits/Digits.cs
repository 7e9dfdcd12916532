using System.Diagnostics;
using Charts;
using GraphCompiler;
using GraphCompiler.Learning;
using static GraphCompiler.Ops;

/// <summary>The training, and what comes of it.</summary>
internal static class Digits
{
    private const int Epochs = 80;
    private const int QuickEpochs = 3;

    public static async Task<int> Run(bool quick, DirectoryInfo folder, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        int epochs = quick ? QuickEpochs : Epochs;
        (Rows train, Rows test) = DigitsData.Load();
        train = train.Shuffle(seed: 1).Batch(32).Map(Augmentation.Distort, seed: 1).Prefetch(2);

        var random = new Generator(seed: 1);
        var net = new DigitsNet(random);
        var image = Input("image", ["N", 1, DigitsData.Side, DigitsData.Side]);
        var digit = Input<long>("digit", ["N"]);
        Objective Define()
        {
            var logits = net.Forward(image);
            return Objective.CrossEntropy(logits, digit).With(Metric.Accuracy(logits, digit), Metric.ConfusionMatrix(logits, digit));
        }

        using var trainer = new Trainer(net, [image, digit], Define, random)
        {
            Optimizers = [new AdamW { LearningRate = Schedule.Cosine(4e-3, epochs * (long)train.BatchCount, warmUp: 40), WeightDecay = 0.05 }],
            Listeners = [new ConsoleProgress()],
        };
        Console.WriteLine(net.Summary(["N", 1, DigitsData.Side, DigitsData.Side]));

        // The test rows choose nothing: they are measured once, at the end. What was killed goes on from the last checkpoint, to the same bits.
        List<Epoch> curve = [];
        await foreach (Epoch epoch in trainer.Fit(train, null, epochs, folder.FullName, cancellation))
        {
            curve.Add(epoch);
        }

        Evaluation tested = trainer.Evaluate(test.Batch(120), cancellation);
        if (curve.Count == 0)
        {
            Console.WriteLine($"The run in {folder.FullName} is done, and here is its result; delete it to train anew.");
        }
        else
        {
            Console.WriteLine($"losses: {new Curves("epoch", "loss").Line("training, distorted images", curve.Select(e => e.Number + 1.0), curve.Select(e => e.Loss)).Save(Path.Combine(folder.FullName, "loss.png"))}");
        }

        string confusion = new ConfusionMatrix(tested.Metrics["confusion"].Table!, Enumerable.Range(0, DigitsData.Classes).Select(d => $"{d}")).Save(Path.Combine(folder.FullName, "confusion.png"));
        Console.WriteLine($"what was taken for what: {confusion}");
        Console.WriteLine($"{Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s in all");
        Console.WriteLine($"test accuracy: {tested["accuracy"]:0.000}");
        return tested["accuracy"] >= (quick ? 0.8 : 0.98) ? 0 : 1;
    }
}
