using System.Diagnostics;
using GraphCompiler;

namespace CharLm;

/// <summary>A whole run: data, the model to beat, training, and made-up names.</summary>
internal static class Run
{
    private const int ReportEvery = 100;

    /// <summary>Runs; gives the process' exit code, which is 1 if the transformer was trained in full and is no better than the 3-gram model.</summary>
    public static int Execute(Options options)
    {
        long start = Stopwatch.GetTimestamp();
        var random = new Generator((ulong)options.Seed);
        NameData data = NameData.Load(random);
        var vocabulary = new Vocabulary(data.All);
        Console.WriteLine($"{data.Training.Length} names to learn from, {data.Validation.Length} to choose by, {data.HeldOut.Length} held out; {vocabulary.Count} tokens");

        double toBeat = new NGram(3, vocabulary, data.Training, data.Validation).Loss(data.HeldOut);
        Console.WriteLine($"3-gram: held-out loss {toBeat:0.000} nats a character, a name's end being one");

        int length = data.LongestName + 1;
        var transformer = new Transformer(new TransformerSize(vocabulary.Count, length), random);
        var compile = new CompileOptions { Threads = options.Threads };
        var trainer = new Trainer(transformer, vocabulary, length, new Schedule(options.Steps), random, compile);
        Console.WriteLine($"transformer: {transformer.ParameterCount} parameters, compiled after {Seconds(start)}");

        LossCurve curve = Train(trainer, data, random, start);
        double heldOut = trainer.Loss(data.HeldOut);
        Console.WriteLine($"{Seconds(start)} in all; the held-out loss is {heldOut:0.000}, that of the 3-gram {toBeat:0.000}");
        Console.WriteLine(curve.Save(options.Out, toBeat));

        IReadOnlyList<string> names = new Sampler(transformer, vocabulary, length, random, compile).Sample(options.Names, (float)options.Temperature);
        HashSet<string> known = [.. data.Training];
        Console.WriteLine($"names made up at temperature {options.Temperature}; {names.Count(n => !known.Contains(n))} of {names.Count}, marked *, are not among those it learned from:");
        Console.WriteLine(string.Join(' ', names.Select(n => known.Contains(n) ? n : $"{n}*")));
        if (options.Steps < Options.FullSteps)
        {
            Console.WriteLine($"a run of fewer than {Options.FullSteps} steps is not judged");
            return 0;
        }

        return heldOut < toBeat ? 0 : 1;
    }

    /// <summary>Trains on all names in ever new order. The held-out loss is only shown: nothing depends on it.</summary>
    private static LossCurve Train(Trainer trainer, NameData data, Generator random, long start)
    {
        var curve = new LossCurve();
        long lap = Stopwatch.GetTimestamp();
        double sum = 0;
        int names = 0;
        int since = 0;
        foreach (string[] batch in trainer.Batches(data.Training))
        {
            sum += trainer.Step(batch);
            names += batch.Length;
            since++;
            if (trainer.Steps % ReportEvery == 0 || trainer.Steps == trainer.Schedule.Steps)
            {
                double rate = names / Stopwatch.GetElapsedTime(lap).TotalSeconds;
                float heldOut = trainer.Loss(data.HeldOut);
                curve.Add(trainer.Steps, sum / since, heldOut);
                Console.WriteLine($"{Seconds(start),7}  step {trainer.Steps,4}/{trainer.Schedule.Steps}  loss {sum / since:0.000}  held-out {heldOut:0.000}  {rate:0} names/s");
                (sum, names, since, lap) = (0, 0, 0, Stopwatch.GetTimestamp());
            }
        }

        return curve;
    }

    private static string Seconds(long start) => $"{Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s";
}
