using static GraphCompiler.Learning.Tests.Layers.Evaluated;
using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.Layers;

/// <summary>Attention as layers against the functions of the core, and one way to say it against another.</summary>
internal sealed class AttentionTests
{
    private static readonly Generator Random = new(3);

    [Test]
    public void Names_and_starts_are_those_of_PyTorch()
    {
        var plain = new MultiHeadAttention(8, 2, Random);
        Assert.That(plain.NamedParameters().Select(p => $"{p.Path} {p.Parameter.Shape}"), Is.EqualTo((string[])["in_proj_weight [24, 8]", "in_proj_bias [24]", "out_proj.weight [8, 8]", "out_proj.bias [8]"]));
        Assert.That(plain.InProjBias!.Values.ToArray().Concat(plain.OutProj.Bias!.Values.ToArray()), Is.All.Zero);
        Assert.That(plain.InProjWeight!.Values.ToArray().Max(MathF.Abs), Is.EqualTo(MathF.Sqrt(6f / 32)).Within(0.01));
        var wide = new MultiHeadAttention(8, 2, Random, bias: false, keyWidth: 3, valueWidth: 5);
        Assert.That(wide.NamedParameters().Select(p => $"{p.Path} {p.Parameter.Shape}"), Is.EqualTo((string[])["q_proj_weight [8, 8]", "k_proj_weight [8, 3]", "v_proj_weight [8, 5]", "out_proj.weight [8, 8]"]));
        Assert.That((wide.QProjWeight!.Rank, wide.KProjWeight!.Rank, wide.VProjWeight!.Rank, wide.Width, wide.Heads, wide.KeyWidth, wide.ValueWidth), Is.EqualTo((2, 2, 2, 8, 2, 3, 5)));
        Assert.That(() => new MultiHeadAttention(8, 3, Random), Throws.ArgumentException.With.Message.Contains("A width of 8 cannot be divided into 3 heads"));
        Assert.That(() => new MultiHeadAttention(8, 2, Random) { Dropout = 1.5 }, Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void A_layer_is_what_the_core_computes()
    {
        var layer = new MultiHeadAttention(8, 2, Random);
        var causal = new MultiHeadAttention(8, 2, Random) { Causal = true, BatchFirst = true };
        Fill(layer.InProjBias!);
        Fill(causal.InProjBias!);
        Node x = Numbers(1, 3, 2, 8);
        Node y = Numbers(2, 5, 2, 8);
        Node padding = Iota([2, 5], 1) > (Iota([2, 5], 0) + 2);
        Node mask = Iota([3, 5], 1) > (Iota([3, 5], 0) + 2);
        Node batchFirst = Transpose(x, 0, 1);
        (Node result, Node weights) = layer.ForwardWithWeights(x, y, y, padding, mask, averageWeights: false);
        (Node expected, Node expectedWeights) = Core(layer, x, y, y, padding, mask, averageWeights: false);
        AreEqual(
            (result, expected),
            (weights, expectedWeights),
            (layer.ForwardWithWeights(x, y, y).Weights, Core(layer, x, y, y).Weights),
            (layer.Forward(x, y, y, padding, mask), expected),
            (layer.Forward(x), Core(layer, x, x, x).Result),
            (layer.Forward(Select(x, 1, 1)), Select(Core(layer, x, x, x).Result, 1, 1)),
            (layer.Forward(Select(x, 1, 1), Select(y, 1, 1), Select(y, 1, 1), Select(padding, 0, 1), mask), Select(expected, 1, 1)),
            (causal.Forward(batchFirst), Core(causal, batchFirst, batchFirst, batchFirst, causal: true, batchFirst: true).Result));
    }

    [Test]
    public void Keys_and_values_may_have_widths_of_their_own()
    {
        var narrow = new MultiHeadAttention(8, 2, Random, keyWidth: 3, valueWidth: 5);
        var same = new MultiHeadAttention(8, 2, Random);
        Node query = Numbers(1, 4, 2, 8);
        Node key = Numbers(2, 5, 2, 3);
        Node value = Numbers(3, 5, 2, 5);
        Node projections = Concat([narrow.QProjWeight!, Widened(narrow.KProjWeight!), Widened(narrow.VProjWeight!)]);
        (Node result, Node weights) = narrow.ForwardWithWeights(query, key, value);
        (Node expected, Node expectedWeights) = MultiHeadAttention(query, Widened(key), Widened(value), 2, projections, narrow.InProjBias, narrow.OutProj.Weight, narrow.OutProj.Bias);
        AreEqual((result, expected), (weights, expectedWeights));

        static Node Widened(Node x) => Concat([x, Zeros([.. x.Shape.SkipLast(1), 8 - x.Shape[^1]])], -1);
    }

    [Test]
    public void What_does_not_fit_is_named()
    {
        var net = new Sequential(new MultiHeadAttention(8, 2, Random) { BatchFirst = true });
        var layer = (MultiHeadAttention)net[0];
        Node x = Input("x", ["N", "L", 8]);
        Assert.That(net.Forward(x).Shape, Is.EqualTo(x.Shape));
        Assert.That(() => net.Forward(Input("x", ["N", "L", 7])), Throws.TypeOf<ShapeException>().With.Message.EqualTo("'0' (MultiHeadAttention(8, 2 heads)): takes a query [N, L, 8], or [L, 8] without a batch, and was given [N, L, 7]."));
        Assert.That(() => layer.Forward(x, x, Input("v", ["N", "L", 3])), Throws.TypeOf<ShapeException>().With.Message.Contains("takes a value [N, L, 8]"));
        Assert.That(() => layer.Forward(x, x, Input<double>("v", ["N", "L", 8])), Throws.TypeOf<DTypeException>().With.Message.StartsWith("'0' (MultiHeadAttention"));
        Assert.That(() => layer.Forward(x, x, x, mask: Input<bool>("m", [3, 3])), Throws.TypeOf<ShapeException>().With.Message.StartsWith("'0' (MultiHeadAttention"));
        var dropping = new MultiHeadAttention(8, 2, Random) { Dropout = 0.1 };
        Assert.That(() => dropping.Forward(x), Throws.InvalidOperationException.With.Message.Contains("differs between training and inference"));
    }

    [Test]
    public void Weights_are_dropped_by_training_alone()
    {
        var layer = new MultiHeadAttention(4, 1, Random) { Dropout = 0.5 };
        Node x = Numbers(1, 16, 1, 4);
        Node trained;
        Node inferred;
        using (Pass.Training(new Generator(1)))
        {
            trained = layer.ForwardWithWeights(x, x, x).Weights;
        }

        using (Pass.Inference())
        {
            inferred = layer.ForwardWithWeights(x, x, x).Weights;
        }

        float[][] values = Values(trained, inferred);
        Assert.That(values[0].Count(w => w == 0), Is.InRange(80, 176));
        Assert.That(values[1], Has.None.Zero);
    }

    [Test]
    public void Groups_share_keys_and_values()
    {
        var layer = new GroupedQueryAttention(8, 4, 2, Random, headWidth: 6, bias: true, outBias: true) { Causal = true, Rotary = new RotaryEmbedding(6) };
        Assert.That(layer.NamedParameters().Select(p => $"{p.Path} {p.Parameter.Shape}"), Is.EqualTo((string[])[
            "q_proj.weight [24, 8]", "q_proj.bias [24]", "k_proj.weight [12, 8]", "k_proj.bias [12]", "v_proj.weight [12, 8]", "v_proj.bias [12]", "o_proj.weight [8, 24]", "o_proj.bias [8]"]));
        Node x = Numbers(1, 2, 5, 8);
        Node later = Iota([5, 5], 1) > Iota([5, 5], 0);
        NodeList heads = [.. Enumerable.Range(0, 4).Select(h => Head(layer, x, h, later))];
        var free = new GroupedQueryAttention(8, 4, 1, Random);
        AreEqual(
            (layer.Forward(x), layer.OProj.Forward(Concat([.. heads], -1))),
            (layer.Forward(Select(x, 0, 1)), Select(layer.Forward(x), 0, 1)),
            (layer.Forward(x, later), layer.Forward(x)),
            (free.Forward(x, Where(later, double.NegativeInfinity, Zeros([5, 5]))), free.Forward(x, later)));
        Assert.That((layer.Width, layer.Heads, layer.Groups, layer.HeadWidth, free.HeadWidth), Is.EqualTo((8, 4, 2, 6, 2)));
        Assert.That(() => new GroupedQueryAttention(8, 4, 3, Random), Throws.ArgumentException.With.Message.Contains("4 heads cannot be divided into 3 groups"));
        Assert.That(() => new GroupedQueryAttention(8, 3, 3, Random), Throws.ArgumentException.With.Message.Contains("headWidth"));
        Assert.That(() => new GroupedQueryAttention(8, 4, 2, Random) { Rotary = new RotaryEmbedding(4) }, Throws.TypeOf<ShapeException>().With.Message.Contains("have the size 2"));
        Assert.That(() => new Sequential(layer).Forward(Input("x", [2, 5, 7])), Throws.TypeOf<ShapeException>().With.Message.Contains("takes a sequence [N, T, 8], or [T, 8] without a batch, and was given [2, 5, 7]"));

        static Node Head(GroupedQueryAttention layer, Node x, int head, Node later)
        {
            Node q = layer.Rotary!.Forward(Slice(layer.QProj.Forward(x), -1, head * 6, (head + 1) * 6));
            Node k = layer.Rotary.Forward(Slice(layer.KProj.Forward(x), -1, head / 2 * 6, ((head / 2) + 1) * 6));
            Node v = Slice(layer.VProj.Forward(x), -1, head / 2 * 6, ((head / 2) + 1) * 6);
            return MatMul(Softmax(Where(later, double.NegativeInfinity, MatMul(q, k.Transpose(-1, -2)) / Math.Sqrt(6))), v);
        }
    }

    [Test]
    public void Rotary_positions_turn_pairs([Values] bool interleaved)
    {
        var rotary = new RotaryEmbedding(4, theta: 100) { Interleaved = interleaved };
        float[] x = new Generator(1).Normal(2, 3, 4).ToArray();
        Node node = Constant(x, [2, 3, 4]);
        float[] expected = new float[x.Length];
        for (int row = 0; row < 6; row++)
        {
            for (int pair = 0; pair < 2; pair++)
            {
                (int a, int b) = interleaved ? (2 * pair, (2 * pair) + 1) : (pair, pair + 2);
                double angle = (row % 3) * Math.Pow(100, -pair / 2.0);
                (double p, double q) = (x[(row * 4) + a], x[(row * 4) + b]);
                expected[(row * 4) + a] = (float)((p * Math.Cos(angle)) - (q * Math.Sin(angle)));
                expected[(row * 4) + b] = (float)((q * Math.Cos(angle)) + (p * Math.Sin(angle)));
            }
        }

        // Scores depend on distances alone.
        Node near = Sum(rotary.Forward(node, Constant((long[])[0, 1, 2])) * rotary.Forward(node * 2, Constant((long[])[3, 4, 5])), -1);
        Node far = Sum(rotary.Forward(node, Constant((int[])[7, 8, 9])) * rotary.Forward(node * 2, Constant((int[])[10, 11, 12])), -1);
        AreEqual((rotary.Forward(node), Constant(expected, [2, 3, 4])), (near, far));
        Assert.That((rotary.Width, rotary.Theta, rotary.Interleaved), Is.EqualTo((4, 100, interleaved)));
        Assert.That(() => new RotaryEmbedding(5), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new RotaryEmbedding(4, theta: double.NaN), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => rotary.Forward(node, Constant((long[])[1, 2])), Throws.TypeOf<ShapeException>().With.Message.Contains("takes positions [3]"));
        Assert.That(() => rotary.Forward(node, node), Throws.TypeOf<DTypeException>().With.Message.Contains("takes positions that are integers"));
    }

    [Test]
    public void Heads_are_turned_each([Values] bool batchFirst)
    {
        var layer = new MultiHeadAttention(8, 2, Random, bias: false) { Rotary = new RotaryEmbedding(4), BatchFirst = batchFirst };
        Node x = batchFirst ? Numbers(1, 2, 3, 8) : Numbers(1, 3, 2, 8);
        Node rows = batchFirst ? x : x.Transpose(0, 1);
        NodeList heads = [.. Enumerable.Range(0, 2).Select(Head)];
        Node joined = layer.OutProj.Forward(Concat([.. heads], -1));
        AreEqual((layer.Forward(x), batchFirst ? joined : joined.Transpose(0, 1)), (layer.Forward(Select(rows, 0, 1)), Select(joined, 0, 1)));

        Node Head(int head)
        {
            Node Part(int which) => Linear(rows, layer.InProjWeight![((8 * which) + (4 * head))..((8 * which) + (4 * head) + 4)]);
            return ScaledDotProductAttention(layer.Rotary!.Forward(Part(0)), layer.Rotary.Forward(Part(1)), Part(2));
        }
    }

    private static (Node Result, Node Weights) Core(
        MultiHeadAttention layer, Node query, Node key, Node value, Node? padding = null, Node? mask = null, bool causal = false, bool batchFirst = false, bool averageWeights = true) =>
        MultiHeadAttention(query, key, value, layer.Heads, layer.InProjWeight, layer.InProjBias, layer.OutProj.Weight, layer.OutProj.Bias, padding, mask, causal, batchFirst, averageWeights);

    private static void Fill(Parameter<float> bias) => bias.Set(new Generator(9).Normal((int)bias.Shape[0].Constant!).ToArray());
}
