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
    public static Program Run(CompileOptions options, IReadOnlyList<Node> inputs, IReadOnlyList<Root> roots)
    {
        var context = new CompilerContext(options);
        Node[] nodes = [.. roots.Select(r => r.Node)];
        Guard[] guards = [.. GraphWalk.TopologicalOrder(nodes).SelectMany(n => n.Guards).Distinct()];

        nodes = context.Pass("input", nodes, n => n);
        nodes = context.Pass("stabilize", nodes, n => Stabilize.Run(n, []).Of(n));
        nodes = context.Pass("inline-calls", nodes, InlineCalls.Run);
        nodes = context.Pass("forget-gradients", nodes, ForgetGradients.Run);
        nodes = context.Pass("simplify", nodes, n => Rewriter.Run(options.Simplify ? [.. Simplify.Rules, .. Stabilize.Rules] : [], n).Of(n));
        nodes = context.Pass("inline-stabilized", nodes, InlineCalls.Run);
        nodes = context.Pass("simplify-again", nodes, n => Rewriter.Run(options.Simplify ? Simplify.Rules : [], n).Of(n));

        Root[] final = [.. roots.Select((r, i) => r with { Node = nodes[i] })];
        Program program = BuildProgram.Run(context, inputs, final, guards);
        context.Finish(program);
        return program;
    }
}
