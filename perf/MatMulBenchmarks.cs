using BenchmarkDotNet.Attributes;
using static GraphCompiler.Ops;

namespace GraphCompiler.Perf;

/// <summary>Square products of float32; 2·Size³ floating-point operations.</summary>
[MemoryDiagnoser]
public class MatMulBenchmarks
{
    private Action<float[], float[], float[]> multiply = null!;
    private float[] a = [];
    private float[] b = [];
    private float[] result = [];

    [Params(128, 512)]
    public int Size { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        (a, b, result) = (Inputs.Normal(Size * Size), Inputs.Normal(Size * Size), new float[Size * Size]);
        Node left = Input("a", [Size, Size]);
        Node right = Input("b", [Size, Size]);
        multiply = Compiler.Compile<Action<float[], float[], float[]>>([left, right], MatMul(left, right));
    }

    [Benchmark]
    public void Multiply() => multiply(a, b, result);
}
