using GraphCompiler.Learning.Tests.Files;

namespace GraphCompiler.Learning.Tests.Data;

/// <summary>Files that are spoilt at random: they are read, or refused by the one exception that says so, and take little memory.</summary>
internal static class Fuzz
{
    private const long MostBytes = 1 << 26;

    public static void Run(string name, byte[][] seeds, int count, Action<string> read)
    {
        using var folder = new Scratch();
        var random = new Random(1);
        int refused = 0;
        for (int i = 0; i < count; i++)
        {
            string path = folder[name];
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);

            // A file that is cut and written anew is flushed by some disks; one that was not there is not.
            File.Delete(path);
            File.WriteAllBytes(path, Spoilt(seeds[random.Next(seeds.Length)], random));
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                read(path);
            }
            catch (InvalidDataException e) when (e.Message.Contains(name, StringComparison.Ordinal))
            {
                refused++;
            }

            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(MostBytes));
        }

        Assert.That(refused, Is.GreaterThan(count / 20));
    }

    private static byte[] Spoilt(byte[] seed, Random random)
    {
        byte[] bytes = random.Next(4) == 0 ? seed[..random.Next(seed.Length)] : [.. seed];
        for (int changes = random.Next(1, 9); changes > 0 && bytes.Length > 0; changes--)
        {
            int place = random.Next(random.Next(3) == 0 ? Math.Min(64, bytes.Length) : bytes.Length);
            bytes[place] = random.Next(4) switch
            {
                0 => byte.MaxValue,
                1 => 0,
                2 => (byte)(bytes[place] ^ (1 << random.Next(8))),
                _ => (byte)random.Next(256),
            };
        }

        return bytes;
    }
}
