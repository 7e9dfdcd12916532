using BenchmarkDotNet.Attributes;
using static GraphCompiler.Ops;

namespace GraphCompiler.Perf;

/// <summary>Row-wise reductions with what precedes and follows them, on 4096 rows of 1024.</summary>
[MemoryDiagnoser]
public class RowBenchmarks
{
    private const int Rows = 4096;
    private const int Columns = 1024;

    private readonly float[] x = Inputs.Normal(Rows * Columns);
    private readonly float[] weight = Inputs.Normal(Columns);
    private readonly float[] bias = Inputs.Normal(Columns);
    private readonly float[] result = new float[Rows * Columns];
    private Action<float[], float[]> softmax = null!;
    private Action<float[], float[], float[], float[]> layerNorm = null!;

    [GlobalSetup]
    public void Setup()
    {
        Node rows = Input("x", ["N", Columns]);
        Node scale = Input("weight", [Columns]);
        Node shift = Input("bias", [Columns]);
        softmax = Compiler.Compile<Action<float[], float[]>>([rows], rows.Softmax());
        layerNorm = Compiler.Compile<Action<float[], float[], float[], float[]>>([rows, scale, shift], LayerNorm(rows, scale, shift));
    }

    [Benchmark]
    public void SoftmaxOfRows() => softmax(x, result);

    [Benchmark]
    public void LayerNormOfRows() => layerNorm(x, weight, bias, result);
}
