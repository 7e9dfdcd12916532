using System.IO.Compression;
using GraphCompiler.Learning.Data;
using GraphCompiler.Learning.Tests.Files;

namespace GraphCompiler.Learning.Tests.Data;

/// <summary>IDX files.</summary>
internal sealed class IdxTests
{
    private static readonly byte[] Images = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 0, 1, 2, 253, 254, 255];

    [TestCase(false)]
    [TestCase(true)]
    public void Numbers_come_as_they_are(bool isCompressed)
    {
        using var folder = new Scratch();
        string path = folder.Write("images", isCompressed ? Compressed(Images) : Images);
        var images = Idx.Read<float>(path);
        Assert.That(images.Lengths.ToArray(), Is.EqualTo((nint[])[2, 1, 3]));
        Assert.That(images.ToArray(), Is.EqualTo((float[])[0, 1, 2, 253, 254, 255]));
        Assert.That(Idx.Read<long>(path).ToArray(), Is.EqualTo((long[])[0, 1, 2, 253, 254, 255]));
    }

    [Test]
    public void Every_type_is_read_and_none_is_narrowed()
    {
        using var folder = new Scratch();
        Assert.That(Idx.Read<int>(Write(0x09, [0xFF, 1])).ToArray(), Is.EqualTo((int[])[-1, 1]));
        Assert.That(Idx.Read<float>(Write(0x0B, [0xFF, 0xFE, 1, 0])).ToArray(), Is.EqualTo((float[])[-2, 256]));
        Assert.That(Idx.Read<long>(Write(0x0C, [0xFF, 0xFF, 0xFF, 0xFE, 0, 1, 0, 0])).ToArray(), Is.EqualTo((long[])[-2, 65536]));
        Assert.That(Idx.Read<double>(Write(0x0D, [0x3F, 0x80, 0, 0, 0xC0, 0, 0, 0])).ToArray(), Is.EqualTo((double[])[1, -2]));
        Assert.That(Idx.Read<double>(Write(0x0E, [0x3F, 0xF0, 0, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0])).ToArray(), Is.EqualTo((double[])[1, -2]));
        Assert.That(() => Idx.Read<float>(Write(0x0E, new byte[16])), Throws.TypeOf<DTypeException>().With.Message.EqualTo("numbers holds Double, which does not fit into Single."));
        Assert.That(() => Idx.Read<long>(Write(0x0D, new byte[8])), Throws.TypeOf<DTypeException>());
        Assert.That(() => Idx.Read<float>(Write(0x0C, new byte[8])), Throws.TypeOf<DTypeException>());

        string Write(byte type, byte[] numbers) => folder.Write("numbers", [0, 0, type, 1, 0, 0, 0, 2, .. numbers]);
    }

    [Test]
    public void Damaged_files_are_refused()
    {
        using var folder = new Scratch();
        Assert.That(() => Idx.Read<float>(Write(Images[..^1])), Refused("images ends too early: it is no IDX file, or was cut off."));
        Assert.That(() => Idx.Read<float>(Write([.. Images, 0])), Refused("images goes on behind its last number."));
        Assert.That(() => Idx.Read<float>(Write([1, .. Images])), Refused("images is no IDX file: it begins with 01000008, not with 0000, a type, and a number of axes from 1 to 8."));
        Assert.That(() => Idx.Read<float>(Write([0, 0, 7, 1, 0, 0, 0, 1, 0])), Refused("images is no IDX file: there is no type 07."));
        Assert.That(() => Idx.Read<float>(Write([0, 0, 8, 2, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])), Refused("images says that it has the sizes [4294967295, …], which are more numbers than its bytes can hold."));
        Assert.That(() => Idx.Read<float>(Write([0, 0, 8, 1, 0, 0, 0, 0])), Refused("images says that it has the sizes [0], which are no numbers."));
        Assert.That(() => Idx.Read<float>(Write([0x1F, 0x8B, 1, 2, 3])), Throws.TypeOf<InvalidDataException>().With.Message.StartsWith("images "));
        Assert.That(() => Idx.Read<float>(Write([])), Refused("images ends too early: it is no IDX file, or was cut off."));

        string Write(byte[] bytes) => folder.Write("images", bytes);
    }

    [Test]
    public void Hostile_files_are_refused() => Fuzz.Run("images", [Images, Compressed(Images)], 3000, path => Idx.Read<double>(path));

    [Test]
    [Category("Slow")]
    public void Many_hostile_files_are_refused() => Fuzz.Run("images", [Images, Compressed(Images)], 10_000, path => Idx.Read<double>(path));

    private static NUnit.Framework.Constraints.EqualStringConstraint Refused(string message) => Throws.TypeOf<InvalidDataException>().With.Message.EqualTo(message);

    private static byte[] Compressed(byte[] bytes)
    {
        using var memory = new MemoryStream();
        using (var gzip = new GZipStream(memory, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return memory.ToArray();
    }
}
