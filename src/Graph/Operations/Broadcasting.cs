namespace GraphCompiler.Operations;

/// <summary>NumPy's broadcasting: shapes are aligned at their last axes, and axes of constant size 1 repeat.</summary>
internal static class Broadcasting
{
    /// <summary>The nodes repeated to their common shape.</summary>
    public static Node[] Together(string op, params ReadOnlySpan<Node> nodes)
    {
        Shape common = nodes[0].Shape;
        for (int i = 1; i < nodes.Length; i++)
        {
            common = Join(op, common, nodes[i].Shape, nodes);
        }

        var result = new Node[nodes.Length];
        for (int i = 0; i < nodes.Length; i++)
        {
            result[i] = Ops.BroadcastTo(nodes[i], common);
        }

        return result;
    }

    public static Shape Join(string op, Shape a, Shape b, params ReadOnlySpan<Node> inputs)
    {
        if (a == b)
        {
            return a;
        }

        var dims = new Dim[Math.Max(a.Rank, b.Rank)];
        for (int i = 1; i <= dims.Length; i++)
        {
            Dim left = i <= a.Rank ? a[^i] : 1;
            Dim right = i <= b.Rank ? b[^i] : 1;
            dims[^i] = left == right || right.Constant == 1 ? left
                : left.Constant == 1 ? right
                : throw new ShapeException($"{op}: {Explain(a, b)}{Describe(inputs)}");
        }

        return Shape.Create(dims);
    }

    /// <summary>Why two shapes do not broadcast, and what would be right.</summary>
    public static string Explain(Shape a, Shape b) =>
        $"the shapes {a} and {b} do not broadcast: aligned at their last axes, sizes must be equal or the number 1.{Declare(a, b)}";

    /// <summary>How to say that symbolic sizes are equal to what they stand beside; nothing where no size is symbolic.</summary>
    public static string Declare(Shape a, Shape b)
    {
        string[] symbols = [.. a.Symbols.Concat(b.Symbols).Distinct()];
        return symbols.Length == 0
            ? string.Empty
            : $" A symbol never stands for 1 here; to say that {string.Join(" and ", symbols)} {(symbols.Length == 1 ? "equals another size" : "are equal")}, give the axes the same name or number where the inputs are declared.";
    }

    private static string Describe(ReadOnlySpan<Node> inputs)
    {
        if (inputs.IsEmpty)
        {
            return string.Empty;
        }

        string[] described = new string[inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            described[i] = inputs[i].Describe();
        }

        return $" Inputs: {string.Join(", ", described)}.";
    }
}
