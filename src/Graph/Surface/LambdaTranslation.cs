using System.Linq.Expressions;
using System.Reflection;

namespace GraphCompiler.Surface;

/// <summary>A lambda's body as nodes.</summary>
/// <param name="function">Who translates, for messages.</param>
/// <param name="lambda">The lambda.</param>
/// <param name="arguments">What it is applied to.</param>
/// <param name="nodes">All that it is made of, to which the nodes that it captures are added; null where it may capture none.</param>
/// <param name="around">The translation of the lambda that uses it, if one does.</param>
internal sealed class LambdaTranslation(string function, LambdaExpression lambda, Node[] arguments, List<Node>? nodes = null, LambdaTranslation? around = null)
{
    private const string Understood = "use arithmetic, comparisons, ?:, functions of Math, MathF, float or double that Ops has too, other lambdas by Of, and nodes by Element";
    private const string DrawnApart = "draw numbers for each element as a node, such as Uniform(generator, x.Shape).Element(), or before the lambda one that all share";

    private readonly LambdaExpression lambda = lambda;
    private readonly LambdaTranslation? around = around;

    private DType DType => arguments[0].DType;

    public Node Result()
    {
        Node result = Translate(lambda.Body);
        return result.DType == DType ? result : throw Refuse(lambda.Body, "gives a bool, not a number");
    }

    private Node Translate(Expression e)
    {
        if (e is ParameterExpression parameter && lambda.Parameters.IndexOf(parameter) is >= 0 and var position)
        {
            return arguments[position];
        }

        if (IsClosed(e))
        {
            return Number(e);
        }

        return e switch
        {
            UnaryExpression { NodeType: ExpressionType.Convert or ExpressionType.ConvertChecked } u when IsFloat(u.Type) => Translate(u.Operand),
            UnaryExpression { NodeType: ExpressionType.Negate } u => -Translate(u.Operand),
            UnaryExpression { NodeType: ExpressionType.UnaryPlus } u => Translate(u.Operand),
            UnaryExpression { NodeType: ExpressionType.Not } u when u.Type == typeof(bool) => !Translate(u.Operand),
            BinaryExpression b => Binary(b),
            ConditionalExpression c => Ops.Where(Translate(c.Test), Translate(c.IfTrue), Translate(c.IfFalse)),
            MethodCallExpression m => Call(m),
            _ => throw Refuse(e, "is not understood"),
        };
    }

    private Node Binary(BinaryExpression b)
    {
        // Some functions give integers, such as Sign: sums and comparisons of these are those of the numbers, the rest is not.
        if (!IsFloat(b.Type) && b.Type != typeof(bool) && b.NodeType is not (ExpressionType.Add or ExpressionType.Subtract or ExpressionType.Multiply))
        {
            throw Refuse(b, "works on integers, as C# would; make floating-point numbers of them");
        }

        (Node x, Node y) = (Translate(b.Left), Translate(b.Right));
        return b.NodeType switch
        {
            ExpressionType.Add => x + y,
            ExpressionType.Subtract => x - y,
            ExpressionType.Multiply => x * y,
            ExpressionType.Divide => x / y,
            ExpressionType.Modulo => Ops.FMod(x, y),
            ExpressionType.LessThan => x < y,
            ExpressionType.LessThanOrEqual => x <= y,
            ExpressionType.GreaterThan => x > y,
            ExpressionType.GreaterThanOrEqual => x >= y,
            ExpressionType.Equal => Ops.Equal(x, y),
            ExpressionType.NotEqual => Ops.NotEqual(x, y),
            ExpressionType.AndAlso or ExpressionType.And => x & y,
            ExpressionType.OrElse or ExpressionType.Or => x | y,
            ExpressionType.ExclusiveOr => x ^ y,
            _ => throw Refuse(b, "is not understood"),
        };
    }

