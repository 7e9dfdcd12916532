using GraphCompiler.Loops;

namespace GraphCompiler.Emit;

/// <summary>
/// Replaces Float32 transcendentals by cheap operations, so that every width and the scalar remainder compute the same bits. Equal blocks of random bits
/// become one object, as the emitter computes an object once: two parts of a block that one statement uses cost hardly more than one.
/// </summary>
internal static class ExpandMath
{
    public static Kernel Run(Kernel kernel)
    {
        Dictionary<RandomBlock, RandomBlock> blocks = [];
        var rewriter = new LoopTree.Rewriter(value => value switch
        {
            UnaryValue { Type: DType.Float32 } unary => MathExpansion.Expand(unary.Function, unary.X) ?? unary,
            RandomBlock block => blocks.TryGetValue(block, out RandomBlock? known) ? known : blocks[block] = block,
            _ => value,
        });
        return kernel with { Body = rewriter.Rewrite(kernel.Body) };
    }
}
