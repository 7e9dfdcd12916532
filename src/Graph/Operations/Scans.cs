using System.Text;
using GraphCompiler.Batching;
using GraphCompiler.Differentiation;

namespace GraphCompiler.Operations;

/// <summary>One pass along an axis, each result made of the one before and what is given there; in reverse from the end to the start.</summary>
internal static class Scanning
{
    /// <summary>The elements one step earlier in a scan's order; a number at its first place.</summary>
    public static Node Previous(Node x, int along, bool reverse, double first = 0) => reverse
        ? Ops.Slice(Ops.Pad(x, along, 0, 1, first), along, 1, x.Shape[along] + 1)
        : Ops.Slice(Ops.Pad(x, along, 1, 0, first), along, 0, x.Shape[along]);

    /// <summary>Whether a place is the first of a scan.</summary>
    public static Node IsFirst(Shape shape, int along, bool reverse) =>
        Ops.Equal(Ops.Iota(shape, along), Ops.BroadcastTo(Ops.DimValue(reverse ? shape[along] - 1 : 0), shape));

    /// <summary>For each line along an axis, its positions in the scan's order.</summary>
    public static IEnumerable<long[]> Lines(long[] shape, int along, bool reverse)
    {
        long stride = EvaluationContext.Strides(shape)[along];
        long size = shape[along];
        long count = size == 0 ? 0 : TensorValue.CountOf(shape) / size;
        for (long line = 0; line < count; line++)
        {
            long first = (line / stride * stride * size) + (line % stride);
            yield return [.. Enumerable.Range(0, (int)size).Select(t => first + ((reverse ? size - 1 - t : t) * stride))];
        }
    }
}

/// <summary>The sums of all elements up to each along an axis; in reverse, from each to the end.</summary>
internal sealed record CumulativeSumOp(int Along, bool Reverse) : LinearOp
{
    protected override NodeType InferResult(TypeContext context)
    {
        context.RequireNumber();
        context.RequireAxis(Along, context.Inputs[0].Rank);
        return context.Inputs[0].Results[0];
    }

    protected override Node?[] PullbackResult(Node node, Node cotangent) => [Node.Create(this with { Reverse = !Reverse }, cotangent)];

    protected override Node BatchResult(BatchContext context) => context.OnBatched(this with { Along = Along + 1 })[0];

    public override double[]? BoundErrors(RoundingErrors errors) => errors.SumInBlocks(errors.Value.Shape[Along]);

    protected override TensorValue EvaluateResult(EvaluationContext context) => LinearRecurrenceOp.Evaluate(null, context.Inputs[0], Along, Reverse, atSource: false, scales: false);
}

/// <summary>
/// y[t] = a·y[t − 1] + b[t] along an axis, from y = b at the first place. The step from s to t has the coefficient a[t], or a[s] if
/// <paramref name="AtSource"/>: so the transposed recurrence, which runs the other way, is one too. If it <paramref name="Scales"/>, coefficients are slopes:
/// a·0 is 0 whatever a is, as in <see cref="ScaleCotangentOp"/>.
/// </summary>
internal sealed record LinearRecurrenceOp(int Along, bool Reverse, bool AtSource, bool Scales = false) : SingleResultOp
{
    protected override NodeType InferResult(TypeContext context)
    {
        context.RequireSameTypes();
        context.RequireNumber();
        context.RequireAxis(Along, context.Inputs[1].Rank);
        return context.Inputs[0].Shape == context.Inputs[1].Shape
            ? context.Inputs[1].Results[0]
            : throw context.BadShape($"the shapes {context.Inputs[0].Shape} and {context.Inputs[1].Shape} differ.");
    }

    protected override Node?[] PullbackResult(Node node, Node cotangent)
    {
        Node a = node.Inputs[0];
        Node flowing = Node.Create(this with { Reverse = !Reverse, AtSource = !AtSource }, a, cotangent);
        return [a.RequiresGrad ? Coefficients(flowing, node) : null, flowing];
    }

    public override Node?[] Pushforward(Node node, Node?[] tangents)
    {
        Node? added = tangents[1];
        if (tangents[0] is { } tangent)
        {
            Node change = AtSource ? Scanning.Previous(Product(tangent, node), Along, Reverse) : Product(tangent, Scanning.Previous(node, Along, Reverse));
            added = added is null ? change : added + change;
        }

        return [added is null ? null : Node.Create(this, node.Inputs[0], added)];
    }

    protected override Node BatchResult(BatchContext context) => context.OnBatched(this with { Along = Along + 1 })[0];

    public override double[]? BoundErrors(RoundingErrors errors) => errors.Products(2 * (double)errors.Value.Shape[Along]);

    protected override TensorValue EvaluateResult(EvaluationContext context) => Evaluate(context.Inputs[0], context.Inputs[1], Along, Reverse, AtSource, Scales);

