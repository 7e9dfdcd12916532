using System.Linq.Expressions;
using System.Reflection;
using E = System.Linq.Expressions.Expression;

namespace GraphCompiler.Emit;

/// <summary>
/// Finds what FastExpressionCompiler 6.0.0 or the JIT of .NET 10 is known to get wrong in an expression tree: code that is refused, crashes,
/// answers wrongly, or is compiled without optimisation, each seen in a run.
/// </summary>
internal sealed class ExpressionChecker : ExpressionVisitor
{
    /// <summary>FEC recurses without a guard.</summary>
    public const int MostDepth = 200;

    private readonly List<string> violations = [];
    private int depth;
    private bool isTooDeep;

    private ExpressionChecker()
    {
    }

    /// <summary>Every violation, in the order met.</summary>
    public static IReadOnlyList<string> Check(LambdaExpression lambda)
    {
        var checker = new ExpressionChecker();
        checker.Visit(lambda.Body);
        return checker.violations;
    }

    /// <exception cref="CompileException">There are violations.</exception>
    public static void Verify(LambdaExpression lambda)
    {
        IReadOnlyList<string> found = Check(lambda);
        if (found.Count > 0)
        {
            throw new CompileException($"Kernel {lambda.Name} was emitted as an expression tree that does not compile safely: {string.Join("; ", found)}.");
        }
    }

    public override E? Visit(E? node)
    {
        if (node is null)
        {
            return null;
        }

        depth++;
        if (depth > MostDepth && !isTooDeep)
        {
            isTooDeep = true;
            violations.Add($"nested deeper than {MostDepth}");
        }

        base.Visit(node);
        depth--;
        return node;
    }

    protected override E VisitBlock(BlockExpression node)
    {
        E last = node.Expressions[^1];
        bool isVoid = node.Type == typeof(void);
        Require(!isVoid || last.Type == typeof(void), $"a void block ends in {Describe(last)}, not in Empty()");
        foreach (E statement in node.Expressions.SkipLast(1))
        {
            bool drops = statement.Type != typeof(void) && statement.NodeType != ExpressionType.Assign;
            Require(!drops, $"the value of {Describe(statement)} is dropped");
        }

        return base.VisitBlock(node);
    }

    protected override E VisitBinary(BinaryExpression node)
    {
        // Only these are reducible.
        Require(!node.CanReduce, $"compound assignment {Describe(node)}");
        Require(node.Method is null, $"{Describe(node)} has a method of its own; call it");
        if (node.NodeType is not (ExpressionType.Assign or ExpressionType.ArrayIndex))
        {
            RequireSigned(node, node.Left.Type);
            RequirePrimitive(node, node.Left.Type);
        }

        return base.VisitBinary(node);
    }

    protected override E VisitUnary(UnaryExpression node)
    {
        bool steps = node.NodeType is ExpressionType.Increment or ExpressionType.Decrement or ExpressionType.PreIncrementAssign
            or ExpressionType.PreDecrementAssign or ExpressionType.PostIncrementAssign or ExpressionType.PostDecrementAssign;
        Require(!steps || node.Type == typeof(int), $"{Describe(node)} on {node.Type.Name}");

        // Conversions of native integers have methods on paper only.
        bool isNative = node.Method?.DeclaringType == typeof(nint);
        Require(node.Method is null || isNative, $"{Describe(node)} has a method of its own; call it");
        Require(node.NodeType != ExpressionType.Quote, "a quoted lambda");
        if (node.NodeType is not (ExpressionType.Quote or ExpressionType.Throw))
        {
            RequireSigned(node, node.Operand.Type);
            RequireSigned(node, node.Type);
            RequirePrimitive(node, node.Operand.Type);
        }

        return base.VisitUnary(node);
    }

    protected override E VisitMethodCall(MethodCallExpression node)
    {
        RequireReference(node, node.Object);
        ParameterInfo[] parameters = node.Method.GetParameters();
        for (int i = 0; i < parameters.Length; i++)
        {
            Require(
                !parameters[i].ParameterType.IsByRef || node.Arguments[i] is ParameterExpression,
                $"{Describe(node)} takes {Describe(node.Arguments[i])} by reference; put it in a local");
        }

        return base.VisitMethodCall(node);
    }

    protected override E VisitMember(MemberExpression node)
    {
        RequireReference(node, node.Expression);
        return base.VisitMember(node);
    }

    protected override E VisitConstant(ConstantExpression node)
    {
        Require(
            node.Value is null || node.Type.IsPrimitive || node.Type == typeof(string),
            $"a constant of type {node.Type.Name} would live in the closure");
        return node;
    }

    protected override E VisitGoto(GotoExpression node)
    {
        Require(node.Kind != GotoExpressionKind.Return, "a return before the end");
        return base.VisitGoto(node);
    }

    protected override E VisitTry(TryExpression node)
    {
        violations.Add("a try inside a kernel");
        return base.VisitTry(node);
    }

    protected override E VisitDynamic(DynamicExpression node)
    {
        violations.Add("a dynamic expression");
        return node;
    }

    protected override E VisitRuntimeVariables(RuntimeVariablesExpression node)
    {
        violations.Add("runtime variables");
        return node;
    }

    protected override E VisitLambda<T>(Expression<T> node)
    {
        violations.Add("a nested lambda");
        return base.VisitLambda(node);
    }

    private void RequireSigned(E node, Type type) =>
        Require(type != typeof(uint) && type != typeof(ulong), $"{Describe(node)} on {type.Name}");

    private void RequirePrimitive(E node, Type type) =>
        Require(!type.IsValueType || type.IsPrimitive, $"operator {Describe(node)} on {type.Name}; call the static method");

    private void RequireReference(E node, E? instance) =>
        Require(instance is null || !instance.Type.IsValueType, $"{Describe(node)} is an instance member of a struct; call a static method");

    private void Require(bool holds, string violation)
    {
        if (!holds)
        {
            violations.Add(violation);
        }
    }

    private static string Describe(E node) => node switch
    {
        MethodCallExpression call => call.Method.Name,
        MemberExpression member => member.Member.Name,
        ParameterExpression parameter => parameter.Name ?? "a parameter",
        _ => node.NodeType.ToString(),
    };
}
