using System.Globalization;
using System.Text;
using GraphCompiler.Kernels;
using GraphCompiler.Loops;

namespace GraphCompiler.Planning;

/// <summary>What steps of the compiler leave.</summary>
/// <param name="Print">It as text for people.</param>
/// <param name="Verify">Throws a <see cref="CompileException"/> if later steps cannot rely on it.</param>
internal sealed record Level<T>(Func<T, string> Print, Action<T> Verify);

/// <summary>The levels between a graph and a program.</summary>
internal static class Level
{
    public static Level<Computation> Nodes { get; } = new(c => GraphPrinter.Print(GraphWalk.TopologicalOrder(c.Nodes), c.Nodes, gradients: false), NodeVerifier.Verify);

    public static Level<KernelGraph> Kernels { get; } = new(FusionLog.Describe, KernelVerifier.Verify);

    public static Level<LoweredProgram> Loops { get; } = new(PrintLoops, p => Array.ForEach([.. p.All], k => LoopVerifier.Verify(k.Kernel)));

    public static Level<Traffic> Traffic { get; } = new(t => t.Describe(), _ => { });

    public static Level<Schedule> Plan { get; } = new(PlanPrinter.Print, PlanVerifier.Verify);

    public static Level<PlannedMemory> Memory { get; } = new(PlanPrinter.Print, MemoryVerifier.Verify);

    private static string PrintLoops(LoweredProgram program)
    {
        var text = new StringBuilder();
        foreach ((KernelBuffer buffer, Parameter parameter) in program.Places)
        {
            text.Append(CultureInfo.InvariantCulture, $"# {buffer.Describe()} is written where {((Node)parameter).Describe()} lies\n");
        }

        return text.AppendJoin('\n', program.All.Select(k => LoopPrinter.Print(k.Kernel))).ToString();
    }
}
