using GraphCompiler.Operations;

namespace GraphCompiler.Interpretation;

/// <summary>
/// Follows a NaN or an infinity from a result to where it was made of finite numbers, one element at a time: to an input's element that is no finite number either, and on which the
/// result hangs. So what a <c>Where</c> has left out is not to blame, nor are infinities that vanish on their way.
/// </summary>
/// <param name="symbol">The values of symbols.</param>
/// <param name="draws">What the call drew.</param>
internal sealed class AnomalySearch(Func<string, long> symbol, RandomDraws draws)
{
    // How many elements are asked, one by one, whether the result hangs on them, and how many elements may be looked at for that.
    private const int MostAsked = 64;
    private const long MostLookedAt = 1 << 22;

    // Numbers in the place of others: where one is a pole of a function, another is none.
    private static readonly double[] Replacements = [1, 0.5, 2];

    /// <summary>Where the NaN or infinity at a place of a node's value comes from.</summary>
    /// <param name="node">The node.</param>
    /// <param name="position">The place in its value.</param>
    /// <param name="values">The values of all that it is computed from.</param>
    public Anomaly Find(Node node, long position, IReadOnlyDictionary<Node, TensorValue[]> values) => Trace(node, position, values).Found ?? throw new InvalidOperationException("A graph has no parameters.");

    /// <summary>The position of a NaN, or else of an infinity; −1 where all are finite.</summary>
    public static long PositionIn(TensorValue value)
    {
        if (!value.DType.IsFloat())
        {
            return -1;
        }

        int nan = Array.FindIndex(value.Reals, double.IsNaN);
        return nan >= 0 ? nan : Array.FindIndex(value.Reals, r => !double.IsFinite(r));
    }

    private Cause Trace(Node node, long position, IReadOnlyDictionary<Node, TensorValue[]> values, Function? within = null)
    {
        while (true)
        {
            int result = 0;
            if (node.Op is OutputOp output)
            {
                (node, result) = (node.Inputs[0], output.Index);
            }

            if (within?.Parameters.AsSpan().IndexOf(node) is >= 0 and var parameter)
            {
                return new Cause(null, parameter, position);
            }

            TensorValue[] inputs = [.. node.Inputs.Select(i => values[i][0])];
            Cause cause = node.Op switch
            {
                LoopOp loop => InLoop(node, loop, inputs, result, position),
                BranchOp branch => InBranch(branch, inputs, result, position),
                CheckpointOp checkpoint => InFunction(checkpoint.Body, inputs, result, position),
                CallOp call => InFunction(call.Body, inputs, result, position).Within($" In {node.Describe()}."),
                _ => AtNode(node, values[node][result], inputs, result, position),
            };
            if (cause.Found is not null)
            {
                return cause;
            }

            (node, position) = (node.Inputs[cause.Input], cause.Position);
        }
    }

    private Cause InFunction(Function function, TensorValue[] arguments, int result, long position)
    {
        Dictionary<Node, TensorValue> given = function.Parameters.Zip(arguments).ToDictionary(p => p.First, p => p.Second);
        return Trace(function.Results[result], position, Interpreter.EvaluateAll(function.Results, given, symbol, draws), function);
    }

    private Cause InBranch(BranchOp branch, TensorValue[] inputs, int result, long position)
    {
        Cause cause = InFunction(branch.Taken(inputs[0]), inputs[1..], result, position);
        return cause with { Input = cause.Input + 1 };
    }

    /// <summary>From the step that left it, back through what is carried.</summary>
    private Cause InLoop(Node node, LoopOp loop, TensorValue[] inputs, int result, long position)
    {
        List<TensorValue[]> steps = loop.Steps(inputs, symbol, draws);
        long step = steps.Count - 1;
        if (result >= loop.Carried)
        {
            long elements = TensorValue.CountOf(loop.Body.Results[result].Shape.Evaluate(symbol));
            step = RowOrStep(position / elements);
            position %= elements;
        }

        for (; step >= 0; step--)
        {
            Cause cause = InFunction(loop.Body, steps[(int)step], result, position).Within(LoopOp.StepMessage(node, step));
            if (cause.Found is not null || cause.Input >= loop.Carried + loop.Sequences)
            {
                return cause;
            }

            if (cause.Input >= loop.Carried)
            {
                return cause with { Position = (RowOrStep(step) * steps[(int)step][cause.Input].Count) + cause.Position };
            }

            (result, position) = (cause.Input, cause.Position);
        }

        return new Cause(null, result, position);

        // With sequences and with outputs there is a count.
        long RowOrStep(long at) => loop.Reverse ? loop.Count!.Evaluate(symbol) - 1 - at : at;
    }

