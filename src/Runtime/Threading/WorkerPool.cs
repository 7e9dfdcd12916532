using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace GraphCompiler.Threading;

/// <summary>
/// The threads that share kernels out. One job at a time has them; a caller that finds them taken runs its kernel alone, so callers never wait for
/// each other. The caller opens a gate for so many threads, takes chunks like everyone, closes the gate when none are left, and waits for those
/// that came in. A thread that wakes late finds the gate closed and touches nothing, so the job can live in the fields of the pool, and a call
/// allocates nothing. Idle threads watch the gate for a while before they park.
/// </summary>
internal sealed unsafe class WorkerPool
{
    // How long a thread that has nothing to do watches for more before it parks: the least is what lies between two kernels of a plan, the most what
    // lies between two calls of a loop. In between it learns: waking a thread can take a system milliseconds, watching in vain takes a core.
    private static readonly long LeastWatch = Stopwatch.Frequency / 20_000;
    private static readonly long MostWatch = Stopwatch.Frequency / 500;

    private readonly object parking = new();
    private readonly object finishing = new();

    // The job, and the failure of its lowest chunk that failed: written while the gate is closed and nobody is inside, or by those inside.
    private KernelJob job;
    private int places;
    private Failure failure;

    private readonly ChunkShares chunks = new();
    private Shared shared;
    private int workers;
    private int parked;
    private int isCallerParked;
    private int isReporting;

    /// <summary>The pool of this process. Its threads are started when first asked for, and never keep the process alive.</summary>
    public static WorkerPool Instance { get; } = new();

    /// <summary>The most threads that all callers together work with, themselves included; callers always may, so that they alone can be more.</summary>
    public int Budget { get; set; } = int.MaxValue;

    /// <summary>The threads started so far.</summary>
    public int Workers => Volatile.Read(ref workers);

    /// <summary>
    /// Runs a kernel on up to <paramref name="threads"/> threads, the caller's included. If chunks fail, the result is that of the lowest one, as it
    /// would be on one thread, and its detail is in the caller's frame.
    /// </summary>
    /// <returns>0, or the error site of the lowest chunk that failed.</returns>
    public int Run(in KernelJob work, int threads)
    {
        int callers = Interlocked.Increment(ref shared.Callers);
        try
        {
            int most = (int)Math.Min(Math.Min(Math.Min(threads, work.Chunks) - 1, Gate.MostPlaces), Budget - callers);
            return most < 1 || work.Slots > KernelJob.MostSlots || Interlocked.CompareExchange(ref shared.IsTaken, 1, 0) != 0
                ? work.Entry(work.Frame, 0, work.Range)
                : Share(in work, most);
        }
        finally
        {
            Interlocked.Decrement(ref shared.Callers);
        }
    }

    private int Share(in KernelJob work, int most)
    {
        bool interrupted = false;
        job = work;
        places = most;
        failure = Failure.None;
        chunks.Open(work.Chunks, most + 1);
        StartWorkers(most);

        // What was written before is seen by whoever comes in. The fence also orders the gate before the look at the parked.
        Interlocked.Exchange(ref shared.Gate, Gate.Open(shared.Gate, most));
        if (work.Wakes && Volatile.Read(ref parked) > 0)
        {
            interrupted = Wake(most);
        }

        TakeChunks(work.Frame, share: 0);
        int inside = most - Gate.Places(Interlocked.And(ref shared.Gate, Gate.Closed));

        // Those that have left before now have made it negative; the last one to leave makes it 0.
        if (inside > 0 && Interlocked.Add(ref shared.Inside, inside) != 0)
        {
            interrupted |= AwaitWorkers();
        }

        Failure worst = failure;
        failure = default;
        job = default;
        Volatile.Write(ref shared.IsTaken, 0);
        if (interrupted)
        {
            Thread.CurrentThread.Interrupt();
        }

        if (worst.Exception is not null)
        {
            ExceptionDispatchInfo.Throw(worst.Exception);
        }

        if (worst.Site != 0)
        {
            ((long*)work.Frame)[work.Slots - 1] = worst.Detail;
        }

        return worst.Site;
    }

    /// <summary>Takes chunks until none are left or one fails; all below one that failed are still taken, so no lower failure is lost.</summary>
    private void TakeChunks(nint frame, int share)
    {
        (KernelEntry entry, nint range, nint size) = (job.Entry, job.Range, job.Chunk);
        int away = 0;
        long at = 0;
        try
        {
            while ((at = chunks.Take(share, ref away)) >= 0)
            {
                nint begin = (nint)at * size;
                int site = entry(frame, begin, begin + Math.Min(size, range - begin));
                if (site != 0)
                {
                    Report(new Failure(at, site, ((long*)frame)[job.Slots - 1], null));
                }
            }
        }
        catch (Exception e)
        {
            // Nobody may leave while others still use the frame's memory, and no thread of ours may end the process: the caller throws it.
            Report(new Failure(at, 0, 0, e));
        }
    }

    // No lock and no sleep: both can be interrupted.
    private void Report(Failure found)
    {
        SpinWait spin = default;
        while (Interlocked.CompareExchange(ref isReporting, 1, 0) != 0)
        {
            spin.SpinOnce(sleep1Threshold: -1);
        }

        if (found.Chunk < failure.Chunk)
        {
            failure = found;
        }

        Volatile.Write(ref isReporting, 0);
        chunks.EndAt(found.Chunk);
    }

    private void StartWorkers(int most)
    {
        try
        {
            while (workers < most)
            {
                int number = workers;

                // The context of whoever happens to call first is none of the threads' business.
                new Thread(() => Work(number)) { IsBackground = true, Name = $"GraphCompiler worker {number + 1}" }.UnsafeStart();
                Volatile.Write(ref workers, number + 1);
            }
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            // The system has no more threads: those that there are do it, or the caller alone.
        }
    }

