using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.Inspection;

/// <summary>What a summary counts, by hand, and how it prints.</summary>
internal sealed class SummaryTests
{
    private static readonly Generator Random = new(1);

    [Test]
    public void A_model_prints_as_a_table()
    {
        var body = new Sequential(new Linear(784, 128, Random), Activation.Relu) { Frozen = true };
        ModelSummary summary = new Sequential(body, new Linear(128, 10, Random), new Counting()).Summary(["N", 784]);
        Assert.That(summary.ToString().ReplaceLineEndings("\n"), Is.EqualTo("""
            layer                              output                 trained not trained      multiply-adds
            ────────────────────────────────────────────────────────────────────────────────────────────────
            Sequential(3)                      [N, 10]                  1,290     100,481           101632*N
              0 Sequential(2)                  [N, 128]                     0     100,480           100352*N
                0 Linear(784 → 128)            [N, 128]                     0     100,480           100352*N
                1 ReLU                         [N, 128]                     0           0                  0
              1 Linear(128 → 10)               [N, 10]                  1,290           0             1280*N
              2 Counting                       [N, 10]                      0           1                  0
            ────────────────────────────────────────────────────────────────────────────────────────────────
            parameters: 1,290 trained, 100,480 frozen; buffers: 1; 407,088 bytes
            multiply-adds: 101632*N
            """));
        LayerSummary line = summary.Layers[1];
        Assert.That((line.Path, line.Module, line.Depth, line.Frozen, line.Bytes), Is.EqualTo(("0", (Module)body, 1, 100480L, 401920L)));
        Assert.That((summary.Whole.Trained, summary.Whole.Frozen, summary.Whole.Buffers, summary.Whole.Bytes), Is.EqualTo((1290L, 100480L, 1L, 407088L)));
        Assert.That(summary.ToString().Split('\n'), Has.All.Length.LessThanOrEqualTo(100));
    }

    [Test]
    public void Products_are_counted_as_by_hand()
    {
        // 8 channels of 14 · 14 places, each of a window 3 · 3 over the 4 channels of a group.
        var weight = Parameter("w", [8, 2, 3, 3], 0f);
        Assert.That(Of([1, 4, 16, 16], x => Conv2D(x, weight, groups: 2)), Is.EqualTo(Dim.Of(8 * 14 * 14 * 9 * 2)));
        var byChannel = Parameter("w", [4, 1, 3, 3], 0f);
        Assert.That(Of(["N", 4, 16, 16], x => Conv2D(x, byChannel, padding: 1, groups: 4)), Is.EqualTo(Dim.OfSymbol("N") * (4 * 16 * 16 * 9)));
        var spread = Parameter("w", [4, 6, 2], 0f);
        Assert.That(Of([3, 4, 10], x => ConvTranspose1D(x, spread, stride: 2)), Is.EqualTo(Dim.Of(3 * 4 * 10 * 6 * 2)));

        // Four projections of [5, 8] by [8, 8], scores and sums of 5 · 5 pairs in all heads.
        (Parameter<float> into, Parameter<float> outOf) = (Parameter("in", [24, 8], 0f), Parameter("out", [8, 8], 0f));
        Assert.That(Of([2, 5, 8], x => MultiHeadAttention(x, x, x, 2, into, null, outOf, null, batchFirst: true).Result), Is.EqualTo(Dim.Of(2 * ((4 * 5 * 8 * 8) + (2 * 5 * 5 * 8)))));

        // Each of 7 steps: four gates of 6 of an input of 3 and a state of 6.
        (Parameter<float> input, Parameter<float> hidden) = (Parameter("ih", [24, 3], 0f), Parameter("hh", [24, 6], 0f));
        Assert.That(Of([7, 2, 3], x => Lstm(x, [input, hidden]).Outputs), Is.EqualTo(Dim.Of(7 * 2 * 24 * (3 + 6))));

        static Dim Of(Shape shape, Func<Node, Node> define) => new Sequential(Activation.Of("f", define)).Summary(shape).Whole.MultiplyAdds;
    }