    private Cause AtNode(Node node, TensorValue value, TensorValue[] inputs, int result, long position)
    {
        double found = value.Reals[position];
        if (node.Op is MovementOp)
        {
            long[] numbers = [.. Enumerable.Range(0, inputs[0].Reals.Length).Select(i => (long)i)];
            return new Cause(null, 0, Evaluate(node, [TensorValue.OfIntegers(DType.Int64, inputs[0].Shape, numbers)], 0).Integers[position]);
        }

        // What works element by element is asked of this element alone.
        bool isAlone = node.Op is ElementwiseOp;
        (TensorValue[] seen, long at) = isAlone ? ([.. inputs.Select(i => TensorValue.Gather(i, [1], _ => position))], 0) : (inputs, position);
        (int Input, long Position)[] suspects =
        [
            .. from i in Enumerable.Range(0, seen.Length)
               where seen[i].DType.IsFloat()
               from p in Enumerable.Range(0, seen[i].Reals.Length)
               where !double.IsFinite(seen[i].Reals[p])
               orderby double.IsNaN(seen[i].Reals[p]) == double.IsNaN(found) ? 0 : 1
               select (i, (long)p),
        ];
        return Guilty(node, seen, found, result, at, suspects) is { } guilty
            ? new Cause(null, guilty.Input, isAlone ? position : guilty.Position)
            : new Cause(new Anomaly(node, found, EvaluationContext.Coordinates(position, value.Shape), Operands(node, inputs, seen, isAlone), string.Empty), -1, -1);
    }

    /// <summary>
    /// The first of some elements that are not finite without which the result would be, or, where it is none without any, on which it hangs all the same; null if it hangs on none.
    /// </summary>
    private (int Input, long Position)? Guilty(Node node, TensorValue[] inputs, double found, int result, long position, (int Input, long Position)[] suspects)
    {
        if (suspects.Length == 0)
        {
            return null;
        }

        int asked = (int)Math.Clamp(MostLookedAt / inputs.Sum(i => i.Count), 1, MostAsked);
        try
        {
            return Array.Find(Replacements, r => double.IsFinite(With(r, suspects))) is var number and not 0
                ? First(s => !double.IsFinite(With(number, Others(s))))
                : double.IsNaN(found)
                ? double.IsNaN(With(1, suspects)) ? null : First(s => double.IsNaN(With(1, Others(s))))
                : double.IsNaN(With(double.NaN, suspects)) ? First(s => double.IsNaN(With(double.NaN, [s]))) : null;
        }
        catch (GraphException)
        {
            // Some operations refuse other numbers.
            return suspects[0];
        }

        (int Input, long Position) First(Func<(int Input, long Position), bool> isGuilty) =>
            suspects.Take(asked).Where(isGuilty).Cast<(int, long)?>().FirstOrDefault() ?? suspects[0];

        IEnumerable<(int Input, long Position)> Others((int Input, long Position) suspect) => suspects.Where(other => other != suspect);

        // The result with a number in the place of some elements.
        double With(double number, IEnumerable<(int Input, long Position)> elements)
        {
            ILookup<int, long> replaced = elements.ToLookup(e => e.Input, e => e.Position);
            TensorValue[] changed = [.. inputs.Select((value, i) => replaced.Contains(i) ? Replaced(value, replaced[i], number) : value)];
            return Evaluate(node, changed, result).Reals[position];
        }

        static TensorValue Replaced(TensorValue value, IEnumerable<long> places, double number)
        {
            double[] reals = [.. value.Reals];
            foreach (long at in places)
            {
                reals[at] = number;
            }

            return TensorValue.OfReals(value.DType, value.Shape, reals);
        }
    }

    private TensorValue Evaluate(Node node, TensorValue[] inputs, int result) => node.Op.Evaluate(new EvaluationContext(node, inputs, symbol, draws))[result];

    private static string? Operands(Node node, TensorValue[] inputs, TensorValue[] seen, bool isAlone)
    {
        if (inputs.Length == 0)
        {
            return null;
        }

        if (isAlone)
        {
            return string.Join(" and ", seen.Select(s => Anomaly.Number(s.DType, s[0])));
        }

        (DType Type, double Value)[] numbers = [.. inputs.Where(i => i.DType.IsFloat()).SelectMany(i => i.Reals, (i, r) => (i.DType, r)).Where(n => double.IsFinite(n.r))];
        return numbers.Length == 0 ? $"no number: {string.Join(", ", node.Inputs.Select(i => i.Describe()))}"
            : $"numbers from {Text(numbers.MinBy(n => n.Value))} to {Text(numbers.MaxBy(n => n.Value))}";

        static string Text((DType Type, double Value) number) => Anomaly.Number(number.Type, number.Value);
    }

    /// <summary>What was found, or else the input to follow further, and where in it.</summary>
    private readonly record struct Cause(Anomaly? Found, int Input, long Position)
    {
        public Cause Within(string place) => Found is null ? this : this with { Found = Found with { Within = Found.Within + place } };
    }
}
