namespace GraphCompiler.Peers.Works;

/// <summary>Inference of a multi-layer perceptron, its weights held by the model.</summary>
internal sealed partial class MlpWork(string name, int[] sizes, int batch, bool tanh) : Work
{
    private readonly MlpWeights mlp = new(sizes);
    private readonly float[] xs = Normal(1, batch * sizes[0]);

    public override string Name => name;

    public override string Description => $"{string.Join("-", sizes)}, {(tanh ? "tanh" : "relu")}, batch {batch}, inference";

    // The rate of a network too small for vectors tells nothing.
    public override double Operations => tanh ? 0 : batch * mlp.OperationsPerRow;

    public static IEnumerable<Work> All() =>
    [
        new MlpWork("tiny-mlp", [4, 16, 16, 1], 1, tanh: true),
        new MlpWork("mlp-1", [784, 256, 128, 10], 1, tanh: false),
        new MlpWork("mlp-64", [784, 256, 128, 10], 64, tanh: false),
        new MlpWork("mlp-256", [784, 256, 128, 10], 256, tanh: false),
    ];

    public override Contender Ours()
    {
        Input<float> x = Ops.Input("x", ["N", sizes[0]]);
        Node y = Model(x, mlp, tanh, out _);
        var predict = Compiler.Compile<Action<float[], float[]>>([x], y, options: OurSystem.Options);
        float[] output = new float[batch * sizes[^1]];
        return new Contender(OurSystem.Name, () => predict(xs, output), () => [new Result("y", output)]);
    }

    /// <summary>The perceptron as a graph of ours; its parameters are weight and bias by turns.</summary>
    public static Node Model(Node x, MlpWeights mlp, bool tanh, out Parameter<float>[] parameters)
    {
        parameters = new Parameter<float>[2 * mlp.Layers];
        for (int layer = 0; layer < mlp.Layers; layer++)
        {
            Parameter<float> w = parameters[2 * layer] = Parameter($"w{layer}", mlp.Weights[layer], mlp.Sizes[layer], mlp.Sizes[layer + 1]);
            Parameter<float> b = parameters[(2 * layer) + 1] = Parameter($"b{layer}", mlp.Biases[layer], mlp.Sizes[layer + 1]);
            x = Ops.MatMul(x, w) + b;
            x = layer == mlp.Layers - 1 ? x : tanh ? x.Tanh() : x.Relu();
        }

        return x;
    }
}
