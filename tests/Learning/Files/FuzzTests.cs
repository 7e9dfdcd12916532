using System.Text;

namespace GraphCompiler.Learning.Tests.Files;

/// <summary>Files that are valid but for what a random generator did to them: they are read, or refused by the one exception there is for it, and take no memory that is not theirs.</summary>
internal sealed class FuzzTests
{
    /// <summary>What parsers stumble over.</summary>
    private static readonly string[] Tokens =
    [
        "0", "1", "-1", "255", "65536", "4294967295", "9223372036854775807", "18446744073709551615", "1e3", "0.5", "null", "true", "{", "}", "[", "]", "(", ")", ",", ":", "\"", "'", "\\", "\\ud800", "\\u0000", "__metadata__",
        "dtype", "shape", "data_offsets", "F32", "F64", "BF16", "F4", "BOOL", "weight_map", "metadata", "../x", "True", "False", "L", "<f4", ">i8", "|b1", "|O", "<U9", "fortran_order", "PK\u0005\u0006", "PK\u0001\u0002",
    ];

    private readonly Scratch scratch = new();

    [OneTimeTearDown]
    public void DeleteFiles() => scratch.Dispose();

    [Test]
    public void Safetensors([Values(200_000)] int bytes) => Run("x.safetensors", bytes, 32, Safetensors());

    [Test]
    public void Indexes([Values(200_000)] int bytes) => Run("x.index.json", bytes, 32, Index());

    [Test]
    public void Npy([Values(200_000)] int bytes) => Run("x.npy", bytes, 32, Numpy("version-1.npy", "version-2.npy", "fortran.npy", "scalar.npy", "empty.npy", "objects.npy", "fields.npy", "text.npy"));

    /// <summary>An archive may say that it is 1032 times as large as it is.</summary>
    [Test]
    public void Npz([Values(500_000)] int bytes) => Run("x.npz", bytes, 4200, [.. Numpy("mixed.npz", "deflated.npz"), Archive()]);

    [Test]
    [Category("Slow")]
    public void At_length()
    {
        const int Bytes = 10_000_000;
        Safetensors(Bytes);
        Indexes(Bytes);
        Npy(Bytes);
        Npz(Bytes);
    }

    /// <summary>Writes files until they are so many bytes, and reads them.</summary>
    /// <param name="name">The name of the file, by whose end the reader is chosen.</param>
    /// <param name="bytes">How many bytes.</param>
    /// <param name="most">How many times the bytes of the file may be allocated.</param>
    /// <param name="valid">Files to begin with.</param>
    private void Run(string name, int bytes, int most, byte[][] valid)
    {
        Read(scratch.Write(name, valid[0]));
        var random = new Random(1);
        for (int i = 0, written = 0; written < bytes; i++)
        {
            byte[] file = Mutate(valid[i % valid.Length], random);
            string path = scratch.Write(name, file);
            written += Math.Max(file.Length, 1);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Read(path);
            }
            catch (InvalidDataException e) when (e.Message.Contains(scratch.Folder, StringComparison.Ordinal))
            {
            }
            catch (FileNotFoundException) when (name == "x.index.json")
            {
                // The index names a file that is not there.
            }
            catch (Exception e)
            {
                Assert.Fail($"Iteration {i} gave {e}\n{Convert.ToHexString(file)}\n{Encoding.Latin1.GetString(file)}");
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.That(allocated, Is.LessThan((1 << 20) + (most * (long)file.Length)), $"iteration {i}, {file.Length} bytes: {Encoding.Latin1.GetString(file)}");
        }
    }

    /// <summary>Reads all that there is of numbers.</summary>
    private static void Read(string path)
    {
        if (path.EndsWith(".npy", StringComparison.Ordinal))
        {
            try
            {
                Learning.Npy.Read(path);
            }
            catch (DTypeException)
            {
            }

            return;
        }

        using var file = TensorFile.Open(path);
        foreach (StoredTensor tensor in file.Tensors.Where(t => t.DType is not null))
        {
            tensor.ToValues();
        }
    }

    private static byte[] Mutate(byte[] valid, Random random)
    {
        List<byte> bytes = [.. valid];
        for (int left = random.Next(1, 5); left > 0; left--)
        {
            int at = random.Next(bytes.Count + 1), length = Math.Min(random.Next(1, 9), bytes.Count - at);
            switch (random.Next(8))
            {
                case 0 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2 when random.Next(4) == 0:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 3:
                    bytes.RemoveRange(at, length);
                    break;
                case 4:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                case 5:
                    bytes.InsertRange(at, Enumerable.Range(0, random.Next(1, 9)).Select(_ => (byte)random.Next(256)));
                    break;
                case 6:
                    bytes.RemoveRange(at, length);
                    bytes.InsertRange(at, Encoding.Latin1.GetBytes(Tokens[random.Next(Tokens.Length)]));
                    break;
                default:
                    ReplaceNumber(bytes, at, random);
                    break;
            }
        }

        return [.. bytes];
    }

    /// <summary>Puts another number in the place of the next one.</summary>
    private static void ReplaceNumber(List<byte> bytes, int at, Random random)
    {
        int begin = bytes.FindIndex(at, b => b is >= (byte)'0' and <= (byte)'9');
        if (begin >= 0)
        {
            int end = bytes.FindIndex(begin, b => b is < (byte)'0' or > (byte)'9');
            bytes.RemoveRange(begin, (end < 0 ? bytes.Count : end) - begin);
            bytes.InsertRange(begin, Encoding.ASCII.GetBytes(Tokens[random.Next(8)]));
        }
    }

    private byte[][] Safetensors()
    {
        TensorFile.Save(
            scratch["valid.safetensors"],
            new Dictionary<string, ParameterValues> { ["fc.weight"] = ParameterValues.Of(new float[2, 3]), ["fc.bias"] = ParameterValues.Of(new double[2]), ["mask"] = ParameterValues.Of(new bool[3]), ["step"] = ParameterValues.Of(1L) },
            new Dictionary<string, string> { ["format"] = "pt" });
        return [File.ReadAllBytes(scratch["valid.safetensors"])];
    }

    private byte[][] Index()
    {
        Safetensors();
        return ["""{"metadata":{"total_size":123},"weight_map":{"fc.weight":"valid.safetensors","fc.bias":"valid.safetensors","mask":"valid.safetensors","step":"valid.safetensors"}}"""u8.ToArray()];
    }

    private byte[] Archive()
    {
        TensorFile.Save(scratch["valid.npz"], new Dictionary<string, ParameterValues> { ["a"] = ParameterValues.Of(new float[2, 3]), ["b"] = ParameterValues.Of(new bool[3]) });
        return File.ReadAllBytes(scratch["valid.npz"]);
    }

    private static byte[][] Numpy(params string[] names) => [.. names.Select(n => File.ReadAllBytes(ArrayFiles.PathOf(n)))];
}
