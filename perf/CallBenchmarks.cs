using BenchmarkDotNet.Attributes;
using static GraphCompiler.Ops;

namespace GraphCompiler.Perf;

/// <summary>One addition, called in each of the ways there are: what a call costs.</summary>
[MemoryDiagnoser]
public class CallBenchmarks
{
    private readonly float[] x = [1];
    private readonly float[] result = [0];
    private Into into = null!;
    private Func<float[], float[]> returning = null!;
    private Func<float, float> scalar = null!;
    private CompiledGraph graph = null!;

    private delegate void Into(ReadOnlySpan<float> x, Span<float> result);

    [GlobalSetup]
    public void Setup()
    {
        Node vector = Input("x", ["N"]);
        Node number = Input("x", []);
        into = Compiler.Compile<Into>([vector], vector + 1);
        returning = Compiler.Compile<Func<float[], float[]>>([vector], vector + 1);
        scalar = Compiler.Compile<Func<float, float>>([number], number + 1);
        graph = Compiler.Compile([vector], vector + 1);
    }

    [GlobalCleanup]
    public void Cleanup() => graph.Dispose();

    [Benchmark(Baseline = true)]
    public void DelegateIntoSpan() => into(x, result);

    [Benchmark]
    public float[] DelegateReturningArray() => returning(x);

    [Benchmark]
    public float DelegateOfScalars() => scalar(x[0]);

    [Benchmark]
    public RunResults Run() => graph.Run(x);
}
