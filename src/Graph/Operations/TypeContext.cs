namespace GraphCompiler.Operations;

/// <summary>What a type rule sees: the operation, its inputs, and ways to refuse them.</summary>
internal sealed class TypeContext(Op op, IReadOnlyList<Node> inputs, string name)
{
    private readonly List<Guard> guards = [];

    public IReadOnlyList<Node> Inputs => inputs;

    /// <summary>Conditions on symbols that could not be decided; they are checked when sizes are bound.</summary>
    public IReadOnlyList<Guard> Guards => guards;

    public ShapeException BadShape(string message) => new($"{op.Name}: {message}{Describe()}");

    public DTypeException BadDType(string message) => new($"{op.Name}: {message}{Describe()}");

    public void RequireSame(Dim left, Dim right, string message)
    {
        switch (Dim.Same(left, right))
        {
            case false:
                throw BadShape(message);
            case null when Dim.SameOnlyWithout(left, right) is { } rest:
                throw BadShape($"{message} That holds only where {rest} is 0.");
            case null:
                Ask(left, right, isEquality: true, message);
                break;
        }
    }

    public void RequireAtLeast(Dim left, Dim right, string message)
    {
        switch (Dim.AtLeast(left, right))
        {
            case false:
                throw BadShape(message);
            case null:
                Ask(left, right, isEquality: false, message);
                break;
        }
    }

    /// <summary>A size is at least 0: what formulas of symbols leave open is asked once, where such a size is new.</summary>
    public void RequireSizes(NodeType[] results)
    {
        // The sizes of a leaf are those of its argument.
        foreach (NodeType result in op.IsLeaf ? [] : results)
        {
            for (int axis = 0; axis < result.Shape.Rank; axis++)
            {
                Dim size = result.Shape[axis];
                if (!(size.Constant >= 0 || size.Symbol is not null) && !inputs.Any(i => i.Results.Any(r => r.Shape.Contains(size))))
                {
                    RequireAtLeast(size, 0, $"the result would have the size {size} along an axis.");
                }
            }
        }
    }

    public void RequireSameTypes()
    {
        for (int i = 1; i < inputs.Count; i++)
        {
            if (inputs[i].DType != inputs[0].DType)
            {
                throw BadDType($"the inputs have different dtypes, {inputs[0].DType.Display()} and {inputs[i].DType.Display()}; nothing is promoted implicitly, use Cast.");
            }
        }
    }

    public void RequireFloat(int input = 0)
    {
        if (!inputs[input].DType.IsFloat())
        {
            throw BadDType($"it takes float32 or float64, not {inputs[input].DType.Display()}; use Cast.");
        }
    }

    public void RequireNumber(int input = 0)
    {
        if (inputs[input].DType == DType.Bool)
        {
            throw BadDType("it takes numbers, not bool; use Cast.");
        }
    }

    public void RequireBool(int input = 0)
    {
        if (inputs[input].DType != DType.Bool)
        {
            throw BadDType($"input {input} must be bool, not {inputs[input].DType.Display()}; compare, for example NotEqual(x, 0).");
        }
    }

    public void RequireIndices(int input)
    {
        if (!inputs[input].DType.IsInteger())
        {
            throw BadDType($"indices must be int32 or int64, not {inputs[input].DType.Display()}; use Cast.");
        }
    }

    public void RequireAxis(int axis, int rank)
    {
        if (axis < 0 || axis >= rank)
        {
            throw BadShape($"axis {axis} is outside a rank of {rank}.");
        }
    }

    private void Ask(Dim left, Dim right, bool isEquality, string message) =>
        guards.Add(new Guard(left, right, isEquality, $"{op.Name}{name}: {message}{Describe()}") { Asked = message });

    private string Describe() => inputs.Count == 0 ? string.Empty : $" Inputs: {string.Join(", ", inputs.Select(i => i.Describe()))}.";
}

/// <summary>A condition on symbolic sizes that is checked when they are bound: left = right, or left ≥ right.</summary>
internal sealed record Guard(Dim Left, Dim Right, bool IsEquality, string Message)
{
    /// <summary>The message without who asks and of what.</summary>
    public string Asked { get; init; } = string.Empty;

    /// <summary>Where the node was made that asks, a sentence; nothing where that is not known.</summary>
    public string Origin { get; init; } = string.Empty;

    public void Check(Func<string, long> symbol) => Check(Left.Evaluate(symbol), Right.Evaluate(symbol));

    /// <summary>Checks the values of the two sides.</summary>
    public void Check(long left, long right)
    {
        if (IsEquality ? left != right : left < right)
        {
            string values = string.Join(" and ", new[] { (Dim: Left, Value: left), (Dim: Right, Value: right) }.Where(s => !s.Dim.IsConstant).Select(s => $"{s.Dim} is {s.Value}"));
            throw new BindingException($"{Message} With these arguments {values}; {Left} {(IsEquality ? "=" : "≥")} {Right} is needed.{Origin}");
        }
    }
}
