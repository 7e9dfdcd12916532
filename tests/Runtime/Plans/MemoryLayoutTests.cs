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

    private static MemoryLayout Place(params (long Bytes, int First, int Last)[] blocks)
    {
        var layout = new MemoryLayout([.. blocks.Select((b, i) => new PlanBlock(i, b.First, b.Last))]);
        layout.Place([.. blocks.Select(b => b.Bytes)]);
        return layout;
    }
}
