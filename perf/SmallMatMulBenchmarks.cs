using BenchmarkDotNet.Attributes;
using static GraphCompiler.Ops;

namespace GraphCompiler.Perf;

/// <summary>Products that are small, thin or many: what is not their arithmetic must not decide. One call; floating-point operations in the names.</summary>
[MemoryDiagnoser]
public class SmallMatMulBenchmarks
{
    private Action<float[], float[], float[]> multiply = null!;
    private float[] a = [];
    private float[] b = [];
    private float[] result = [];

    /// <summary>Matrices, rows, columns and inner size; rows below 0 are a symbol that is bound to their number.</summary>
    [Params("1000 8 8 8", "1000 4 4 4", "1000 16 16 16", "200 32 32 32", "1 512 512 1", "1 1 256 784", "1 -1 256 784", "1 3 256 784", "1 -3 256 784", "1 7 256 784")]
    public string Product { get; set; } = string.Empty;

    [GlobalSetup]
    public void Setup()
    {
        int[] sizes = [.. Product.Split(' ').Select(int.Parse)];
        (int batch, int rows, int columns, int inner) = (sizes[0], sizes[1], sizes[2], sizes[3]);
        Dim m = rows < 0 ? "M" : rows;
        rows = Math.Abs(rows);
        (a, b, result) = (Inputs.Normal(batch * rows * inner), Inputs.Normal(batch * inner * columns), new float[batch * rows * columns]);
        Node left = Input("a", [batch, m, inner]);
        Node right = Input("b", [batch, inner, columns]);
        multiply = Compiler.Compile<Action<float[], float[], float[]>>([left, right], MatMul(left, right));
    }

    [Benchmark]
    public void Multiply() => multiply(a, b, result);
}
