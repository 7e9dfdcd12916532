using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Operations;

/// <summary>Layers that are one node for those who look at graphs, and to the bit what their parts are, derivatives too.</summary>
internal sealed class LayerTests
{
    private static readonly Input<float> X = Input("x", ["N", 3, 8], requiresGrad: true);
    private static readonly Parameter<float> Weight = Parameter("weight", new Generator(1).Normal(5, 8));
    private static readonly Parameter<float> Kernel = Parameter("kernel", new Generator(2).Normal(5, 3, 3));
    private static readonly Parameter<float> Transposed = Parameter("transposed", new Generator(3).Normal(3, 5, 3));
    private static readonly Parameter<float> Bias = Parameter("bias", new Generator(4).Normal(5));

    private static IEnumerable<TestCaseData> Layers()
    {
        yield return Case("Linear", 3, Linear(X, Weight, Bias), MatMul(X, Transpose(Weight)) + Bias, Weight);
        yield return Case("Linear", 2, Linear(X, Weight), MatMul(X, Transpose(Weight)), Weight);
        yield return Case("Convolution", 3, Conv1D(X, Kernel, Bias, padding: 1), Conv1D(X, Kernel, padding: 1) + Reshape(Bias, [5, 1]), Kernel);
        yield return Case("ConvolutionTranspose", 3, ConvTranspose1D(X, Transposed, Bias, stride: 2), ConvTranspose1D(X, Transposed, stride: 2) + Reshape(Bias, [5, 1]), Transposed);

        static TestCaseData Case(string name, int inputs, Node layer, Node parts, Parameter weight) => new TestCaseData(layer, parts, weight, name, inputs).SetArgDisplayNames($"{name} of {inputs}");
    }

    [TestCaseSource(nameof(Layers))]
    public void A_layer_is_one_node_and_to_the_bit_its_parts(Node layer, Node parts, Parameter weight, string name, int inputs)
    {
        Assert.That((layer.Operation, layer.IsComposite, layer.Inputs.Count), Is.EqualTo((name, true, inputs)));
        Assert.That(layer.Expand()[0].Results[0], Is.EqualTo(layer.Results[0]));
        Assert.That(Computed(layer), Is.EqualTo(Computed(parts)));

        float[][] Computed(Node y)
        {
            Node[] targets = inputs == 3 ? [X, weight, Bias] : [X, weight];
            NodeList slopes = Gradients(Sum(Sin(y)), targets);
            NodeList tangents = Jvp([y], targets, [.. targets.Select(t => Cos(t))]);
            Node curvature = Gradients(Sum(slopes[0] * slopes[0]), weight)[0];
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([X], [y, .. slopes, .. tangents, curvature]);
            RunResults results = graph.Run(new Generator(5).Normal(2, 3, 8));
            return [.. Enumerable.Range(0, results.Count).Select(i => results.GetArray<float>(i))];
        }
    }

    [Test]
    public void An_input_that_is_given_twice_moves_once()
    {
        Node square = Input("square", [3, 3], requiresGrad: true);
        Node layer = Jvp([Linear(square, square)], [square], [Cos(square)])[0];
        Node parts = Jvp([MatMul(square, Transpose(square))], [square], [Cos(square)])[0];
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([square], [layer, parts]);
        RunResults results = graph.Run(new Generator(6).Normal(3, 3));
        Assert.That(results.GetArray<float>(0), Is.EqualTo(results.GetArray<float>(1)));
    }

    [Test]
    public void What_a_layer_is_called_its_result_is_called()
    {
        Node named = Linear(X, Weight, Bias).Named("scores", "head");
        Node result = named.Expand().Single();
        Assert.That((result.Operation, result.Name, result.Scope), Is.EqualTo(("Add", "scores", "head")));
    }
}
