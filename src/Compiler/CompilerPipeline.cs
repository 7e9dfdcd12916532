using GraphCompiler.Operations;
using GraphCompiler.Planning;
using GraphCompiler.Rewriting;

namespace GraphCompiler;

/// <summary>The compiler's passes, in order: from the nodes that a user wrote to a program that runs.</summary>
internal static class CompilerPipeline
{
    /// <param name="options">How to compile.</param>
    /// <param name="inputs">The inputs, in the order of the arguments.</param>
    /// <param name="roots">What to compute.</param>
    /// <param name="seed">The input that only comes with the backward part.</param>
    public static Program Run(CompileOptions options, IReadOnlyList<Node> inputs, IReadOnlyList<Root> roots, Node? seed = null)
    {
        var context = new CompilerContext(options);
        Node[] nodes = [.. roots.Select(r => r.Node)];
        List<Guard> guards = [.. GuardsOf(nodes)];

        nodes = context.Pass("input", nodes, n => n);
        nodes = context.Pass("stabilize", nodes, n => Stabilize.Run(n).Of(n));
        nodes = context.Pass("inline-calls", nodes, InlineCalls.Run);

        // The bodies of calls have conditions of their own; what simplification drops keeps its conditions.
        guards.AddRange(GuardsOf(nodes));
        RandomStreamOp[] streams = [.. GraphWalk.TopologicalOrder(nodes).Select(n => n.Op).OfType<RandomStreamOp>()];
        nodes = context.Pass("simplify", nodes, n => Rewriter.Run(options.Simplify ? [.. Simplify.Rules, .. Stabilize.Rules] : [], n).Of(n));
        nodes = context.Pass("inline-stabilized", nodes, InlineCalls.Run);
        nodes = context.Pass("join-slices", nodes, n => options.Simplify ? JoinSlices.Run(n) : n);
        nodes = context.Pass("simplify-again", nodes, n => Rewriter.Run(options.Simplify ? Simplify.Rules : [], n).Of(n));
        nodes = context.Pass("choose-saved", nodes, n => options.Recompute ? ChooseSaved.Run(n, [.. roots.Select(r => r.IsForward)]) : n);

        Root[] final = [.. roots.Select((r, i) => r with { Node = nodes[i] })];
        Program program = BuildProgram.Run(context, inputs, final, [.. guards.Distinct()], streams, seed);
        context.Finish(program);
        return program;
    }

    private static IEnumerable<Guard> GuardsOf(IEnumerable<Node> nodes) => GraphWalk.TopologicalOrder(nodes).SelectMany(n => n.Guards);
}
