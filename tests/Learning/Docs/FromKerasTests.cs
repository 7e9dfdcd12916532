using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.Docs;

/// <summary>Each row of the page for who comes from Keras is run.</summary>
internal sealed class FromKerasTests
{
    private const string Page = "from-keras.md";

    private static readonly Generator random = new(1);
    private static readonly Sequential net = new(new Linear(4, 3, random));
    private static readonly Input<float> x = Input("x", ["N", 4]);
    private static readonly Input<long> y = Input<long>("y", ["N"]);
    private static readonly Node logits = net.Forward(x);
    private static readonly string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.safetensors");

    // Arrays as Keras has them: of three inputs and two units, channels or heads.
    private static readonly Node dense = Constant(random.Normal(3, 2));
    private static readonly Node conv = Constant(random.Normal(5, 5, 3, 2));
    private static readonly Node depthwise = Constant(random.Normal(5, 5, 3, 2));
    private static readonly Node spread = Constant(random.Normal(5, 5, 2, 3));
    private static readonly Node lstm = Constant(random.Normal(3, 8));
    private static readonly Node gru = Constant(random.Normal(3, 6));
    private static readonly Node query = Constant(random.Normal(4, 2, 2));
    private static readonly Node output = Constant(random.Normal(2, 2, 4));
    private static readonly Node seen = Constant(new[,] { { true, false }, { true, true } });
    private static readonly Node pair = Constant(new[,] { { 1f, 2 }, { 3, 4 } });
    private static readonly MultiHeadAttention attention = new(2, 1, random) { BatchFirst = true };

    private static IEnumerable<PageRow> Rows() => [.. Layers(), .. Verbs(), .. Weights(), .. Differences()];

    private static IEnumerable<PageRow> Layers() =>
    [
        PageRow.Of(() => new Linear(4, 3, random, init: Initializer.Keras)),
        PageRow.Of(() => new Embedding(10, 4, random, init: Initializer.Uniform(-0.05f, 0.05f))),
        PageRow.Of(() => new Conv2D(4, 8, 3, random, init: Initializer.Keras) { Padding = Padding.Same }),
        PageRow.Of(() => new Conv2D(8, 16, 3, random, groups: 8)),
        PageRow.Of(() => new ConvTranspose2D(8, 4, 2, random) { Stride = 2 }),
        PageRow.Of(() => BatchNorm.Keras(8), v => Assert.That((((BatchNorm)v!).Momentum, ((BatchNorm)v).Epsilon), Is.EqualTo(((double?)0.01, 1e-3)))),
        PageRow.Of(() => new LayerNorm(8) { Epsilon = 1e-3 }),
        PageRow.Of(() => new GroupNorm(2, 8) { Epsilon = 1e-3 }),
        PageRow.Of(() => new Dropout(0.1)),
        PageRow.Of(() => new Dropout2D(0.1)),
        PageRow.Of(() => new Lstm(4, 8, random) { BatchFirst = true }),
        PageRow.Of(() => new Gru(4, 8, random) { BatchFirst = true }),
        PageRow.Of(() => new Rnn(4, 8, random) { BatchFirst = true }),
        PageRow.Of(() => new MultiHeadAttention(8, 2, random) { BatchFirst = true }),
        PageRow.Of(() => new Sequential(new Linear(4, 8, random), Activation.Relu, new Linear(8, 1, random))),
        PageRow.Of(() => Activation.LeakyRelu(0.3)),
        PageRow.Of(() => Activation.Softmax()),
    ];

    private static IEnumerable<PageRow> Verbs() =>
    [
        PageRow.Of(() => net.Summary(["N", 4])),
        PageRow.Of(() => net.Parameters(), v => Assert.That((IReadOnlyList<Parameter>)v!, Has.Count.EqualTo(2))),
        PageRow.Of(() => net.Compile<Func<float[], float[]>>([x], () => net.Forward(x))),
        PageRow.Of(() => Pass.Training(random)),
        PageRow.Of(
            () => new Trainer(net, [x, y], () => Objective.CrossEntropy(net.Forward(x), y), random) { Optimizers = [new Adam(1e-3)] },
            v => Assert.That(((Trainer)v!).Step(new float[8], new long[2]).Loss, Is.Positive)),
        PageRow.Of(() => new Linear(4, 3, random) { Frozen = true }, v => Assert.That(((Module)v!).Parameters(), Is.Empty)),
        PageRow.Of(() => net.Load(path, rename: name => name.Replace("gamma", "weight").Replace("beta", "bias"))),
        PageRow.Of(() => CrossEntropy(logits, y)),
        PageRow.Of(() => new Adam(1e-3) { Epsilon = 1e-7 }),
        PageRow.Of(() => Initializer.Keras),
        PageRow.Of(() => Initializer.LeCunNormal()),
        PageRow.Of(() => new Generator(seed: 1)),
    ];

