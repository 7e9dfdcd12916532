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
    /// <param name="a">A shape.</param>
    /// <param name="b">The other.</param>
    /// <param name="onlyFirst">Whether the second stays as it is.</param>
    public static string Explain(Shape a, Shape b, bool onlyFirst = false)
    {
        // The axes that clash are what is wrong; sizes that agree have nothing to do with it.
        (Dim Left, Dim Right)[] clashes = [.. Enumerable.Range(1, Math.Min(a.Rank, b.Rank))
            .Select(i => (Left: a[^i], Right: b[^i]))
            .Where(s => s.Left != s.Right && s.Left.Constant != 1 && (onlyFirst || s.Right.Constant != 1))];
        string where = clashes.Length == 0 ? string.Empty : $" {clashes[0].Left} stands against {clashes[0].Right}.";
        return $"the shapes {a} and {b} do not broadcast: aligned at their last axes, sizes must be equal or the number 1.{where}{Declare(Shape.Of(clashes.Select(c => c.Left)), Shape.Of(clashes.Select(c => c.Right)))}";
    }

    /// <summary>How to say that symbolic sizes are equal to what they stand beside; nothing where no size is symbolic.</summary>
    public static string Declare(Shape a, Shape b)
    {
        // Sizes that both have are equal already; one that is made of symbols is nothing that could be declared.
        Dim[] sizes = [.. a.Except(b).Concat(b.Except(a))];
        string[] made = [.. sizes.Where(d => d.Symbol is null).SelectMany(d => d.Symbols)];
        string[] symbols = [.. sizes.Select(d => d.Symbol).OfType<string>().Except(made).Select(Dim.Display)];
        bool mayBeEqual = made.Length > 0 && a.Except(b).Any(left => b.Except(a).Any(right => !left.IsConstant && !right.IsConstant && Dim.Same(left, right) is null));
        string computed = mayBeEqual ? " AssumeShape says that a size which is computed equals another; each call checks it." : string.Empty;
        return symbols.Length == 0
            ? computed
            : $" A symbol never stands for 1 here; to say that {string.Join(" and ", symbols)} {(symbols.Length == 1 ? "equals another size" : "are equal")}, give the axes the same name or number where the inputs are declared, or use AssumeShape, which each call checks.";
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
