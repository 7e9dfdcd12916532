using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using System.Reflection;
using GraphCompiler.Loops;
using static GraphCompiler.Loops.BinaryFunction;
using static GraphCompiler.Loops.UnaryFunction;
using E = System.Linq.Expressions.Expression;

namespace GraphCompiler.Emit;

/// <summary>How generated code computes a function of the Loop IR, a row each but for those of the runtime's, which are called by their names.</summary>
/// <param name="Vector">The method of Vector128, Vector256 and Vector512.</param>
/// <param name="Operator">The node of numbers' expressions, but of those for which a method is named.</param>
/// <param name="Float">The method of MathF and Math, whose overloads for integers are called if none is named for these.</param>
/// <param name="Integer">The method of <see cref="ScalarMath"/> for integers.</param>
internal sealed record FunctionForm(string? Vector, ExpressionType? Operator = null, string? Float = null, string? Integer = null)
{
    private static readonly FunctionTable<FunctionForm> Unary = new()
    {
        [Negate] = new("Negate", ExpressionType.Negate),
        [Abs] = new("Abs", Float: "Abs", Integer: "Abs"),
        [Sqrt] = new("Sqrt", Float: "Sqrt"),
        [Floor] = new("Floor", Float: "Floor"),
        [Round] = new("Round", Float: "Round"),
        [Not] = new("OnesComplement", ExpressionType.Not, Integer: "Not"),
        [IsNaN] = new("IsNaN", Float: "IsNaN") { IsOwn = true },
    };

    private static readonly FunctionTable<FunctionForm> Binary = new()
    {
        [Add] = new("Add", ExpressionType.Add),
        [Subtract] = new("Subtract", ExpressionType.Subtract),
        [Multiply] = new("Multiply", ExpressionType.Multiply),
        [Divide] = new("Divide", ExpressionType.Divide, Integer: "FloorDivide") { Vectors = Operands.Floats },
        [Maximum] = new("Max", Float: "Max"),
        [Minimum] = new("Min", Float: "Min"),
        [Power] = new(null, Float: "Pow", Integer: "Power") { Vectors = 0 },
        [And] = new("BitwiseAnd", ExpressionType.And),
        [Or] = new("BitwiseOr", ExpressionType.Or),
        [Xor] = new("Xor", ExpressionType.ExclusiveOr),
        [ShiftLeft] = new("ShiftLeft", Integer: "ShiftLeft"),
        [ShiftRight] = new("ShiftRightArithmetic", Integer: "ShiftRight"),
        [Equal] = new("Equals", ExpressionType.Equal),
        [NotEqual] = new("Equals", ExpressionType.NotEqual) { IsComplement = true },
        [Less] = new("LessThan", ExpressionType.LessThan),
        [LessEqual] = new("LessThanOrEqual", ExpressionType.LessThanOrEqual),
        [Greater] = new("GreaterThan", ExpressionType.GreaterThan),
        [GreaterEqual] = new("GreaterThanOrEqual", ExpressionType.GreaterThanOrEqual),
    };

    /// <summary>The types of which there are vectors that it takes.</summary>
    public Operands Vectors { get; private init; } = Operands.All;

    /// <summary>Whether the method of vectors gives the complement of the result.</summary>
    public bool IsComplement { get; private init; }

    /// <summary>Whether the method of floats is one of their own type.</summary>
    public bool IsOwn { get; private init; }

    /// <summary>The name of a function of the runtime's.</summary>
    public string? Runtime { get; private init; }

    public static FunctionForm Of(UnaryFunction function) => Unary[function] ?? OfRuntime(function);

    public static FunctionForm Of(BinaryFunction function) => Binary[function] ?? OfRuntime(function);

    private static FunctionForm OfRuntime(Enum function) => new((string?)null) { Runtime = function.ToString() };

    /// <summary>The function of numbers.</summary>
    public E OfNumbers(params E[] x)
    {
        Type type = x[0].Type;
        return Runtime is not null ? CallRuntime(x)
            : Integer is not null && (type == typeof(int) || type == typeof(long)) ? Call(typeof(ScalarMath), Integer, x)
            : Operator is { } node ? x.Length == 1 ? E.MakeUnary(node, x[0], type) : E.MakeBinary(node, x[0], x[1])
            : Call(type == typeof(float) ? (IsOwn ? typeof(float) : typeof(MathF)) : (IsOwn ? typeof(double) : typeof(Math)), Float!, x);
    }

    /// <summary>The function of vectors; a comparison's result has lanes of their type.</summary>
    public E OfVectors(VectorOperations operations, params E[] x) => Runtime is not null ? CallRuntime(x) : operations.Call(Vector!, x);

    /// <summary>The runtime's function of numbers or vectors.</summary>
    private MethodCallExpression CallRuntime(E[] x)
    {
        Type[] types = [.. x.Select(argument => argument.Type)];
        MethodInfo method = typeof(Functions).GetNestedType(Runtime!, BindingFlags.NonPublic) is { } function
            ? Methods.Find(typeof(VectorMath), x.Length == 1 ? nameof(VectorMath.Apply) : nameof(VectorMath.Apply2), types, function)
            : Methods.Find(typeof(VectorMath), Runtime!, types);
        return E.Call(method, x);
    }

    private static MethodCallExpression Call([DynamicallyAccessedMembers(Methods.Kept)] Type owner, string name, E[] arguments) =>
        E.Call(Methods.Find(owner, name, [.. arguments.Select(argument => argument.Type)]), arguments);
}
