using System.Globalization;
using System.Numerics.Tensors;
using System.Text.RegularExpressions;
using GraphCompiler.Loops;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Lowering.Contraction;

/// <summary>Products in tiles for 32 registers of short vectors, as ARM64 has them.</summary>
[NonParallelizable]
internal sealed partial class NarrowRegistersTests
{
    private static IEnumerable<VectorWidth> Widths => VectorWidths.Supported.Where(w => w is VectorWidth.Bits128 or VectorWidth.Bits256);

    [Test]
    public void More_registers_change_no_bit([ValueSource(nameof(Widths))] VectorWidth width)
    {
        foreach ((Shape left, Shape right, int m, int n) in (List<(Shape, Shape, int, int)>)
            [([61, 130], [130, 83], 61, 83), (["M", 130], [130, 83], 61, 83), ([7, 130], [130, 75], 7, 75), ([1, 130], [130, 75], 1, 75), (["M", 130], [130, 3], 100, 3), ([61, 130], [130, "N"], 61, 29)])
        {
            Input<float> x = Input("x", left);
            Input<float> y = Input("y", right);
            Input<float> bias = Input("bias", [1, n == 29 ? "N" : n]);
            Node[] outputs = [MatMul(x, y), Relu(MatMul(x * 2, y) + bias)];
            Tensor<float>[] given = [new Generator(1).Normal(m, 130), new Generator(2).Normal(130, n), new Generator(3).Normal(1, n)];
            float[][] few = Run(16);
            float[][] many = Run(32);
            Assert.That(many, Is.EqualTo(few), $"{left} · {right}");

            float[][] Run(int registers) => WithRegisters(registers, () =>
            {
                using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, y, bias], outputs, null, new CompileOptions { Width = width, Verify = true });
                RunResults results = graph.Run(given[0], given[1], given[2]);
                return (float[][])[results.GetArray<float>(0), results.GetArray<float>(1)];
            });
        }
    }

    /// <summary>A row of a tile has a sum in the loop over vectors, which is written out by the emitter; panels are as wide as tiles.</summary>
    [TestCase(VectorWidth.Bits128, 16, 6, 8)]
    [TestCase(VectorWidth.Bits128, 32, 6, 16)]
    [TestCase(VectorWidth.Bits256, 16, 6, 16)]
    [TestCase(VectorWidth.Bits256, 32, 14, 16)]
    public void A_tile_has_the_sums_that_registers_hold(VectorWidth width, int registers, int rows, int columns)
    {
        Assume.That(VectorWidths.IsSupported(width));
        WithRegisters(registers, () =>
        {
            Input<float> x = Input("x", [168, 200]);
            Input<float> y = Input("y", [200, 256]);
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, y], MatMul(x, y), new CompileOptions { Width = width, Threads = 1 });
            string loops = LoopPrinter.Print(graph.Executor.Program.Kernels[^1].Kernel);
            int sums = 1 + Sum().Matches(loops).Max(m => int.Parse(m.Groups[1].ValueSpan, CultureInfo.InvariantCulture));
            Assert.That(sums, Is.EqualTo(rows), loops);
            Assert.That(loops, Does.Contain(string.Create(CultureInfo.InvariantCulture, $"panel * {columns} ")));
            return sums;
        });
    }

    private static T WithRegisters<T>(int registers, Func<T> run)
    {
        int own = VectorWidths.NarrowRegisters;
        try
        {
            VectorWidths.NarrowRegisters = registers;
            return run();
        }
        finally
        {
            VectorWidths.NarrowRegisters = own;
        }
    }

    [GeneratedRegex(@"\bsum(\d+) = fma")]
    private static partial Regex Sum();
}