    private void Work(int number)
    {
        // More threads than cores would only take time from each other by watching.
        bool watches = number < Environment.ProcessorCount - 1;
        long watch = MostWatch;
        nint* own = stackalloc nint[KernelJob.MostSlots];
        while (true)
        {
            int lane = TryEnter();
            if (lane > 0)
            {
                new ReadOnlySpan<nint>((void*)job.Frame, job.Slots).CopyTo(new Span<nint>(own, KernelJob.MostSlots));
                foreach (LaneSlot slot in job.Lanes)
                {
                    own[slot.Slot] += lane * slot.Stride;
                }

                TakeChunks((nint)own, number + 1);
                if (Interlocked.Decrement(ref shared.Inside) == 0 && Volatile.Read(ref isCallerParked) != 0)
                {
                    lock (finishing)
                    {
                        Monitor.PulseAll(finishing);
                    }
                }
            }
            else if (!watches || !Watch(watch))
            {
                long asleep = Stopwatch.GetTimestamp();
                Park();
                asleep = Stopwatch.GetTimestamp() - asleep;
                watch = asleep < MostWatch ? MostWatch : Math.Max(LeastWatch, watch / 2);
            }
        }
    }

    /// <summary>The caller's job's next lane, or 0 if it is not to be entered.</summary>
    private int TryEnter()
    {
        long gate = Volatile.Read(ref shared.Gate);
        while (Gate.Places(gate) > 0)
        {
            long seen = Interlocked.CompareExchange(ref shared.Gate, gate - 1, gate);
            if (seen == gate)
            {
                return places - Gate.Places(gate) + 1;
            }

            gate = seen;
        }

        return 0;
    }

    /// <summary>Whether the gate opened in a while.</summary>
    private bool Watch(long ticks)
    {
        long until = Stopwatch.GetTimestamp() + ticks;
        do
        {
            for (int i = 0; i < 16; i++)
            {
                if (Gate.Places(Volatile.Read(ref shared.Gate)) > 0)
                {
                    return true;
                }

                Thread.SpinWait(1);
            }
        }
        while (Stopwatch.GetTimestamp() < until);
        return false;
    }

    // A thread counts itself as parked and then looks at the gate; a caller opens the gate and then looks at the count. One of them sees the other.
    private void Park()
    {
        lock (parking)
        {
            Interlocked.Increment(ref parked);
            while (Gate.Places(Volatile.Read(ref shared.Gate)) == 0)
            {
                Monitor.Wait(parking);
            }

            Interlocked.Decrement(ref parked);
        }
    }

    /// <summary>Wakes as many as there are places beyond those who are awake.</summary>
    /// <returns>Whether the caller was interrupted; then those who slept go on sleeping, and the rest do the work.</returns>
    private bool Wake(int most)
    {
        try
        {
            lock (parking)
            {
                int awake = workers - parked;
                for (int i = awake; i < most; i++)
                {
                    Monitor.Pulse(parking);
                }
            }
        }
        catch (ThreadInterruptedException)
        {
            return true;
        }

        return false;
    }

    /// <summary>Waits until all have left.</summary>
    /// <returns>Whether the caller was interrupted, which must not end the wait: the others use its memory.</returns>
    private bool AwaitWorkers()
    {
        long until = Stopwatch.GetTimestamp() + LeastWatch;
        do
        {
            for (int i = 0; i < 16; i++)
            {
                if (Volatile.Read(ref shared.Inside) == 0)
                {
                    return false;
                }

                Thread.SpinWait(1);
            }
        }
        while (Stopwatch.GetTimestamp() < until);

        // As in Park: the caller says that it sleeps and then looks; the last to leave leaves and then looks. A pulse meant for an earlier job is
        // just one more look.
        bool interrupted = false;
        Interlocked.Exchange(ref isCallerParked, 1);
        while (Volatile.Read(ref shared.Inside) != 0)
        {
            try
            {
                lock (finishing)
                {
                    while (Volatile.Read(ref shared.Inside) != 0)
                    {
                        Monitor.Wait(finishing);
                    }
                }
            }
            catch (ThreadInterruptedException)
            {
                interrupted = true;
            }
        }

        Volatile.Write(ref isCallerParked, 0);
        return interrupted;
    }

    /// <summary>How many more threads may come in (low 16 bits), and the number of the job, so that a place of one job is never taken for another's.</summary>
    private static class Gate
    {
        public const int MostPlaces = 0xFFFF;

        /// <summary>What closing leaves of a gate.</summary>
        public const long Closed = ~(long)MostPlaces;

        public static int Places(long gate) => (int)(gate & MostPlaces);

        public static long Open(long gate, int places) => (gate | MostPlaces) + 1 + places;

    }

    /// <summary>What went wrong in a chunk.</summary>
    private readonly record struct Failure(long Chunk, int Site, long Detail, Exception? Exception)
    {
        public static Failure None => new(long.MaxValue, 0, 0, null);
    }

    /// <summary>What threads write at the same time, each by itself on the cache lines that processors fetch in pairs.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 640)]
    private struct Shared
    {
        [FieldOffset(128)]
        public long Gate;

        /// <summary>Threads inside, less those that left before the caller counted.</summary>
        [FieldOffset(256)]
        public int Inside;

        [FieldOffset(384)]
        public int IsTaken;

        /// <summary>Callers in kernels that are worth sharing, whether they share them or not.</summary>
        [FieldOffset(512)]
        public int Callers;
    }
}
