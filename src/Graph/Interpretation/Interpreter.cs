using GraphCompiler.Operations;

namespace GraphCompiler.Interpretation;

/// <summary>Runs a graph node by node with the plain evaluation of each operation: slow, simple, and the truth that everything else is held against.</summary>
internal static class Interpreter
{
    /// <summary>The values of the roots.</summary>
    public static TensorValue[] Evaluate(
        IReadOnlyList<Node> roots, IReadOnlyDictionary<Node, TensorValue> given, Func<string, long> symbol, RandomDraws? draws = null) =>
        EvaluateAll(roots, given, symbol, draws).Values(roots);

    /// <summary>The values of the roots, with symbols bound to the sizes of the given inputs.</summary>
    public static TensorValue[] Evaluate(IReadOnlyList<Node> roots, IReadOnlyDictionary<Node, TensorValue> given, RandomDraws? draws = null) =>
        Evaluate(roots, given, BindSymbols(given), draws);

    /// <summary>What a function of an operation gives.</summary>
    public static TensorValue[] Evaluate(Function function, IReadOnlyList<TensorValue> arguments, EvaluationContext context) =>
        Evaluate(function.Results, function.Parameters.Zip(arguments).ToDictionary(p => p.First, p => p.Second), context.Symbol, context.Draws);

    /// <summary>
    /// The values of every node that the roots reach, a list a node. What lies below a node whose value is given is not looked at. An evaluation draws as
    /// a call does, unless it is given the draws of one.
    /// </summary>
    public static Dictionary<Node, TensorValue[]> EvaluateAll(
        IEnumerable<Node> roots, IReadOnlyDictionary<Node, TensorValue> given, Func<string, long> symbol, RandomDraws? draws = null)
    {
        draws ??= new RandomDraws();
        Dictionary<Node, TensorValue[]> values = [];
        foreach (Node node in GraphWalk.TopologicalOrder(roots, given.ContainsKey))
        {
            if (given.TryGetValue(node, out TensorValue? value))
            {
                values[node] = [value];
                continue;
            }

            foreach (Guard guard in node.Guards)
            {
                guard.Check(symbol);
            }

            values[node] = node.Op is OutputOp output
                ? [values[node.Inputs[0]][output.Index]]
                : Evaluate(node, new EvaluationContext(node, [.. node.Inputs.Select(i => values[i][0])], symbol, draws));
        }

        return values;
    }

    /// <exception cref="SizeException">A result has more elements than an array may hold, or there is no memory for it.</exception>
    private static TensorValue[] Evaluate(Node node, EvaluationContext context)
    {
        try
        {
            return node.Op.Evaluate(context);
        }
        catch (Exception e) when (e is OverflowException or OutOfMemoryException)
        {
            long[] shape = context.ResultShape();
            if (e is OverflowException && shape.Aggregate((Int128)1, (count, size) => count * size) <= Array.MaxLength)
            {
                throw;
            }

            throw TooLarge.Of($"Interpreted, {node.Describe()}", node.DType, shape, e);
        }
    }

    /// <summary>The symbols' values that follow from the shapes of given inputs.</summary>
    public static Func<string, long> BindSymbols(IReadOnlyDictionary<Node, TensorValue> given)
    {
        Dictionary<string, (long Size, Node Source)> symbols = [];
        foreach ((Node node, TensorValue value) in given)
        {
            if (node.Rank != value.Rank || node.DType != value.DType)
            {
                throw new BindingException($"{node.Describe()} cannot take {value.DType.Display()}{InvariantText.List(value.Shape)}.");
            }

            for (int axis = 0; axis < node.Rank; axis++)
            {
                if (node.Shape[axis].Symbol is { } name && !symbols.TryAdd(name, (value.Shape[axis], node)) && symbols[name].Size != value.Shape[axis])
                {
                    throw new BindingException(
                        $"The size {Dim.Display(name)} is {symbols[name].Size} in {symbols[name].Source.Describe()} and {value.Shape[axis]} in {node.Describe()}; it must be the same everywhere.");
                }
            }
        }

        // Sizes that are numbers or formulas follow once all symbols are known.
        foreach ((Node node, TensorValue value) in given)
        {
            for (int axis = 0; axis < node.Rank; axis++)
            {
                if (node.Shape[axis].Symbol is null && node.Shape[axis].Evaluate(Bound) is var size && size != value.Shape[axis])
                {
                    throw new BindingException($"{node.Describe()} cannot take {value.DType.Display()}{InvariantText.List(value.Shape)}: axis {axis} must have size {size}.");
                }
            }
        }

        return Bound;

        long Bound(string name) => symbols.TryGetValue(name, out (long Size, Node Source) found) ? found.Size : throw new BindingException($"The size {Dim.Display(name)} is not known: no input has an axis of that size.");
    }

    private static TensorValue[] Values(this Dictionary<Node, TensorValue[]> values, IReadOnlyList<Node> roots) => [.. roots.Select(r => values[r][0])];
}