    private Node Call(MethodCallExpression m)
    {
        if (m.Method.DeclaringType == typeof(LambdaExtensions))
        {
            return m.Method.Name == nameof(LambdaExtensions.Element) ? Captured(m) : Used(m);
        }

        Type? owner = m.Method.DeclaringType;
        Node[] x = owner == typeof(Math) || owner == typeof(MathF) || owner == typeof(float) || owner == typeof(double)
            ? [.. m.Arguments.Select(Translate)]
            : throw Refuse(m, "is not understood");
        return (m.Method.Name, x.Length) switch
        {
            ("Abs", 1) => Ops.Abs(x[0]),
            ("Exp", 1) => Ops.Exp(x[0]),
            ("Exp2", 1) => Ops.Exp2(x[0]),
            ("ExpM1", 1) => Ops.ExpM1(x[0]),
            ("Log", 1) => Ops.Log(x[0]),
            ("Log2", 1) => Ops.Log2(x[0]),
            ("Log10", 1) => Ops.Log10(x[0]),
            ("LogP1", 1) => Ops.Log1P(x[0]),
            ("Cbrt", 1) => Ops.Cbrt(x[0]),
            ("Sinh", 1) => Ops.Sinh(x[0]),
            ("Cosh", 1) => Ops.Cosh(x[0]),
            ("Asinh", 1) => Ops.Asinh(x[0]),
            ("Acosh", 1) => Ops.Acosh(x[0]),
            ("Atanh", 1) => Ops.Atanh(x[0]),
            ("Tan", 1) => Ops.Tan(x[0]),
            ("Asin", 1) => Ops.Asin(x[0]),
            ("Acos", 1) => Ops.Acos(x[0]),
            ("Atan", 1) => Ops.Atan(x[0]),
            ("Ceiling", 1) => Ops.Ceil(x[0]),
            ("Round", 1) => Ops.Round(x[0]),
            ("Truncate", 1) => Ops.Trunc(x[0]),
            ("IsNaN", 1) => Ops.IsNaN(x[0]),
            ("IsInfinity", 1) => Ops.IsInfinity(x[0]),
            ("IsFinite", 1) => Ops.IsFinite(x[0]),
            ("IsNegative", 1) => Ops.SignBit(x[0]),
            ("Atan2", 2) => Ops.Atan2(x[0], x[1]),
            ("Hypot", 2) => Ops.Hypot(x[0], x[1]),
            ("CopySign", 2) => Ops.CopySign(x[0], x[1]),
            ("Lerp", 3) => Ops.Lerp(x[0], x[1], x[2]),
            ("Sqrt", 1) => Ops.Sqrt(x[0]),
            ("Tanh", 1) => Ops.Tanh(x[0]),
            ("Sin", 1) => Ops.Sin(x[0]),
            ("Cos", 1) => Ops.Cos(x[0]),
            ("Floor", 1) => Ops.Floor(x[0]),
            ("Pow", 2) => Ops.Pow(x[0], x[1]),
            ("Max", 2) => Ops.Maximum(x[0], x[1]),
            ("Min", 2) => Ops.Minimum(x[0], x[1]),
            ("Clamp", 3) => Ops.Clamp(x[0], x[1], x[2]),
            ("Log", 2) => Ops.Log(x[0]) / Ops.Log(x[1]),
            ("Sign", 1) => Ops.Sign(x[0]),
            ("MaxNumber", 2) => Ops.FMax(x[0], x[1]),
            ("MinNumber", 2) => Ops.FMin(x[0], x[1]),
            ("DegreesToRadians", 1) => Ops.Deg2Rad(x[0]),
            ("RadiansToDegrees", 1) => Ops.Rad2Deg(x[0]),
            ("FusedMultiplyAdd", 3) => (x[0] * x[1]) + x[2],
            _ => throw Refuse(m, "is not understood"),
        };
    }

    /// <summary>Another lambda, in a field or a variable, where its elements are those of parts of this one.</summary>
    private Node Used(MethodCallExpression m)
    {
        LambdaExpression used = IsClosed(m.Arguments[0]) ? (LambdaExpression?)Evaluate(m.Arguments[0]) ?? throw Refuse(m.Arguments[0], "is null") : throw Refuse(m.Arguments[0], "is not known here");
        for (LambdaTranslation? each = this; each is not null; each = each.around)
        {
            if (each.lambda == used)
            {
                throw Refuse(m, "uses itself");
            }
        }

        return new LambdaTranslation(function, used, [.. m.Arguments.Skip(1).Select(Translate)], nodes, this).Result();
    }

