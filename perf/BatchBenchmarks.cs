using BenchmarkDotNet.Attributes;
using static GraphCompiler.Ops;

namespace GraphCompiler.Perf;

/// <summary>The gradients of each example of a batch of an MLP, beside the batch's own and the time that it takes to write as many numbers.</summary>
public class BatchBenchmarks
{
    private const int Examples = 128;

    private readonly Generator random = new(seed: 0);
    private CompiledGraph own = null!;
    private CompiledGraph each = null!;
    private Argument[] arguments = null!;
    private float[][] sums = null!;
    private float[][] gradients = null!;

    [GlobalSetup]
    public void Setup()
    {
        Input<float> x = Input("x", [Examples, 64]);
        Input<long> classes = Input<long>("classes", [Examples]);
        Parameter<float>[] weights = [Weight("w1", 64, 128), Weight("b1", 128), Weight("w2", 128, 10), Weight("b2", 10)];
        Node Loss(Node rows, Node of) => CrossEntropy(MatMul(Relu(MatMul(rows, weights[0]) + weights[1]), weights[2]) + weights[3], of);
        own = Compiler.Compile([x, classes], [.. Gradients(Loss(x, classes), weights)]);
        NodeList apart = Vmap(e => Gradients(Loss(Unsqueeze(e[0], 0), Unsqueeze(e[1], 0)), weights))([x, classes]);
        each = Compiler.Compile([x, classes], [.. apart]);
        arguments = [random.Normal(Examples, 64).ToArray(), Enumerable.Range(0, Examples).Select(i => (long)(i % 10)).ToArray()];
        sums = [.. weights.Select(w => new float[w.Shape.ElementCount.Constant!.Value])];
        gradients = [.. sums.Select(s => new float[Examples * s.Length])];
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        own.Dispose();
        each.Dispose();
    }

    [Benchmark(Baseline = true)]
    public void GradientOfTheBatchAndAsManyNumbersWritten()
    {
        own.Run(arguments, [sums[0], sums[1], sums[2], sums[3]]);
        foreach (float[] numbers in gradients)
        {
            numbers.AsSpan().Fill(1);
        }
    }

    [Benchmark]
    public void GradientOfTheBatch() => own.Run(arguments, [sums[0], sums[1], sums[2], sums[3]]);

    [Benchmark]
    public void GradientsOfEachExample() => each.Run(arguments, [gradients[0], gradients[1], gradients[2], gradients[3]]);

    private Parameter<float> Weight(string name, params int[] shape) => Parameter(name, random.Normal(0f, 0.08f, shape));
}
