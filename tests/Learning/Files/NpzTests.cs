using System.IO.Compression;

namespace GraphCompiler.Learning.Tests.Files;

/// <summary>Several of NumPy's arrays in a zip archive.</summary>
internal sealed class NpzTests
{
    private readonly Scratch scratch = new();

    [OneTimeTearDown]
    public void DeleteFiles() => scratch.Dispose();

    [TestCase("stored.npz")]
    [TestCase("deflated.npz")]
    public void All_types_orders_of_bytes_and_of_axes_are_read(string name)
    {
        using var file = TensorFile.Open(ArrayFiles.PathOf(name));
        using (Assert.EnterMultipleScope())
        {
            foreach (StoredTensor tensor in file.Tensors.Where(t => t.Name != "zeros"))
            {
                string type = tensor.Name.Split('/')[1];
                double[] expected = type == "b1" ? [1, 0, 1, 0, 1, 0] : [.. Enumerable.Range(0, 6).Select(i => (3.0 * i * (i >= 3 && type[0] != 'u' ? -1 : 1)) + (type[0] == 'f' ? 0.5 : 0))];
                Assert.That(tensor.Shape.ToString(), Is.EqualTo("[2, 3]"));
                Assert.That(Numbers(tensor), Is.EqualTo(expected), tensor.Name);
                Assert.That(tensor.IsWidened, Is.EqualTo(type is "u1" or "u2" or "u4" or "i1" or "i2" or "f2"), tensor.Name);
            }

            Assert.That(file.Tensors.Count(t => t.Name != "zeros"), Is.EqualTo((3 * 2) + (8 * 4)));
            Assert.That(file.Metadata, Is.Empty);
            Assert.That(!file.TryGet("zeros", out StoredTensor? zeros) || zeros.ToTensor<float>().FlattenedLength == 10_000);
        }
    }

    [Test]
    public void Arrays_of_other_things_are_in_nobodys_way()
    {
        using var file = TensorFile.Open(ArrayFiles.PathOf("mixed.npz"));
        Assert.That(file["weight"].ToTensor<float>()[0], Is.EqualTo(1.5f));
        Assert.That(file["names"].DType, Is.Null);
        Assert.That(file["names"].ToValues, Throws.TypeOf<DTypeException>().With.Message.Contains("'names' (<U2[1])"));
    }

    [Test]
    public void What_is_saved_is_read_and_the_same_arrays_are_the_same_file()
    {
        Dictionary<string, ParameterValues> saved = new() { ["b"] = ParameterValues.Of(new[,] { { 1f, 2f } }), ["a.weight"] = ParameterValues.Of(new[] { true }), ["c"] = ParameterValues.Of(3L) };
        TensorFile.Save(scratch["one.npz"], saved);
        TensorFile.Save(scratch["other.npz"], saved.Reverse());
        Assert.That(File.ReadAllBytes(scratch["one.npz"]), Is.EqualTo(File.ReadAllBytes(scratch["other.npz"])));
        using var file = TensorFile.Open(scratch["one.npz"]);
        foreach ((string name, ParameterValues values) in saved)
        {
            Assert.That((file[name].ToValues().ToString(), file[name].ToValues().Bytes.ToArray()), Is.EqualTo((values.ToString(), values.Bytes.ToArray())));
        }

        TensorFile.Save(scratch["none.npz"], new Dictionary<string, ParameterValues>());
        using var none = TensorFile.Open(scratch["none.npz"]);
        Assert.That(none.Tensors, Is.Empty);
        Assert.That(() => TensorFile.Save(scratch["said.npz"], saved, new Dictionary<string, string> { ["a"] = "b" }), Throws.ArgumentException.With.Message.Contains("metadata"));
    }

    [Test]
    public void Threads_read_one_after_another()
    {
        using var file = TensorFile.Open(ArrayFiles.PathOf("deflated.npz"));
        Parallel.For(0, 64, i => Assert.That(Numbers(file[i % 2 == 0 ? "little/i4/F" : "big/f2/C"])[1], Is.EqualTo(i % 2 == 0 ? 3 : 3.5)));
    }

