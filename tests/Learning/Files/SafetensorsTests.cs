using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text;
using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.Files;

/// <summary>Safetensors: what is written is read, as the format demands it, and what is not as it demands is refused.</summary>
internal sealed class SafetensorsTests
{
    private const string One = """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""";

    private readonly Scratch scratch = new();

    [OneTimeTearDown]
    public void DeleteFiles() => scratch.Dispose();

    [Test]
    public void What_is_saved_is_read()
    {
        Dictionary<string, ParameterValues> saved = new()
        {
            ["float.weight"] = ParameterValues.Of(new[,] { { 1f, -2.5f, float.NaN }, { float.NegativeInfinity, float.Epsilon, -0f } }),
            ["double"] = ParameterValues.Of(new[] { Math.PI, double.MaxValue }),
            ["long"] = ParameterValues.Of(long.MinValue),
            ["int"] = ParameterValues.Of(new[,] { { 1, 2 } }),
            ["bool"] = ParameterValues.Of(new[] { true, false, true }),
            ["empty"] = ParameterValues.Of(new float[0, 3]),
            ["ü \"quoted\" \\ \n"] = ParameterValues.Of(1f),
        };
        Dictionary<string, string> metadata = new() { ["made by"] = "a test", ["and"] = "ß\u0001" };
        TensorFile.Save(scratch["all.safetensors"], saved, metadata);
        using var file = TensorFile.Open(scratch["all.safetensors"]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(file.Path, Is.EqualTo(scratch["all.safetensors"]));
            Assert.That(file.Tensors.Select(t => t.Name), Is.EquivalentTo(saved.Keys));
            Assert.That(file.Metadata, Is.EquivalentTo(metadata));
            foreach ((string name, ParameterValues values) in saved)
            {
                StoredTensor tensor = file[name];
                ParameterValues read = tensor.ToValues();
                Assert.That((read.ToString(), tensor.DType, tensor.Shape, tensor.ByteCount, tensor.IsWidened), Is.EqualTo((values.ToString(), (DType?)values.DType, values.Shape, (long)values.Bytes.Length, false)));
                Assert.That(read.Bytes.ToArray(), Is.EqualTo(values.Bytes.ToArray()), name);
            }

            Assert.That(file["float.weight"].ToTensor<float>().Lengths.ToArray(), Is.EqualTo(new nint[] { 2, 3 }));
            Assert.That(file["long"].ToTensor<long>().ToArray(), Is.EqualTo(new[] { long.MinValue }));
            Assert.That(file["empty"].ToTensor<float>().IsEmpty);
            Assert.That(file.TryGet("dense", out _), Is.False);
            Assert.That(() => file["fload.weight"], Throws.TypeOf<KeyNotFoundException>().With.Message.Contains("'fload.weight'").And.Message.Contains("'float.weight'"));
            Assert.That(() => file["double"].ToTensor<float>(), Throws.TypeOf<DTypeException>().With.Message.Contains("'double' (F64[2])").And.Message.Contains("float32"));
        }
    }

    [Test]
    public void The_file_is_as_the_reference_writes_it()
    {
        // Larger elements first, int64 before float64 and float32 before int32, then by name; no spaces but at the end, up to a multiple of 8.
        Dictionary<string, ParameterValues> tensors = new()
        {
            ["m"] = ParameterValues.Of(new[] { true }),
            ["i"] = ParameterValues.Of(3),
            ["b"] = ParameterValues.Of(new[] { 2f }),
            ["a"] = ParameterValues.Of(new[] { 1f }),
            ["d"] = ParameterValues.Of(0.5),
            ["l"] = ParameterValues.Of(7L),
        };
        TensorFile.Save(scratch["layout.safetensors"], tensors, new Dictionary<string, string> { ["format"] = "pt" });
        byte[] bytes = File.ReadAllBytes(scratch["layout.safetensors"]);
        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        const string Header = """{"__metadata__":{"format":"pt"},"l":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"d":{"dtype":"F64","shape":[],"data_offsets":[8,16]},"a":{"dtype":"F32","shape":[1],"data_offsets":[16,20]},"b":{"dtype":"F32","shape":[1],"data_offsets":[20,24]},"i":{"dtype":"I32","shape":[],"data_offsets":[24,28]},"m":{"dtype":"BOOL","shape":[1],"data_offsets":[28,29]}}""";
        Assert.That(Encoding.UTF8.GetString(bytes, 8, length), Is.EqualTo(Header.PadRight((Header.Length + 7) / 8 * 8)));
        Assert.That(bytes[(8 + length)..], Is.EqualTo((byte[])[7, 0, 0, 0, 0, 0, 0, 0, .. BitConverter.GetBytes(0.5), .. BitConverter.GetBytes(1f), .. BitConverter.GetBytes(2f), 3, 0, 0, 0, 1]));
    }

