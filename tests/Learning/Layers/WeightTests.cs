using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.Layers;

/// <summary>What layers of weights are made of, and what they begin with.</summary>
internal sealed class WeightTests
{
    private static readonly Generator Random = new(1);

    [Test]
    public void Convolutions_have_PyTorchs_layouts_and_bounds()
    {
        var conv = new Conv2D(4, 6, (3, 5), Random, groups: 2);
        Assert.That($"{conv.Weight.Shape} {conv.Bias!.Shape}", Is.EqualTo("[6, 2, 3, 5] [6]"));
        Bound(conv, 2 * 15);
        var transposed = new ConvTranspose1D(4, 6, 3, Random, groups: 2);
        Assert.That($"{transposed.Weight.Shape} {transposed.Bias!.Shape}", Is.EqualTo("[4, 3, 3] [6]"));
        Bound(transposed, 3 * 3);
        Assert.That((conv.Inputs, conv.Outputs, conv.KernelSize, conv.Groups, conv.Stride, conv.Padding, conv.Dilation, conv.PaddingMode), Is.EqualTo((4, 6, (PerAxis)(3, 5), 2, (PerAxis)1, Padding.Valid, (PerAxis)1, PaddingMode.Zeros)));
        Assert.That(transposed.OutputPadding, Is.EqualTo((PerAxis)0));

        static void Bound(WeightedLayer layer, int fanIn)
        {
            float bound = 1 / MathF.Sqrt(fanIn);
            Assert.That(layer.Weight.Values.ToArray().Max(MathF.Abs), Is.LessThanOrEqualTo(bound).And.GreaterThan(0.8f * bound));
            Assert.That(layer.Bias!.Values.ToArray().Max(MathF.Abs), Is.LessThanOrEqualTo(bound));
        }
    }

