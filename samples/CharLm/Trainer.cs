using GraphCompiler;
using static GraphCompiler.Ops;

namespace CharLm;

/// <summary>A transformer's training step and its loss on any names, compiled.</summary>
internal sealed class Trainer
{
    private readonly Vocabulary vocabulary;
    private readonly int length;
    private readonly Generator random;
    private readonly Func<long[], long[], float, float> step;
    private readonly Func<long[], long[], float> measure;

    public Trainer(Transformer transformer, Vocabulary vocabulary, int length, Schedule schedule, Generator random, CompileOptions options)
    {
        (this.vocabulary, this.length, Schedule, this.random) = (vocabulary, length, schedule, random);
        Input<long> inputs = Input<long>("inputs", ["N", length]);
        Input<long> targets = Input<long>("targets", ["N", length]);
        Input<float> rate = Input("rate", []);
        Node loss = CrossEntropy(Flatten(transformer.Logits(inputs), 0, 1), Flatten(targets), ignoreIndex: Batch.Ignored);
        step = Compiler.Compile<Func<long[], long[], float, float>>(
            [inputs, targets, rate], [loss], schedule.Updates(loss, transformer.Parameters, rate), options);
        measure = Compiler.Compile<Func<long[], long[], float>>([inputs, targets], loss, options);
    }

    public Schedule Schedule { get; }

    /// <summary>How many steps were made.</summary>
    public int Steps { get; private set; }

    /// <summary>Names for the steps that are left: all of them in a new order, again and again.</summary>
    public IEnumerable<string[]> Batches(string[] names)
    {
        while (true)
        {
            foreach (long[] some in random.Permutation(names.Length).ToArray().Chunk(Schedule.BatchSize))
            {
                if (Steps == Schedule.Steps)
                {
                    yield break;
                }

                yield return [.. some.Select(i => names[i])];
            }
        }
    }

    /// <summary>One step on some names; gives the loss before it.</summary>
    public float Step(string[] names)
    {
        Batch batch = Batch.Of(names, vocabulary, length).Hide(Schedule.Hidden, random);
        return step(batch.Inputs, batch.Targets, Schedule.RateAt(Steps++));
    }

    /// <summary>The loss in nats a token, the end of each name being one.</summary>
    public float Loss(string[] names)
    {
        var batch = Batch.Of(names, vocabulary, length);
        return measure(batch.Inputs, batch.Targets);
    }
}
