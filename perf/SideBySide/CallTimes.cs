using GraphCompiler.Peers;
using GraphCompiler.Perf;

namespace GraphCompiler.SideBySide;

/// <summary>Times of warm calls, for each work of the peers' catalogue on one thread and on two.</summary>
internal static class CallTimes
{
    /// <summary>Even, so that each build is loaded first in half of them.</summary>
    private const int Processes = 6;

    private const int Rounds = 10;
    private const double WarmSeconds = 0.4;

    public static int Run(string old, string @new, string names)
    {
        List<Pairs> all = [];
        for (int process = 0; process < Processes; process++)
        {
            Console.Error.WriteLine($"process {process + 1} of {Processes}");
            all.AddRange(process % 2 == 0
                ? Pairs.Read(OwnProcess.Run("calls", old, @new, names))
                : Pairs.Read(OwnProcess.Run("calls", @new, old, names)).Select(p => p with { Old = p.New, New = p.Old }));
        }

        Pairs.Header();
        return all.GroupBy(p => (p.Name, p.Threads)).Select(group => Pairs.Print([.. group])).ToArray().All(measured => measured) ? 0 : 1;
    }

    /// <summary>Measures all works in this process, the first as if it were the old build.</summary>
    public static void Child(Build first, Build second, string names)
    {
        // Inputs of all works take a while to make: both builds at a time.
        var other = Task.Run(() => second.Works(names));
        string[] works = first.Works(names);
        other.Wait();

        // The first work pays for the code that all share, on its way through the JIT's tiers.
        Measure(first, second, works[0], threads: 2);
        foreach (string work in works)
        {
            for (int threads = 1; threads <= 2; threads++)
            {
                Measure(first, second, work, threads).Write();
            }
        }
    }

    private static Pairs Measure(Build first, Build second, string work, int threads)
    {
        List<Contender> sides = [];
        try
        {
            sides.Add(first.Open(work, threads));
            sides.Add(second.Open(work, threads));
            IReadOnlyList<string> differences = Comparison.Run(first.RunsBeforeComparing(work), sides[0], sides[1]);
            if (differences.Count > 0)
            {
                return new Pairs(work, threads, [], []) { Error = $"DISAGREE: {string.Join("; ", differences)}" };
            }

            double[][] seconds = Stopwatches.Measure(sides, Rounds, rest: false, WarmSeconds);
            return new Pairs(work, threads, seconds[0], seconds[1]);
        }
        catch (Exception e)
        {
            // One work that fails must not cost the others their measurement.
            return new Pairs(work, threads, [], []) { Error = $"FAILED: {e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")}" };
        }
        finally
        {
            sides.ForEach(side => side.Dispose());
            GC.Collect();
        }
    }
}
