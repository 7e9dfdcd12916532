using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using GraphCompiler.Loops;

namespace GraphCompiler.Tests.Compiler.RandomGraphs;

/// <content>The bits of what a graph computes, to hold two builds of the compiler against each other.</content>
internal sealed partial class GraphCheck
{
    /// <summary>A line for a graph: a digest of its outputs, gradients and updates at all sizes, as default options compute them, and one of its kernels.</summary>
    public static string Bits(Trial trial)
    {
        try
        {
            var check = new GraphCheck(trial);
            using CompiledGraph compiled = GraphCompiler.Compiler.Compile(check.inputs, check.roots, trial.Updates);
            string kernels = string.Join('\n', compiled.Executor.Program.Kernels.Select(k => LoopPrinter.Print(k.Kernel)));
            return $"{Digest(check.ResultsOf(compiled))} {Digest(kernels)}";
        }
        catch (GraphException refusal)
        {
            return $"{refusal.GetType().Name}: {refusal.Message.ReplaceLineEndings(" ")}";
        }
    }

    private string ResultsOf(CompiledGraph compiled)
    {
        var text = new StringBuilder();
        foreach ((Dictionary<Node, TensorValue> given, TensorValue[]? want) in expected.Values.Where(e => e.Expected is not null))
        {
            RunResults results = compiled.Run(Arguments(given));
            IEnumerable<TensorValue> values = [.. roots.Select((r, i) => Values.Read(results, i, r.DType, want![i].Shape)), .. trial.Updates.Select(u => u.Parameter.Snapshot())];
            foreach (TensorValue value in values)
            {
                text.Append(CultureInfo.InvariantCulture, $"{string.Join(' ', Enumerable.Range(0, (int)value.Count).Select(i => Bits(value, i).ToString("x", CultureInfo.InvariantCulture)))}\n");
            }

            Restore();
        }

        return text.ToString();
    }

    private static long Bits(TensorValue value, int index) =>
        !value.DType.IsFloat() ? value.Integers[index] : double.IsNaN(value[index]) ? long.MaxValue : BitConverter.DoubleToInt64Bits(value[index]);

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
}
