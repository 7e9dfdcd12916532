namespace GraphCompiler.Tests.Runtime.Threading;

[TestFixture]
internal sealed class ChunkingTests
{
    private static readonly Chunking Usual = Chunking.Default;

    [Test]
    public void Little_work_stays_whole([Values(0, 1, 2, 1_000_000)] long range, [Values] bool isVector) =>
        Assert.That(Usual.Chunk(range, Usual.LeastWork / 2, isVector), Is.Zero);

    [Test]
    public void A_range_of_one_stays_whole() => Assert.That(Usual.Chunk(1, 1e9, isVector: false), Is.Zero);

    [Test]
    public void More_work_is_cut_into_a_few_chunks([Values(2, 3, 64, 65, 1000, 1_000_003)] long range, [Values(3e4, 1e6, 1e9, double.PositiveInfinity)] double work, [Values] bool isVector)
    {
        long chunk = Usual.Chunk(range, work, isVector);
        if (isVector && range <= Usual.Alignment)
        {
            Assert.That(chunk, Is.Zero);
            return;
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(chunk, Is.InRange(1, range - 1));
            Assert.That((range + chunk - 1) / chunk, Is.InRange(2, Usual.MostChunks));
            Assert.That(isVector ? chunk % Usual.Alignment : 0, Is.Zero);
        }
    }

    [Test]
    public void Tests_can_cut_everything() => Assert.That(Chunking.Finest.Chunk(7, 0, isVector: true), Is.InRange(1, 6));
}