    /// <summary>A node from outside, whose elements stand beside those of the parameters.</summary>
    private Node Captured(MethodCallExpression m)
    {
        Node node = IsClosed(m.Arguments[0]) ? (Node?)Evaluate(m.Arguments[0]) ?? throw Refuse(m.Arguments[0], "is null") : throw Refuse(m.Arguments[0], "is not known here");
        if (nodes is null)
        {
            throw Refuse(m, $"is an element of {node.Describe()}, and {function} takes functions of their parameters alone");
        }

        if (node.DType != DType)
        {
            throw new DTypeException(
                $"{function}: '{m}' in '{lambda}' is {node.DType.Display()} and the lambda is applied to {DType.Display()}; nothing is promoted implicitly, use Cast. Inputs: {string.Join(", ", nodes.Append(node).Select(n => n.Describe()))}.");
        }

        nodes.Add(node);
        Operations.Broadcasting.Together(function, [.. nodes]);
        return Draws(m.Arguments[0]) && Operations.Broadcasting.Together(function, [arguments[0], node])[0].Shape != node.Shape
            ? throw Refuse(m, $"is drawn once, {node.Type}, for elements of {arguments[0].Shape}", DrawnApart)
            : node;
    }

    /// <summary>A part without the lambda's parameters, nodes and other lambdas is a number (or bool), computed now.</summary>
    private Node Number(Expression e)
    {
        if (Draws(e))
        {
            throw Refuse(e, "would be drawn once, when the graph is made", DrawnApart);
        }

        object? value = Evaluate(e);
        return value is bool flag
            ? Ops.Constant(flag)
            : value is IConvertible number and not string ? Ops.Scalar(number.ToDouble(null), DType)
            : throw Refuse(e, value is Node ? "is a node: use its elements by Element, or give it before the lambda, as one of its parameters" : "is no number");
    }

    /// <summary>What a part without the lambda's parameters is, now.</summary>
    private object? Evaluate(Expression e)
    {
        try
        {
            return Value(e);
        }
        catch (Exception thrown)
        {
            Exception cause = thrown is TargetInvocationException { InnerException: { } inner } ? inner : thrown;
            throw new GraphException($"{function}: '{e}' in '{lambda}' cannot be computed: {cause.Message}", cause);
        }

        static object? Value(Expression e) => e switch
        {
            ConstantExpression c => c.Value,
            MemberExpression { Member: FieldInfo field } m => field.GetValue(m.Expression is null ? null : Value(m.Expression)),
            MemberExpression { Member: PropertyInfo property } m => property.GetValue(m.Expression is null ? null : Value(m.Expression)),
            _ => Expression.Lambda<Func<object>>(Expression.Convert(e, typeof(object))).Compile(preferInterpretation: true)(),
        };
    }

    private static bool IsClosed(Expression e) => !PartFinder.Has(e, part => part is ParameterExpression || (part is MethodCallExpression m && m.Method.DeclaringType == typeof(LambdaExtensions)));

    /// <summary>Whether a part calls for random numbers, of which each element would have its own.</summary>
    private static bool Draws(Expression e) => PartFinder.Has(
        e, part => part is MethodCallExpression m && m.Arguments.Prepend(m.Object).Any(a => a is not null && (a.Type == typeof(Generator) || a.Type.IsAssignableTo(typeof(Random)))));

    private static bool IsFloat(Type type) => type == typeof(float) || type == typeof(double);

    private GraphException Refuse(Expression e, string why, string cure = Understood) => new($"{function}: '{e}' in '{lambda}' {why}; {cure}.");

    private sealed class PartFinder(Func<Expression, bool> isIt) : ExpressionVisitor
    {
        private bool found;

        public static bool Has(Expression e, Func<Expression, bool> isIt)
        {
            var finder = new PartFinder(isIt);
            finder.Visit(e);
            return finder.found;
        }

        public override Expression? Visit(Expression? node)
        {
            found |= node is not null && isIt(node);
            return base.Visit(node);
        }
    }
}
