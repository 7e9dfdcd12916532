using System.Buffers.Binary;
using GraphCompiler.Caches;

namespace GraphCompiler.Tests.Runtime.Caches;

/// <summary>What systems tell of caches, as they were recorded or as their documentation has them.</summary>
internal sealed class SystemCachesTests
{
    // A machine with ARM64: two caches of the first level, of which one holds instructions.
    private static readonly (string Level, string Type, string Size)[] Recorded =
        [("1", "Data", "64K"), ("1", "Instruction", "48K"), ("2", "Unified", "1024K"), ("3", "Unified", "32M")];

    [TestCase(1, 64L << 10)]
    [TestCase(2, 1L << 20)]
    [TestCase(3, 32L << 20)]
    [TestCase(4, null)]
    public void Linux_has_a_folder_for_each(int level, long? bytes) =>
        InFolder(Recorded, folder => Assert.That(LinuxCaches.SizeOf(level, folder), Is.EqualTo(bytes)));

    [TestCase("")]
    [TestCase("K")]
    [TestCase("0K")]
    [TestCase("unknown")]
    [TestCase("-1K")]
    public void A_size_that_is_none_is_not_believed(string size) =>
        InFolder([("2", "Unified", size)], folder => Assert.That(LinuxCaches.SizeOf(2, folder), Is.Null));

    [Test]
    public void Linux_may_tell_nothing()
    {
        InFolder([], folder =>
        {
            Assert.That(LinuxCaches.SizeOf(2, folder), Is.Null);
            Assert.That(LinuxCaches.SizeOf(2, Path.Combine(folder, "nowhere")), Is.Null);
            Directory.CreateDirectory(Path.Combine(folder, "index0"));
            Assert.That(LinuxCaches.SizeOf(2, folder), Is.Null, "a folder without files");
        });
    }

    [Test]
    public void This_machine_tells_a_size_that_caches_have()
    {
        Assume.That(OperatingSystem.IsLinux());
        Assert.That(LinuxCaches.SizeOf(2, LinuxCaches.FirstProcessor), Is.Null.Or.InRange(32 << 10, 1 << 30));
    }

    [TestCase(1, 128L << 10)]
    [TestCase(2, 3L << 20)]
    public void MacOS_tells_of_the_fast_cores(int level, long bytes)
    {
        var numbers = new Dictionary<string, long>
        {
            ["hw.l1dcachesize"] = 64 << 10,
            ["hw.l2cachesize"] = 4 << 20,
            ["hw.perflevel0.l1dcachesize"] = 128 << 10,
            ["hw.perflevel0.l2cachesize"] = 12 << 20,
            ["hw.perflevel0.cpusperl2"] = 4,
        };
        Assert.That(MacCaches.SizeOf(level, name => numbers.TryGetValue(name, out long value) ? value : null), Is.EqualTo(bytes));
    }

    [Test]
    public void MacOS_tells_of_all_cores_where_they_are_of_one_kind()
    {
        Assert.That(MacCaches.SizeOf(2, name => name == "hw.l2cachesize" ? 256 << 10 : null), Is.EqualTo(256 << 10));
        Assert.That(MacCaches.SizeOf(2, _ => null), Is.Null);
        Assert.That(MacCaches.SizeOf(2, _ => 0), Is.Null);
    }

    [TestCase(1, 48L << 10)]
    [TestCase(2, 2L << 20)]
    [TestCase(3, null)]
    public void Windows_has_records_one_after_the_other(int level, long? bytes)
    {
        // Of a core, of instructions, of data, of both.
        byte[] records = [.. Record(relation: 0, length: 48, 1, 0, 0), .. Record(2, 52, 1, 32 << 10, 1), .. Record(2, 52, 1, 48 << 10, 2), .. Record(2, 80, 2, 2 << 20, 0)];
        Assert.That(WindowsCaches.SizeOf(level, records), Is.EqualTo(bytes));
    }

    [Test]
    public void Records_that_do_not_fit_are_not_read()
    {
        byte[] record = Record(2, 52, 2, 2 << 20, 0);
        Assert.That(WindowsCaches.SizeOf(2, []), Is.Null);
        Assert.That(WindowsCaches.SizeOf(2, record.AsSpan(0, 30)), Is.Null, "cut off");
        Assert.That(WindowsCaches.SizeOf(2, Record(2, 0, 2, 2 << 20, 0)), Is.Null, "without a length");
    }

    private static byte[] Record(int relation, int length, byte level, int size, int type)
    {
        byte[] record = new byte[Math.Max(length, 20)];
        BinaryPrimitives.WriteInt32LittleEndian(record, relation);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(4), length);
        record[8] = level;
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(12), size);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(16), type);
        return record;
    }

    private static void InFolder((string Level, string Type, string Size)[] caches, Action<string> check)
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            foreach (((string level, string type, string size), int i) in caches.Select((c, i) => (c, i)))
            {
                string cache = Directory.CreateDirectory(Path.Combine(folder, FormattableString.Invariant($"index{i}"))).FullName;
                File.WriteAllText(Path.Combine(cache, "level"), $"{level}\n");
                File.WriteAllText(Path.Combine(cache, "type"), $"{type}\n");
                File.WriteAllText(Path.Combine(cache, "size"), $"{size}\n");
            }

            check(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
