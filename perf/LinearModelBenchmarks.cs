using System.Numerics.Tensors;
using BenchmarkDotNet.Attributes;
using static GraphCompiler.Ops;

namespace GraphCompiler.Perf;

/// <summary>The linear model of the README on a batch of 4: what a small step costs beside its arithmetic, which is next to nothing.</summary>
[MemoryDiagnoser]
public class LinearModelBenchmarks
{
    private readonly Generator random = new(seed: 0);
    private Tensor<float> xs = null!;
    private Tensor<float> ys = null!;
    private CompiledGraph model = null!;
    private CompiledGraph step = null!;

    [GlobalSetup]
    public void Setup()
    {
        (xs, ys) = (random.Normal(4, 4), random.Normal(4, 1));
        Node x = Input("x", ["N", 4]);
        Node y = Input("y", ["N", 1]);
        Parameter<float> w = Parameter("w", random.Normal(4, 1));
        Parameter<float> b = Parameter("b", random.Normal(1));
        Node loss = (MatMul(x, w) + b - y).Pow(2).Sum();
        (Node dw, Node db) = Gradients(loss, w, b);
        model = Compiler.Compile([x, y], loss);
        step = Compiler.Compile([x, y], [loss], updates: [(w, w - (1e-6f * dw)), (b, b - (1e-6f * db))]);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        model.Dispose();
        step.Dispose();
    }

    [Benchmark]
    public void ForwardAndBackward()
    {
        model.Forward(xs, ys);
        model.Backward();
        model.ZeroGrad();
    }

    [Benchmark]
    public RunResults StepWithUpdates() => step.Run(xs, ys);
}