    [Test]
    public void What_is_no_archive_of_arrays_is_refused()
    {
        Refused([.. "PK\u0003\u0004"u8, .. new byte[100]], "no zip archive");
        Refused(Archive(("a.txt", [1])), "'a.txt'");
        Refused(Archive(("a.npy", [1])), "'a'");
        Refused(Archive(("a.npy", Array(1)), ("a.npy", Array(1))), "'a' twice");
        Refused(Archive(("a.npy", [.. Array(1), 0])), "5 bytes, and <f4[1] has 4");
        Refused(Archive(("a.npy", Array(1)[..^1])), "3 bytes, and <f4[1] has 4");
        byte[] stored = File.ReadAllBytes(ArrayFiles.PathOf("stored.npz"));
        Refused(stored[..^1], "no zip archive");
        Refused(stored[..(stored.Length / 2)], "no zip archive");

        void Refused(byte[] bytes, string error)
        {
            string path = scratch.Write("wrong.npz", bytes);
            Assert.That(() => TensorFile.Open(path), Throws.TypeOf<InvalidDataException>().With.Message.Contains(path).And.Message.Contains(error));
        }
    }

    [Test]
    public void Bytes_that_changed_are_found()
    {
        byte[] bytes = Archive(("a.npy", Array(100)));
        bytes[200] ^= 1;
        using var file = TensorFile.Open(scratch.Write("changed.npz", bytes));
        Assert.That(file["a"].ToValues, Throws.TypeOf<InvalidDataException>().With.Message.Contains("'a'").And.Message.Contains("checksum"));
    }

    /// <summary>A few bytes that say they are many.</summary>
    [Test]
    public void A_length_that_no_compression_can_have_is_refused()
    {
        byte[] bytes = Archive(CompressionLevel.Optimal, ("a.npy", Array(1000)));
        int length = bytes.AsSpan().LastIndexOf(BitConverter.GetBytes(4128));
        BitConverter.GetBytes(1 << 30).CopyTo(bytes, length);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(() => TensorFile.Open(scratch.Write("bomb.npz", bytes)), Throws.TypeOf<InvalidDataException>().With.Message.Contains("1073741824"));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1 << 20));
    }

    [Test]
    public void NumPy_reads_what_is_saved()
    {
        const string Script = """
            import sys, numpy as np
            a = np.load(sys.argv[1], allow_pickle=False)
            for n in sorted(a.files): print(n, a[n].dtype.str, a[n].shape, a[n].ravel().tolist())
            b = np.load(sys.argv[2], allow_pickle=False)
            print(b.dtype.str, b.shape, b.ravel().tolist())
            """;
        TensorFile.Save(scratch["ours.npz"], new Dictionary<string, ParameterValues>
        {
            ["fc.weight"] = ParameterValues.Of(new[,] { { 1f, 2 }, { 3, 4.5f } }),
            ["mask"] = ParameterValues.Of(new[] { true, false }),
            ["step"] = ParameterValues.Of(7L),
            ["none"] = ParameterValues.Of(new double[2, 0]),
        });
        Npy.Save(scratch["ours.npy"], ParameterValues.Of(new[,] { { -1 }, { 2 } }));
        (int fault, string said) = Python.Run(Python.With("numpy"), "-c", Script, scratch["ours.npz"], scratch["ours.npy"]);
        Assert.That(fault, Is.Zero, said);
        Assert.That(said.Trim(), Is.EqualTo(string.Join('\n', "fc.weight <f4 (2, 2) [1.0, 2.0, 3.0, 4.5]", "mask |b1 (2,) [True, False]", "none <f8 (2, 0) []", "step <i8 () [7]", "<i4 (2, 1) [-1, 2]")));
    }

    private static double[] Numbers(StoredTensor tensor) => tensor.DType switch
    {
        DType.Bool => [.. tensor.ToTensor<bool>().ToArray().Select(b => b ? 1.0 : 0)],
        DType.Int32 => [.. tensor.ToTensor<int>().ToArray().Select(i => (double)i)],
        DType.Int64 => [.. tensor.ToTensor<long>().ToArray().Select(i => (double)i)],
        DType.Float32 => [.. tensor.ToTensor<float>().ToArray().Select(f => (double)f)],
        _ => tensor.ToTensor<double>().ToArray(),
    };

    /// <summary>An npy file of so many floats.</summary>
    private byte[] Array(int count)
    {
        Npy.Save(scratch["array.npy"], ParameterValues.Of(new float[count]));
        return File.ReadAllBytes(scratch["array.npy"]);
    }

    private static byte[] Archive(params (string Name, byte[] Bytes)[] entries) => Archive(CompressionLevel.NoCompression, entries);

    private static byte[] Archive(CompressionLevel level, params (string Name, byte[] Bytes)[] entries)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create))
        {
            foreach ((string name, byte[] bytes) in entries)
            {
                using Stream entry = archive.CreateEntry(name, level).Open();
                entry.Write(bytes);
            }
        }

        return stream.ToArray();
    }
}
