using GraphCompiler.Tests.References;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Operations;

/// <summary>Attention against PyTorch's cases, which write it out, and against itself said in other ways.</summary>
internal sealed class AttentionTests
{
    private static readonly Func<IReadOnlyDictionary<string, Node>, Node> Plain = i => ScaledDotProductAttention(i["q"], i["k"], i["v"]);

    private static IEnumerable<TestCaseData> Cases()
    {
        yield return Case("sdpa", Plain);
        yield return Case("sdpa_bias", i => ScaledDotProductAttention(i["q"], i["k"], i["v"], i["bias"]));
        yield return Case("sdpa_causal", i => ScaledDotProductAttention(i["q"], i["k"], i["v"], causal: true));
        yield return Case("sdpa_gqa", i => ScaledDotProductAttention(i["q"], i["k"], i["v"], groupedHeads: true));
        yield return Case("sdpa_mask", i => ScaledDotProductAttention(i["q"], i["k"], i["v"], i["m"]));

        static TestCaseData Case(string name, Func<IReadOnlyDictionary<string, Node>, Node> attention) => new TestCaseData(name, attention).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Cases))]
    public void Follows_PyTorch(string name, Func<IReadOnlyDictionary<string, Node>, Node> attention)
    {
        ReferenceCase reference = ReferenceCase.Load($"attention/{name}");
        Dictionary<string, Node> inputs = reference.Inputs.ToDictionary(i => i.Name, i => i.Value.Input(i.Name, DType.Float64, reference.Diff.Contains(i.Name)));
        Node result = attention(inputs);
        Node[] targets = [.. reference.Diff.Select(d => inputs[d])];
        NodeList gradients = Vjp([result], targets, [reference.GradOutputs[0]!.Constant(DType.Float64)]);
        Node weighted = targets.Select((_, i) => Sum(gradients[i] * reference.Direction![reference.Diff[i]]!.Constant(DType.Float64))).Aggregate(Add);
        Node[] results = [result, .. gradients, .. Gradients(weighted, targets)];
        double[][] wanted =
        [
            [.. reference.Outputs[0].Values],
            .. reference.Diff.Select(d => reference.GradInputs[d]!.Values.ToArray()),
            .. reference.Diff.Select(d => reference.Hvp![d]!.Values.ToArray()),
        ];

        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([.. inputs.Values], results, options: new CompileOptions { Verify = true });
        RunResults found = compiled.Run([.. reference.Inputs.Select(i => i.Value.Argument(DType.Float64))]);
        for (int i = 0; i < wanted.Length; i++)
        {
            Assert.That(found.GetArray<double>(i), Is.EqualTo(wanted[i]).Within(1e-11), $"result {i}");
        }
    }

    [Test]
    public void A_query_that_sees_nothing_gives_0_and_takes_no_gradient()
    {
        Input<double> q = Input<double>("q", [2, 3], requiresGrad: true);
        Input<double> k = Input<double>("k", [2, 3], requiresGrad: true);
        Node mask = Reshape(Constant(new[] { true, false, false, false }), [2, 2]);
        Node y = ScaledDotProductAttention(q, k, Ones([2, 1], DType.Float64) + k, mask);
        NodeList gradients = Gradients(Sum(y * y), q, k);
        NodeList second = Gradients(Sum(gradients[0]) + Sum(gradients[1] * gradients[1]), [q, k], Unreached.Zeros);
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([q, k], [y, .. gradients, .. second]);
        RunResults found = compiled.Run((Argument)new double[,] { { 1, 2, 3 }, { 4, 5, 6 } }, (Argument)new double[,] { { 1, 0, 1 }, { 0, 2, 0 } });
        Assert.That(found.GetArray<double>(0)[3..], Is.All.Zero);
        Assert.That(Enumerable.Range(0, 5).SelectMany(found.GetArray<double>), Has.All.Matches<double>(double.IsFinite));
    }

    [TestCaseSource(nameof(SameResults))]
    public void Two_ways_to_say_the_same(object a, object b) =>
        Assert.That(GraphTesting.Values((Node)a), Is.EqualTo(GraphTesting.Values((Node)b)).Within(1e-12));

    private static IEnumerable<TestCaseData> SameResults()
    {
        Node x = Numbers([3, 2, 4], 1);
        Node y = Numbers([5, 2, 4], 2);
        (Node wi, Node bi, Node wo, Node bo) = (Numbers([12, 4], 3), Numbers([12], 4), Numbers([4, 4], 5), Numbers([4], 6));
        Node padding = Reshape(Constant(new[] { false, false, true, false, true, true, false, false, false, false }), [2, 5]);
        Node mask = Iota([3, 5], 1) > (Iota([3, 5], 0) + 2);
        (Node Result, Node Weights) whole = MultiHeadAttention(x, y, y, 2, wi, bi, wo, bo, padding, mask, averageWeights: false);

        yield return Pair("the batch first", whole.Result, Transpose(MultiHeadAttention(Transpose(x, 0, 1), Transpose(y, 0, 1), Transpose(y, 0, 1), 2, wi, bi, wo, bo, padding, mask, batchFirst: true).Result, 0, 1));
        yield return Pair("without a batch", Select(whole.Result, 1, 1), MultiHeadAttention(Select(x, 1, 1), Select(y, 1, 1), Select(y, 1, 1), 2, wi, bi, wo, bo, Select(padding, 0, 1), mask).Result);
        yield return Pair("weights without a batch", Select(whole.Weights, 0, 1), MultiHeadAttention(Select(x, 1, 1), Select(y, 1, 1), Select(y, 1, 1), 2, wi, bi, wo, bo, Select(padding, 0, 1), mask, averageWeights: false).Weights);
        yield return Pair("masks of floats", whole.Result, MultiHeadAttention(x, y, y, 2, wi, bi, wo, bo, padding, Where(mask, double.NegativeInfinity, Zeros([3, 5], DType.Float64))).Result);
        yield return Pair("a mask of each head", whole.Result, MultiHeadAttention(x, y, y, 2, wi, bi, wo, bo, padding, BroadcastTo(mask, [4, 3, 5])).Result);
        yield return Pair("averaged weights", Mean(whole.Weights, 1), MultiHeadAttention(x, y, y, 2, wi, bi, wo, bo, padding, mask).Weights);
        yield return Pair("weights add up to 1", Sum(whole.Weights, -1), Ones([2, 2, 3], DType.Float64));
        yield return Pair("self-attention in one product", MultiHeadAttention(x, x, x, 2, wi, bi, wo, bo, causal: true).Result, MultiHeadAttention(x, x + 0, x * 1, 2, wi, bi, wo, bo, mask: Iota([3, 3], 1) > Iota([3, 3], 0)).Result);
        yield return Pair("without biases", MultiHeadAttention(x, y, y, 2, wi, null, wo, null).Result, MultiHeadAttention(x, y, y, 2, wi, bi * 0, wo, bo * 0).Result);
        yield return Pair(
            "projected already",
            MultiHeadAttention(x, y, y, 2, wi, bi, wo, bo, padding, mask).Result,
            MultiHeadAttention(Linear(x, wi[..4], bi[..4]), Linear(y, wi[4..8], bi[4..8]), Linear(y, wi[8..], bi[8..]), 2, null, null, wo, bo, padding, mask).Result);
        yield return Pair("not projected at the end", MultiHeadAttention(x, y, y, 2, wi, bi, wo, bo).Result, Linear(MultiHeadAttention(x, y, y, 2, wi, bi, null, null).Result, wo, bo));
        yield return Pair("a scale", ScaledDotProductAttention(x, x, x, scale: 3), ScaledDotProductAttention(x * 6, x, x));

        static Node Numbers(Shape shape, int seed) => GraphTesting.Of(GraphTesting.Sample(new NodeType(DType.Float64, shape), _ => 0, seed));

        static TestCaseData Pair(string name, Node a, Node b) => new TestCaseData(a, b).SetArgDisplayNames(name);
    }

    [Test]
    public void Symbols_stand_for_batch_and_lengths()
    {
        Input<float> q = Input("q", ["N", 2, "L", 4]);
        Input<float> k = Input("k", ["N", 2, "S", 4]);
        Node y = ScaledDotProductAttention(q, k, k, causal: true);
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([q, k], [y], options: new CompileOptions { Verify = true });
        foreach ((int n, int l, int s) in new[] { (1, 1, 1), (2, 3, 5), (3, 4, 2), (0, 2, 2), (2, 0, 3) })
        {
            RunResults found = compiled.Run((Argument)Filled(n, 2, l, 4), (Argument)Filled(n, 2, s, 4));
            Assert.That(found.GetArray<float>(), Has.Length.EqualTo(n * 2 * l * 4).And.All.InRange(-1, 1));
        }

        static System.Numerics.Tensors.Tensor<float> Filled(params nint[] sizes)
        {
            float[] numbers = [.. Enumerable.Range(0, (int)sizes.Aggregate((a, b) => a * b)).Select(i => MathF.Sin(i))];
            return System.Numerics.Tensors.Tensor.Create(numbers, sizes);
        }
    }
}
