using System.Diagnostics;
using Charts;
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
        NameModel model = NameModel.Create(vocabulary, length, random);
        Console.WriteLine(model.Transformer.Summary(["N", length], DType.Int64));
        using var training = new NameTraining(model, options.Steps, random, new CompileOptions { Threads = options.Threads });
        List<(int Step, double Training, double HeldOut)> losses = Train(training, data, start);
        double heldOut = training.Loss(data.HeldOut);
        Console.WriteLine($"{Seconds(start)} in all; the held-out loss is {heldOut:0.000}, that of the 3-gram {toBeat:0.000}");
        double[] steps = [.. losses.Select(l => (double)l.Step)];
        Curves curves = new Curves("step", "loss, nats a character")
            .Line("training, with hidden characters", steps, losses.Select(l => l.Training))
            .Line("held-out", steps, losses.Select(l => l.HeldOut))
            .Level("3-gram, held-out", toBeat);
        Console.WriteLine($"loss curve: {curves.Save(options.Out)}");

        model.Save(options.Save);
        Console.WriteLine($"model: {options.Save}; the command 'generate' makes up names by it");
        IReadOnlyList<string> names = model.MakeUp(options.Names, options.Temperature, random);
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

    /// <summary>Makes up names by a model that was saved.</summary>
    public static int Generate(string path, int names, double temperature, int seed)
    {
        Console.WriteLine(string.Join(' ', NameModel.Load(path).MakeUp(names, temperature, new Generator((ulong)seed))));
        return 0;
    }

    /// <summary>Trains on all names in ever new order. The held-out loss is only shown: nothing depends on it.</summary>
    private static List<(int Step, double Training, double HeldOut)> Train(NameTraining training, NameData data, long start)
    {
        List<(int Step, double Training, double HeldOut)> losses = [];
        long lap = Stopwatch.GetTimestamp();
        double sum = 0;
        int names = 0;
        int since = 0;
        foreach (string[] batch in training.Batches(data.Training))
        {
            sum += training.Step(batch);
            names += batch.Length;
            since++;
            if (training.StepCount % ReportEvery == 0 || training.StepCount == training.Steps)
            {
                double rate = names / Stopwatch.GetElapsedTime(lap).TotalSeconds;
                double heldOut = training.Loss(data.HeldOut);
                losses.Add((training.StepCount, sum / since, heldOut));
                Console.WriteLine($"{Seconds(start),7}  step {training.StepCount,4}/{training.Steps}  loss {sum / since:0.000}  held-out {heldOut:0.000}  {rate:0} names/s");
                (sum, names, since, lap) = (0, 0, 0, Stopwatch.GetTimestamp());
            }
        }

        return losses;
    }

    private static string Seconds(long start) => $"{Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s";
}
