using GraphCompiler.Learning;
using static GraphCompiler.Ops;

namespace GraphCompiler.Docs.Snippets;

internal sealed class TrainingSnippets
{
    [Test]
    public async Task A_model_is_trained_over_rows()
    {
        string folder = Directory.CreateTempSubdirectory("run").FullName;
        (float[,] features, long[] labels) = Clusters();
        try
        {
            // snippet: learning-training
            var random = new Generator(seed: 1);
            var net = new Sequential(new Linear(4, 16, random), new BatchNorm(16), Activation.Relu, new Dropout(0.1), new Linear(16, 3, random));
            var (x, y) = (Input("x", ["N", 4]), Input<long>("y", ["N"]));
            (Rows train, Rows validation) = Rows.Of(features, labels).Split(0.8, 0.2, seed: 1);
            using var trainer = new Trainer(
                net,
                [x, y],
                () =>
                {
                    var logits = net.Forward(x);
                    return Objective.CrossEntropy(logits, y).With(Metric.Accuracy(logits, y));
                },
                random)
            {
                Optimizers = [new AdamW { LearningRate = Schedule.Cosine(0.02, steps: 200, warmUp: 10), WeightDecay = 0.01 }],
                ClipNorm = 1,
            };

            var patience = new Patience(epochs: 5);
            await foreach (Epoch epoch in trainer.Fit(train.Shuffle(seed: 1).Batch(16).Prefetch(2), validation.Batch(64), epochs: 20, folder))
            {
                Console.WriteLine($"{epoch.Number}: {epoch.Loss:0.000}, {epoch.Validation}");
                if (patience.IsOver(epoch.Validation!.Loss))
                {
                    break;
                }
            }

            trainer.Best.Restore();                             // the model as it was when its loss was smallest

            // end
            Evaluation best = trainer.Evaluate(validation.Batch(64));
            Assert.That(best["accuracy"], Is.GreaterThan(0.9));
            Assert.That(best.ToString(), Does.StartWith("loss ").And.Contain(", accuracy "));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public async Task A_training_is_watched()
    {
        (Linear net, Rows train, Rows test, Input<float> x, Input<long> y, Generator random) = Small();
        Objective Define() => Objective.CrossEntropy(net.Forward(x), y);

        // snippet: learning-console
        using var trainer = new Trainer(net, [x, y], Define, random) { Optimizers = [new Adam(0.05)], Listeners = [new ConsoleProgress()] };
        await foreach (Epoch epoch in trainer.Fit(train.Shuffle(seed: 1).Batch(32), test.Batch(256), epochs: 20))
        {
        }

        // end
        Assert.That(trainer.Best.Loss, Is.LessThan(0.5));
    }

    [Test]
    public async Task TensorBoard_is_told()
    {
        (Linear net, Rows train, Rows test, Input<float> x, Input<long> y, Generator random) = Small();
        Objective Define() => Objective.CrossEntropy(net.Forward(x), y);

        string logs = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        try
        {
            // snippet: learning-tensorboard
            using var board = new TensorBoardLog(logs) { Weights = net };                   // tensorboard --logdir logs
            using var trainer = new Trainer(net, [x, y], Define, random) { Optimizers = [new Adam(0.05)], Listeners = [board] };
            await foreach (Epoch epoch in trainer.Fit(train.Shuffle(seed: 1).Batch(32), test.Batch(256), epochs: 5))
            {
            }

            // end
            Assert.That(Directory.GetFiles(logs, "events.out.tfevents.*"), Has.Length.EqualTo(1));
        }
        finally
        {
            Directory.Delete(logs, recursive: true);
        }
    }

    /// <summary>A small model, and what it is trained and measured on.</summary>
    private static (Linear Net, Rows Train, Rows Test, Input<float> X, Input<long> Y, Generator Random) Small()
    {
        (float[,] features, long[] labels) = Clusters();
        (Rows train, Rows test) = Rows.Of(features, labels).Split(0.8, 0.2, seed: 1);
        var random = new Generator(seed: 1);
        return (new Linear(4, 3, random), train, test, Input("x", ["N", 4]), Input<long>("y", ["N"]), random);
    }

    /// <summary>150 points around three centres.</summary>
    private static (float[,] Features, long[] Labels) Clusters()
    {
        float[,] features = new float[150, 4];
        long[] labels = new long[150];
        float[] noise = new Generator(seed: 3).Normal(600).ToArray();
        for (int row = 0; row < 150; row++)
        {
            labels[row] = row % 3;
            for (int i = 0; i < 4; i++)
            {
                features[row, i] = noise[(row * 4) + i] + (i == row % 3 ? 4 : 0);
            }
        }

        return (features, labels);
    }
}
