namespace GraphCompiler.Learning.Tests.Files;

/// <summary>Files that are large are neither loaded nor saved by way of memory of their size.</summary>
internal sealed class LargeFileTests
{
    private const int Rows = 1000;

    /// <summary>Under 1.1 times the file with the parameters themselves.</summary>
    [Test]
    [Category("Slow")]
    [NonParallelizable]
    public void Half_a_gigabyte_is_loaded_into_what_the_parameters_have()
    {
        using var folder = new Scratch();
        const long Bytes = 500L << 20;
        if (new DriveInfo(folder.Folder).AvailableFreeSpace < 2 * Bytes)
        {
            Assert.Ignore("The disk has no room for a file of 500 MB.");
        }

        Loads(folder["large.safetensors"], Bytes);
    }

    [Test]
    public void What_is_large_for_a_test_is_loaded_into_what_the_parameters_have()
    {
        using var folder = new Scratch();
        Loads(folder["large.safetensors"], 32L << 20);
    }

    private static void Loads(string path, long bytes)
    {
        var net = new Net((int)(bytes / (4 * Rows * sizeof(float))));
        net[2].Fill(3);
        GC.Collect();
        long before = GC.GetTotalAllocatedBytes(precise: true);
        net.Save(path);
        Assert.That(GC.GetTotalAllocatedBytes(precise: true) - before, Is.LessThan(bytes / 20), "saved");
        Assert.That(new FileInfo(path).Length, Is.GreaterThan(bytes * 99 / 100));
        net[2].Fill(4);
        before = GC.GetTotalAllocatedBytes(precise: true);
        net.Load(path);
        Assert.That(GC.GetTotalAllocatedBytes(precise: true) - before, Is.LessThan(bytes / 20), "loaded");
        Assert.That(net[2].Values[^1], Is.EqualTo(3));
    }

    private sealed class Net(int columns) : Module
    {
        private readonly Parameter<float>[] weights = [.. Enumerable.Range(0, 4).Select(i => Ops.Parameter("weight", [Rows, columns], (float)i))];

        public Parameter<float> this[int index] => weights[index];
    }
}