    /// <summary>Each coefficient's cotangent: what flows into the step's end times the result at its start.</summary>
    private Node Coefficients(Node flowing, Node y)
    {
        (Node arriving, Node from) = AtSource ? (Scanning.Previous(flowing, Along, !Reverse), y) : (flowing, Scanning.Previous(y, Along, Reverse));

        // Nothing flows into a step whose result does not count, whatever it started from.
        return Scales ? Ops.Where(Ops.Equal(arriving, 0), 0, Product(arriving, from)) : Product(arriving, from);
    }

    private Node Product(Node coefficient, Node state) => Scales ? Ops.ScaleCotangent(state, coefficient) : coefficient * state;

    internal static TensorValue Evaluate(TensorValue? a, TensorValue b, int along, bool reverse, bool atSource, bool scales)
    {
        double[] reals = b.DType.IsFloat() ? new double[b.Count] : [];
        long[] whole = b.DType.IsFloat() ? [] : new long[b.Count];
        foreach (long[] line in Scanning.Lines(b.Shape, along, reverse))
        {
            // −0 is what changes no number, not even −0.
            var sum = new NeumaierSum(-0.0);
            for (int t = 0; t < line.Length; t++)
            {
                long coefficient = line[t > 0 && atSource ? t - 1 : t];
                if (b.DType.IsFloat() && a is null)
                {
                    sum.Add(b.Reals[line[t]]);
                    reals[line[t]] = sum.Value;
                }
                else if (b.DType.IsFloat())
                {
                    double carried = t == 0 ? -0.0 : scales && reals[line[t - 1]] == 0 ? 0 : a!.Reals[coefficient] * reals[line[t - 1]];
                    double state = b.Reals[line[t]] + carried;

                    // What overflows is infinite from there on.
                    reals[line[t]] = double.IsInfinity(TensorValue.Round(b.DType, state)) ? TensorValue.Round(b.DType, state) : state;
                }
                else
                {
                    whole[line[t]] = unchecked(b.Integers[line[t]] + (t == 0 ? 0 : (a?.Integers[coefficient] ?? 1) * whole[line[t - 1]]));
                }
            }
        }

        return b.DType.IsFloat() ? TensorValue.OfReals(b.DType, b.Shape, reals) : TensorValue.OfIntegers(b.DType, b.Shape, whole);
    }
}

/// <summary>
/// y[t] = f(y[t − 1], x[t]) along an axis, from y = x at the first place, for a function f of two numbers. Cotangents flow back as a linear
/// recurrence whose coefficients are the slopes of f.
/// </summary>
internal sealed record RecurrenceOp(Function Body, int Along, bool Reverse) : SingleResultOp
{
    public override IReadOnlyList<Function> Bodies => [Body];

    /// <summary>The function of two numbers whose body is given; made of elementwise operations and numbers only.</summary>
    public static Function Trace(DType dtype, Func<Node, Node, Node> body)
    {
        var number = new NodeType(dtype, []);
        return Function.Trace("a recurrence", [(number, "before", dtype.IsFloat()), (number, "here", dtype.IsFloat())], p => [body(p[0], p[1])], out _);
    }

    protected override NodeType InferResult(TypeContext context)
    {
        context.RequireAxis(Along, context.Inputs[0].Rank);
        return context.Inputs[0].DType == Body.Parameters[0].DType && Body.Results[0].DType == Body.Parameters[0].DType
            ? context.Inputs[0].Results[0]
            : throw context.BadDType($"the function takes and gives {Body.Parameters[0].DType.Display()} and {Body.Results[0].DType.Display()}.");
    }

    protected override Node?[] PullbackResult(Node node, Node cotangent)
    {
        (Node before, Node here, Node isFirst) = Slopes(node);
        Node flowing = Node.Create(new LinearRecurrenceOp(Along, !Reverse, AtSource: true, Scales: true), before, cotangent);
        return [Ops.Where(isFirst, flowing, Differentiation.Slopes.Scale(flowing, here))];
    }

    public override Node?[] Pushforward(Node node, Node?[] tangents)
    {
        if (tangents[0] is not { } tangent)
        {
            return [null];
        }

        (Node before, Node here, Node isFirst) = Slopes(node);
        Node added = Ops.Where(isFirst, tangent, Differentiation.Slopes.Scale(tangent, here));
        return [Node.Create(new LinearRecurrenceOp(Along, Reverse, AtSource: false, Scales: true), before, added)];
    }

    protected override Node BatchResult(BatchContext context) => context.OnBatched(this with { Along = Along + 1 })[0];

    public override double[]? BoundErrors(RoundingErrors errors) => errors.Steps(2 * (double)errors.Value.Shape[Along]);