    private static IEnumerable<PageRow> Weights() =>
    [
        PageRow.Of(() => Transpose(dense), v =>
        {
            Node row = Constant((float[])[1, 2, 3]);
            Same(Linear(row, (Node)v!), MatMul(row, dense));
            var layer = new Linear(3, 2, random);
            Compiler.Compile([], [], [(layer.Weight, Transpose(dense))]).Run();
            Same(layer.Weight, (Node)v!);
        }),
        PageRow.Of(() => Permute(conv, [3, 2, 0, 1]), v => Same(((Node)v!)[1, 2, 3, 4], conv[3, 4, 2, 1])),
        PageRow.Of(() => Reshape(Permute(depthwise, [2, 3, 0, 1]), [6, 1, 5, 5]), v => Same(((Node)v!)[5, 0, 3, 4], depthwise[3, 4, 2, 1])),
        PageRow.Of(() => Permute(spread, [3, 2, 0, 1]), v => Same(((Node)v!)[2, 1, 3, 4], spread[3, 4, 1, 2])),
        PageRow.Of(() => Transpose(lstm), v =>
        {
            // Keras's step from zeros: gates i, f, c, o of the input alone.
            Node row = Constant((float[])[1, 2, 3]);
            NodeList z = Split(MatMul(row, lstm), 2);
            Same(Lstm(Unsqueeze(row, 0), [(Node)v!, Zeros([8, 2])]).Last, Unsqueeze(Sigmoid(z[3]) * Tanh(Sigmoid(z[0]) * Tanh(z[2])), 0));
        }),
        PageRow.Of(() => Transpose(Concat([gru[.., 2..4], gru[.., ..2], gru[.., 4..]], 1)), v =>
        {
            // Keras's step from zeros: gates z, r, h of the input alone.
            Node row = Constant((float[])[1, 2, 3]);
            NodeList z = Split(MatMul(row, gru), 2);
            Same(Gru(Unsqueeze(row, 0), [(Node)v!, Zeros([6, 2])]).Last, Unsqueeze((1 - Sigmoid(z[0])) * Tanh(z[2]), 0));
        }),
        PageRow.Of(() => Transpose(Flatten(query, 1, 2)), v => Same(((Node)v!)[3, 2], query[2, 1, 1])),
        PageRow.Of(() => Transpose(Flatten(output, 0, 1)), v => Same(((Node)v!)[2, 3], output[1, 1, 2])),
    ];

    private static IEnumerable<PageRow> Differences() =>
    [
        PageRow.Of(() => attention.Forward(pair, pair, pair, mask: !seen), v => Same(((Node)v!)[0], attention.Forward(pair[..1], pair[..1], pair[..1])[0])),
        PageRow.Of(() => Permute(Input("image", ["N", 32, 32, 3]), [0, 3, 1, 2]), v => Assert.That(((Node)v!).Shape[1], Is.EqualTo(Dim.Of(3)))),
    ];

    [OneTimeSetUp]
    public void Save() => net.Save(path);

    [OneTimeTearDown]
    public void Delete() => File.Delete(path);

    [Test]
    public void The_page_has_the_rows_that_are_run() => PageRow.RequireAll(Page, Rows());

    [TestCaseSource(nameof(Rows))]
    public void A_row_is_as_the_page_says(PageRow row) => row.RunAsOn(Page);

    private static void Same(Node a, Node b) => Assert.That(Values(a), Is.EqualTo(Values(b)).Within(1e-6));

    private static float[] Values(Node node) => Compiler.Compile([], node).Run().GetArray<float>();
}
