using System.Runtime.InteropServices;

namespace GraphCompiler.Learning.Tests.Data;

/// <summary>Rows that are changed by chance, in turn or ahead.</summary>
internal sealed class RowFunctionTests
{
    private static readonly float[] Values = [.. Enumerable.Range(0, 50).Select(i => (float)i)];

    [Test]
    public void Batches_are_the_same_whatever_is_made_ahead_and_where_reading_begins()
    {
        Rows rows = Rows.Of(Values).Skip(3).Shuffle(2).Map(Noise).Map(Noise, seed: 0).Batch(8);
        for (int epoch = 0; epoch < 2; epoch++)
        {
            byte[] bits = Bits(rows.Batches(epoch));
            foreach (int depth in (int[])[1, 2, 20])
            {
                Assert.That(Bits(rows.Prefetch(depth).Batches(epoch)), Is.EqualTo(bits));
                Assert.That(Bits(rows.Prefetch(depth).Batches(new Place(epoch, 16))), Is.EqualTo(bits[(16 * sizeof(float))..]));
            }
        }
    }

    [Test]
    public void Chance_is_of_the_seed_the_epoch_and_the_row()
    {
        Rows rows = Rows.Of(Values).Map(Noise, seed: 7);
        float[] first = ByRow(rows.Batch(8), 0);
        Assert.That(ByRow(rows.Shuffle(1).Batch(3), 0), Is.EqualTo(first), "neither the order nor the batches matter");
        Assert.That(ByRow(Rows.Of(Values).Batch(8).Map(Noise, seed: 7), 0), Is.EqualTo(first), "it is the same before batches and after");
        Assert.That(ByRow(rows.Batch(8), 1), Is.Not.EqualTo(first));
        Assert.That(ByRow(Rows.Of(Values).Map(Noise, seed: 8).Batch(8), 0), Is.Not.EqualTo(first));
        float[] noise = [.. first.Select((v, i) => v - i)];
        Assert.That(noise.Distinct().Count(), Is.GreaterThan(40));
        Batch twice = Rows.Of(Values).Select(4, 4).Map(Noise).Batch(2).Batches(0).Single();
        Assert.That(twice.Get<float>(0)[0], Is.Not.EqualTo(twice.Get<float>(0)[1]), "a row that comes twice changes twice");
    }

    [Test]
    public void Functions_follow_one_another_and_see_the_row_of_every_column()
    {
        int[] labels = [.. Enumerable.Range(0, 50)];
        Rows rows = Rows.Of(Values, labels).Map((row, _) => row.Get<float>("Values")[0] += row.Get<int>(1)[0]).Map((row, _) => row.Get<float>(0)[0] *= row.Index).Batch(50);
        Assert.That(rows.Batches(0).Single().Get<float>(0).ToArray(), Is.EqualTo(Enumerable.Range(0, 50).Select(i => 2f * i * i)));
        Assert.That(Values[7], Is.EqualTo(7), "the data stays as it was");
        Assert.That(() => rows.Map((row, _) => row.Get<double>("labels")).Batches(0).First(), Throws.TypeOf<DTypeException>());
        Assert.That(() => rows.Map((row, _) => row.Get<double>(2)).Batches(0).First(), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void A_warm_batch_allocates_nothing()
    {
        float[,] pixels = new float[64, 16];
        long[] labels = new long[64];
        Rows rows = Rows.Of(pixels, labels).Shuffle(1).Batch(4).Map(static (row, random) => row.Get<float>("pixels")[(int)random.NextInt64(0, 16)] += random.NextSingle());
        using IEnumerator<Batch> batches = rows.Batches(0).GetEnumerator();
        for (int i = 0; i < 3; i++)
        {
            Assert.That(batches.MoveNext());
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        int count = 0;
        while (batches.MoveNext())
        {
            count += batches.Current.Count + batches.Current.Arguments.Length;
        }

        Assert.That((GC.GetAllocatedBytesForCurrentThread() - before, count), Is.EqualTo((0L, 13 * 6)));
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(9)]
    public void An_error_comes_where_its_batch_would_have_come(int depth)
    {
        Rows rows = Rows.Of(Values).Batch(10).Map(Fails);
        rows = depth > 0 ? rows.Prefetch(depth) : rows;
        int read = 0;
        var error = Assert.Throws<FormatException>(() =>
        {
            foreach (Batch batch in rows.Batches(0))
            {
                read += batch.Count;
            }
        });
        Assert.That((read, error!.Message), Is.EqualTo((20, "row 25")));
        Assert.That(error.StackTrace, Does.Contain(nameof(Fails)));
    }

    [Test]
    public void Reading_that_is_broken_off_ends_what_is_made_ahead()
    {
        int made = 0;
        Rows rows = Rows.Of(Values).Batch(1).Map((_, _) => made++).Prefetch(2);
        for (int taken = 0; taken < 4; taken++)
        {
            made = 0;
            using (IEnumerator<Batch> batches = rows.Batches(0).GetEnumerator())
            {
                for (int i = 0; i < taken; i++)
                {
                    Assert.That(batches.MoveNext());
                }
            }

            int then = made;
            Assert.That(then, Is.LessThanOrEqualTo(taken + 3), "no more than may wait, and the one that is being read");
            Thread.Sleep(5);
            Assert.That(made, Is.EqualTo(then), "nothing is made after the end");
        }
    }

    private static void Noise(Row row, Generator random) => row.Get<float>(0)[0] += random.NextSingle() + (float)random.NextNormal();

    private static void Fails(Row row, Generator random)
    {
        if (row.Index == 25)
        {
            throw new FormatException($"row {row.Index}");
        }
    }

    private static byte[] Bits(IEnumerable<Batch> batches) => [.. batches.SelectMany(b => MemoryMarshal.AsBytes<float>(b.Get<float>(0).ToArray()).ToArray())];

    private static float[] ByRow(Rows rows, int epoch)
    {
        float[] values = new float[rows.Count];
        foreach (Batch batch in rows.Batches(epoch))
        {
            for (int i = 0; i < batch.Count; i++)
            {
                values[batch.Indices[i]] = batch.Get<float>(0)[i];
            }
        }

        return values;
    }
}