    protected override TensorValue EvaluateResult(EvaluationContext context)
    {
        TensorValue x = context.Inputs[0];
        long[][] lines = [.. Scanning.Lines(x.Shape, Along, Reverse)];
        TensorValue result = x;
        if (lines.Length == 0 || lines[0].Length < 2)
        {
            return result;
        }

        // All lines at once, a step at a time.
        long[] shape = [lines.Length];
        Node[] parameters = [.. Body.Parameters.Select(p => Ops.Placeholder(new NodeType(p.DType, Shape.Of(shape)), p.Name!, p.RequiresGrad))];
        Node step = On(parameters[0], parameters[1]);
        TensorValue[] steps = new TensorValue[lines[0].Length];
        steps[0] = TensorValue.Gather(x, shape, i => lines[i][0]);
        for (int t = 1; t < steps.Length; t++)
        {
            int at = t;
            TensorValue here = TensorValue.Gather(x, shape, i => lines[i][at]);
            steps[t] = Interpreter.Evaluate([step], new Dictionary<Node, TensorValue> { [parameters[0]] = steps[t - 1], [parameters[1]] = here }, context.Symbol)[0];
        }

        double[] reals = new double[x.DType.IsFloat() ? x.Count : 0];
        long[] whole = new long[x.DType.IsFloat() ? 0 : x.Count];
        for (int line = 0; line < lines.Length; line++)
        {
            for (int t = 0; t < steps.Length; t++)
            {
                if (x.DType.IsFloat())
                {
                    reals[lines[line][t]] = steps[t].Reals[line];
                }
                else
                {
                    whole[lines[line][t]] = steps[t].Integers[line];
                }
            }
        }

        return x.DType.IsFloat() ? TensorValue.OfReals(x.DType, x.Shape, reals) : TensorValue.OfIntegers(x.DType, x.Shape, whole);
    }

    protected override bool PrintMembers(StringBuilder builder)
    {
        builder.Append(System.Globalization.CultureInfo.InvariantCulture, $"Body = {Body.Results[0].Op.Name}, Along = {Along}, Reverse = {Reverse}");
        return true;
    }

    /// <summary>The slopes of f by what comes from before and by what is given here, and where neither counts.</summary>
    private (Node Before, Node Here, Node IsFirst) Slopes(Node y)
    {
        Node x = y.Inputs[0];
        Node isFirst = Scanning.IsFirst(y.Shape, Along, Reverse);

        // At the first place f is not asked: it gets numbers that it may well know.
        Node previous = Ops.Where(isFirst, x, Scanning.Previous(y, Along, Reverse));
        Node[] parameters = [.. Body.Parameters.Select(p => Ops.Placeholder(y.Results[0], p.Name!, requiresGrad: true))];
        Node value = On(parameters[0], parameters[1]);
        Node?[] slopes = ReverseMode.PullWithin([value], [Ops.OnesLike(y)], parameters);
        Node[] known = [.. slopes.Select(s => s ?? Ops.ZerosLike(y))];
        Node[] there = GraphWalk.Substitute(known, new Dictionary<Node, Node> { [parameters[0]] = previous, [parameters[1]] = x });
        return (there[0], there[1], isFirst);
    }

    /// <summary>f of whole tensors, element by element. A function is the same for all that use it, whatever the grad mode when it was made.</summary>
    private Node On(Node before, Node here)
    {
        Dictionary<Node, Node> map = new() { [Body.Parameters[0]] = before, [Body.Parameters[1]] = here };
        foreach (Node node in GraphWalk.TopologicalOrder(Body.Results, map.ContainsKey))
        {
            if (!map.ContainsKey(node))
            {
                map[node] = node.Op is ConstantOp ? Ops.BroadcastTo(node, here.Shape) : Node.Create(node.Op, [.. node.Inputs.Select(i => map[i])]);
            }
        }

        return map[Body.Results[0]];
    }
}

/// <summary>
/// The int64 position of the largest or smallest element up to each along an axis: the last of equal ones, and the last NaN before all. No slope.
/// </summary>
internal sealed record CumulativeArgExtremumOp(int Along, bool Largest) : IntegerOp
{
    protected override NodeType InferResult(TypeContext context)
    {
        context.RequireNumber();
        context.RequireAxis(Along, context.Inputs[0].Rank);
        return new NodeType(DType.Int64, context.Inputs[0].Shape);
    }

    protected override Node BatchResult(BatchContext context) => context.OnBatched(this with { Along = Along + 1 })[0];

    protected override TensorValue EvaluateResult(EvaluationContext context)
    {
        TensorValue x = context.Inputs[0];
        long[] positions = new long[x.Count];
        foreach (long[] line in Scanning.Lines(x.Shape, Along, reverse: false))
        {
            int best = 0;
            for (int t = 0; t < line.Length; t++)
            {
                best = Wins(x, line[t], line[best]) ? t : best;
                positions[line[t]] = best;
            }
        }

        return TensorValue.OfIntegers(DType.Int64, x.Shape, positions);
    }

    private bool Wins(TensorValue x, long here, long best) => x.DType.IsFloat()
        ? double.IsNaN(x.Reals[here]) || (Largest ? x.Reals[here] >= x.Reals[best] : x.Reals[here] <= x.Reals[best])
        : Largest ? x.Integers[here] >= x.Integers[best] : x.Integers[here] <= x.Integers[best];
}
