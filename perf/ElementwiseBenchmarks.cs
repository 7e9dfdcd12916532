using BenchmarkDotNet.Attributes;
using static GraphCompiler.Ops;

namespace GraphCompiler.Perf;

/// <summary>relu(x·w + b)·y − x: five arrays, one pass. Bound by memory when they leave the caches.</summary>
[MemoryDiagnoser]
public class ElementwiseBenchmarks
{
    private Operation call = null!;
    private float[] x = [];
    private float[] w = [];
    private float[] b = [];
    private float[] y = [];
    private float[] result = [];

    private delegate void Operation(float[] x, float[] w, float[] b, float[] y, float[] result);

    [Params(1 << 10, 1 << 20)]
    public int Count { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        (x, w, b, y, result) = (Inputs.Normal(Count), Inputs.Normal(Count), Inputs.Normal(Count), Inputs.Normal(Count), new float[Count]);
        (Node nx, Node nw, Node nb, Node ny) = (Input("x", ["N"]), Input("w", ["N"]), Input("b", ["N"]), Input("y", ["N"]));
        call = Compiler.Compile<Operation>([nx, nw, nb, ny], (Relu((nx * nw) + nb) * ny) - nx);
    }

    [Benchmark]
    public void Chain() => call(x, w, b, y, result);
}
