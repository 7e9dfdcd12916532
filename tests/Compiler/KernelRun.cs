using System.Runtime.InteropServices;
using GraphCompiler.Emit;
using GraphCompiler.Loops;

namespace GraphCompiler.Tests.Compiler;

/// <summary>Runs kernels on random data: evaluated and compiled, and compares what they leave in memory.</summary>
internal static class KernelRun
{
    /// <summary>Contents for each buffer, from a seed: floats around 0 with some special values, small integers that also serve as indices.</summary>
    public static byte[][] Data(Kernel kernel, long[] extents, int seed = 1)
    {
        var random = new Random(seed);
        return [.. kernel.Buffers.Select(buffer => Fill(buffer.Storage, LengthOf(buffer.Length, extents), random))];
    }

    public static (int Result, byte[][] Contents, long Detail) Run(KernelEntry entry, Kernel kernel, long[] extents, byte[][] data, long? end = null)
    {
        NativeBuffer[] buffers = [.. data.Select(contents => new NativeBuffer(contents))];
        try
        {
            using var frame = new NativeBuffer(MemoryMarshal.AsBytes<long>(
                [.. buffers.Select(buffer => (long)buffer.Address), .. extents, -1L]).ToArray());
            int result = entry(frame.Address, 0, (nint)(end ?? LengthOf(kernel.Range, extents)));
            Assert.That(buffers.All(buffer => buffer.IsGuardIntact) && frame.IsGuardIntact, "a write outside a buffer");
            return (result, [.. buffers.Select(buffer => buffer.Contents)], MemoryMarshal.Cast<byte, long>(frame.Contents)[^1]);
        }
        finally
        {
            foreach (NativeBuffer buffer in buffers)
            {
                buffer.Dispose();
            }
        }
    }

    public static KernelEntry Evaluated(Kernel kernel) => LoopEvaluator.Prepare(kernel);

    /// <summary>Every way to compile on this machine.</summary>
    public static IEnumerable<EmitOptions> AllOptions =>
        from width in VectorWidths.Supported
        from useFec in new[] { true, false }
        select new EmitOptions(width, UseFec: useFec, Verify: true);

    /// <summary>Compiles a kernel every way and asserts that each leaves what the evaluator leaves.</summary>
    public static void AssertAgrees(
        Kernel kernel, IReadOnlyCollection<long[]> sizes, double ulps = 0, bool mayBeScalar = false, IEnumerable<EmitOptions>? options = null, byte[][]? given = null)
    {
        Kernel expanded = ExpandMath.Run(kernel);
        List<(byte[][] Data, (int Result, byte[][] Contents, long Detail) Expected)> expected = [];
        foreach (long[] extents in sizes)
        {
            byte[][] data = given ?? Data(kernel, extents);
            expected.Add((data, Run(Evaluated(expanded), kernel, extents, data)));
        }

        foreach (EmitOptions option in options ?? AllOptions)
        {
            CompiledKernel compiled = KernelCompiler.Compile(kernel, option);
            Assert.That(compiled.UsedFec, Is.EqualTo(option.UseFec), () => $"{option}: FEC gave up on\n{KernelCompiler.Express(kernel, option)}");
            if (!mayBeScalar)
            {
                Assert.That(compiled.ScalarLoops, Is.Empty, option.ToString());
            }

            foreach ((long[] extents, (byte[][] data, (int Result, byte[][] Contents, long Detail) want)) in sizes.Zip(expected))
            {
                (int result, byte[][] contents, long detail) = Run(compiled.Entry, kernel, extents, data);
                string where = $"{option}, sizes {string.Join(", ", extents)}";
                Assert.That(result, Is.EqualTo(want.Result), where);
                Assert.That(detail, Is.EqualTo(want.Detail), where);
                for (int i = 0; i < contents.Length; i++)
                {
                    if (kernel.Buffers[i].Writable)
                    {
                        AssertSame(kernel.Buffers[i].Storage, contents[i], want.Contents[i], ulps, $"{where}, {kernel.Buffers[i].Name}");
                    }
                    else
                    {
                        Assert.That(contents[i], Is.EqualTo(data[i]), where);
                    }
                }
            }
        }
    }

    private static void AssertSame(DType type, byte[] actual, byte[] expected, double ulps, string where)
    {
        if (actual.AsSpan().SequenceEqual(expected))
        {
            return;
        }

        for (int i = 0; i < actual.Length / type.Size(); i++)
        {
            bool same = type switch
            {
                DType.Float32 => AreClose(BitConverter.ToSingle(actual, i * 4), BitConverter.ToSingle(expected, i * 4), ulps * float.BitIncrement(1) - ulps),
                DType.Float64 => AreClose(BitConverter.ToDouble(actual, i * 8), BitConverter.ToDouble(expected, i * 8), ulps * double.BitIncrement(1) - ulps),
                _ => actual.AsSpan(i * type.Size(), type.Size()).SequenceEqual(expected.AsSpan(i * type.Size(), type.Size())),
            };
            if (!same)
            {
                string Show(byte[] bytes) => type switch
                {
                    DType.Float32 => $"{BitConverter.ToSingle(bytes, i * 4):R}",
                    DType.Float64 => $"{BitConverter.ToDouble(bytes, i * 8):R}",
                    DType.Int32 => $"{BitConverter.ToInt32(bytes, i * 4)}",
                    DType.Int64 => $"{BitConverter.ToInt64(bytes, i * 8)}",
                    _ => $"{bytes[i]}",
                };
                Assert.Fail($"{where}[{i}]: {Show(actual)}, expected {Show(expected)}");
            }
        }
    }

    // NaNs are one; 0 and −0 are two.
    private static bool AreClose(double actual, double expected, double relative) =>
        !Values.DifferInSign(actual, expected)
        && (actual == expected || (double.IsNaN(actual) && double.IsNaN(expected)) || Math.Abs(actual - expected) <= relative * Math.Max(1, Math.Abs(expected)));

    private static int LengthOf(LoopValue value, long[] extents) => (int)(value switch
    {
        Literal literal => literal.Bits,
        Extent extent => extents[extent.Slot],
        BinaryValue { Function: BinaryFunction.Multiply } product => LengthOf(product.X, extents) * LengthOf(product.Y, extents),
        BinaryValue { Function: BinaryFunction.Add } sum => LengthOf(sum.X, extents) + LengthOf(sum.Y, extents),
        _ => throw new ArgumentException("lengths here are products and sums"),
    });

    private static byte[] Fill(DType type, int count, Random random)
    {
        float[] specials = [0, -0f, 1, -1, float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1e30f, -1e30f, 0.5f, 2.5f, -2.5f];
        double Number() => random.Next(8) == 0 ? specials[random.Next(specials.Length)] : Math.Round((random.NextDouble() * 8) - 4, 3);
        return type switch
        {
            DType.Float32 => MemoryMarshal.AsBytes<float>([.. Enumerable.Range(0, count).Select(_ => (float)Number())]).ToArray(),
            DType.Float64 => MemoryMarshal.AsBytes<double>([.. Enumerable.Range(0, count).Select(_ => Number())]).ToArray(),
            DType.Int32 => MemoryMarshal.AsBytes<int>([.. Enumerable.Range(0, count).Select(_ => random.Next(-7, 8))]).ToArray(),
            DType.Int64 => MemoryMarshal.AsBytes<long>([.. Enumerable.Range(0, count).Select(_ => (long)random.Next(-7, 8))]).ToArray(),
            _ => [.. Enumerable.Range(0, count).Select(_ => (byte)random.Next(2))],
        };
    }
}
