using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.References;

/// <summary>PyTorch's functions and methods in terms of <see cref="Ops"/>, with floats of one dtype; dtypes are promoted as PyTorch does.</summary>
internal sealed partial class TorchFunctions : IPythonLibrary
{
    private readonly DType real;
    private readonly Dictionary<string, Func<PythonArguments, object?>> functions = [];

    public TorchFunctions(DType real)
    {
        this.real = real;
        AddElementwise();
        AddActivations();
        AddReductions();
        AddSorting();
        AddMatrices();
        AddLinearAlgebra();
        AddShapes();
        AddConvolutions();
        AddPooling();
        AddIndexing();
        AddNormalisations();
        AddLosses();
        AddRecurrent();
        AddGraphs();
    }

    /// <summary>The results of an expression of named inputs.</summary>
    public Node[] Evaluate(string expression, IReadOnlyDictionary<string, Node> inputs)
    {
        var scope = new PythonScope(this, inputs.ToDictionary(i => i.Key, i => (object?)i.Value));
        return [.. Leaves(PythonExpression.Parse(expression)(scope))];
    }

    public object? Global(string name) => name switch
    {
        "torch" or "F" or "math" => new PythonModule(name),
        "float" => new PythonFunction(name, a => a.Positional[0] is string text ? Infinity(text) : PythonArguments.Number(a.Positional[0]!)),
        "range" => new PythonFunction(name, a => Enumerable.Range(0, a.Int(0, string.Empty)).Select(i => (object?)(long)i).ToArray()),
        "sum" => new PythonFunction(name, a => ((object?[])a.Positional[0]!).Aggregate((object?)0L, (total, item) => Binary("+", total, item))),
        _ => functions.TryGetValue(name, out Func<PythonArguments, object?>? function) ? new PythonFunction(name, function) : throw new NotSupportedException($"'{name}' is not defined"),
    };

    public object? Attribute(object? target, string name)
    {
        if (target is PythonModule module)
        {
            string full = $"{module.Name}.{name}";
            return full switch
            {
                "torch.linalg" => new PythonModule(full),
                "torch.float64" => real,
                _ => functions.TryGetValue(full, out Func<PythonArguments, object?>? function) ? new PythonFunction(full, function) : throw new NotSupportedException(full),
            };
        }

        Node self = (Node)target!;
        Func<PythonArguments, object?> method = functions.GetValueOrDefault($"Tensor.{name}") ?? functions.GetValueOrDefault($"torch.{name}")
            ?? throw new NotSupportedException($"Tensor.{name}");
        return new PythonFunction(name, a => method(a.Behind(self)));
    }

    public object? Unary(string op, object? operand) => (op, operand) switch
    {
        ("-", Node x) => -x,
        ("~", Node x) => LogicalNot(x),
        ("-", long whole) => -whole,
        ("-", double number) => -number,
        _ => throw new NotSupportedException($"{op}{operand}"),
    };

    public object? Binary(string op, object? left, object? right)
    {
        if (left is not Node && right is not Node)
        {
            return Numbers(op, left!, right!);
        }

        if (op == "**" && right is not Node)
        {
            return Pow((Node)left!, PythonArguments.Number(right!));
        }

        (Node a, Node b) = Promote(left!, right!);
        return op switch
        {
            "+" => a + b,
            "-" => a - b,
            "*" => a * b,
            "/" => a / b,
            "**" => Pow(a, b),
            "@" => MatMul(a, b),
            "<" => Less(a, b),
            "<=" => LessEqual(a, b),
            ">" => Greater(a, b),
            ">=" => GreaterEqual(a, b),
            "==" => Equal(a, b),
            "!=" => NotEqual(a, b),
            _ => throw new NotSupportedException(op),
        };
    }

    internal static object Numbers(string op, object left, object right)
    {
        (double a, double b) = (PythonArguments.Number(left), PythonArguments.Number(right));
        bool whole = left is long && right is long;
        double result = op switch
        {
            "+" => a + b,
            "-" => a - b,
            "*" => a * b,
            "/" => a / b,
            "**" => Math.Pow(a, b),
            _ => throw new NotSupportedException(op),
        };
        if (whole && op != "/")
        {
            return (long)result;
        }

        return result;
    }

    private static double Infinity(string text) => text switch
    {
        "inf" => double.PositiveInfinity,
        "-inf" => double.NegativeInfinity,
        _ => throw new FormatException(text),
    };

    private static IEnumerable<Node> Leaves(object? value) => value is Node node ? [node] : ((IEnumerable<object?>)value!).SelectMany(Leaves);

    /// <summary>Both as nodes of one dtype: bool gives way to integers, those to floats; a float beside an integer tensor makes it float.</summary>
    private (Node A, Node B) Promote(object left, object right)
    {
        DType type = (DType)Math.Max(Rank(left), Rank(right)) switch
        {
            (DType)0 => DType.Bool,
            (DType)1 => DType.Int64,
            _ => real,
        };
        return (As(left, type), As(right, type));

        int Rank(object value) => value switch
        {
            Node { DType: DType.Bool } or bool => 0,
            Node node => node.DType.IsFloat() ? 2 : 1,
            long => 1,
            _ => 2,
        };
    }

    private static Node As(object value, DType type) => value is Node node ? Cast(node, type) : Scalar(PythonArguments.Number(value), type);

    private Node Real(double value) => Scalar(value, real);

    private void Add(string name, Func<PythonArguments, object?> function) => functions.Add(name, function);

    private void Unary(string name, Func<Node, Node> function) => functions.Add(name, a => function(a.Node(0)));

    private void Binary(string name, Func<Node, Node, Node> function) => functions.Add(name, a =>
    {
        (Node x, Node y) = Promote(a.Find(0, "input")!, a.Find(1, "other")!);
        return function(x, y);
    });
}
