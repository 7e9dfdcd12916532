namespace GraphCompiler.Tests.Runtime.Threading;

/// <summary>Which thread gets which chunks of a job.</summary>
internal sealed class ChunkSharesTests
{
    [Test]
    public void Each_chunk_is_handed_out_once([Values(1, 2, 3, 8)] int threads, [Values(1, 2, 7, 64)] int chunks)
    {
        ChunkShares shares = new();
        shares.Open(chunks, threads);
        Assert.That(Rest(shares, threads - 1), Is.EquivalentTo(Enumerable.Range(0, chunks)));
        Assert.That(Rest(shares, 0), Is.Empty);
    }

    [Test]
    public void A_thread_begins_with_the_same_neighbours_in_every_job()
    {
        ChunkShares shares = new();
        for (int job = 0; job < 3; job++)
        {
            shares.Open(14, 2);
            int away = 0;
            Assert.That(Enumerable.Range(0, 7).Select(_ => shares.Take(1, ref away)), Is.EqualTo(Enumerable.Range(7, 7)));
            Assert.That(away, Is.Zero);
            Assert.That(Rest(shares, 0), Is.EqualTo(Enumerable.Range(0, 7)));
        }
    }

    [Test]
    public void A_thread_that_is_done_takes_what_others_have_not_begun()
    {
        ChunkShares shares = new();
        shares.Open(9, 3);
        Assert.That(Rest(shares, 1), Is.EqualTo([3, 4, 5, 6, 7, 8, 0, 1, 2]));
    }

    [Test]
    public void After_a_failure_only_lower_chunks_are_handed_out()
    {
        ChunkShares shares = new();
        shares.Open(20, 2);
        int away = 0;
        Assert.That(shares.Take(1, ref away), Is.EqualTo(10));
        Assert.That(shares.Take(1, ref away), Is.EqualTo(11));
        shares.EndAt(11);
        shares.EndAt(15);
        Assert.That(Rest(shares, 1), Is.EqualTo(Enumerable.Range(0, 10)));
    }

    private static List<long> Rest(ChunkShares shares, int home)
    {
        List<long> taken = [];
        int away = 0;
        while (shares.Take(home, ref away) is >= 0 and var chunk)
        {
            taken.Add(chunk);
        }

        return taken;
    }
}
