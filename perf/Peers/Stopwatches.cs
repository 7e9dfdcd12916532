using System.Diagnostics;

namespace GraphCompiler.Peers;

/// <summary>Times two or more sides in turn.</summary>
internal static class Stopwatches
{
    /// <summary>A sample lasts at least this long: the clock and the loop no longer matter, nor the odd interrupt.</summary>
    private const double SampleSeconds = 0.005;

    /// <summary>How long a side runs, untimed, before each of its samples: caches are its own again.</summary>
    private const double TurnSeconds = 0.003;

    /// <summary>
    /// How long nobody runs before a turn if there are threads: OpenMP's look for work for long before they sleep (300,000 pauses, which are 14 ms on some
    /// processors), and would take a core from whoever is next.
    /// </summary>
    private const int RestMilliseconds = 50;

    /// <summary>
    /// How long a side runs before the first sample: the JIT has tiered up, allocators have settled. The JIT waits until nothing new has been called for a
    /// while, then compiles beside the work: on two busy cores a call of 0.23 µs was seen to take 2 µs for more than a second.
    /// </summary>
    private const double WarmSeconds = 2;

    private const int WarmCalls = 60;

    /// <summary>Past so many times that, a slow side counts as warm whatever its number of calls.</summary>
    private const double Patience = 2;

    /// <summary>
    /// Seconds a run: <c>[side][round]</c>, the sides in turn and every second round backwards (A B C C B A …), if wanted with a rest before each turn.
    /// </summary>
    public static double[][] Measure(IReadOnlyList<Contender> sides, int rounds, bool rest, double warmSeconds = WarmSeconds)
    {
        int[] repetitions = [.. sides.Select(side => Warm(side, warmSeconds))];
        double[][] seconds = [.. sides.Select(_ => new double[rounds])];
        for (int round = 0; round < rounds; round++)
        {
            for (int turn = 0; turn < sides.Count; turn++)
            {
                int side = round % 2 == 0 ? turn : sides.Count - 1 - turn;
                sides[side].Reset?.Invoke();
                if (rest)
                {
                    Thread.Sleep(RestMilliseconds);
                }

                RunFor(sides[side].Run, TurnSeconds);
                seconds[side][round] = Sample(sides[side].Run, repetitions[side]);
            }
        }

        return seconds;
    }

    /// <summary>The middle one, or the mean of the two in the middle.</summary>
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int half = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }

    /// <summary>Runs a side until it is warm.</summary>
    /// <returns>How often it must run to fill a sample.</returns>
    private static int Warm(Contender side, double seconds)
    {
        side.Reset?.Invoke();
        long start = Stopwatch.GetTimestamp();
        int calls = 0;
        double elapsed;
        do
        {
            side.Run();
            calls++;
            elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        while (elapsed < Patience * seconds && (elapsed < seconds || calls < WarmCalls));

        // The mean of the warm-up counts the cold calls too: double from a lower guess until a sample is long enough.
        int repetitions = Math.Max(1, (int)(SampleSeconds / 2 / (elapsed / calls)));
        while (Sample(side.Run, repetitions) * repetitions < SampleSeconds)
        {
            repetitions *= 2;
        }

        return repetitions;
    }

    private static void RunFor(Action run, double seconds)
    {
        long start = Stopwatch.GetTimestamp();
        do
        {
            run();
        }
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds);
    }

    private static double Sample(Action run, int repetitions)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < repetitions; i++)
        {
            run();
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds / repetitions;
    }
}
