using GraphCompiler;
using GraphCompiler.Learning;
using static GraphCompiler.Ops;

namespace CharLm;

/// <summary>How a transformer is trained: AdamW on gradients of bounded norm, with a rate that rises for a twentieth of the steps and falls along a cosine. Matrices decay; biases and norms do not.</summary>
internal sealed class NameTraining : IDisposable
{
    private const int BatchSize = 64;
    private const double LearningRate = 4e-3;
    private const double WeightDecay = 0.3;
    private const double Beta2 = 0.99;
    private const double Hidden = 0.25;

    private readonly NameModel model;
    private readonly Generator random;
    private readonly Trainer trainer;

    public NameTraining(NameModel model, int steps, Generator random, CompileOptions options)
    {
        (this.model, Steps, this.random) = (model, steps, random);
        Input<long> inputs = Input<long>("inputs", ["N", model.Transformer.Length]);
        Input<long> targets = Input<long>("targets", ["N", model.Transformer.Length]);
        Schedule rate = Schedule.Cosine(LearningRate, steps, warmUp: Math.Max(1, steps / 20));
        trainer = new Trainer(
            model.Transformer,
            [inputs, targets],
            () => Objective.CrossEntropy(Flatten(model.Transformer.Forward(inputs), 0, 1), Flatten(targets), ignoreIndex: NameBatch.Ignored),
            random)
        {
            Optimizers = [new(new AdamW(rate) { WeightDecay = WeightDecay, Beta2 = Beta2 }, w => w.Rank > 1), new(new AdamW(rate) { WeightDecay = 0, Beta2 = Beta2 })],
            ClipNorm = 1,
            Options = options,
        };
    }

    /// <summary>How many steps there are.</summary>
    public int Steps { get; }

    /// <summary>How many steps were made.</summary>
    public int StepCount => (int)trainer.StepCount;

    /// <summary>Names for the steps that are left: all of them in a new order, again and again.</summary>
    public IEnumerable<string[]> Batches(string[] names)
    {
        while (true)
        {
            foreach (long[] some in random.Permutation(names.Length).ToArray().Chunk(BatchSize))
            {
                if (StepCount == Steps)
                {
                    yield break;
                }

                yield return [.. some.Select(i => names[i])];
            }
        }
    }

    /// <summary>One step on some names; gives the loss before it.</summary>
    public double Step(string[] names)
    {
        NameBatch batch = NameBatch.Of(names, model).Hide(Hidden, random);
        return trainer.Step(batch.Inputs, batch.Targets).Loss;
    }

    /// <summary>The loss in nats a token, the end of each name being one.</summary>
    public double Loss(string[] names)
    {
        Measurement measurement = trainer.Measure();
        var batch = NameBatch.Of(names, model);
        measurement.Add(batch.Inputs, batch.Targets);
        return measurement.Result.Loss;
    }

    public void Dispose() => trainer.Dispose();
}