    [Test]
    public void The_same_tensors_in_another_order_are_the_same_file()
    {
        Parameter[] parameters = [.. "cadb".Select((c, i) => Parameter($"{c}", [i + 1], (float)i))];
        TensorFile.Save(scratch["one.safetensors"], parameters.Select(p => KeyValuePair.Create(p.Path, p)));
        TensorFile.Save(scratch["other.safetensors"], parameters.Reverse().ToValues());
        Assert.That(File.ReadAllBytes(scratch["one.safetensors"]), Is.EqualTo(File.ReadAllBytes(scratch["other.safetensors"])));
    }

    [Test]
    public void Narrower_types_are_widened_and_it_is_said()
    {
        Half[] halves = [(Half)1.5, Half.NaN, Half.PositiveInfinity, Half.Epsilon, Half.MaxValue, Half.NegativeZero];
        ushort[] brains = [0x3fc0, 0x7fc0, 0xff80, 0x0001, 0x7f7f, 0x8000];
        string path = Write("narrow", [
            ("f16", "F16", "[6]", MemoryMarshal.AsBytes<Half>(halves).ToArray()),
            ("bf16", "BF16", "[2,3]", MemoryMarshal.AsBytes<ushort>(brains).ToArray()),
            ("u8", "U8", "[2]", [0, 255]),
            ("i8", "I8", "[2]", [127, 128]),
            ("i16", "I16", "[1]", [0, 128]),
            ("u16", "U16", "[1]", [255, 255]),
            ("u32", "U32", "[1]", [255, 255, 255, 255])]);
        using var file = TensorFile.Open(path);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(file["f16"].ToTensor<float>().ToArray(), Is.EqualTo(halves.Select(h => (float)h)));
            Assert.That(file["bf16"].ToTensor<float>().ToArray(), Is.EqualTo(brains.Select(b => BitConverter.UInt32BitsToSingle((uint)b << 16))));
            Assert.That(file["u8"].ToTensor<int>().ToArray(), Is.EqualTo(new[] { 0, 255 }));
            Assert.That(file["i8"].ToTensor<int>().ToArray(), Is.EqualTo(new[] { 127, -128 }));
            Assert.That(file["i16"].ToTensor<int>().ToArray(), Is.EqualTo(new[] { short.MinValue }));
            Assert.That(file["u16"].ToTensor<int>().ToArray(), Is.EqualTo(new[] { ushort.MaxValue }));
            Assert.That(file["u32"].ToTensor<long>().ToArray(), Is.EqualTo(new[] { uint.MaxValue }));
            Assert.That(file.Tensors.Select(t => t.IsWidened), Is.All.True);
            Assert.That((file["bf16"].StoredAs, file["bf16"].ByteCount), Is.EqualTo(("BF16", 24L)));
        }
    }

    [Test]
    public void Many_elements_are_widened_chunk_by_chunk()
    {
        ushort[] brains = [.. Enumerable.Range(0, 100_003).Select(i => (ushort)(i * 7))];
        using var file = TensorFile.Open(Write("chunks", [("x", "BF16", "[100003]", MemoryMarshal.AsBytes<ushort>(brains).ToArray())]));
        Assert.That(MemoryMarshal.Cast<byte, uint>(file["x"].ToValues().Bytes.Span).SequenceEqual([.. brains.Select(b => (uint)b << 16)]));
    }

    [TestCase("F8_E4M3", 8)]
    [TestCase("F8_E5M2", 8)]
    [TestCase("F4", 4)]
    [TestCase("F6_E2M3", 6)]
    [TestCase("U64", 64)]
    [TestCase("C64", 64)]
    public void What_no_dtype_holds_is_refused_when_it_is_asked_for(string dtype, int bits)
    {
        using var file = TensorFile.Open(Write(dtype, [("x.scale", dtype, "[4]", new byte[bits / 2]), ("y", "F32", "[]", new byte[4])]));
        Assert.That(file["y"].ToTensor<float>()[0], Is.Zero);
        Assert.That(file["x.scale"].DType, Is.Null);
        Assert.That(file["x.scale"].ToValues, Throws.TypeOf<DTypeException>().With.Message.Contains($"'x.scale' ({dtype}[4])"));
        Assert.That(file["x.scale"].ToTensor<float>, Throws.TypeOf<DTypeException>().With.Message.Contains(file.Path));
    }

    [TestCaseSource(nameof(Wrong))]
    public void A_header_that_is_wrong_is_refused(string header, int bytes, string error)
    {
        string path = scratch.Write("wrong.safetensors", [.. Prefix(Encoding.UTF8.GetByteCount(header)), .. Encoding.UTF8.GetBytes(header), .. new byte[bytes]]);
        Assert.That(() => TensorFile.Open(path), Throws.TypeOf<InvalidDataException>().With.Message.Contains(path).And.Message.Contains(error));
    }

    [Test]
    public void Lengths_that_lie_are_refused_before_anything_is_allocated()
    {
        Refused([], "0 bytes");
        Refused([1, 2, 3], "3 bytes");
        Refused([.. Prefix(100_000_001), .. new byte[8]], "100000001");
        Refused([.. Prefix(-1), .. new byte[8]], "18446744073709551615");
        Refused([.. Prefix(100_000_000), .. "{}"u8], "cut off");
        Refused([.. Prefix(3), .. "{\""u8, 0xff], "UTF-8");
        Refused(Encoding.UTF8.GetBytes("<html><body>Entry not found</body></html>"), "no safetensors file");

        void Refused(byte[] bytes, string error)
        {
            string path = scratch.Write("lies.safetensors", bytes);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.That(() => TensorFile.Open(path), Throws.TypeOf<InvalidDataException>().With.Message.Contains(path).And.Message.Contains(error));
            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1 << 20));
        }
    }

    [Test]
    public void Tensors_lie_in_any_order_and_spaces_may_follow_the_header()
    {
        const string Header = """{ "late": {"shape": [1], "data_offsets": [1, 2], "dtype": "U8"}, "none": {"dtype":"F32","shape":[0],"data_offsets":[1,1]}, "early": {"dtype":"U8","shape":[],"data_offsets":[0,1]} }      """;
        using var file = TensorFile.Open(scratch.Write("order.safetensors", [.. Prefix(Header.Length), .. Encoding.UTF8.GetBytes(Header), 5, 6]));
        Assert.That(file.Tensors.Select(t => t.Name), Is.EqualTo(new[] { "early", "none", "late" }));
        Assert.That((file["early"].ToTensor<int>()[0], file["late"].ToTensor<int>()[0]), Is.EqualTo((5, 6)));
    }

    [Test]
    public void A_bool_is_0_or_1()
    {
        using var file = TensorFile.Open(Write("bool", [("mask", "BOOL", "[3]", [0, 1, 2])]));
        Assert.That(file["mask"].ToValues, Throws.TypeOf<InvalidDataException>().With.Message.Contains("'mask' (BOOL[3])").And.Message.Contains("is 2"));
    }

    [Test]
    public void A_file_that_became_shorter_is_an_error()
    {
        string path = Write("shorter", [("x", "F32", "[1000]", new byte[4000])]);
        using var file = TensorFile.Open(path);
        using (FileStream stream = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            stream.SetLength(3000);
        }

        Assert.That(file["x"].ToValues, Throws.TypeOf<InvalidDataException>().With.Message.Contains("'x'").And.Message.Contains("ends"));
    }

    [Test]
    public void A_closed_file_is_not_read()
    {
        var file = TensorFile.Open(Write("closed", [("x", "F32", "[1]", new byte[4])]));
        file.Dispose();
        Assert.That(file["x"].ToValues, Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Any_number_of_threads_read()
    {
        TensorFile.Save(scratch["threads.safetensors"], Enumerable.Range(0, 16).ToDictionary(i => $"{i}", i => ParameterValues.Of(Enumerable.Repeat(i, 1000).ToArray())));
        using var file = TensorFile.Open(scratch["threads.safetensors"]);
        Parallel.For(0, 64, i => Assert.That(file[$"{i % 16}"].ToTensor<int>().ToArray(), Is.All.EqualTo(i % 16)));
    }

    [Test]
    public void What_cannot_be_saved_is_refused()
    {
        var one = ParameterValues.Of(1f);
        KeyValuePair<string, ParameterValues>[] twice = [new("a", one), new("a", one)], single = [new("a", one)], reserved = [new("__metadata__", one)];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => TensorFile.Save(scratch["x.safetensors"], twice), Throws.ArgumentException.With.Message.Contains("'a'"));
            Assert.That(() => TensorFile.Save(scratch["x.safetensors"], reserved), Throws.ArgumentException.With.Message.Contains("__metadata__"));
            Assert.That(() => TensorFile.Save(scratch["x.pt"], single), Throws.ArgumentException.With.Message.Contains(".safetensors").And.Message.Contains(".npz"));
            Assert.That(() => TensorFile.Save(string.Empty, single), Throws.ArgumentException);
            Assert.That(() => Said("a", null!), Throws.ArgumentException.With.Message.Contains("null for 'a'"));
            Assert.That(() => Said("a", "b\uD800"), Throws.ArgumentException.With.Message.Contains("The metadata 'a', 'b\uD800' has half of a surrogate pair at place 1"));
            Assert.That(() => Said("\uDC00", "b"), Throws.ArgumentException.With.Message.Contains("surrogate pair at place 0"));
            foreach (string name in (string[])["x.safetensors", "x.npz"])
            {
                Assert.That(() => TensorFile.Save(scratch[name], [new KeyValuePair<string, ParameterValues>("a\uD800b", one)]), Throws.ArgumentException.With.Message.Contains("The name").And.Message.Contains("at place 1"));
            }

            Assert.That(scratch.Names, Has.None.EqualTo("x.safetensors").And.None.EqualTo("x.npz").And.None.EqualTo("x.pt"));
        }

        void Said(string key, string value) => TensorFile.Save(scratch["x.safetensors"], single, new Dictionary<string, string> { [key] = value });
    }

    [Test]
    public void What_is_not_there_is_named()
    {
        using var folder = new Scratch();
        Assert.That(() => TensorFile.Open(folder["none.safetensors"]), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("none.safetensors"));
        Assert.That(() => TensorFile.Open(folder.Folder), Throws.TypeOf<FileNotFoundException>().With.Message.Contains(folder.Folder));
        TensorFile.Save(folder["model.safetensors"], new Dictionary<string, ParameterValues> { ["a"] = ParameterValues.Of(1f) });
        using var file = TensorFile.Open(folder.Folder);
        Assert.That(file.Tensors.Select(t => $"{t}"), Is.EqualTo(new[] { $"'a' (F32[]) of {folder["model.safetensors"]}" }));
    }

    /// <summary>What the header has, how many bytes follow, and a part of the error.</summary>
    private static IEnumerable<TestCaseData> Wrong()
    {
        yield return Case("no object", "[]", 0, "'{'");
        yield return Case("a space before", $" {One}", 2, "'{'");
        yield return Case("cut off", One[..^1], 2, "JSON");
        yield return Case("two objects", $"{One}{{}}", 2, "JSON");
        yield return Case("a comma at the end", """{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},}""", 1, "JSON");
        yield return Case("a comment", $"{One}/**/", 2, "JSON");
        yield return Case("a tensor twice", """{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[],"data_offsets":[1,2]}}""", 2, "'a' twice");
        yield return Case("a name twice, once escaped", """{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"\u0061":{"dtype":"U8","shape":[],"data_offsets":[1,2]}}""", 2, "'a' twice");
        yield return Case("half of a surrogate pair", """{"\ud800":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}""", 1, "JSON");
        yield return Case("a field twice", """{"a":{"dtype":"U8","dtype":"U8","shape":[],"data_offsets":[0,1]}}""", 1, "'dtype' twice");
        yield return Case("a field too many", """{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1],"strides":[]}}""", 1, "'strides', which is not known");
        yield return Case("no dtype", """{"a":{"shape":[],"data_offsets":[0,1]}}""", 1, "the dtype of 'a'");
        yield return Case("no shape", """{"a":{"dtype":"U8","data_offsets":[0,1]}}""", 1, "the shape of 'a'");
        yield return Case("no offsets", """{"a":{"dtype":"U8","shape":[]}}""", 1, "the data_offsets of 'a'");
        yield return Case("an unknown dtype", """{"a":{"dtype":"Q9","shape":[],"data_offsets":[0,1]}}""", 1, "the dtype 'Q9'");
        yield return Case("a tensor that is a number", """{"a":1}""", 0, "JSON");
        yield return Case("a size below 0", """{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}""", 1, "whole numbers");
        yield return Case("a size that is no whole number", """{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}""", 1, "whole numbers");
        yield return Case("a size of more than 63 bits", """{"a":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,1]}}""", 1, "whole numbers");
        yield return Case("more axes than any tensor has", One.Replace("2]", $"{string.Concat(Enumerable.Repeat("1,", 64))}1]", StringComparison.Ordinal), 1, "too many");
        yield return Case("sizes whose product overflows to the right number", """{"a":{"dtype":"F32","shape":[4611686018427387905,4],"data_offsets":[0,16]}}""", 16, "no number of bytes");
        yield return Case("sizes whose product overflows beside a 0", """{"a":{"dtype":"U8","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}}""", 0, "no number of bytes");
        yield return Case("half a byte", """{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}""", 2, "no number of bytes");
        yield return Case("more bytes than the shape has", """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9]}}""", 9, "F32[2] has 8");
        yield return Case("one offset", """{"a":{"dtype":"U8","shape":[],"data_offsets":[0]}}""", 1, "data_offsets [0]");
        yield return Case("offsets backwards", """{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}""", 1, "data_offsets [1, 0]");
        yield return Case("a gap", """{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[],"data_offsets":[2,3]}}""", 3, "'b' begin at 2, and the tensor before it ends at 1");
        yield return Case("a gap at the front", """{"a":{"dtype":"U8","shape":[],"data_offsets":[1,2]}}""", 2, "'a' begin at 1");
        yield return Case("tensors that overlap", """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}""", 3, "'b' begin at 1, within");
        yield return Case("bytes of no tensor", One, 3, "3 follow");
        yield return Case("too few bytes", One, 1, "cut off");
        yield return Case("metadata that are a number", """{"__metadata__":{"epoch":1}}""", 0, "JSON");
        yield return Case("metadata twice", """{"__metadata__":{},"__metadata__":{}}""", 0, "'__metadata__' twice");
        yield return Case("a key of metadata twice", """{"__metadata__":{"a":"","a":""}}""", 0, "the metadata 'a' twice");

        static TestCaseData Case(string name, string header, int bytes, string error) => new TestCaseData(header, bytes, error).SetName($"A_header_that_is_wrong_is_refused({name})");
    }

    private static byte[] Prefix(long length) => BitConverter.GetBytes(length);

    /// <summary>A file by hand.</summary>
    private string Write(string name, (string Name, string DType, string Shape, byte[] Bytes)[] tensors)
    {
        List<string> entries = [];
        long offset = 0;
        foreach ((string tensor, string dtype, string shape, byte[] bytes) in tensors)
        {
            entries.Add($"\"{tensor}\":{{\"dtype\":\"{dtype}\",\"shape\":{shape},\"data_offsets\":[{offset},{offset + bytes.Length}]}}");
            offset += bytes.Length;
        }

        byte[] header = Encoding.UTF8.GetBytes($"{{{string.Join(",", entries)}}}");
        return scratch.Write($"{name}.safetensors", [.. Prefix(header.Length), .. header, .. tensors.SelectMany(t => t.Bytes)]);
    }
}
