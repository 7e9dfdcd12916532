namespace GraphCompiler.Tests.Plans;

[TestFixture]
public sealed class MemoryLayoutTests
{
    [Test]
    public void Blocks_that_follow_each_other_share_memory()
    {
        MemoryLayout layout = Place((1000, 0, 1), (1000, 2, 3), (64, 1, 2));
        Assert.That(layout.Total, Is.EqualTo(1024 + 64));
        Assert.That(layout.Offsets[0], Is.EqualTo(layout.Offsets[1]));
    }

    [Test]
    public void The_smallest_gap_that_fits_is_taken()
    {
        // 640 and 128 bytes are free at time 2, between what stays.
        MemoryLayout layout = Place((640, 0, 1), (64, 0, 9), (128, 0, 1), (64, 0, 9), (128, 2, 3), (640, 2, 3));
        Assert.That(layout.Total, Is.EqualTo(layout.Peak));
    }

    [Test]
    public void Empty_blocks_and_no_blocks_need_nothing()
    {
        Assert.That(Place().Total, Is.Zero);
        Assert.That(Place((0, 0, 3), (0, 1, 1)).Total, Is.Zero);
    }

    [Test]
    public void Random_blocks_waste_little_and_never_clash()
    {
        var random = new Random(1);
        double worst = 1;
        for (int round = 0; round < 300; round++)
        {
            int count = random.Next(1, 200);
            int steps = random.Next(1, 100);
            (long, int, int)[] blocks = [.. Enumerable.Range(0, count).Select(_ =>
            {
                int first = random.Next(steps);
                return ((long)random.Next(1, 1 << random.Next(1, 20)), first, first + Math.Min(random.Next(1, 1 + random.Next(1, 20)), steps - first));
            })];
            MemoryLayout layout = Place(blocks);
            for (int a = 0; a < count; a++)
            {
                for (int b = 0; b < a; b++)
                {
                    bool sameTime = blocks[a].Item2 <= blocks[b].Item3 && blocks[b].Item2 <= blocks[a].Item3;
                    bool overlap = layout.Offsets[a] < layout.Offsets[b] + blocks[b].Item1 && layout.Offsets[b] < layout.Offsets[a] + blocks[a].Item1;
                    Assert.That(sameTime && overlap, Is.False);
                }
            }

            worst = Math.Max(worst, layout.Total / (double)layout.Peak);
            Assert.That(layout.Offsets.All(o => o % 64 == 0));
        }

        TestContext.Out.WriteLine($"at most {worst:F3} of the peak");
        Assert.That(worst, Is.LessThanOrEqualTo(1.2));
    }

    [Test]
    public void Many_blocks_are_not_held_against_all_others()
    {
        long few = Steps(1000);
        long many = Steps(16_000);
        TestContext.Out.WriteLine($"{few:N0} steps, then {many:N0}: {(double)many / few:0.0} times");
        Assert.That(many, Is.LessThan(22.4 * few), "16 · log 16,000 / log 1,000");

        // Saved on the way there, and used on the way back, beside what is there for a moment; one after the other they leave no gaps.
        static long Steps(int count)
        {
            var random = new Random(1);
            (long, int, int)[] blocks =
            [
                .. Enumerable.Range(0, count / 2).Select(i => (64L << random.Next(5), i, count - i)),
                .. Enumerable.Range(0, count / 2).Select(i => (64L << random.Next(5), 2 * i, (2 * i) + 1)),
            ];
            MemoryLayout layout = Place(count > 2000 ? blocks : [.. blocks, .. Enumerable.Repeat((0L, 0, 0), 2001 - count)]);
            Assert.That(layout.Total, Is.LessThanOrEqualTo(1.1 * layout.Peak));
            return layout.Steps;
        }
    }

    [Test]
    public void Gaps_are_the_smallest_that_fit_and_grow_together()
    {
        var random = new Random(1);
        const int Count = 400;
        var memory = new FreeMemory(Count);
        for (int round = 0; round < 3; round++)
        {
            List<(int Part, long Start, long Bytes)> taken = [];
            int next = 0;
            memory.Clear();
            while (next < Count)
            {
                if (taken.Count > 0 && random.Next(5) < 2)
                {
                    int at = random.Next(taken.Count);
                    memory.Free(taken[at].Part);
                    taken.RemoveAt(at);
                    continue;
                }

                long bytes = random.Next(1, 20);
                long expected = BestFit(taken.OrderBy(t => t.Start), bytes);
                long start = memory.Take(next, bytes);
                Assert.That(start, Is.EqualTo(expected), $"part {next} of {bytes}");
                taken.Add((next++, start, bytes));
            }
        }

        static long BestFit(IEnumerable<(int Part, long Start, long Bytes)> taken, long bytes)
        {
            (long end, long best, long gap) = (0, -1, long.MaxValue);
            foreach ((_, long start, long size) in taken)
            {
                if (start - end >= bytes && start - end < gap)
                {
                    (best, gap) = (end, start - end);
                }

                end = start + size;
            }

            return best < 0 ? end : best;
        }
    }

    private static MemoryLayout Place(params (long Bytes, int First, int Last)[] blocks)
    {
        var layout = new MemoryLayout([.. blocks.Select((b, i) => new PlanBlock(i, b.First, b.Last))]);
        layout.Place([.. blocks.Select(b => b.Bytes)]);
        return layout;
    }
}
