using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.Layers;

/// <summary>Pools and other layers of places, and the module of two inputs.</summary>
internal sealed class PlaceTests
{
    [Test]
    public void A_pool_tells_where_it_found_what_is_largest()
    {
        var pool = new MaxPool2D(2);
        Leaf x = Input("x", [1, 4, 4]);
        CompiledGraph graph = pool.Compile([x], () =>
        {
            (Node values, Node indices) = pool.ForwardWithIndices(x);
            return [values, indices, MaxUnpool2D(values, indices, [4, 4])];
        });
        using (graph)
        {
            RunResults results = graph.Run(new float[,,] { { { 1, 2, 0, 0 }, { 3, 4, 0, 5 }, { 0, 0, 6, 0 }, { 7, 0, 0, 0 } } });
            Assert.That(results.GetArray<float>(0), Is.EqualTo((float[])[4, 5, 7, 6]));
            Assert.That(results.GetArray<long>(1), Is.EqualTo((long[])[5, 7, 12, 10]));
            Assert.That(results.GetArray<float>(2), Is.EqualTo((float[])[0, 0, 0, 0, 0, 4, 0, 5, 0, 0, 6, 0, 7, 0, 0, 0]));
        }

        Assert.That(new MaxPool1D(2).ForwardWithIndices(Input("x", [1, 4])).Indices.Shape, Is.EqualTo(new MaxPool1D(2).Forward(Input("x", [1, 4])).Shape));
        Assert.That(new MaxPool3D(2).ForwardWithIndices(Input("x", [1, 4, 4, 4])).Values.Rank, Is.EqualTo(4));
        Assert.That(() => pool.ForwardWithIndices(Input("x", [4])), Throws.TypeOf<ShapeException>().With.Message.EqualTo("MaxPool2D(2): takes [N, C, H, W] or [C, H, W], and was given [4]."));
    }

    [Test]
    public void What_they_are_made_of_is_checked()
    {
        var pool = new AvgPool2D((2, 3));
        Assert.That((pool.KernelSize, pool.Stride, pool.Padding, pool.Dilation, pool.CeilMode, pool.CountIncludePad, pool.Divisor), Is.EqualTo(((PerAxis)(2, 3), (PerAxis)(2, 3), Padding.Valid, (PerAxis)1, false, true, 0)));
        Assert.That((new LpPool1D(3, 2).Order, new AdaptiveAvgPool2D(7).OutputSize), Is.EqualTo((3.0, (PerAxis)7)));
        Assert.That(() => new MaxPool1D(0), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("kernelSize"));
        Assert.That(() => new AvgPool3D((2, 2)), Throws.ArgumentException.With.Message.Contains("for 3 axes of places"));
        Assert.That(() => new AdaptiveMaxPool2D([1, 2, 3]), Throws.ArgumentException.With.Message.Contains("outputSize"));
        Assert.That(() => new LpPool2D(0, 2), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("order"));
        Assert.That(() => new Upsample(0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new PixelShuffle(0), Throws.TypeOf<ArgumentOutOfRangeException>());
        var flatten = new Flatten();
        var unflatten = new Unflatten(1, [2, -1]);
        Assert.That((flatten.StartAxis, flatten.EndAxis, unflatten.Axis, $"{unflatten.Sizes}"), Is.EqualTo((1, -1, 1, "[2, -1]")));
        var pad = new Pad((1, 0), (0, 2)) { Value = 2 };
        Assert.That(($"{pad}", pad.Mode, pad.Value, pad.Widths.Count), Is.EqualTo(("Pad((1, 0), (0, 2))", PaddingMode.Zeros, 2.0, 2)));
        var up = new Upsample(1.5) { Mode = ResizeMode.Cubic, AlignCorners = true };
        Assert.That(($"{up}", up.Scale, up.Size, up.Mode, up.AlignCorners), Is.EqualTo(("Upsample(1.5, Cubic)", (double?)1.5, (GraphCompiler.Shape?)null, ResizeMode.Cubic, true)));
        var unfold = new Unfold(3);
        var fold = new Fold([4, 5], (2, 3)) { Stride = 2, Padding = 1, Dilation = 2 };
        Assert.That(($"{unfold}", unfold.KernelSize, unfold.Stride, unfold.Padding, unfold.Dilation), Is.EqualTo(("Unfold(3)", (PerAxis)3, (PerAxis)1, Padding.Valid, (PerAxis)1)));
        Assert.That(($"{fold}", $"{fold.OutputSize}", fold.KernelSize, fold.Stride, fold.Padding, fold.Dilation), Is.EqualTo(("Fold([4, 5], [2, 3])", "[4, 5]", (PerAxis)(2, 3), (PerAxis)2, (Padding)1, (PerAxis)2)));
        Assert.That(($"{Upsample.To([4])}", new PixelShuffle(2).Factor, new PixelUnshuffle(3).Factor), Is.EqualTo(("Upsample([4], Nearest)", 2, 3)));
    }

    [Test]
    public void A_bilinear_module_takes_two()
    {
        var random = new Generator(1);
        var form = new Bilinear(3, 2, 4, random);
        Leaf a = Input("a", [5, 3]);
        Leaf b = Input("b", [5, 2]);
        Assert.That((form.First, form.Second, form.Outputs, $"{form.Weight.Shape} {form.Bias!.Shape}"), Is.EqualTo((3, 2, 4, "[4, 3, 2] [4]")));
        Assert.That(form.NamedParameters().Select(p => p.Path), Is.EqualTo((string[])["weight", "bias"]));
        Assert.That(form.Weight.Values.ToArray().Max(MathF.Abs), Is.LessThanOrEqualTo(1 / MathF.Sqrt(3)));
        CompiledGraph graph = form.Compile([a, b], () => [form.Forward(a, b), Bilinear(a, b, form.Weight, form.Bias)]);
        using (graph)
        {
            RunResults results = graph.Run(random.Normal(5, 3), random.Normal(5, 2));
            Assert.That(results.GetArray<float>(0), Is.EqualTo(results.GetArray<float>(1)));
        }

        Assert.That(() => form.Forward(b, a), Throws.TypeOf<ShapeException>().With.Message.EqualTo("Bilinear(3, 2 → 4): takes a tensor whose last axis has size 3, and was given [5, 2]."));
        Assert.That(new Bilinear(3, 2, 4, random, bias: false).Bias, Is.Null);
    }
}