    [Test]
    public void What_convolutions_are_made_of_is_checked()
    {
        Assert.That(() => new Conv1D(4, 6, 3, Random, groups: 4), Throws.ArgumentException.With.Message.Contains("The 4 channels that come in and the 6 that go out do not both fall into 4 groups"));
        Assert.That(() => new Conv2D(4, 6, [3, 3, 3], Random), Throws.ArgumentException.With.Message.Contains("3 sizes, [3, 3, 3], for 2 axes"));
        Assert.That(() => new Conv3D(4, 6, 0, Random), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("kernelSize"));
        Assert.That(() => new ConvTranspose2D(0, 6, 1, Random), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("inputs"));
        Assert.That(() => new ConvTranspose3D(4, 6, 1, Random, groups: -1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("groups"));
        Assert.That(() => new Linear(4, 0, Random), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("outputs"));
        Assert.That(
            () => new Sequential(new Conv2D(3, 4, 3, Random)).Forward(Input("x", [1, 8, 8, 3])),
            Throws.TypeOf<ShapeException>().With.Message.EqualTo("'0' (Conv2D(3 → 4, 3)): takes [N, 3, H, W] or [3, H, W], and was given [1, 8, 8, 3]. Channels come before places here; Permute puts them there."));
    }

    [Test]
    public void A_table_has_a_row_of_nothing()
    {
        var table = new Embedding(5, 2, Random, paddingIndex: -1);
        Assert.That((table.Count, table.Width, table.PaddingIndex), Is.EqualTo((5, 2, 4)));
        Assert.That(table.Weight.Values[8..].ToArray(), Is.EqualTo((float[])[0, 0]));
        Assert.That(table.Weight.Values[..8].ToArray(), Has.None.EqualTo(0));
        Leaf x = Input<long>("x", [3]);
        using CompiledGraph graph = Compiler.Compile([x], [Sum(table.Forward(x))]);
        graph.Forward(new long[] { 4, 1, 1 });
        graph.Backward();
        Assert.That(table.Weight.Grad!.ToArray(), Is.EqualTo((float[])[0, 0, 2, 2, 0, 0, 0, 0, 0, 0]));
        Assert.That(() => new Embedding(5, 2, Random, paddingIndex: 5), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("no such row in a table of 5"));
        Assert.That(() => new EmbeddingBag(0, 2, Random), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void A_head_is_tied_to_a_table()
    {
        var table = new Embedding(5, 3, Random);
        var head = new Linear(3, 5, Random, bias: false) { Weight = table.Weight };
        var net = new Sequential(table, head);
        Assert.That(net.NamedParameters().Select(p => (p.Path, p.Alias)), Is.EqualTo(((string, string?)[])[("0.weight", null), ("1.weight", "0.weight")]));
        Assert.That(head.Bias, Is.Null);
        Assert.That(() => new Linear(3, 4, Random) { Weight = table.Weight }, Throws.TypeOf<ShapeException>().With.Message.EqualTo("The weight of Linear(3 → 4) is [4, 3] and cannot be Parameter '0.weight' [5, 3]."));
        Assert.That(() => new Embedding(5, 2, Random) { Weight = table.Weight }, Throws.TypeOf<ShapeException>().With.Message.Contains("The weight of Embedding(5, 2) is [5, 2]"));
    }

    [Test]
    public void Bags_have_any_lengths()
    {
        var bags = new EmbeddingBag(4, 2, Random) { Reduction = BagReduction.Sum };
        Leaf x = Input<long>("x", ["n"]);
        Leaf offsets = Input<long>("offsets", [3]);
        float[] w = bags.Weight.Values.ToArray();
        var sum = bags.Compile<Func<long[], long[], float[]>>([x, offsets], () => bags.Forward(x, offsets));
        Assert.That(sum([3, 0, 1], [0, 1, 1]), Is.EqualTo((float[])[w[6], w[7], 0, 0, w[0] + w[2], w[1] + w[3]]));
        Assert.That((bags.Reduction, new EmbeddingBag(4, 2, Random).Reduction), Is.EqualTo((BagReduction.Sum, BagReduction.Mean)));
        Assert.That(() => bags.Forward(x, Input<long>("o", [3, 1])), Throws.TypeOf<ShapeException>().With.Message.StartsWith("EmbeddingBag(4, 2): takes indices [bags, rows of a bag], or a vector of indices and one of offsets, and was given"));
        Assert.That(() => bags.Forward(x, Input("o", [3])), Throws.TypeOf<DTypeException>());
    }

    [Test]
    public void Dropout_of_features_keeps_mean_and_variance()
    {
        Input<float> x = Input("x", [200, 100, 4]);
        float[] y;
        using (Pass.Training(new Generator(3)))
        {
            y = Compiler.Compile([x], new FeatureAlphaDropout(0.3).Forward(x)).Run(new Generator(4).Normal(200, 100, 4)).GetArray<float>();
        }

        // Of 20,000 channels: five of their deviations.
        bool[] isDropped = [.. y.Chunk(4).Select(c => c.All(v => v == c[0]))];
        Assert.That(isDropped.Count(d => d) / 20_000.0, Is.EqualTo(0.3).Within(5 * Math.Sqrt(0.21 / 20_000)));
        Assert.That(y.Average(v => (double)v), Is.EqualTo(0).Within(5 / Math.Sqrt(20_000)));
        Assert.That(y.Average(v => (double)v * v), Is.EqualTo(1).Within(0.05));
        Assert.That(y.Chunk(4).Where((_, i) => isDropped[i]).Select(c => c[0]).Distinct().ToArray(), Has.Length.EqualTo(1), "one value for all that is dropped");
    }

    [Test]
    public void Dropout_has_a_probability()
    {
        Assert.That(() => new Dropout(1.5), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("from 0 to 1"));
        Assert.That(() => new AlphaDropout(double.NaN), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That((new Dropout().P, new Dropout1D(0.1).P, new Dropout2D().P, new Dropout3D().P), Is.EqualTo((0.5, 0.1, 0.5, 0.5)));
        Assert.That(new PRelu(3).Weight.Values.ToArray(), Is.EqualTo((float[])[0.25f, 0.25f, 0.25f]));
    }
}
