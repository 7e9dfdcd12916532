using System.Text.Json;
using GraphCompiler.Peers;

namespace GraphCompiler.SideBySide;

/// <summary>What a process measured of one thing: seconds of the old and of the new build, by rounds; or why it could not.</summary>
internal sealed record Pairs(string Name, int Threads, double[] Old, double[] New)
{
    private const int Resamples = 4000;

    public string? Error { get; init; }

    /// <summary>The lines that children wrote.</summary>
    public static IEnumerable<Pairs> Read(string output) =>
        output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<Pairs>(line)!);

    public void Write()
    {
        Console.WriteLine(JsonSerializer.Serialize(this));
        Console.Out.Flush();
    }

    public static void Header() =>
        Console.WriteLine($"{"",-20} {"threads",7} {"old",11} {"new",11} {"old/new",8}   95 % interval");

    /// <summary>One thing as all processes saw it.</summary>
    /// <returns>Whether it could be measured.</returns>
    public static bool Print(IReadOnlyList<Pairs> processes)
    {
        Pairs first = processes[0];
        if (processes.FirstOrDefault(p => p.Error is not null)?.Error is { } error)
        {
            Console.WriteLine($"{first.Name,-20} {first.Threads,7} {error}");
            return false;
        }

        (double low, double high) = Interval(processes);
        string mark = high < 1 ? "   SLOWER" : string.Empty;
        Console.WriteLine(
            $"{first.Name,-20} {first.Threads,7} {Time(p => p.Old),11} {Time(p => p.New),11} {Stopwatches.Median(processes.SelectMany(p => p.Ratios)),8:0.000}   {low:0.000}–{high:0.000}{mark}");
        return true;

        string Time(Func<Pairs, double[]> side) => Table.Time(Stopwatches.Median(processes.SelectMany(side)) * 1e6);
    }

    private IEnumerable<double> Ratios => Old.Zip(New, (o, n) => o / n);

    /// <summary>
    /// The bootstrap's 95 % interval of the median ratio, drawn from the processes and then from the rounds of each: what a process was dealt, such as where
    /// its arrays lie, is the same in all of its rounds.
    /// </summary>
    private static (double Low, double High) Interval(IReadOnlyList<Pairs> processes)
    {
        var random = new Random(1);
        double[][] ratios = [.. processes.Select(p => p.Ratios.ToArray())];
        double[] medians = [.. Enumerable.Range(0, Resamples).Select(_ => Stopwatches.Median(random.GetItems(ratios, ratios.Length).SelectMany(r => random.GetItems(r, r.Length)))).Order()];
        return (medians[Resamples / 40], medians[^(Resamples / 40)]);
    }
}
