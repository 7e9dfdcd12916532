namespace GraphCompiler.Operations;

/// <summary>Parses Einstein's notation into labels: letters are their own, axes under an ellipsis get negative ones, counted from the last.</summary>
internal static class EinsumNotation
{
    public static (int[][] Inputs, int[] Output) Parse(string equation, IReadOnlyList<Node> nodes)
    {
        string text = equation.Replace(" ", string.Empty, StringComparison.Ordinal);
        string[] sides = text.Split("->");
        string[] terms = sides[0].Split(',');
        if (sides.Length > 2)
        {
            throw Wrong(equation, "it has more than one arrow", nodes);
        }

        if (terms.Length != nodes.Count)
        {
            throw Wrong(equation, $"it names {InvariantText.Count(terms.Length, "input")}, and {nodes.Count} are given", nodes);
        }

        int[][] inputs = [.. terms.Select((t, i) => Labels(equation, t, nodes[i].Rank, nodes))];
        int dots = inputs.Max(l => l.Count(label => label < 0));
        int[] output = sides.Length == 2 ? Labels(equation, sides[1], sides[1].Contains("...", StringComparison.Ordinal) ? sides[1].Length - 3 + dots : sides[1].Length, nodes)
            : [.. Enumerable.Range(-dots, dots), .. inputs.SelectMany(l => l).Where(l => l >= 0).GroupBy(l => l).Where(g => g.Count() == 1).Select(g => g.Key).Order()];
        return output.Distinct().Count() < output.Length ? throw Wrong(equation, "a letter of the result occurs twice", nodes)
            : output.FirstOrDefault(l => l >= 0 && !inputs.Any(i => i.Contains(l)), -1) is var unknown and >= 0 ? throw Wrong(equation, $"'{(char)unknown}' of the result is in no input", nodes)
            : (inputs, output);
    }

    public static ShapeException Wrong(string equation, string what, IReadOnlyList<Node> nodes) =>
        new($"Einsum \"{equation}\": {what}. Inputs: {string.Join(", ", nodes.Select(n => n.Describe()))}.");

    private static int[] Labels(string equation, string term, int rank, IReadOnlyList<Node> nodes)
    {
        int at = term.IndexOf("...", StringComparison.Ordinal);
        string letters = at < 0 ? term : term.Remove(at, 3);
        if (letters.FirstOrDefault(c => !char.IsAsciiLetter(c)) is var strange and not '\0')
        {
            throw Wrong(equation, $"'{strange}' in \"{term}\" is no letter", nodes);
        }

        int dots = rank - letters.Length;
        return dots < 0 || (at < 0 && dots > 0)
            ? throw Wrong(equation, $"\"{term}\" names {InvariantText.Count(letters.Length, "axis")}, and the input has {rank}", nodes)
            : at < 0 ? [.. letters.Select(c => (int)c)] : [.. letters[..at].Select(c => (int)c), .. Enumerable.Range(-dots, dots), .. letters[at..].Select(c => (int)c)];
    }
}

/// <summary>
/// Sums of products over labelled axes: operands are joined two at a time, in the order that takes the fewest multiplications, by products of
/// matrices where axes are summed and elementwise where none is.
/// </summary>
internal static class Einsum
{
    /// <summary>Operands up to which the best order is searched for; for more, the cheapest pair is joined first.</summary>
    private const int MostSearched = 7;

    public static Node Run(IReadOnlyList<Node> nodes, int[][] labels, int[] output, Func<string, ShapeException> wrong)
    {
        List<Operand> operands = [.. nodes.Select((n, i) => Diagonals(new Operand(n, labels[i]), wrong))];
        Dictionary<int, Dim> sizes = [];
        foreach (Operand operand in operands)
        {
            for (int axis = 0; axis < operand.Labels.Length; axis++)
            {
                (int label, Dim size) = (operand.Labels[axis], operand.Node.Shape[axis]);
                Dim known = sizes.GetValueOrDefault(label, size);
                sizes[label] = known == size || size.Constant == 1 ? known : known.Constant == 1 ? size : throw wrong(
                    $"{(label < 0 ? "axes under the ellipsis" : $"axes '{(char)label}'")} have the sizes {known} and {size}.{Broadcasting.Declare([known], [size])}".TrimEnd('.'));
            }
        }

        // An axis of size 1 beside a larger one repeats: without it, the operand does.
        operands = [.. operands.Select(o => o.Without(Enumerable.Range(0, o.Labels.Length).Where(a => o.Node.Shape[a].Constant == 1 && sizes[o.Labels[a]].Constant != 1)))];
        Dim? Size(int label) => sizes[label];
        return operands.Count == 1 ? Ordered(Summed(operands[0], output), output)
            : Ordered(operands.Count <= MostSearched ? Searched(operands, output, Size) : Greedy(operands, output, Size), output);
    }

    private static Operand Greedy(List<Operand> operands, int[] output, Func<int, Dim?> size)
    {
        while (operands.Count > 1)
        {
            var (first, second) = (
                from i in Enumerable.Range(0, operands.Count)
                from j in Enumerable.Range(i + 1, operands.Count - i - 1)
                select (i, j)).MinBy(p => Cost(operands[p.i].Labels.Union(operands[p.j].Labels), size));
            HashSet<int> needed = [.. output, .. operands.Where((_, k) => k != first && k != second).SelectMany(o => o.Labels)];
            Operand joined = Join(operands[first], operands[second], needed);
            operands = [.. operands.Where((_, k) => k != first && k != second), joined];
        }

        return operands[0];
    }

