namespace GraphCompiler.Learning.Tests.Data;

/// <summary>Rows of different lengths.</summary>
internal sealed class SequenceRowsTests
{
    private static readonly long[][] Words = [[1, 2, 3], [4], [], [5, 6], [7, 8, 9, 10], [11]];

    [Test]
    public void Sequences_become_as_long_as_the_longest_of_their_batch()
    {
        Rows rows = Rows.Of(Words).Pad("Words", -1L, lengths: "length", padding: "padding").Batch(3);
        Assert.That(rows.Columns.Select(c => c.ToString()), Is.EqualTo((string[])["'Words' int64 [6, *]", "'length' int64 [6]", "'padding' bool [6, *]"]));
        List<string> read = [];
        foreach (Batch batch in rows.Batches(0))
        {
            read.Add($"{batch[0]} {batch[1]} {batch[2]}: {string.Join(' ', batch.Get<long>("Words").ToArray())} | {string.Join(' ', batch.Get<long>("length").ToArray())} | {string.Concat(batch.Get<bool>("padding").ToArray().Select(p => p ? 'x' : '.'))}");
        }

        Assert.That(read, Is.EqualTo((string[])
        [
            "int64 [3, 3] int64 [3] bool [3, 3]: 1 2 3 4 -1 -1 -1 -1 -1 | 3 1 0 | ....xxxxx",
            "int64 [3, 4] int64 [3] bool [3, 4]: 5 6 -1 -1 7 8 9 10 11 -1 -1 -1 | 2 4 1 | ..xx.....xxx",
        ]));
        Assert.That(Rows.Of(Words).Pad("Words", 0L, length: 5).Batch(2).Batches(0).Select(b => b[0].ToString()), Is.All.EqualTo("int64 [2, 5]"));
    }

    [TestCase(1)]
    [TestCase(2)]
    public void Rows_of_like_length_come_together(int epoch)
    {
        int[][] words = [.. Enumerable.Range(0, 100).Select(i => new int[i * 7 % 30])];
        Rows rows = Rows.Of(words).Pad("words", 0).Shuffle(3).Batch(8).Bucket("words", 9, 19);
        (int Group, int Count)[] batches = [.. rows.Batches(epoch).Select(b => (b.Indices.ToArray().Select(r => words[r].Length).Select(l => l <= 9 ? 0 : l <= 19 ? 1 : 2).Distinct().Single(), b.Count))];
        Assert.That(RowsTests.Order(rows, epoch), Is.EquivalentTo(Enumerable.Range(0, 100)));
        Assert.That(batches.Count(b => b.Count < 8), Is.LessThanOrEqualTo(3));
        Assert.That(rows.BatchCount, Is.EqualTo(batches.Length));
        Assert.That(Rows.Of(words).Pad("words", 0).Bucket("words", 9, 19).Batch(8, dropRemainder: true).Batches(epoch).Select(b => b.Count), Is.All.EqualTo(8));
        Assert.That(RowsTests.Order(rows, epoch), Is.Not.EqualTo(RowsTests.Order(rows, epoch + 1)));
    }

    [Test]
    public void What_is_wrong_is_said()
    {
        Rows rows = Rows.Of(Words);
        long[] labels = new long[6];
        Assert.That(() => rows.Batch(2).Batches(0), Throws.InvalidOperationException.With.Message.Contains("column 'Words' have different lengths").And.Message.Contains("Pad(\"Words\""));
        Assert.That(() => rows.Pad("Words", 0f), Throws.TypeOf<DTypeException>().With.Message.Contains("holds int64, and is not padded by float32"));
        Assert.That(() => rows.Pad("words", 0L), Throws.ArgumentException.With.Message.StartsWith("There is no column 'words'"));
        Assert.That(() => rows.Pad("Words", 0L).Pad("Words", 0L), Throws.ArgumentException.With.Message.Contains("padded already"));
        Assert.That(() => rows.Pad("Words", 0L, length: 3), Throws.ArgumentException.With.Message.StartsWith("Row 4 of column 'Words' has 4 elements, more than the 3"));
        Assert.That(() => rows.Skip(3).Pad("Words", 0L, length: 3), Throws.ArgumentException.With.Message.StartsWith("Row 4 of column 'Words'"));
        Assert.That(() => rows.Pad("Words", 0L, lengths: "Words"), Throws.ArgumentException.With.Message.StartsWith("There is a column 'Words' already"));
        Assert.That(() => Rows.Of(labels).Pad("labels", 0L), Throws.ArgumentException.With.Message.Contains("nothing to pad"));
        Assert.That(() => Rows.Of(labels).Bucket("labels", 3), Throws.ArgumentException.With.Message.Contains("nothing to sort them by"));
        Assert.That(() => rows.Bucket("Words", 3, 3), Throws.ArgumentException.With.Message.Contains("[3, 3] do not"));
        Assert.That(() => rows.Bucket("Words"), Throws.ArgumentException);
        Assert.That(() => rows.Bucket("Words", 1).Bucket("Words", 1), Throws.InvalidOperationException);
    }
}
