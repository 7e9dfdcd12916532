using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.Layers;

/// <summary>Layers that are put around layers of weights.</summary>
internal sealed class WrapperTests
{
    private static readonly Generator Random = new(1);

    [Test]
    public void A_normed_weight_begins_as_it_was_and_merges()
    {
        var linear = new Linear(4, 3, Random);
        float[] weight = linear.Weight.Values.ToArray();
        var norm = new WeightNorm(linear);
        Assert.That(norm.NamedParameters().Select(p => $"{p.Path} {p.Parameter.Shape}"), Is.EquivalentTo((string[])["bias [3]", "weight_g [3, 1]", "weight_v [3, 4]"]));
        Assert.That((norm.Axis, norm.Direction, norm.Bias), Is.EqualTo(((int?)0, linear.Weight, linear.Bias)));
        Assert.That(norm.Magnitude.Values[1], Is.EqualTo(MathF.Sqrt(weight[4..8].Sum(w => w * w))).Within(1e-6));
        Leaf x = Input("x", [4]);
        using CompiledGraph graph = norm.Compile([x], () => [norm.Forward(x), linear.Forward(x)]);
        float[] values = [1, -2, 3, 0.5f];
        RunResults same = graph.Run(values);
        Assert.That(same.GetArray<float>(0), Is.EqualTo(same.GetArray<float>(1)).Within(1e-6));
        norm.Magnitude.Fill(2);
        float[] longer = graph.Run(values).GetArray<float>(0);
        Assert.That(norm.Merge(), Is.SameAs(linear));
        RunResults merged = graph.Run(values);
        Assert.That(merged.GetArray<float>(0), Is.EqualTo(longer).Within(1e-5));
        Assert.That(merged.GetArray<float>(1), Is.EqualTo(longer).Within(1e-5));
        Assert.That(longer, Is.Not.EqualTo(same.GetArray<float>(0)).Within(1e-3));
    }

    [Test]
    public void Names_are_those_of_either_function_of_PyTorch()
    {
        var newer = new WeightNorm(new ConvTranspose1D(4, 6, 3, Random), axis: null, parametrizations: true);
        Assert.That(newer.NamedParameters().Select(p => $"{p.Path} {p.Parameter.Shape}"), Is.EquivalentTo((string[])["bias [6]", "parametrizations.weight.original0 []", "parametrizations.weight.original1 [4, 6, 3]"]));
        Assert.That(new WeightNorm(new Conv1D(4, 6, 3, Random), axis: 1).Magnitude.Shape.ToString(), Is.EqualTo("[1, 4, 1]"));
        Assert.That(() => new WeightNorm(new Linear(4, 3, Random), axis: 2), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("The weight [3, 4] of Linear(4 → 3) has no such axis"));
        var spectral = new SpectralNorm(new Conv1D(4, 6, 3, Random, bias: false), Random);
        Assert.That(spectral.NamedParameters().Select(p => $"{p.Path} {p.Parameter.Shape}"), Is.EquivalentTo((string[])["weight_orig [6, 4, 3]", "weight_u [6]", "weight_v [12]"]));
        Assert.That(spectral.Parameters(), Is.EqualTo((Parameter[])[spectral.Original]));
    }

    [Test]
    public void A_spectral_norm_goes_to_the_largest_singular_value()
    {
        var linear = new Linear(2, 2, Random, bias: false);
        linear.Weight.Set([3, 0, 4, 5]);
        var norm = new SpectralNorm(linear, Random) { Epsilon = 1e-9 };
        Leaf x = Input("x", [2]);
        using (var pass = Pass.Training(Random))
        {
            Node y = norm.Forward(x);
            using CompiledGraph step = Compiler.Compile([x], [y], pass.Updates);
            for (int i = 0; i < 30; i++)
            {
                step.Run(new float[2]);
            }
        }

        // The singular values of [[3, 0], [4, 5]] are √45 and √5.
        using CompiledGraph graph = norm.Compile([x], () => norm.Forward(x));
        Assert.That(graph.Run(new float[] { 1, 1 }).GetArray<float>(), Is.EqualTo((float[])[3 / MathF.Sqrt(45), 9 / MathF.Sqrt(45)]).Within(1e-5));
        Assert.That((norm.Left.Values.Length, norm.Right.Values.Length, norm.Epsilon), Is.EqualTo((2, 2, 1e-9)));
    }

    [Test]
    public void What_is_adapted_stays_and_merges()
    {
        var linear = new Linear(4, 3, Random);
        float[] weight = linear.Weight.Values.ToArray();
        var lora = new Lora(linear, 2, Random, alpha: 8);
        var net = new Sequential(lora, Activation.Tanh);
        Assert.That(net.NamedParameters().Select(p => p.Path), Is.EqualTo((string[])["0.weight", "0.bias", "0.lora_A", "0.lora_B"]));
        Assert.That(net.Parameters(), Is.EqualTo((Parameter[])[lora.A, lora.B]));
        net.Frozen = true;
        Assert.That(net.Parameters(), Is.Empty);
        lora.Frozen = false;
        Assert.That(net.Parameters(), Is.EqualTo((Parameter[])[lora.A, lora.B]), "the layer stays frozen");
        Assert.That((lora.Base, lora.Rank, lora.Alpha, lora.Dropout, lora.B.Values.ToArray().Max(MathF.Abs)), Is.EqualTo((linear, 2, 8.0, 0.0, 0f)));

        lora.B.Set([1, 2, 3, 4, 5, 6]);
        Leaf x = Input("x", ["N", 4]);
        using CompiledGraph graph = lora.Compile([x], () => [lora.Forward(x), Ops.Linear(x, Constant(weight, [3, 4]) + (4 * MatMul(lora.B, lora.A)), linear.Bias), linear.Forward(x)]);
        Argument values = Random.Normal(5, 4);
        RunResults adapted = graph.Run(values);
        Assert.That(adapted.GetArray<float>(0), Is.EqualTo(adapted.GetArray<float>(1)).Within(1e-4));
        Assert.That(lora.Merge(), Is.SameAs(linear));
        RunResults merged = graph.Run(values);
        Assert.That(merged.GetArray<float>(0), Is.EqualTo(adapted.GetArray<float>(0)).Within(1e-4));
        Assert.That(merged.GetArray<float>(2), Is.EqualTo(adapted.GetArray<float>(0)).Within(1e-4));
        linear.Frozen = false;
        Assert.That(net.Parameters(), Has.Count.EqualTo(4), "it was thawed itself");
        Assert.That(() => new Lora(linear, 0, Random), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("rank"));
    }
}
