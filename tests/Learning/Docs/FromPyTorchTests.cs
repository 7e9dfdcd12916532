using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.Docs;

/// <summary>Each row of the page for who comes from PyTorch is run.</summary>
internal sealed class FromPyTorchTests
{
    private const string Page = "from-pytorch.md";

    private static readonly Generator random = new(1);
    private static readonly Sequential net = new(new Linear(4, 3, random));
    private static readonly Input<float> x = Input("x", ["N", 4]);
    private static readonly Input<long> y = Input<long>("y", ["N"]);
    private static readonly Node logits = net.Forward(x);
    private static readonly Node loss = CrossEntropy(logits, y);
    private static readonly NodeList gradients = Gradients(loss, net.Parameters());
    private static readonly Node query = Constant(new[,] { { 1f, 2 }, { 3, 4 } });
    private static readonly Node unseen = Constant(new[,] { { false, true }, { false, true } });
    private static readonly Node seen = Constant(new[,] { { true, false }, { true, false } });
    private static readonly Node nobody = Constant(new[,] { { false, false }, { false, false } });
    private static readonly MultiHeadAttention attention = new(2, 1, random);
    private static readonly Lstm lstm = new(4, 3, random) { BatchFirst = true };
    private static readonly Node sequences = Zeros([2, 3, 4]);
    private static readonly Node lengths = Constant((long[])[3, 1]);
    private static readonly string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.safetensors");

    private static IEnumerable<PageRow> Rows() => [.. Layers(), .. Activations(), .. Verbs(), .. Differences()];

    private static IEnumerable<PageRow> Layers() =>
    [
        PageRow.Of(() => new Linear(4, 3, random)),
        PageRow.Of(() => new Embedding(10, 4, random, paddingIndex: 0)),
        PageRow.Of(() => new EmbeddingBag(10, 4, random)),
        PageRow.Of(() => new Conv1D(4, 8, 3, random)),
        PageRow.Of(() => new Conv2D(4, 8, (3, 5), random, bias: false) { Stride = 2, Padding = 1 }),
        PageRow.Of(() => new Conv3D(4, 8, 3, random) { Dilation = 2, PaddingMode = PaddingMode.Replicate }),
        PageRow.Of(() => new Conv2D(8, 8, 3, random, groups: 8) { Padding = Padding.Same }),
        PageRow.Of(() => new ConvTranspose2D(8, 4, 2, random) { Stride = 2, OutputPadding = 1 }),
        PageRow.Of(() => new BatchNorm(8), v => Assert.That((((BatchNorm)v!).Momentum, ((BatchNorm)v).Epsilon), Is.EqualTo(((double?)0.1, 1e-5)))),
        PageRow.Of(() => new InstanceNorm(8)),
        PageRow.Of(() => new InstanceNorm(8, affine: true, track: true)),
        PageRow.Of(() => new GroupNorm(2, 8)),
        PageRow.Of(() => new LayerNorm(8)),
        PageRow.Of(() => new LayerNorm([4, 8], bias: false)),
        PageRow.Of(() => new RmsNorm(8)),
        PageRow.Of(() => new LocalResponseNorm(5)),
        PageRow.Of(() => new Dropout(0.1)),
        PageRow.Of(() => new Dropout2D(0.1)),
        PageRow.Of(() => new AlphaDropout(0.1)),
        PageRow.Of(() => new FeatureAlphaDropout(0.1)),
        PageRow.Of(() => new MaxPool2D(3) { Stride = 2, Padding = 1 }),
        PageRow.Of(() => new AvgPool2D(2)),
        PageRow.Of(() => new LpPool2D(2, 3)),
        PageRow.Of(() => new AdaptiveAvgPool2D(1)),
        PageRow.Of(() => new AdaptiveMaxPool2D((5, 7))),
        PageRow.Of(() => new Flatten()),
        PageRow.Of(() => new Unflatten(1, [2, 4])),
        PageRow.Of(() => new Upsample(2) { Mode = ResizeMode.Linear }),
        PageRow.Of(() => Upsample.To([5, 7])),
        PageRow.Of(() => new Pad((1, 2), (3, 4))),
        PageRow.Of(() => new Pad((2, 2)) { Mode = PaddingMode.Reflect }),
        PageRow.Of(() => new PixelShuffle(2)),
        PageRow.Of(() => new Unfold(3)),
        PageRow.Of(() => new Fold([8, 8], 3)),
        PageRow.Of(() => new Bilinear(3, 2, 4, random)),
        PageRow.Of(() => Activation.Identity),
        PageRow.Of(() => new WeightNorm(new Linear(4, 3, random))),
        PageRow.Of(() => new WeightNorm(new Linear(4, 3, random), parametrizations: true)),
        PageRow.Of(() => new SpectralNorm(new Linear(4, 3, random), random)),
        PageRow.Of(() => new Lora(new Linear(4, 3, random), 2, random)),
        PageRow.Of(() => new Lstm(4, 8, random, layers: 2, bidirectional: true) { BatchFirst = true }),
        PageRow.Of(() => new Gru(4, 8, random)),
        PageRow.Of(() => new Rnn(4, 8, random) { Relu = true }),
        PageRow.Of(() => new LstmCell(4, 8, random)),
        PageRow.Of(() => new GruCell(4, 8, random)),
        PageRow.Of(() => new RnnCell(4, 8, random)),
        PageRow.Of(() => new MultiHeadAttention(8, 2, random)),
        PageRow.Of(() => new MultiHeadAttention(8, 2, random, keyWidth: 6, valueWidth: 4) { Dropout = 0.1, BatchFirst = true }),
        PageRow.Of(() => new TransformerEncoderLayer(8, 2, random) { NormFirst = true }),
        PageRow.Of(() => new TransformerDecoderLayer(8, 2, random) { BatchFirst = true }),
        PageRow.Of(() => new TransformerEncoder(1, () => new(8, 2, random), new LayerNorm(8))),
        PageRow.Of(() => new TransformerDecoder(1, () => new(8, 2, random))),
        PageRow.Of(() => new Transformer(random, 8, 2, 1, 1)),
        PageRow.Of(() => new Sequential(new Linear(4, 8, random), Activation.Relu, new Linear(8, 1, random))),
        PageRow.Of(() => new Linear(4, 10, random, bias: false) { Weight = new Embedding(10, 4, random).Weight }),
    ];

