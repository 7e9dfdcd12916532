using System.Collections.Concurrent;
using GraphCompiler.Tests.Compiler;

namespace GraphCompiler.Tests.Runtime.Threading;

[TestFixture]
[NonParallelizable]
internal sealed unsafe class WorkerPoolTests
{
    // Slot 0 holds the address of a counter an item, slot 1 the first item that fails (or −1), slot 2 how often an item spins; the last is for failures.
    private const int Slots = 4;

    private static readonly WorkerPool Pool = WorkerPool.Instance;

    [Test]
    public void Every_item_is_done_once([Values(1, 2, 3, 8)] int threads, [Values(1, 2, 3, 7, 64, 1000)] int range, [Values(1, 2, 5, 64, 2000)] int chunk)
    {
        for (int round = 0; round < 20; round++)
        {
            using var work = new CountingWork(range);
            Assert.That(Pool.Run(work.Job(chunk), threads), Is.Zero);
            work.AssertDoneOnce();
        }
    }

    [Test]
    public void Threads_take_part_and_no_more_than_allowed([Values(2, 3, 8)] int threads)
    {
        var seen = new ConcurrentDictionary<int, bool>();
        int Entry(nint frame, nint begin, nint end)
        {
            seen[Environment.CurrentManagedThreadId] = true;
            Thread.Sleep(5);
            return 0;
        }

        nint* frame = stackalloc nint[1];
        for (int round = 0; round < 5; round++)
        {
            seen.Clear();
            Pool.Run(new KernelJob(Entry, (nint)frame, 1, 40, 1, []), threads);
            Assert.That(seen, Has.Count.EqualTo(threads));
        }
    }

    [Test]
    public void A_budget_is_for_all_callers_together([Values(1, 2, 3, 4)] int budget, [Values(1, 2, 3)] int callers)
    {
        var pool = new WorkerPool { Budget = budget };
        var inside = new HashSet<int>();
        int most = 0;
        using var together = new Barrier(callers);
        int Entry(nint frame, nint begin, nint end)
        {
            lock (inside)
            {
                inside.Add(Environment.CurrentManagedThreadId);
                most = Math.Max(most, inside.Count);
            }

            Thread.Sleep(2);
            lock (inside)
            {
                inside.Remove(Environment.CurrentManagedThreadId);
            }

            return 0;
        }

        Thread[] threads = [.. Enumerable.Range(0, callers).Select(_ => new Thread(() =>
        {
            nint* frame = stackalloc nint[1];
            for (int round = 0; round < 5; round++)
            {
                together.SignalAndWait();
                pool.Run(new KernelJob(Entry, (nint)frame, 1, 40, 1, []), threads: 8);
            }
        }))];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());