    /// <summary>The cheapest way to join every set of operands, from that of its halves.</summary>
    private static Operand Searched(List<Operand> operands, int[] output, Func<int, Dim?> size)
    {
        int all = (1 << operands.Count) - 1;
        var cost = new double[all + 1];
        var half = new int[all + 1];
        for (int set = 1; set <= all; set++)
        {
            if ((set & (set - 1)) == 0)
            {
                continue;
            }

            cost[set] = double.PositiveInfinity;
            for (int part = (set - 1) & set; part > set - part; part = (part - 1) & set)
            {
                double own = cost[part] + cost[set - part] + Cost(Left(part).Union(Left(set - part)), size);
                if (own < cost[set])
                {
                    (cost[set], half[set]) = (own, part);
                }
            }
        }

        return Build(all);

        HashSet<int> NeededOutside(int set) => [.. output, .. operands.Where((_, i) => (set & (1 << i)) == 0).SelectMany(o => o.Labels)];

        IEnumerable<int> Left(int set) => operands.Where((_, i) => (set & (1 << i)) != 0).SelectMany(o => o.Labels).Intersect(NeededOutside(set));

        Operand Build(int set) => half[set] == 0
            ? operands[System.Numerics.BitOperations.TrailingZeroCount(set)]
            : Join(Build(half[set]), Build(set - half[set]), NeededOutside(set));
    }

    /// <summary>How many multiplications a join takes; a symbol counts as a middling size.</summary>
    private static double Cost(IEnumerable<int> labels, Func<int, Dim?> size) => labels.Aggregate(1.0, (product, l) => product * size(l)!.Nominal);

    private static Operand Join(Operand a, Operand b, HashSet<int> needed)
    {
        a = Summed(a, [.. a.Labels.Where(l => needed.Contains(l) || b.Labels.Contains(l))]);
        b = Summed(b, [.. b.Labels.Where(l => needed.Contains(l) || a.Labels.Contains(l))]);
        int[] shared = [.. a.Labels.Where(l => b.Labels.Contains(l))];
        int[] batch = [.. shared.Where(needed.Contains)];
        int[] summed = [.. shared.Where(l => !needed.Contains(l))];
        int[] left = [.. a.Labels.Except(shared)];
        int[] right = [.. b.Labels.Except(shared)];
        if (summed.Length == 0 || (left.Length == 0 && right.Length == 0))
        {
            int[] both = [.. batch, .. left, .. right, .. summed];
            return Summed(new Operand(a.Spread(both) * b.Spread(both), both), [.. batch, .. left, .. right]);
        }

        // The summed axes in an order in which they lie in one of the two, so that joining them moves nothing there.
        Shape batches = a.Sizes(batch);
        (Shape rows, Shape columns) = (a.Sizes(left), b.Sizes(right));
        Dim inner = a.Sizes(summed).ElementCount;
        Node x = Ops.Reshape(a.Permuted([.. batch, .. left, .. summed]), [.. batches, rows.ElementCount, inner]);
        Node y = Ops.Reshape(b.Permuted([.. batch, .. summed, .. right]), [.. batches, inner, columns.ElementCount]);
        return new Operand(Ops.Reshape(Ops.MatMul(x, y), [.. batches, .. rows, .. columns]), [.. batch, .. left, .. right]);
    }

    private static Operand Summed(Operand x, int[] keep)
    {
        int[] axes = [.. Enumerable.Range(0, x.Labels.Length).Where(a => !keep.Contains(x.Labels[a]))];
        return axes.Length == 0 ? x : new Operand(Ops.Sum(x.Node, axes), [.. x.Labels.Where(keep.Contains)]);
    }

    private static Node Ordered(Operand x, int[] output)
    {
        // A label whose only axes had size 1 is still there; none is missing.
        return Summed(x, output).Permuted(output);
    }

    /// <summary>An axis that is named twice is a diagonal.</summary>
    private static Operand Diagonals(Operand x, Func<string, ShapeException> wrong)
    {
        for (int i = 0; i < x.Labels.Length; i++)
        {
            int j = Array.IndexOf(x.Labels, x.Labels[i], i + 1);
            if (j > 0)
            {
                (Dim rows, Dim columns) = (x.Node.Shape[i], x.Node.Shape[j]);
                if (rows != columns)
                {
                    throw wrong($"a diagonal needs axes of one size, not {rows} and {columns} for '{(char)x.Labels[i]}'");
                }

                return Diagonals(new Operand(Ops.Diagonal(x.Node, 0, i, j), [.. x.Labels.Where((_, a) => a != i && a != j), x.Labels[i]]), wrong);
            }
        }

        return x;
    }

    private sealed record Operand(Node Node, int[] Labels)
    {
        public Operand Without(IEnumerable<int> axes)
        {
            int[] dropped = [.. axes];
            return dropped.Length == 0 ? this : new Operand(Ops.Reshape(Node, Node.Shape.Without(dropped)), [.. Labels.Where((_, a) => !dropped.Contains(a))]);
        }

        public Shape Sizes(int[] labels) => Shape.Of(labels.Select(l => Node.Shape[Array.IndexOf(Labels, l)]));

        public Node Permuted(int[] labels) => Ops.Permute(Node, [.. labels.Select(l => Array.IndexOf(Labels, l))]);

        /// <summary>With axes of size 1 for labels that it lacks.</summary>
        public Node Spread(int[] labels) => Ops.Reshape(
            Permuted([.. labels.Where(Labels.Contains)]),
            Shape.Of(labels.Select(l => Array.IndexOf(Labels, l) is var at and >= 0 ? Node.Shape[at] : Dim.Of(1))));
    }
}
