using System.Diagnostics;
using System.Globalization;
using GraphCompiler.Peers.Machine;

namespace GraphCompiler.Peers;

/// <summary>One sitting: the machine's limits, then each work against each system that loads.</summary>
internal static class Session
{
    public static IReadOnlyList<Row> Run(IReadOnlyList<Work> works, int threads, int rounds, TextWriter console)
    {
        console.WriteLine($".NET {Environment.Version}, {Environment.ProcessorCount} processors, {threads} thread(s), {rounds} rounds");
        console.WriteLine($"{OurSystem.Name} {OurSystem.Use(threads)}");
        var systems = new Systems(threads, console);
        if (Load() is { } load && load > 0.5)
        {
            console.WriteLine($"THE MACHINE IS BUSY (load {load:0.0} before the start): expect wide spreads and low limits.");
        }

        console.WriteLine();

        List<Row> rows = [.. MachineLimits.Measure(threads)];
        Table.Limits(rows, console);
        double peak = rows.Last(r => r.Work == "machine-fma-peak").Rate!.Value;
        Table.Header(console);
        foreach (Work work in works)
        {
            foreach (Row row in Measure(work, systems, rounds, peak, console))
            {
                rows.Add(row);
                Table.Line(row, console);
            }
        }

        return rows;
    }

    /// <summary>How many threads of anyone wanted to run in the last minute; null where the system does not say.</summary>
    private static double? Load()
    {
        const string Source = "/proc/loadavg";
        return File.Exists(Source) ? double.Parse(File.ReadAllText(Source).Split(' ')[0], CultureInfo.InvariantCulture) : null;
    }

    private static IReadOnlyList<Row> Measure(Work work, Systems systems, int rounds, double peak, TextWriter console)
    {
        List<Contender> sides = [];
        try
        {
            sides.Add(work.Ours());
            long start = Stopwatch.GetTimestamp();
            sides[0].Run();
            if (Stopwatch.GetElapsedTime(start).TotalSeconds > 5)
            {
                console.WriteLine($"{work.Name}: our first run took {Stopwatch.GetElapsedTime(start).TotalSeconds:0} s");
            }

            sides.AddRange(work.Theirs(systems));
            List<Row> failures = [];
            foreach (Contender peer in sides[1..])
            {
                IReadOnlyList<string> differences = Comparison.Run(work.RunsBeforeComparing, sides[0], peer);
                if (differences.Count > 0)
                {
                    failures.Add(new Row { Work = work.Name, Threads = systems.Threads, Peer = peer.Name, Error = $"DISAGREE: {string.Join("; ", differences)}" });
                    sides.Remove(peer);
                    peer.Dispose();
                }
            }

            return [.. failures, .. Rows(work, systems, sides, Stopwatches.Measure(sides, rounds, systems.Threads > 1), peak)];
        }
        catch (Exception e)
        {
            // One work that fails must not cost the others their measurement.
            return [new Row { Work = work.Name, Threads = systems.Threads, Error = $"FAILED: {e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")}" }];
        }
        finally
        {
            sides.ForEach(side => side.Dispose());
            GC.Collect();
        }
    }

    private static IEnumerable<Row> Rows(Work work, Systems systems, List<Contender> sides, double[][] seconds, double peak)
    {
        double ours = Stopwatches.Median(seconds[0]);
        Row own = new() { Work = work.Name, Threads = systems.Threads, OursUs = ours * 1e6 };
        if (work.Operations > 0)
        {
            double rate = work.Operations / ours / 1e9;
            own = own with { Rate = rate, Unit = "GF/s", OfPeak = rate / peak };
        }

        if (sides.Count == 1)
        {
            yield return own;
        }

        for (int i = 1; i < sides.Count; i++)
        {
            double theirs = Stopwatches.Median(seconds[i]);
            double[] ratios = [.. seconds[i].Zip(seconds[0], (peer, our) => peer / our)];
            Row row = own with { Peer = sides[i].Name, PeerUs = theirs * 1e6, Ratio = theirs / ours, RatioMin = ratios.Min(), RatioMax = ratios.Max() };
            if (work.Operations > 0)
            {
                double rate = work.Operations / theirs / 1e9;
                row = row with { PeerRate = rate, PeerOfPeak = rate / peak };
            }

            yield return row;
        }
    }
}