    private static IEnumerable<PageRow> Activations() =>
    [
        PageRow.Of(() => Activation.Relu),
        PageRow.Of(() => Activation.LeakyRelu(0.2)),
        PageRow.Of(() => Activation.Gelu),
        PageRow.Of(() => Activation.TanhGelu),
        PageRow.Of(() => Activation.Silu),
        PageRow.Of(() => Activation.Softmax(1)),
        PageRow.Of(() => Activation.Of("Sine", x => Sin(30 * x))),
        PageRow.Of(() => new PRelu()),
    ];

    private static IEnumerable<PageRow> Verbs() =>
    [
        PageRow.Of(() => net.Parameters(), v => Assert.That(((IReadOnlyList<Parameter>)v!).Select(p => p.Path), Is.EqualTo((string[])["0.weight", "0.bias"]))),
        PageRow.Of(() => net.NamedParameters()),
        PageRow.Of(() => Pass.Training(random), v => Assert.That(((Pass)v!).IsTraining)),
        PageRow.Of(() => Pass.Inference(), v => Assert.That(((Pass)v!).IsTraining, Is.False)),
        PageRow.Of(() => net.Compile<Func<float[], float[]>>([x], () => net.Forward(x)), v => Assert.That(((Func<float[], float[]>)v!)([1, 2, 3, 4]), Has.Length.EqualTo(3))),
        PageRow.Of(() => new Linear(4, 3, random) { Frozen = true }, v => Assert.That(((Module)v!).Parameters(), Is.Empty)),
        PageRow.Of(() => net.Load(path), v => Assert.That(((LoadReport)v!).Loaded, Has.Count.EqualTo(2))),
        PageRow.Of(() => net.Load(path, missing: "head.*", unexpected: "teacher.*")),
        PageRow.Of(() => TensorFile.Open(path), v => Assert.That(((TensorFile)v!).Tensors, Has.Count.EqualTo(2))),
        PageRow.Of(() => net.Summary(["N", 4])),
        PageRow.Of(() => GradMode.NoGrad()),
        PageRow.Of(() => Initializer.XavierUniform()),
        PageRow.Of(() => Initializer.HeNormal(fanOut: true)),
        PageRow.Of(() => Initializer.Orthogonal()),
        PageRow.Of(() => Initializer.TruncatedNormal(0, 0.02f, -2, 2)),
        PageRow.Of(() => new AdamW(1e-3) { WeightDecay = 0.01 }),
        PageRow.Of(() => GradientClipping.ByNorm(gradients, 1)),
        PageRow.Of(() => new Generator(seed: 1)),
        PageRow.Of(() => Vmap(row => Gradients(Sum(net.Forward(row)), row)[0])(x)),
    ];

    private static IEnumerable<PageRow> Differences() =>
    [
        PageRow.Of(() => attention.Forward(query, query, query, mask: unseen), v => Assert.That(Values(v), Is.EqualTo(Values(attention.Forward(query, query[..1], query[..1]))).Within(1e-6))),
        PageRow.Of(() => ScaledDotProductAttention(query, query, query, mask: seen), v => Assert.That(Values(v), Is.EqualTo((float[])[1, 2, 1, 2]))),
        PageRow.Of(() => ScaledDotProductAttention(query, query, query, mask: nobody), v => Assert.That(Values(v), Is.All.Zero)),
        PageRow.Of(() => Softmax(query), v => Assert.That(Values(((Node)v!).Sum(-1)), Is.All.EqualTo(1).Within(1e-6))),
        PageRow.Of(() => Pad(query, [(0, 0), (1, 2)]), v => Assert.That(((Node)v!).Shape, Is.EqualTo(Shape.Create([2, 5])))),
        PageRow.Of(() => CrossEntropy(logits, y, ignoreIndex: -100)),
        PageRow.Of(() => new BatchNorm(8) { Momentum = null }),
        PageRow.Of(() => new BatchNorm(4) { Frozen = true }, v =>
        {
            using var pass = Pass.Training(random);
            ((Layer)v!).Forward(x);
            Assert.That(pass.Updates, Is.Empty);
        }),
        PageRow.Of(() => lstm.ForwardWithState(sequences, lengths: lengths)),
        PageRow.Of(() => new Lstm(4, 8, random, layers: 2) { Dropout = 0.1 }),
    ];

    [OneTimeSetUp]
    public void Save() => net.Save(path);

    [OneTimeTearDown]
    public void Delete() => File.Delete(path);

    [Test]
    public void The_page_has_the_rows_that_are_run() => PageRow.RequireAll(Page, Rows());

    [TestCaseSource(nameof(Rows))]
    public void A_row_is_as_the_page_says(PageRow row) => row.RunAsOn(Page);

    private static float[] Values(object? node) => Compiler.Compile([], (Node)node!).Run().GetArray<float>();
}
