using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.Docs;

/// <summary>Each row of the page for who comes from Hugging Face is run.</summary>
internal sealed class FromHuggingFaceTests
{
    private const string Page = "from-hugging-face.md";

    private static readonly Generator random = new(1);
    private static readonly Sequential net = new(new Linear(4, 3, random), new Linear(3, 2, random));
    private static readonly LayerNorm norm = new(4);
    private static readonly string folder = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}");
    private static readonly string prefixed = Path.Combine(folder, "prefixed.safetensors");
    private static readonly string old = Path.Combine(folder, "old.safetensors");
    private static readonly string more = Path.Combine(folder, "more.safetensors");
    private static readonly string other = Path.Combine(folder, "other.safetensors");
    private static readonly string narrow = Path.Combine(folder, "narrow.safetensors");

    // Arrays of a model of width 2, as the file has them.
    private static readonly Node joined = Constant(random.Normal(2, 6));
    private static readonly Node inner = Constant(random.Normal(2, 8));
    private static readonly Node query = Constant(random.Normal(2, 2));
    private static readonly Node key = Constant(random.Normal(2, 2));
    private static readonly Node value = Constant(random.Normal(2, 2));

    private static IEnumerable<PageRow> Rows() => [.. Names(), .. Layers(), .. Weights()];

    private static IEnumerable<PageRow> Names() =>
    [
        PageRow.Of(() => net.Load(folder), v => Assert.That(Loaded(v), Is.EqualTo(4))),
        PageRow.Of(() => net.Load(prefixed, rename: name => name.Replace("model.", "")), v => Assert.That(Loaded(v), Is.EqualTo(4))),
        PageRow.Of(() => norm.Load(old, rename: name => name.Replace("gamma", "weight").Replace("beta", "bias")), v => Assert.That(Loaded(v), Is.EqualTo(2))),
        PageRow.Of(() => net.Load(more, unexpected: "extra.*"), v => Assert.That(Loaded(v), Is.EqualTo(4))),
        PageRow.Of(() => net.Load(other, missing: "0.*"), v => Assert.That(Loaded(v), Is.EqualTo(2))),
        PageRow.Of(() => net.Load(narrow), v => Assert.That(((LoadReport)v!).Widened, Has.Count.EqualTo(4))),
    ];

    private static IEnumerable<PageRow> Layers() =>
    [
        PageRow.Of(() => new GroupedQueryAttention(8, 4, 2, random) { Causal = true, Rotary = new RotaryEmbedding(2) }),
        PageRow.Of(() => new RmsNorm(8) { Epsilon = 1e-6 }),
        PageRow.Of(() => Activation.Silu),
        PageRow.Of(() => new RotaryEmbedding(4) { Interleaved = true }),
        PageRow.Of(() => Activation.TanhGelu),
        PageRow.Of(() => new Linear(4, 10, random, bias: false) { Weight = new Embedding(10, 4, random).Weight }),
    ];

    private static IEnumerable<PageRow> Weights() =>
    [
        PageRow.Of(() => Transpose(joined), v =>
        {
            // Queries of the first columns, as GPT-2 splits what c_attn gives.
            Node row = Constant((float[])[1, 2]);
            Same(Linear(row, ((Node)v!)[..2]), MatMul(row, joined)[..2]);
        }),
        PageRow.Of(() => Transpose(inner), v =>
        {
            Node row = Constant((float[])[1, 2]);
            Same(Linear(row, (Node)v!), MatMul(row, inner));
        }),
        PageRow.Of(() => Concat([query, key, value], 0), v =>
        {
            var attention = new MultiHeadAttention(2, 1, random) { BatchFirst = true };
            Compiler.Compile([], [], [(attention.InProjWeight!, (Node)v!)]).Run();
            Node x = Constant(random.Normal(3, 2));
            Node by = ScaledDotProductAttention(Linear(x, query), Linear(x, key), Linear(x, value));
            Same(attention.Forward(x), Linear(by, attention.OutProj.Weight, attention.OutProj.Bias));
        }),
    ];

    [OneTimeSetUp]
    public void Save()
    {
        Directory.CreateDirectory(folder);
        KeyValuePair<string, Parameter>[] all = [.. net.NamedParameters().Select(p => KeyValuePair.Create(p.Path, p.Parameter))];
        TensorFile.Save(prefixed, all.Select(p => KeyValuePair.Create($"model.{p.Key}", p.Value)));
        TensorFile.Save(old, [KeyValuePair.Create("gamma", (Parameter)norm.Weight!), KeyValuePair.Create("beta", (Parameter)norm.Bias!)]);
        TensorFile.Save(more, all.Append(KeyValuePair.Create("extra.count", (Parameter)norm.Weight!)));
        TensorFile.Save(other, all[2..]);
        TensorFile.Save(Path.Combine(folder, "part-1.safetensors"), all[..1]);
        TensorFile.Save(Path.Combine(folder, "part-2.safetensors"), all[1..]);
        File.WriteAllText(
            Path.Combine(folder, "model.safetensors.index.json"),
            $"{{\"metadata\":{{}},\"weight_map\":{{{string.Join(",", all.Select((p, i) => $"\"{p.Key}\":\"part-{(i == 0 ? 1 : 2)}.safetensors\""))}}}}}");

        // Zeros of bfloat16, of which nobody here writes files.
        string[] tensors = [.. all.Select((p, i) => $"\"{p.Key}\":{{\"dtype\":\"BF16\",\"shape\":{p.Value.Shape},\"data_offsets\":[{all[..i].Sum(q => 2 * q.Value.ElementCount)},{all[..(i + 1)].Sum(q => 2 * q.Value.ElementCount)}]}}")];
        byte[] header = System.Text.Encoding.UTF8.GetBytes($"{{{string.Join(",", tensors)}}}");
        File.WriteAllBytes(narrow, [.. BitConverter.GetBytes((long)header.Length), .. header, .. new byte[2 * all.Sum(p => p.Value.ElementCount)]]);
    }

    [OneTimeTearDown]
    public void Delete() => Directory.Delete(folder, recursive: true);

    [Test]
    public void The_page_has_the_rows_that_are_run() => PageRow.RequireAll(Page, Rows());

    [TestCaseSource(nameof(Rows))]
    public void A_row_is_as_the_page_says(PageRow row) => row.RunAsOn(Page);

    private static int Loaded(object? report) => ((LoadReport)report!).Loaded.Count;

    private static void Same(Node a, Node b) => Assert.That(Values(a), Is.EqualTo(Values(b)).Within(1e-5));

    private static float[] Values(Node node) => Compiler.Compile([], node).Run().GetArray<float>();
}