    [Test]
    public void Steps_of_loops_count_and_the_larger_side_of_a_branch()
    {
        var w = Parameter("w", [4, 4], 0f);
        var narrow = Parameter("n", [4, 1], 0f);
        Assert.That(Of(x => Scan(x, "T", (c, _) => MatMul(c, w)).Last), Is.EqualTo(Dim.OfSymbol("T") * 32));
        Assert.That(Of(x => While(x, c => c.Sum() < 3, c => MatMul(c, w))), Is.EqualTo(Dim.Of(32)));
        Assert.That(Of(x => Cond(x.Sum() > 0, () => MatMul(x, w), () => BroadcastTo(MatMul(x, narrow), x.Shape))), Is.EqualTo(Dim.Of(32)));

        static Dim Of(Func<Node, Node> define) => new Sequential(Activation.Of("f", define)).Summary([2, 4]).Whole.MultiplyAdds;
    }

    [Test]
    public void What_is_used_twice_owns_its_parameters_once()
    {
        Linear shared = new Linear(3, 3, Random).Tied();
        ModelSummary summary = new Sequential(shared, Activation.Relu, shared).Summary([5, 3]);
        Assert.That((summary.Whole.Trained, summary.Whole.MultiplyAdds), Is.EqualTo((12L, Dim.Of(2 * 5 * 9))));
        Assert.That(summary.Layers.Select(l => (l.Depth, l.IsRepeated, l.MultiplyAdds)), Is.EqualTo(((int, bool, Dim)[])[(0, false, 90), (1, false, 45), (1, false, 0), (1, true, 45)]));
        Assert.That(summary.ToString(), Does.Contain("as above"));
    }

    [Test]
    public void A_module_of_several_inputs_is_given_a_definition()
    {
        var net = new Pair();
        ModelSummary one = net.Summary(() => net.Forward(Input("a", ["N", 4]), Input<long>("b", ["N"])).Sum);
        Assert.That(one.Layers.Select(l => (l.Path, l.Depth, string.Join(' ', l.Outputs))), Is.EqualTo(((string, int, string)[])[("", 0, "[N, 4] [N, 4]"), ("first", 1, "[N, 4]"), ("unused", 0, "")]));
        Assert.That(one.ToString(), Does.Contain("unused Linear(9 → 1)").And.Contain("not defined"));
        ModelSummary two = net.Summary(() => (Node[])[net.Forward(Input("a", [2, 4]), Input<long>("b", [2])).Sum, net.Forward(Input("c", [3, 4]), Input<long>("d", [3])).Sum]);
        Assert.That((two.Whole.MultiplyAdds, two.Whole.Trained), Is.EqualTo((Dim.Of(5 * 32), 46L)));
        Assert.That(new Sequential(Activation.Of("twice", x => x + x)).Summary([3], DType.Int64).Layers[0].Outputs[0], Is.EqualTo(Shape.Create([3])));
    }

    /// <summary>Work between layers is the outer module's; what a layer is given is not its own.</summary>
    [Test]
    public void Each_layer_has_its_own_work()
    {
        var net = new Between();
        Assert.That(net.Summary([1, 4]).Layers.Select(l => l.MultiplyAdds), Is.EqualTo((Dim[])[16 + 16 + 16, 16, 16]));
    }

    [Test]
    public void An_open_pass_is_refused_and_an_error_leaves_nobody_listening()
    {
        var net = new Sequential(new Linear(4, 2, Random));
        using (Pass.Inference())
        {
            Assert.That(() => net.Summary([1, 4]), Throws.InvalidOperationException.With.Message.Contains("Summary opens one of its own"));
        }

        Assert.That(() => net.Summary([1, 5]), Throws.TypeOf<ShapeException>());
        Assert.That(net.Summary([1, 4]).Layers, Has.Count.EqualTo(2));
    }

    private sealed class Counting : Layer
    {
        private readonly Parameter<long> count = Buffer(0L);

        protected override Node Define(Node x) => Pass.For(this).IsTraining ? x * Cast(count, DType.Float32) : x * 1;
    }

    private sealed class Pair : Module
    {
        private readonly Linear first = new(4, 4, Random);
        private readonly Parameter<float> table = Parameter("table", [4, 4], 0f);
        private readonly Linear unused = new(9, 1, Random);

        public (Node Sum, Node Product) Forward(Node a, Node b) => Within(() => (first.Forward(a) + MatMul(a, table), Unsqueeze(Cast(b, DType.Float32), 1) * a));
    }

    private sealed class Between : Layer
    {
        private readonly Linear first = new(4, 4, Random, bias: false);
        private readonly Linear second = new(4, 4, Random, bias: false);
        private readonly Parameter<float> own = Parameter("own", [4, 4], 0f);

        protected override Node Define(Node x) => x + second.Forward(MatMul(first.Forward(x), own));
    }
}