        // A caller that comes while another has all the budget works beside it.
        Assert.That(most, Is.LessThanOrEqualTo(Math.Max(callers, budget + callers - 1)));
        if (callers == 1)
        {
            Assert.That(most, Is.EqualTo(budget));
        }
    }

    [Test]
    public void The_budget_of_the_process_is_that_of_its_pool()
    {
        Assert.That(ThreadBudget.Most, Is.EqualTo(int.MaxValue));
        try
        {
            ThreadBudget.Most = 1;
            Assert.That(Pool.Budget, Is.EqualTo(1));
            using var work = new CountingWork(100);
            int before = Pool.Workers;
            Assert.That(Pool.Run(work.Job(1), before + 2), Is.Zero);
            Assert.That(Pool.Workers, Is.EqualTo(before));
            work.AssertDoneOnce();
            Assert.That(() => ThreadBudget.Most = 0, Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("It is 0"));
            Assert.That(ThreadBudget.Most, Is.EqualTo(1));
        }
        finally
        {
            ThreadBudget.Most = int.MaxValue;
        }
    }

    [Test]
    public void The_lowest_failure_is_reported([Values(1, 2, 3, 8)] int threads)
    {
        var random = new Random(1);
        for (int round = 0; round < 500; round++)
        {
            int range = random.Next(2, 300);
            int chunk = random.Next(1, 20);
            int failing = random.Next(range);
            using var work = new CountingWork(range, failing, spins: random.Next(20));
            Assert.That(Pool.Run(work.Job(chunk), threads), Is.EqualTo(failing + 1));
            Assert.That(work.Detail, Is.EqualTo(1000 + failing));
            work.AssertDoneAtMostOnce();
        }
    }

    [Test]
    public void An_exception_reaches_the_caller_and_the_pool_goes_on([Values(1, 2, 8)] int threads)
    {
        nint* frame = stackalloc nint[1];
        for (int round = 0; round < 100; round++)
        {
            static int Throw(nint frame, nint begin, nint end) => begin <= 13 && end > 13 ? throw new ArithmeticException("13") : 0;
            var job = new KernelJob(Throw, (nint)frame, 1, 50, 1, []);
            Assert.That(() => Pool.Run(job, threads), Throws.TypeOf<ArithmeticException>().With.Message.EqualTo("13"));
        }

        using var work = new CountingWork(100);
        Assert.That(Pool.Run(work.Job(3), threads), Is.Zero);
        work.AssertDoneOnce();
    }

    [Test]
    public void Callers_at_the_same_time_each_get_their_own_results([Values(2, 4)] int threads)
    {
        Exception? fault = null;
        Thread[] callers = [.. Enumerable.Range(0, 4).Select(seed => new Thread(() =>
        {
            try
            {
                var random = new Random(seed);
                for (int round = 0; round < 3000; round++)
                {
                    int range = random.Next(1, 400);
                    int failing = random.Next(4) == 0 ? random.Next(range) : -1;
                    using var work = new CountingWork(range, failing, spins: random.Next(5));
                    int site = Pool.Run(work.Job(random.Next(1, 40)), threads);
                    Assert.That(site, Is.EqualTo(failing + 1));
                    if (failing < 0)
                    {
                        work.AssertDoneOnce();
                    }
                    else
                    {
                        Assert.That(work.Detail, Is.EqualTo(1000 + failing));
                        work.AssertDoneAtMostOnce();
                    }
                }
            }
            catch (Exception e)
            {
                fault = e;
            }
        }))];
        foreach (Thread caller in callers)
        {
            caller.Start();
        }

        foreach (Thread caller in callers)
        {
            caller.Join();
        }

        Assert.That(fault, Is.Null);
    }

    [Test]
    public void Threads_that_parked_wake_again()
    {
        // Pauses around the time that threads watch before they park, when falling asleep and waking up cross.
        var random = new Random(1);
        for (int round = 0; round < 400; round++)
        {
            using var work = new CountingWork(64, spins: 50);
            Assert.That(Pool.Run(work.Job(1), 1 + (round % 4)), Is.Zero);
            work.AssertDoneOnce();
            if (round % 10 == 0)
            {
                Thread.Sleep(2);
            }
            else
            {
                Thread.SpinWait(random.Next(8000));
            }
        }
    }

    [Test]
    public void Each_thread_has_memory_of_its_own([Values(2, 3, 8)] int threads)
    {
        const int Stride = 64;
        int[] inside = new int[threads];
        int clashes = 0;
        nint* frame = stackalloc nint[2];
        var memory = new byte[threads * Stride];
        fixed (byte* start = memory)
        {
            nint origin = (nint)start;
            int Entry(nint own, nint begin, nint end)
            {
                int lane = (int)((((nint*)own)[0] - origin) / Stride);
                clashes += Interlocked.Increment(ref inside[lane]) == 1 ? 0 : 1;
                Thread.SpinWait(100);
                Interlocked.Decrement(ref inside[lane]);
                return 0;
            }

            frame[0] = origin;
            for (int round = 0; round < 200; round++)
            {
                Pool.Run(new KernelJob(Entry, (nint)frame, 2, 32, 1, [new LaneSlot(0, Stride)]), threads);
            }
        }

        Assert.That(clashes, Is.Zero);
        Assert.That(frame[0], Is.Not.Zero);
    }

    [Test]
    public void An_interrupted_caller_still_waits_for_the_others()
    {
        for (int round = 0; round < 20; round++)
        {
            int running = 0;
            int runningAtReturn = -1;
            bool interrupted = false;
            bool isSent = false;
            using var started = new ManualResetEventSlim();
            int Entry(nint frame, nint begin, nint end)
            {
                Interlocked.Increment(ref running);
                started.Set();
                while (!Volatile.Read(ref isSent))
                {
                    Thread.SpinWait(100);
                }

                long until = Environment.TickCount64 + (begin == 0 ? 1 : 10);
                while (Environment.TickCount64 < until)
                {
                    Thread.SpinWait(100);
                }

                Interlocked.Decrement(ref running);
                return 0;
            }

            var caller = new Thread(() =>
            {
                nint* frame = stackalloc nint[1];
                Pool.Run(new KernelJob(Entry, (nint)frame, 1, 2, 1, []), 2);
                runningAtReturn = Volatile.Read(ref running);
                try
                {
                    Thread.Sleep(1);
                }
                catch (ThreadInterruptedException)
                {
                    interrupted = true;
                }
            });
            caller.Start();
            started.Wait();
            caller.Interrupt();
            Volatile.Write(ref isSent, true);
            caller.Join();
            Assert.That((runningAtReturn, interrupted), Is.EqualTo((0, true)));
        }
    }

    [Test]
    public void A_job_allocates_nothing()
    {
        using var work = new CountingWork(640);
        KernelJob job = work.Job(10);
        long before = 0;
        for (int round = 0; round < 2000; round++)
        {
            if (round == 1000)
            {
                before = GC.GetAllocatedBytesForCurrentThread();
            }

            Pool.Run(in job, 2);
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public void Threads_are_in_the_background()
    {
        using var work = new CountingWork(64);
        Pool.Run(work.Job(1), 3);
        Assert.That(Pool.Workers, Is.GreaterThanOrEqualTo(2));
    }

    private static int Count(nint frame, nint begin, nint end)
    {
        var slots = (nint*)frame;
        for (nint i = begin; i < end; i++)
        {
            Interlocked.Increment(ref ((int*)slots[0])[i]);
            Thread.SpinWait((int)slots[2]);

            // All from there on fail, so the lowest chunk that fails is the one with that item.
            if (slots[1] >= 0 && i >= slots[1])
            {
                slots[Slots - 1] = 1000 + i;
                return 1 + (int)i;
            }
        }

        return 0;
    }

    /// <summary>A kernel that counts how often each item was done.</summary>
    private sealed class CountingWork : IDisposable
    {
        private static readonly KernelEntry Entry = Count;
        private readonly int range;
        private readonly NativeBuffer counts;
        private readonly NativeBuffer frame = new(new byte[Slots * sizeof(nint)]);

        public CountingWork(int range, int failing = -1, int spins = 0)
        {
            this.range = range;
            counts = new NativeBuffer(new byte[range * sizeof(int)]);
            var slots = (nint*)frame.Address;
            (slots[0], slots[1], slots[2]) = (counts.Address, failing, spins);
        }

        public long Detail => ((nint*)frame.Address)[Slots - 1];

        public KernelJob Job(int chunk) => new(Entry, frame.Address, Slots, range, chunk, []);

        public void AssertDoneOnce() => AssertAll(count => count == 1);

        public void AssertDoneAtMostOnce() => AssertAll(count => count <= 1);

        public void Dispose()
        {
            counts.Dispose();
            frame.Dispose();
        }

        private void AssertAll(Func<int, bool> condition)
        {
            Assert.That(counts.IsGuardIntact && frame.IsGuardIntact);
            for (int i = 0; i < range; i++)
            {
                int count = ((int*)counts.Address)[i];
                if (!condition(count))
                {
                    Assert.Fail($"Item {i} of {range} was done {count} times.");
                }
            }
        }
    }
}
