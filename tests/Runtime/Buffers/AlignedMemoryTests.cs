namespace GraphCompiler.Tests.Memory;

[TestFixture]
public sealed unsafe class AlignedMemoryTests
{
    [Test]
    public void Buffers_are_aligned_and_writable([Values(0, 1, 63, 64, 65, 4096, 1_000_003)] int size)
    {
        using var buffer = new AlignedBuffer(size, clear: true);

        Assert.That((long)buffer.Address % AlignedBuffer.Alignment, Is.Zero);
        Assert.That((long)buffer.Address, Is.Not.Zero);
        Assert.That(buffer.ByteLength, Is.EqualTo((nint)size));
        var bytes = new Span<byte>((void*)buffer.Address, size);
        Assert.That(bytes.IndexOfAnyExcept((byte)0), Is.EqualTo(-1));
        bytes.Fill(7);
    }

    [Test]
    public void Disposing_twice_is_harmless_and_use_afterwards_is_an_error()
    {
        var buffer = new AlignedBuffer(100);
        buffer.Dispose();
        buffer.Dispose();

        Assert.That(() => buffer.Address, Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public void Impossible_sizes_are_refused()
    {
        Assert.That(() => new AlignedBuffer(-1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new AlignedBuffer(nint.MaxValue), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new AlignedArray<float>(-1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new AlignedArray<float>(Array.MaxLength), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Arrays_are_aligned_and_stay_where_they_are([Values(0, 1, 15, 1000)] int length)
    {
        Check<float>(length);
        Check<double>(length);
        Check<bool>(length);
    }

    [Test]
    public void Tensors_share_the_array()
    {
        var array = new AlignedArray<float>(6, clear: true);
        var tensor = array.AsTensor([2, 3]);
        tensor[1, 2] = 5;

        Assert.That(array.Span[5], Is.EqualTo(5f));
        Assert.That(((float*)array.Address)[5], Is.EqualTo(5f));
        Assert.That(tensor.IsDense, Is.True);
        Assert.That(new AlignedArray<int>(1).AsTensor([]).Lengths.ToArray(), Is.EqualTo(new nint[] { 1 }));
        Assert.That(new AlignedArray<int>(0).AsTensor([0, 3]).Lengths.ToArray(), Is.EqualTo(new nint[] { 0, 3 }));
        Assert.That(() => array.AsTensor([4]), Throws.ArgumentException.With.Message.Contains("[4]"));
        GC.KeepAlive(array);
    }

    private static void Check<T>(int length)
        where T : unmanaged
    {
        var arrays = Enumerable.Range(0, 20).Select(_ => new AlignedArray<T>(length, clear: true)).ToArray();
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        foreach (var array in arrays)
        {
            fixed (T* first = &array.Array[array.Offset])
            {
                Assert.That(array.Address, Is.EqualTo((nint)first));
            }

            Assert.That((long)array.Address % AlignedBuffer.Alignment, Is.Zero);
            Assert.That(array.Span.Length, Is.EqualTo(length));
            Assert.That((array.Array.Length - array.Offset - length) * sizeof(T), Is.GreaterThanOrEqualTo(AlignedBuffer.Alignment));
        }
    }
}
