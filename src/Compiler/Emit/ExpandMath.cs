using GraphCompiler.Loops;

namespace GraphCompiler.Emit;

/// <summary>
/// Replaces Float32 transcendentals by cheap operations, so that every width and the scalar remainder compute the same bits.
/// </summary>
internal static class ExpandMath
{
    public static Kernel Run(Kernel kernel)
    {
        var rewriter = new LoopTree.Rewriter(value => value is UnaryValue { Type: DType.Float32 } unary && unary.Function.IsExpanded()
            ? MathExpansion.Expand(unary.Function, unary.X)
            : value);
        return kernel with { Body = rewriter.Rewrite(kernel.Body) };
    }
}
