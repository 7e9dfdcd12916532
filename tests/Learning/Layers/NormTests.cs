using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.Layers;

/// <summary>Statistics that normalisations keep.</summary>
internal sealed class NormTests
{
    // Of channel 0: 1, 2, 3, 6, of mean 3 and unbiased variance 14/3; of channel 1 ten times that.
    private static readonly float[,] Batch = { { 1, 10 }, { 2, 20 }, { 3, 30 }, { 6, 60 } };

    [Test]
    public void A_batch_moves_the_running_statistics()
    {
        var norm = new BatchNorm(2);
        Step(norm, Input("x", [4, 2]), Batch);
        Assert.That(norm.RunningMean!.Values.ToArray(), Is.EqualTo((float[])[0.3f, 3]).Within(1e-6));
        Assert.That(norm.RunningVariance!.Values.ToArray(), Is.EqualTo((float[])[0.9f + (1.4f / 3), 0.9f + (140f / 3)]).Within(1e-5));
        Assert.That(norm.BatchesTracked!.Values.ToArray(), Is.EqualTo((long[])[1]));
        Assert.That(norm.NamedParameters().Select(p => p.Path), Is.EqualTo((string[])["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]));
        Assert.That(norm.Parameters(), Has.Count.EqualTo(2));
    }

    [Test]
    public void Without_a_momentum_they_are_the_mean_over_batches()
    {
        var norm = new BatchNorm(2) { Momentum = null };
        Leaf x = Input("x", [4, 2]);
        Step(norm, x, Batch);
        Assert.That(norm.RunningMean!.Values.ToArray(), Is.EqualTo((float[])[3, 30]).Within(1e-5));
        Step(norm, x, new float[4, 2]);
        Assert.That(norm.RunningMean!.Values.ToArray(), Is.EqualTo((float[])[1.5f, 15]).Within(1e-5));
        Assert.That(norm.RunningVariance!.Values.ToArray(), Is.EqualTo((float[])[7f / 3, 700f / 3]).Within(1e-3));
        Assert.That(norm.BatchesTracked!.Values.ToArray(), Is.EqualTo((long[])[2]));
    }

    [Test]
    public void A_layer_that_is_used_twice_moves_them_twice()
    {
        var norm = new BatchNorm(2, affine: false) { Momentum = 0.5 };
        Leaf x = Input("x", [4, 2]);
        using var pass = Pass.Training(new Generator(1));
        Node y = norm.Forward(x) + norm.Forward(x);
        using CompiledGraph graph = Compiler.Compile([x], [y], pass.Updates);
        graph.Run(Batch);
        Assert.That(norm.RunningMean!.Values.ToArray(), Is.EqualTo((float[])[2.25f, 22.5f]).Within(1e-5));
        Assert.That(norm.BatchesTracked!.Values.ToArray(), Is.EqualTo((long[])[2]));
        Assert.That((norm.Weight, norm.Bias, norm.Momentum), Is.EqualTo(((Parameter<float>?)null, (Parameter<float>?)null, (double?)0.5)));
    }

    [Test]
    public void Those_of_samples_are_averaged()
    {
        // Two samples of one channel: 1, 3 of mean 2 and variance 2, and 4, 8 of mean 6 and variance 8.
        var norm = new InstanceNorm(1, affine: true, track: true) { Momentum = 0.5 };
        Step(norm, Input("x", [2, 1, 2]), new float[,,] { { { 1, 3 } }, { { 4, 8 } } });
        Assert.That(norm.RunningMean!.Values.ToArray(), Is.EqualTo((float[])[2]).Within(1e-6));
        Assert.That(norm.RunningVariance!.Values.ToArray(), Is.EqualTo((float[])[3]).Within(1e-6));
        Assert.That(norm.BatchesTracked!.Values.ToArray(), Is.EqualTo((long[])[0]), "as in PyTorch");
        Assert.That(norm.Momentum, Is.EqualTo(0.5));
        Assert.That(new InstanceNorm(1).NamedParameters(), Is.Empty);
    }

    [Test]
    public void One_number_a_channel_has_no_variance()
    {
        var net = new Sequential(new BatchNorm(2));
        using var pass = Pass.Training(new Generator(1));
        Assert.That(() => net.Forward(Input("x", [1, 2])), Throws.TypeOf<ShapeException>().With.Message.StartsWith("'0' (BatchNorm(2)): ").And.Message.Contains("more than one number a channel"));
        Assert.That(pass.Updates, Is.Empty, "a definition that failed writes nothing");
    }

    [Test]
    public void What_they_are_made_of_is_checked()
    {
        Assert.That(() => new BatchNorm(0), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("channels"));
        Assert.That(() => new BatchNorm(2) { Momentum = 1.5 }, Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new GroupNorm(3, 4), Throws.ArgumentException.With.Message.Contains("4 channels do not fall into 3 groups"));
        Assert.That(() => new LayerNorm([]), Throws.ArgumentException.With.Message.Contains("At least one axis"));
        Assert.That(() => new RmsNorm([2, 0]), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new LocalResponseNorm(0), Throws.TypeOf<ArgumentOutOfRangeException>());
        var group = new GroupNorm(2, 4);
        var layer = new LayerNorm([3, 4], affine: false);
        var rms = new RmsNorm([3, 4]);
        var local = new LocalResponseNorm(5);
        Assert.That((group.Groups, group.Channels, group.Epsilon, group.Weight!.Values[0], group.Bias!.Values[0]), Is.EqualTo((2, 4, 1e-5, 1f, 0f)));
        Assert.That((layer.Weight, layer.Bias, layer.Epsilon), Is.EqualTo(((Parameter<float>?)null, (Parameter<float>?)null, 1e-5)));
        Assert.That((string.Join(", ", layer.Shape), string.Join(", ", rms.Shape), $"{rms.Weight!.Shape}", rms.Epsilon), Is.EqualTo(("3, 4", "3, 4", "[3, 4]", (double?)null)));
        Assert.That((local.Size, local.Alpha, local.Beta, local.K), Is.EqualTo((5, 1e-4, 0.75, 1.0)));
        Assert.That((BatchNorm.Keras(3).Momentum, BatchNorm.Keras(3).Epsilon, new BatchNorm(3).Channels), Is.EqualTo(((double?)0.01, 1e-3, 3)));
    }

    private static void Step(Layer layer, Leaf x, Argument value)
    {
        using var pass = Pass.Training(new Generator(1));
        Node y = layer.Forward(x);
        using CompiledGraph graph = Compiler.Compile([x], [y], pass.Updates);
        graph.Run(value);
    }
}
