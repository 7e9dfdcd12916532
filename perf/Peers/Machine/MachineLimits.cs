using System.Diagnostics;
using System.Runtime.InteropServices;

namespace GraphCompiler.Peers.Machine;

/// <summary>What the machine can do here and now. These are limits, so the best of several samples counts, not the median.</summary>
internal static unsafe class MachineLimits
{
    private const int Samples = 40;

    /// <summary>Bytes that a thread touches again and again: well inside a second-level cache, well outside a first-level one.</summary>
    private const long CacheBytes = 512 << 10;

    /// <summary>Bytes that all threads touch together: past any cache.</summary>
    private const long MemoryBytes = 256L << 20;

    private static float sink;

    /// <summary>Measures all limits at one thread and, if it is more, at a number of threads.</summary>
    public static IReadOnlyList<Row> Measure(int threads)
    {
        List<Row> rows = [];
        foreach (int n in new[] { 1, threads }.Distinct())
        {
            const long Steps = 500_000;
            rows.Add(Limit("fma-peak", n, Steps * LimitLoops.OperationsPerStep * n, "GF/s", _ => sink += LimitLoops.Fma(Steps), 0));
            foreach ((string where, long bytes, int repetitions) in new[] { ("l2", CacheBytes, 200), ("memory", MemoryBytes / n, 1) })
            {
                // A copy has half the bytes in each array, and reads and writes them all.
                long all = bytes / sizeof(float);
                long half = all / 2;
                double moved = (double)bytes * repetitions * n;
                rows.Add(Limit($"read-{where}", n, moved, "GB/s", from => Repeat(repetitions, () => sink += LimitLoops.Read((float*)from, all)), bytes));
                rows.Add(Limit($"copy-{where}", n, moved, "GB/s", from => Repeat(repetitions, () => LimitLoops.Copy((float*)from, (float*)from + half, half, false)), bytes));
                if (where == "memory")
                {
                    rows.Add(Limit("copy-memory-nt", n, moved, "GB/s", from => LimitLoops.Copy((float*)from, (float*)from + half, half, true), bytes));
                    rows.Add(Limit("store-memory", n, moved, "GB/s", from => LimitLoops.Fill((float*)from, all, false), bytes));
                    rows.Add(Limit("store-memory-nt", n, moved, "GB/s", from => LimitLoops.Fill((float*)from, all, true), bytes));
                }
            }
        }

        return rows;
    }

    private static void Repeat(int times, Action run)
    {
        for (int i = 0; i < times; i++)
        {
            run();
        }
    }

    /// <summary>The best rate of an action that each thread runs on an array of its own.</summary>
    private static Row Limit(string name, int threads, double amount, string unit, Action<nint> run, long bytes)
    {
        double best = double.PositiveInfinity;
        using var start = new Barrier(threads + 1);
        using var end = new Barrier(threads + 1);

        // Each worker reads the clock itself: whoever waits for them may be woken late, or find them done.
        long[] began = new long[threads];
        long[] ended = new long[threads];
        Thread[] workers = [.. Enumerable.Range(0, threads).Select(i => new Thread(() => Worker(i)) { IsBackground = true })];
        foreach (Thread worker in workers)
        {
            worker.Start();
        }

        for (int sample = 0; sample < Samples; sample++)
        {
            start.SignalAndWait();
            end.SignalAndWait();
            best = Math.Min(best, Stopwatch.GetElapsedTime(began.Min(), ended.Max()).TotalSeconds);
        }

        foreach (Thread worker in workers)
        {
            worker.Join();
        }

        return new Row { Work = $"machine-{name}", Threads = threads, Rate = amount / best / 1e9, Unit = unit };

        void Worker(int index)
        {
            void* array = NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, 64), 64);
            NativeMemory.Fill(array, (nuint)bytes, 0);
            for (int sample = 0; sample < Samples; sample++)
            {
                start.SignalAndWait();
                began[index] = Stopwatch.GetTimestamp();
                run((nint)array);
                ended[index] = Stopwatch.GetTimestamp();
                end.SignalAndWait();
            }

            NativeMemory.AlignedFree(array);
        }
    }
}
