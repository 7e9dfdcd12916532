using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.Training;

/// <summary>A training with all that has a state, which saves after every step. It is interpreted, for a process that lives but for some steps to begin soon.</summary>
internal static class KilledRun
{
    public const int StepsOfEpoch = 4;

    private static readonly Input<float> X = Input("x", ["N", 3]);
    private static readonly Input<float> Y = Input("y", ["N", 1]);

    /// <summary>Trains, or goes on.</summary>
    /// <param name="folder">Where checkpoints are.</param>
    /// <param name="epochs">How many epochs there are.</param>
    /// <param name="shardsAtOnce">How many shards are computed at once.</param>
    /// <param name="prefetch">How many batches are made ahead.</param>
    /// <param name="stepped">Is told each step.</param>
    public static void Train(string folder, int epochs, int shardsAtOnce, int prefetch, Action<long> stepped)
    {
        var random = new Generator(5);
        var net = new Sequential(new Linear(3, 8, random), new BatchNorm(8), Activation.Tanh, new Dropout(0.2), new Linear(8, 8, random), Activation.Tanh, new Linear(8, 1, random));
        using var trainer = new Trainer(
            net,
            [X, Y],
            () =>
            {
                Node prediction = net.Forward(X);
                return Objective.MeanSquaredError(prediction, Y).With(Metric.MeanAbsoluteError(prediction, Y), Metric.R2(prediction, Y));
            },
            random)
        {
            Optimizers = [new AdamW { LearningRate = Schedule.Cosine(0.02, 500, 10), WeightDecay = 0.01 }],
            Average = new Ema(0.9),
            ClipNorm = 1,
            Shards = 3,
            ShardsAtOnce = shardsAtOnce,
            SaveEvery = 1,
            Options = new CompileOptions { Interpret = true },
            Listeners = [TrainingListener.Of(step => stepped(step.Step))],
        };
        var numbers = new Generator(9);
        Rows train = Rows.Of(numbers.Normal(42, 3), numbers.Normal(42, 1)).Shuffle(3).Batch(12).Map((row, chance) => row.Get<float>(0)[0] += (float)chance.NextNormal() / 10).Prefetch(prefetch);
        Rows validation = Rows.Of(numbers.Normal(10, 3), numbers.Normal(10, 1)).Batch(10);
        Drain(trainer.Fit(train, validation, epochs, folder)).GetAwaiter().GetResult();
    }

    private static async Task Drain(IAsyncEnumerable<Epoch> epochs)
    {
        await foreach (Epoch epoch in epochs.ConfigureAwait(false))
        {
            // What it was is in the checkpoint.
        }
    }
}
