namespace GraphCompiler.Tests.Compiler.ControlFlow;

/// <summary>Compiled graphs with loops and branches against the interpreter, compiled in several ways, for several lengths.</summary>
internal static class LoopCheck
{
    private static readonly CompileOptions[] Ways =
    [
        CompileOptions.Default,
        new() { Checked = true },
        new() { Verify = true },
        new() { Width = VectorWidth.Scalar, Threads = 1 },
        new() { Passes = new() { MergeSmallKernels = false, ReuseMemory = true } },
        new() { Passes = new() { LoopsInKernels = false } },
        new() { Passes = new() { Simplify = false, Inline = false, Fuse = false } },
    ];

    /// <summary>The roots at each value of the symbol N.</summary>
    public static void Agrees(Node[] inputs, NodeList roots, params long[] lengths)
    {
        foreach (CompileOptions options in Ways)
        {
            Agrees(options, inputs, roots, lengths);
        }
    }

    public static void Agrees(CompileOptions options, Node[] inputs, NodeList roots, params long[] lengths)
    {
        using CompiledGraph graph = GraphCompiler.Compiler.Compile(inputs, [.. roots], [], options);
        foreach (long length in lengths)
        {
            Dictionary<Node, TensorValue> given = inputs.ToDictionary(i => i, i => ValueOf(i, length));
            TensorValue[] expected = Interpreter.Evaluate(roots, given, _ => length);
            for (int again = 0; again < 2; again++)
            {
                RunResults results = graph.Run([.. inputs.Select(i => Values.ToArgument(given[i]))]);
                for (int r = 0; r < roots.Count; r++)
                {
                    TensorValue actual = Values.Read(results, r, roots[r].DType, expected[r].Shape);
                    Assert.That(Values.Difference(expected[r], actual, ulps: 64, floor: 1, signsOfZeros: false), Is.Null, $"root {r}, {roots[r]}, of {length} steps, call {again}, {options.Passes}");
                }
            }
        }
    }

    /// <summary>The roots are the same, bit for bit, compiled in two ways.</summary>
    public static void AreSame(CompileOptions options, CompileOptions others, Node[] inputs, NodeList roots, params long[] lengths)
    {
        using CompiledGraph graph = GraphCompiler.Compiler.Compile(inputs, [.. roots], [], options);
        using CompiledGraph other = GraphCompiler.Compiler.Compile(inputs, [.. roots], [], others);
        foreach (long length in lengths)
        {
            Argument[] given = [.. inputs.Select(i => Values.ToArgument(ValueOf(i, length)))];
            (RunResults results, RunResults expected) = (graph.Run(given), other.Run(given));
            for (int r = 0; r < roots.Count; r++)
            {
                long[] shape = [.. roots[r].Shape.Select(d => d.Evaluate(_ => length))];
                Assert.That(
                    Values.Difference(Values.Read(expected, r, roots[r].DType, shape), Values.Read(results, r, roots[r].DType, shape), ulps: 0, floor: 1), Is.Null, $"root {r} of {length} steps");
            }
        }
    }

    private static TensorValue ValueOf(Node input, long length)
    {
        long[] shape = [.. input.Shape.Select(d => d.Evaluate(_ => length))];
        long count = TensorValue.CountOf(shape);
        return input.DType.IsFloat() ? TensorValue.OfReals(input.DType, shape, [.. Enumerable.Range(0, (int)count).Select(i => Math.Sin((3 * i) + input.Name!.Length))])
            : TensorValue.OfIntegers(input.DType, shape, [.. Enumerable.Range(0, (int)count).Select(i => input.DType == DType.Bool ? (i + 1) % 2 : (i * 7 % 5) - 2L)]);
    }
}
