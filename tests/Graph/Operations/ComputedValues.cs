using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Operations;

/// <summary>Values of a node by the interpreter, which compiled code of every vector width must give, too.</summary>
internal static class ComputedValues
{
    /// <summary>The values; compiled ones may differ by a tolerance, relative to the expected number or to 1.</summary>
    public static double[] Of(Node node, double tolerance, params (Node Node, TensorValue Value)[] given)
    {
        TensorValue expected = Run(node, given);
        foreach (VectorWidth width in VectorWidths.Supported)
        {
            using CompiledGraph compiled = GraphCompiler.Compiler.Compile([.. given.Select(g => g.Node)], [node], null, CompileOptions.Default with { Width = width });
            RunResults results = compiled.Run([.. given.Select(g => Compiler.Values.ToArgument(g.Value))]);
            TensorValue actual = Compiler.Values.Read(results, 0, node.DType, expected.Shape);
            for (long i = 0; i < expected.Count; i++)
            {
                Assert.That(actual[i], tolerance == 0 ? Is.EqualTo(expected[i]) : Close(expected[i], tolerance), () => $"element {i} at {width}");
            }
        }

        return [.. Enumerable.Range(0, (int)expected.Count).Select(i => expected[i])];
    }

    public static double[] Of(Node node, params (Node Node, TensorValue Value)[] given) => Of(node, 0, given);
}
