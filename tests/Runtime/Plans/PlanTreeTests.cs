using System.Runtime.InteropServices;

namespace GraphCompiler.Tests.Runtime.Plans;

/// <summary>Plans with loops, branches and variants, of kernels written by hand.</summary>
public class PlanTreeTests
{
    // The sizes of the plans: the bytes of a number, the number of times, rows, and a number of elements.
    private const int Bytes = 0;
    private const int Times = 1;
    private const int Rows = 2;
    private const int RowBytes = 3;
    private const int Elements = 4;

    [Test]
    public void A_loop_carries_a_value_reads_a_sequence_and_stacks_its_results([Values] bool reverse, [Values(1, 2)] int threads)
    {
        // h = 2·h + x[t] + t, from h = x[0]; y[t] = h.
        var plan = new HandMade();
        (int x, int y, int result) = (plan.External(), plan.External(), plan.External());
        (int h, int next, int at, int xt, int yt) = (plan.Own(), plan.Own(), plan.Own(), plan.Part(), plan.Part());
        PlanNode tree = new PlanNode.Sequence(
            plan.Step([x, h], f => f[1] = f[0]),
            new PlanNode.Loop(new PlanNode.Sequence(
                plan.Step([h, xt, at, next], f => f[3] = (2 * f[0]) + f[1] + f[2]),
                plan.Step([next, yt], f => f[1] = f[0])))
            {
                Count = Times,
                Number = at,
                Carries = [new LoopCarry(h, next)],
                Parts = [new LoopPart(xt, x, Bytes, reverse), new LoopPart(yt, y, Bytes, reverse)],
            },
            plan.Step([h, result], f => f[1] = f[0]));
        using Workspace workspace = plan.Workspace(tree, threads);
        foreach (int times in (int[])[5, 0, 1, 2, 5, 6, 6])
        {
            long[] given = [.. Enumerable.Range(0, 6).Select(i => (long)(i * i) + 3)];
            long[] expected = new long[6];
            long value = given[0];
            for (int t = 0; t < times; t++)
            {
                int place = reverse ? times - 1 - t : t;
                expected[place] = value = (2 * value) + given[place] + t;
            }

            workspace.Bind([times], [times]);
            for (int again = 0; again < 3; again++)
            {
                long[] written = new long[6];
                long[] last = new long[1];
                Assert.That(Run(workspace, out _, given, written, last), Is.EqualTo(-1));
                Assert.That(written, Is.EqualTo(expected));
                Assert.That(last, Is.EqualTo((long[])[value]), "lies where the loop began, however often it changed places");
            }
        }
    }

    [Test]
    public void Loops_nest_and_step_through_parts_of_parts()
    {
        // The sum of each row, and the sum of these.
        var plan = new HandMade();
        (int x, int sums, int total) = (plan.External(), plan.External(), plan.External());
        (int row, int element, int sum, int s, int all) = (plan.Part(), plan.Part(), plan.Part(), plan.Own(), plan.Own());
        PlanNode tree = new PlanNode.Sequence(
            plan.Step([all], f => f[0] = 0),
            new PlanNode.Loop(new PlanNode.Sequence(
                plan.Step([s], f => f[0] = 0),
                new PlanNode.Loop(plan.Step([element, s], f => f[1] += f[0])) { Count = Times, Parts = [new LoopPart(element, row, Bytes)] },
                plan.Step([s, sum, all], f => (f[1], f[2]) = (f[0], f[2] + f[0]))))
            {
                Count = Rows,
                Parts = [new LoopPart(row, x, RowBytes), new LoopPart(sum, sums, Bytes)],
            },
            plan.Step([all, total], f => f[1] = f[0]));
        using Workspace workspace = plan.Workspace(tree);
        workspace.Bind([4], [4]);
        long[] rows = new long[3];
        long[] whole = new long[1];
        Assert.That(Run(workspace, out _, [.. Enumerable.Range(1, 12).Select(i => (long)i)], rows, whole), Is.EqualTo(-1));
        Assert.That(rows, Is.EqualTo((long[])[10, 26, 42]));
        Assert.That(whole, Is.EqualTo((long[])[78]));
    }

    [Test]
    public void A_condition_ends_a_loop_and_so_does_a_count([Values(-1, Times)] int count)
    {
        var plan = new HandMade();
        (int x, int result, int v, int next, int goesOn) = (plan.External(), plan.External(), plan.Own(), plan.Own(), plan.Own());
        PlanNode tree = new PlanNode.Sequence(
            plan.Step([x, v], f => f[1] = f[0]),
            new PlanNode.Loop(plan.Step([v, next], f => f[1] = 3 * f[0]))
            {
                Count = count,
                Condition = new LoopCondition(plan.Step([v, goesOn], f => f[1] = f[0] < 1000 ? 1 : 0), goesOn),
                Carries = [new LoopCarry(v, next)],
            },
            plan.Step([v, result], f => f[1] = f[0]));
        using Workspace workspace = plan.Workspace(tree);
        foreach ((int most, long from) in (ReadOnlySpan<(int, long)>)[(4, 5), (100, 5), (0, 5), (4, 2000), (4, 999)])
        {
            workspace.Bind([most], [most]);
            long expected = from;
            for (int t = 0; (count < 0 || t < most) && expected < 1000; t++)
            {
                expected *= 3;
            }

            long[] found = new long[1];
            Assert.That(Run(workspace, out _, [from], found), Is.EqualTo(-1));
            Assert.That(found[0], Is.EqualTo(expected), $"at most {most} times from {from}");
        }
    }

