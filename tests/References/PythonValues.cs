namespace GraphCompiler.Tests.References;

/// <summary>What operators, attributes and subscripts mean.</summary>
internal interface IPythonLibrary
{
    object? Global(string name);

    object? Attribute(object? target, string name);

    object? Index(object? target, object? index);

    object? Unary(string op, object? operand);

    object? Binary(string op, object? left, object? right);
}

/// <summary>Names in sight of an expression.</summary>
internal sealed record PythonScope(IPythonLibrary Library, IReadOnlyDictionary<string, object?> Names)
{
    public object? this[string name] => Names.TryGetValue(name, out object? value) ? value : Library.Global(name);

    public PythonScope With(string name, object? value) => this with { Names = new Dictionary<string, object?>(Names) { [name] = value } };
}

/// <summary>A function and its name.</summary>
internal sealed record PythonFunction(string Name, Func<PythonArguments, object?> Call);

/// <summary>A module, which is only a prefix of names.</summary>
internal sealed record PythonModule(string Name);

/// <summary>A part of an axis.</summary>
internal sealed record PythonSlice(long? Start, long? Stop, long Step);

/// <summary>The rest of the axes.</summary>
internal sealed record PythonEllipsis
{
    public static PythonEllipsis Value { get; } = new();
}

/// <summary>The arguments of a call, found by position or name.</summary>
internal sealed class PythonArguments(object?[] positional, Dictionary<string, object?> keyword)
{
    public object?[] Positional => positional;

    public int Count => positional.Length + keyword.Count;

    public PythonArguments Behind(object? first) => new([first, .. positional], keyword);

    public bool Has(int index, string name) => (index >= 0 && index < positional.Length) || keyword.ContainsKey(name);

    /// <summary>An argument at a position (or −1 for none) or under a name; null where it is not given.</summary>
    public object? Find(int index, string name) => index >= 0 && index < positional.Length ? positional[index] : keyword.GetValueOrDefault(name);

    public Node Node(int index, string name = "") => Find(index, name) as Node ?? throw new ArgumentException($"argument {index} '{name}' is no tensor");

    public Node? NodeOrNull(int index, string name) => Find(index, name) as Node;

    public int Int(int index, string name, int otherwise = 0) => Has(index, name) ? (int)(long)Find(index, name)! : otherwise;

    public double Double(int index, string name, double otherwise) => Find(index, name) is { } value ? Number(value) : otherwise;

    public bool Flag(int index, string name, bool otherwise = false) => Find(index, name) is bool value ? value : otherwise;

    public string? Text(int index, string name) => Find(index, name) as string;

    /// <summary>Whole numbers: one, or a tuple of them; null where they are not given.</summary>
    public int[]? Ints(int index, string name) => Find(index, name) switch
    {
        null => null,
        long one => [(int)one],
        object?[] several => [.. several.Select(v => (int)(long)v!)],
        _ => throw new ArgumentException($"argument {index} '{name}' is no tuple of ints"),
    };

    public Node[] Nodes(int index, string name) => [.. ((object?[])Find(index, name)!).Cast<Node>()];

    public static double Number(object value) => value switch
    {
        double real => real,
        long whole => whole,
        bool flag => flag ? 1 : 0,
        _ => throw new ArgumentException($"{value} is no number"),
    };
}
