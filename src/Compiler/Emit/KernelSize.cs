using System.Linq.Expressions;
using GraphCompiler.Execution;
using GraphCompiler.Loops;

namespace GraphCompiler.Emit;

/// <summary>How much code a kernel becomes: what the JIT inlines and keeps in registers well has bounds.</summary>
internal sealed class KernelSize : ExpressionVisitor
{
    // The JIT stops inlining at about 300 calls of helpers or 900 locals of a method; half of that leaves room for what it makes itself.
    private const int MostHelperCalls = 150;
    private const int MostVariables = 400;

    private int helperCalls;
    private int variables;

    private KernelSize()
    {
    }

    /// <summary>Whether a kernel stays well within what the JIT optimises.</summary>
    public static bool IsSmall(Kernel kernel, EmitOptions options)
    {
        var size = new KernelSize();
        size.Visit(KernelCompiler.Express(kernel, options));
        return size.helperCalls <= MostHelperCalls && size.variables <= MostVariables;
    }

    protected override Expression VisitMethodCall(MethodCallExpression node)
    {
        helperCalls += node.Method.DeclaringType!.Assembly == typeof(Memory).Assembly ? 1 : 0;
        return base.VisitMethodCall(node);
    }

    protected override Expression VisitBlock(BlockExpression node)
    {
        variables += node.Variables.Count;
        return base.VisitBlock(node);
    }
}