    [Test]
    public void One_side_of_a_branch_runs()
    {
        var plan = new HandMade();
        (int x, int result, int condition) = (plan.External(), plan.External(), plan.Own());
        PlanNode tree = new PlanNode.Sequence(
            plan.Step([x, condition], f => f[1] = f[0] > 10 ? 1 : 0),
            new PlanNode.Branch(
                condition,
                plan.Step([x, result], f => f[1] = f[0] * 100),
                new PlanNode.Sequence(plan.Step([x, result], f => f[1] = -f[0]), plan.Step([result], f => f[0]--))),
            plan.Step([result], f => f[0] *= 2));
        using Workspace workspace = plan.Workspace(tree);
        workspace.Bind([1], [1]);
        foreach ((long given, long expected) in (ReadOnlySpan<(long, long)>)[(11, 2200), (10, -22), (12, 2400)])
        {
            long[] found = new long[1];
            Assert.That(Run(workspace, out _, [given], found), Is.EqualTo(-1));
            Assert.That(found[0], Is.EqualTo(expected));
        }
    }

    [Test]
    public void A_failure_in_a_loop_tells_the_step_and_the_times_and_leaves_nothing_behind()
    {
        var plan = new HandMade();
        (int x, int row, int element, int s) = (plan.External(), plan.Part(), plan.Part(), plan.Own());
        PlanNode.Run early = plan.Step([row, s], f => f[1] = f[0], fails: value => value == -5);
        PlanNode.Run fails = plan.Step([element, s], f => f[1] = f[0], fails: value => value == 7);
        PlanNode tree = new PlanNode.Loop(new PlanNode.Sequence(early, new PlanNode.Loop(fails) { Count = Times, Parts = [new LoopPart(element, row, Bytes)] }))
        {
            Count = Rows,
            Parts = [new LoopPart(row, x, RowBytes)],
        };
        using Workspace workspace = plan.Workspace(tree);
        workspace.Bind([4], [4]);
        Assert.That(Run(workspace, out int site, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]), Is.EqualTo(fails.Step));
        Assert.That(site, Is.EqualTo(1));
        Assert.That(workspace.Times.Select(t => t.Times), Is.EqualTo((long[])[1, 2]), "the third element of the second row");
        Assert.That(Run(workspace, out _, [-5, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]), Is.EqualTo(early.Step));
        Assert.That(workspace.Times.Select(t => t.Times), Is.EqualTo((long[])[0]), "the inner loop has not begun");
        Assert.That(Run(workspace, out _, [1, 2, 3, 4, 5, 6, 0, 8, 9, 10, 11, 12]), Is.EqualTo(-1));
        Assert.That(workspace.Times, Is.Empty);
    }

    [Test]
    public void Sizes_choose_a_variant()
    {
        var plan = new HandMade();
        int result = plan.External();
        PlanNode tree = new PlanNode.Variants(
            new PlanNode.Sequence(plan.Step([result], f => f[0] = 1), plan.Step([result], f => f[0]++)),
            new PlanVariant(plan.Step([result], f => f[0] = 10)) { Elements = Elements, Most = 3 },
            new PlanVariant(plan.Step([result], f => f[0] = 20)) { Elements = Elements, Most = 6 });
        using Workspace workspace = plan.Workspace(tree);
        foreach ((int elements, long expected) in (ReadOnlySpan<(int, long)>)[(3, 10), (4, 20), (6, 20), (7, 2), (1, 10)])
        {
            workspace.Bind([elements], [elements]);
            long[] found = new long[1];
            Assert.That(Run(workspace, out _, found), Is.EqualTo(-1));
            Assert.That(found[0], Is.EqualTo(expected), $"{elements} elements");
        }
    }

    [Test]
    public unsafe void Threads_share_a_kernel_within_a_loop([Values(1, 2, 3)] int threads)
    {
        const int Row = 1000;
        var plan = new HandMade(rowBytes: Row * sizeof(long));
        (int x, int sums, int row) = (plan.External(), plan.External(), plan.Part());
        PlanNode.Run add = plan.Shared([row, sums], (frame, begin, end) =>
        {
            long** f = (long**)frame;
            for (nint i = begin; i < end; i++)
            {
                f[1][i] += f[0][i];
            }

            return 0;
        }, Row);
        using Workspace workspace = plan.Workspace(new PlanNode.Loop(add) { Count = Times, Parts = [new LoopPart(row, x, RowBytes)] }, threads);
        workspace.Bind([50], [50]);
        long[] given = [.. Enumerable.Range(0, 50 * Row).Select(i => (long)i)];
        long[] found = new long[Row];
        Assert.That(Run(workspace, out _, given, found), Is.EqualTo(-1));
        Assert.That(found, Is.EqualTo(Enumerable.Range(0, Row).Select(i => Enumerable.Range(0, 50).Sum(t => (long)(t * Row) + i))));
    }

    [Test]
    public void A_warm_loop_allocates_nothing_also_where_its_sizes_change()
    {
        var plan = new HandMade();
        (int x, int result, int h, int next, int xt, int goesOn) = (plan.External(), plan.External(), plan.Own(), plan.Own(), plan.Part(), plan.Own());
        PlanNode tree = new PlanNode.Sequence(
            plan.Step([h], f => f[0] = 0),
            new PlanNode.Loop(plan.Step([h, xt, next], f => f[2] = f[0] + f[1]))
            {
                Count = Times,
                Condition = new LoopCondition(plan.Step([h, goesOn], f => f[1] = 1), goesOn),
                Carries = [new LoopCarry(h, next)],
                Parts = [new LoopPart(xt, x, Bytes)],
            },
            new PlanNode.Branch(goesOn, plan.Step([h, result], f => f[1] = f[0]), plan.Step([result], f => f[0] = -1)));
        using Workspace workspace = plan.Workspace(tree);
        long[] given = [1, 2, 3, 4, 5, 6, 7, 8];
        long[] found = new long[1];
        long[] three = [3];
        long[] eight = [8];
        void Call(long[] times)
        {
            if (!workspace.IsBoundTo(times) && !workspace.TryBind(times))
            {
                workspace.Bind(times, times);
            }

            Assert.That(Run(workspace, out _, given, found) == -1 && found[0] == times[0] * (times[0] + 1) / 2);
        }

        for (int warm = 0; warm < 100; warm++)
        {
            Call(three);
            Call(eight);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int calls = 0; calls < 100; calls++)
        {
            workspace.TryBind(three);
            RunOn(workspace, given, found);
            workspace.TryBind(eight);
            RunOn(workspace, given, found);
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    private static unsafe int Run(Workspace workspace, out int site, params long[][] externals)
    {
        GCHandle[] pins = [.. externals.Select(e => GCHandle.Alloc(e, GCHandleType.Pinned))];
        for (int i = 0; i < pins.Length; i++)
        {
            workspace.Externals[i] = pins[i].AddrOfPinnedObject();
        }

        int failed = workspace.Run(forward: true, backward: true, out site, out _);
        Array.ForEach(pins, p => p.Free());
        return failed;
    }

    private static unsafe void RunOn(Workspace workspace, long[] x, long[] y)
    {
        fixed (long* first = x, second = y)
        {
            (workspace.Externals[0], workspace.Externals[1]) = ((nint)first, (nint)second);
            workspace.Run(forward: true, backward: true, out _, out _);
        }
    }

    /// <summary>The first number of each buffer of a kernel.</summary>
    private readonly unsafe struct Numbers(nint frame)
    {
        public ref long this[int buffer] => ref *((long**)frame)[buffer];
    }

    private delegate void Work(Numbers numbers);

    /// <summary>Buffers and kernels as they are added.</summary>
    private sealed class HandMade(long rowBytes = 32)
    {
        private readonly List<PlanBuffer> buffers = [];
        private readonly List<PlanStep> steps = [];
        private int externals;
        private int own;
        private long range = 1;

        public int External() => Add(new PlanBuffer(externals++, 0, Bytes));

        public int Own() => Add(new PlanBuffer(-1, 0, Bytes, own++));

        public int Part() => Add(new PlanBuffer(-1, 0, Bytes) { IsPart = true });

        public unsafe PlanNode.Run Step(int[] on, Work work, Predicate<long>? fails = null)
        {
            steps.Add(new PlanStep(
                (frame, _, _) =>
                {
                    var numbers = new Numbers(frame);
                    if (fails is not null && fails(numbers[0]))
                    {
                        return 1;
                    }

                    work(numbers);
                    return 0;
                },
                on,
                [],
                5));
            return new PlanNode.Run(steps.Count - 1);
        }

        public PlanNode.Run Shared(int[] on, KernelEntry entry, long count)
        {
            range = count;
            steps.Add(new PlanStep(entry, on, [], 5) { Work = _ => 1e9 });
            return new PlanNode.Run(steps.Count - 1);
        }

        public Workspace Workspace(PlanNode tree, int threads = 1) => new(new Plan
        {
            Steps = [.. steps],
            Forward = tree,
            EndOfForward = 100,
            Buffers = [.. buffers],
            Blocks = [.. Enumerable.Repeat(new PlanBlock(Bytes, 0, 100), own)],
            Externals = externals,
            Symbols = 1,
            Sizes = 6,
            EvaluateSizes = (symbols, sizes) => (sizes[Bytes], sizes[Times], sizes[Rows], sizes[RowBytes], sizes[Elements], sizes[5]) = (8, symbols[0], 3, rowBytes, symbols[0], range),
            Threads = threads,
            Chunking = Chunking.Finest,
        });

        private int Add(PlanBuffer buffer)
        {
            buffers.Add(buffer);
            return buffers.Count - 1;
        }
    }
}
