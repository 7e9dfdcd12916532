using BenchmarkDotNet.Attributes;
using static GraphCompiler.Ops;

namespace GraphCompiler.Perf;

/// <summary>Loops within a graph: beside the same loop written by hand, and beside as many calls.</summary>
public class LoopBenchmarks
{
    private const int Steps = 1000;

    private readonly Generator random = new(seed: 0);
    private CompiledGraph logistic = null!;
    private CompiledGraph descent = null!;
    private CompiledGraph step = null!;
    private CompiledGraph lstm = null!;
    private float[] start = null!;
    private float[] xs = null!;

    [GlobalSetup]
    public void Setup()
    {
        Input<float> x = Input("x", []);
        logistic = Compiler.Compile([x], Scan(x, Steps, (v, _) => 3.7f * v * (1 - v)).Last);

        Input<float> w = Input("w", [16], requiresGrad: true);
        Node Descended(Node v) => v - (0.01f * Gradients(Sum(Square(Tanh(v) - 0.5)), [v])[0]);
        descent = Compiler.Compile([w], Scan(w, Steps, (v, _) => Descended(v)).Last);
        step = Compiler.Compile([w], Descended(w));
        start = random.Normal(16).ToArray();

        Input<float> sequence = Input("sequence", [64, 16, 128]);
        Parameter<float>[] weights = [Weight("input", 512, 128), Weight("hidden", 512, 128), Weight("inputBias", 512), Weight("hiddenBias", 512)];
        lstm = Compiler.Compile([sequence], Mean(Square(Lstm(sequence, [.. weights]).Outputs)));
        xs = random.Normal(64, 16, 128).ToArray();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        logistic.Dispose();
        descent.Dispose();
        step.Dispose();
        lstm.Dispose();
    }

    [Benchmark]
    public float LogisticMap() => logistic.Run(0.3f).Scalar<float>();

    [Benchmark]
    public float LogisticMapByHand()
    {
        float v = start[0] * 0 + 0.3f;
        for (int i = 0; i < Steps; i++)
        {
            v = 3.7f * v * (1 - v);
        }

        return v;
    }

    [Benchmark]
    public RunResults DescentInOneCall() => descent.Run(start);

    [Benchmark]
    public float[] DescentInCalls()
    {
        float[] v = start;
        for (int i = 0; i < Steps; i++)
        {
            v = step.Run(v).GetArray<float>();
        }

        return v;
    }

    /// <summary>An LSTM of 128 to 128 over 64 steps of a batch of 16, with the gradients of its weights.</summary>
    [Benchmark]
    public void LstmWithGradients()
    {
        lstm.Forward(xs);
        lstm.Backward();
        lstm.ZeroGrad();
    }

    private Parameter<float> Weight(string name, params int[] shape) => Parameter(name, random.Normal(0f, 0.08f, shape));
}
