using static GraphCompiler.Ops;

namespace GraphCompiler.Perf.CompileTimes;

/// <summary>A graph whose compilation is timed; a size makes its layers wider or narrower.</summary>
internal sealed record CompiledWork(string Name, int Size, int OtherSize, Func<int, CompileOptions, (CompiledGraph Graph, Argument[] Given)> Make)
{
    public static IReadOnlyList<CompiledWork> All { get; } =
    [
        new("digits-step", 128, 96, DigitsStep),
        new("chain", 1000, 900, Chain),
        new("deep-network", 64, 48, DeepNetwork),
    ];

    /// <summary>The training step of the digits sample.</summary>
    private static (CompiledGraph Graph, Argument[] Given) DigitsStep(int hidden, CompileOptions options)
    {
        const int Pixels = 64;
        const int Classes = 10;
        const int Rows = 32;
        var random = new Generator(seed: 1);
        Input<float> x = Input("x", ["N", Pixels]);
        Input<long> label = Input<long>("label", ["N"]);
        Parameter<float> w1 = Parameter("w1", random.Normal(0, 0.1f, [Pixels, hidden]));
        Parameter<float> b1 = Parameter("b1", Tensors.Zeros<float>(hidden));
        Parameter<float> w2 = Parameter("w2", random.Normal(0, 0.1f, [hidden, Classes]));
        Parameter<float> b2 = Parameter("b2", Tensors.Zeros<float>(Classes));
        Node logits = MatMul(Relu(MatMul(x, w1) + b1), w2) + b2;
        Node loss = CrossEntropy(logits, label);
        Node hits = Sum(Cast(Equal(ArgMax(logits, 1), label), DType.Int64));
        Input<float> rate = Input("rate", []);
        var updates = Optimizers.Adam(loss, [w1, b1, w2, b2], rate, weightDecay: 1e-4);
        return (Compiler.Compile([x, label, rate], [loss, hits], updates, options), [new float[Rows * Pixels], new long[Rows], 1e-3f]);
    }

    /// <summary>Two thousand elementwise operations, one after the other.</summary>
    private static (CompiledGraph Graph, Argument[] Given) Chain(int size, CompileOptions options)
    {
        Input<float> x = Input("x", [size]);
        Node y = x;
        for (int i = 0; i < 500; i++)
        {
            y = ((y * (0.5f + (i * 0.001f))) + x).Tanh();
        }

        return (Compiler.Compile([x], y, options), [new float[size]]);
    }

    /// <summary>Loss, gradients and updates of a network of residual blocks, about two thousand nodes in all.</summary>
    private static (CompiledGraph Graph, Argument[] Given) DeepNetwork(int width, CompileOptions options)
    {
        const int Blocks = 24;
        const int Rows = 16;
        var random = new Generator(seed: 1);
        Input<float> x = Input("x", ["N", width]);
        Input<long> label = Input<long>("label", ["N"]);
        List<Parameter> parameters = [];
        Node y = x;
        for (int block = 0; block < Blocks; block++)
        {
            Node Weight(string name) => Added(Parameter($"{name}{block}", random.Normal(0, 0.1f, [width, width])));
            Node Bias(string name) => Added(Parameter($"{name}{block}", Tensors.Zeros<float>(width)));
            y += MatMul(Relu(MatMul(LayerNorm(y), Weight("v")) + Bias("a")), Weight("w")) + Bias("b");
        }

        Node loss = CrossEntropy(y, label);
        NodeList gradients = Gradients(loss, [.. parameters]);
        var updates = parameters.Select((p, i) => new Update(p, p - (0.01f * gradients[i]))).ToArray();
        return (Compiler.Compile([x, label], [loss], updates, options), [new float[Rows * width], new long[Rows]]);

        Node Added(Parameter parameter)
        {
            parameters.Add(parameter);
            return parameter;
        }
    }
}
