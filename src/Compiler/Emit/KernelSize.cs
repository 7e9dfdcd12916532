using System.Linq.Expressions;
using GraphCompiler.Loops;

namespace GraphCompiler.Emit;

/// <summary>
/// How much code a kernel becomes, counted as the JIT's inliner does: in local variables. It makes about one for each variable of ours, each call of a
/// static method (helpers and vector instructions alike), and each call within the arguments of another. When a method has too many, it leaves the
/// rest of the calls as they are, and each of those spills every vector. Measured: of 1,382 kernels none below 1,209 kept a call, of those from 1,240 on
/// most did. A chain of nothing but arithmetic may be 1,700 long; at 2,060 not one of its instructions is inlined.
/// </summary>
internal sealed class KernelSize : ExpressionVisitor
{
    /// <summary>The largest size at which everything is surely inlined.</summary>
    public const int Most = 1200;

    /// <summary>The largest kernel to make of several: compiling takes longer than in proportion to the size.</summary>
    public const int MostMerged = 750;

    private int size;

    private KernelSize()
    {
    }

    public static int Of(Expression expression)
    {
        var size = new KernelSize();
        size.Visit(expression);
        return size.size;
    }

    public static int Of(Kernel kernel, EmitOptions options) => Of(KernelCompiler.Express(kernel, options));

    protected override Expression VisitMethodCall(MethodCallExpression node)
    {
        size += 1 + node.Arguments.Count(a => a is MethodCallExpression);
        return base.VisitMethodCall(node);
    }

    protected override Expression VisitBlock(BlockExpression node)
    {
        size += node.Variables.Count;
        return base.VisitBlock(node);
    }
}
