using GraphCompiler.Operations;

namespace GraphCompiler.Interpretation;

/// <summary>
/// Runs a graph as the interpreter does, and for each element bounds how far rounding may have taken it: the result of another order of additions, or
/// of functions that are a few units in the last place off, lies within. Errors are carried from operation to operation to first order; what is given
/// is exact. So terms that cancel leave the error of the terms, whatever is left of their sum.
/// </summary>
internal sealed class RoundingErrors
{
    // Units in the last place that one operation may be off: those of both sides' functions, with room.
    private const double Units = 8;

    // The most terms of a sum that are added up one after the other.
    private const double BlockTerms = 64;

    // As how many terms the result of an operation without a rule of its own counts.
    private const double UnknownTerms = 128;

    // The longest chain of the sum of a product, or of what is added to one element.
    private const double LongestChain = 256;

    private readonly IReadOnlyDictionary<Node, TensorValue[]> values;
    private readonly IReadOnlyDictionary<Node, double[]?> errors;
    private readonly Func<string, long> symbol;
    private readonly Node node;
    private readonly int index;

    private RoundingErrors(Node node, int index, TensorValue value, IReadOnlyDictionary<Node, TensorValue[]> values, IReadOnlyDictionary<Node, double[]?> errors, Func<string, long> symbol)
    {
        (this.node, this.index, this.values, this.errors, this.symbol) = (node, index, values, errors, symbol);
        Value = value;
        Inputs = [.. node.Inputs.Select(i => values[i][0])];
        Own = [.. node.Inputs.Select(errors.GetValueOrDefault)];
    }

    /// <summary>The result.</summary>
    public TensorValue Value { get; }

    /// <summary>The values of the inputs.</summary>
    public TensorValue[] Inputs { get; }

    /// <summary>The bounds of the inputs; null for what is exact.</summary>
    public double[]?[] Own { get; }

    /// <summary>How many elements of the first input a result is made of.</summary>
    public double Terms => (double)Inputs[0].Count / Math.Max(1, Value.Count);

    /// <summary>The values of the inputs with their bounds.</summary>
    public BoundedValue[] Arguments => [.. Inputs.Zip(Own, (value, errors) => new BoundedValue(value, errors))];

    /// <summary>Which of the operation's results it is.</summary>
    public int Result => index;

    /// <summary>The values of a node and their bounds, which may be infinite; null for what is no float.</summary>
    public static (TensorValue Value, double[]? Errors) Evaluate(Node root, IReadOnlyDictionary<Node, TensorValue> given, Func<string, long> symbol)
    {
        (TensorValue value, double[]? errors) = Evaluate([root], given.ToDictionary(g => g.Key, g => new BoundedValue(g.Value, null)), symbol)[0];
        return (value, value.DType.IsFloat() ? errors ?? new double[value.Count] : null);
    }

    private static BoundedValue[] Evaluate(IReadOnlyList<Node> roots, Dictionary<Node, BoundedValue> given, Func<string, long> symbol)
    {
        Dictionary<Node, TensorValue[]> values = Interpreter.EvaluateAll(roots, given.ToDictionary(g => g.Key, g => g.Value.Value), symbol);
        Dictionary<Node, double[]?> errors = [];
        foreach (Node node in GraphWalk.TopologicalOrder(roots, given.ContainsKey))
        {
            TensorValue value = values[node][0];
            bool isExact = node.Op is not ElementwiseOp && !value.DType.IsFloat();
            double[]? bounds = given.TryGetValue(node, out BoundedValue own) ? own.Errors
                : isExact || node.Results.Count > 1 ? null
                : node.Op.BoundErrors(new RoundingErrors(node, 0, value, values, errors, symbol));
            errors[node] = bounds is null ? null : Array.ConvertAll(bounds, b => double.IsNaN(b) ? double.PositiveInfinity : b);
        }

        return [.. roots.Select(r => new BoundedValue(values[r][0], errors[r]))];
    }

    /// <summary>What a function gives of values with bounds.</summary>
    public BoundedValue[] Of(Function function, IReadOnlyList<BoundedValue> arguments) =>
        Evaluate(function.Results, function.Parameters.Zip(arguments).ToDictionary(p => p.First, p => p.Second), symbol);

    /// <summary>A size.</summary>
    public long ValueOf(Dim dim) => dim.Evaluate(symbol);

    /// <summary>For what may be anything.</summary>
    public double[] Unbounded() => [.. Enumerable.Repeat(double.PositiveInfinity, (int)Value.Count)];

    /// <summary>For one result of an operation that has several: as the operation's other results.</summary>
    public double[]? OfResult(int of) => node.Inputs[0] is var operation ? operation.Op.BoundErrors(new RoundingErrors(operation, of, Value, values, errors, symbol)) : null;

    /// <summary>For algorithms that give what other inputs would, a few units of the largest element away: so do these, a few of which are tried.</summary>
    public double[] Perturbed()
    {
        double[] result = Unknown([]);
        for (int round = 0; round < 3; round++)
        {
            TensorValue[] moved = [.. Inputs.Select((x, k) => Nearby(x, Own[k], (17 * round) + k))];
            TensorValue? other;
            try
            {
                other = Of(moved);
            }
            catch (ExecutionException)
            {
                other = null;
            }

            for (int i = 0; i < result.Length; i++)
            {
                result[i] = Math.Max(result[i], other is null ? double.PositiveInfinity : 8 * Distance(other[i], Value[i]));
            }
        }

        return result;
    }

    /// <summary>For functions of single elements: a few units of each, and what moving the inputs changes.</summary>
    public double[]? Elementwise()
    {
        double unit = Units * UnitOf(Value.DType);
        double[] errors = Change();
        for (int i = 0; i < errors.Length; i++)
        {
            errors[i] += Value.DType.IsFloat() && double.IsFinite(Value[i]) ? unit * Math.Abs(Value[i]) : 0;
        }

        return Array.TrueForAll(errors, e => e == 0) ? null : errors;
    }

    /// <summary>
    /// For products of single elements: one that overflows may be a number together with what is added to it, and one that vanishes may leave its sign. The two
    /// are one operation where the machine has it.
    /// </summary>
    public double[]? Fused()
    {
        double[]? errors = Elementwise();
        for (int i = 0; i < Value.Count && Value.DType.IsFloat(); i++)
        {
            if ((double.IsInfinity(Value[i]) || Value[i] == 0) && Array.TrueForAll(Inputs, x => double.IsFinite(x[i]) && x[i] != 0))
            {
                errors ??= new double[Value.Count];
                errors[i] += Value[i] == 0 ? Least(Value.DType) : double.PositiveInfinity;
            }
        }

        return errors;
    }

    /// <summary>For sums of so many terms, added up in blocks.</summary>
    public double[] SumInBlocks(double terms) => Sum(OfSum(terms, Value.DType));

    /// <summary>For sums of so many terms, added up in any order.</summary>
    public double[] SumInAnyOrder(double terms) => Sum(Gamma(terms, Value.DType));

    /// <summary>For sums of products made in so many steps, which grow with the magnitudes of what they are made of.</summary>
    public double[] Products(double steps)
    {
        double gamma = Gamma(steps, Value.DType) + InDouble(steps);
        TensorValue[] magnitudes = [.. Inputs.Select(Magnitudes)];
        TensorValue plain = Of(magnitudes);
        TensorValue more = Of([.. magnitudes.Select((m, i) => Own[i] is { } error ? Moved(m, error, 1) : m)]);
        return [.. Enumerable.Range(0, (int)plain.Count).Select(i => (gamma * plain[i]) + Distance(more[i], plain[i]))];
    }

    /// <summary>For functions applied again and again: each of so many steps may be off by what rounding the largest result is; inputs are moved as for elementwise operations.</summary>
    public double[] Steps(double steps)
    {
        double rounding = Gamma(steps, Value.DType) * Largest(Value);
        return [.. Change().Select(carried => rounding + carried)];
    }

    /// <summary>For products of matrices.</summary>
    public double[] MatMul()
    {
        TensorValue[] magnitudes = [Magnitudes(Inputs[0]), Magnitudes(Inputs[1])];
        double[] errors = Of(magnitudes).Reals;
        double gamma = Gamma(TermsInChains(Inputs[0].Shape[^1]), Value.DType);
        double[] products = Of([.. Inputs.Select(x => AsErrors(x, [.. x.Reals.Select(v => v == 0 ? 0.0 : 1)]))]).Reals;
        for (int i = 0; i < errors.Length; i++)
        {
            // A product that is too small for its type loses up to the least number (Higham, 2002, 2.8), and may leave no more than its sign.
            errors[i] = (gamma * errors[i]) + (products[i] * Least(Value.DType));
        }

        for (int side = 0; side < 2; side++)
        {
            if (Own[side] is { } error)
            {
                double[] carried = Of(With(magnitudes, side, AsErrors(Inputs[side], error))).Reals;
                for (int i = 0; i < errors.Length; i++)
                {
                    errors[i] += carried[i];
                }
            }
        }

        return errors;
    }

    /// <summary>For what is added at places: input 2 to input 0, at those that input 1 says.</summary>
    public double[] AddedAt()
    {
        TensorValue added = Inputs[2];
        double[] hits = Of(AsErrors(Inputs[0], null), Inputs[1], AsErrors(added, [.. Enumerable.Repeat(1.0, (int)added.Count)])).Reals;
        double[] errors = Of(Magnitudes(Inputs[0]), Inputs[1], Magnitudes(added)).Reals;
        double[] carried = Of(AsErrors(Inputs[0], Own[0]), Inputs[1], AsErrors(added, Own[2])).Reals;
        return [.. errors.Select((e, i) => (Gamma(TermsInChains(1 + hits[i]), Value.DType) * e) + carried[i])];
    }

    /// <summary>For what places, chooses or adds up elements exactly: that of their errors.</summary>
    /// <param name="errors">What does the same with errors; null for the operation itself.</param>
    public double[]? Linear(Op? errors = null)
    {
        bool IsExact(TensorValue x, double[]? own) => own is null || !x.DType.IsFloat();
        return Inputs.Zip(Own).All(p => IsExact(p.First, p.Second)) ? null
            : Apply(errors ?? node.Op, [.. Inputs.Select((x, i) => x.DType.IsFloat() ? AsErrors(x, Own[i]) : x)]).Reals;
    }

    /// <summary>For operations without a rule of their own.</summary>
    public double[] Unknown() => Unknown(Own);

    private double[] Unknown(double[]?[] own)
    {
        double carried = own.OfType<double[]>().SelectMany(e => e).DefaultIfEmpty(0).Max();
        return [.. Enumerable.Repeat(carried + (Gamma(UnknownTerms, Value.DType) * Largest(Value)), (int)Value.Count)];
    }

    private double[] Sum(double gamma)
    {
        double[] errors = Of(Magnitudes(Inputs[0])).Reals;
        double[]? carried = Own[0] is { } error ? Of(AsErrors(Inputs[0], error)).Reals : null;
        for (int i = 0; i < errors.Length; i++)
        {
            errors[i] = (gamma * errors[i]) + (carried?[i] ?? 0);
        }

        return errors;
    }

    /// <summary>
    /// Each input is moved by its error, up and down; the result moves by the sum of what those do. Comparisons may turn over, and choices with them. Inputs whose
    /// error has no bound are moved together, as they may be one: to some numbers, and to none.
    /// </summary>
    private double[] Change()
    {
        double[] change = new double[Value.Count];
        for (int input = 0; input < Inputs.Length; input++)
        {
            if (Own[input] is { } error)
            {
                TensorValue[] moved = [.. Positions(Inputs[input], error).Select(x => Of(With(Inputs, input, x)))];
                for (int i = 0; i < change.Length; i++)
                {
                    change[i] += moved.Max(m => Distance(m[i], Value[i]));
                }
            }
        }

        bool anything = Own.Any(e => e is not null && e.Any(double.IsInfinity));
        foreach (double other in anything ? (double[])[double.NaN, 0, 1] : [])
        {
            TensorValue moved = Of([.. Inputs.Select((x, i) => Own[i] is { } error && x.DType.IsFloat() ? Unbounded(x, error, other) : x)]);
            for (int i = 0; i < change.Length; i++)
            {
                change[i] = Math.Max(change[i], Distance(moved[i], Value[i]));
            }
        }

        return change;

        static TensorValue Unbounded(TensorValue x, double[] error, double other) =>
            TensorValue.OfReals(x.DType, x.Shape, [.. x.Reals.Select((v, i) => double.IsInfinity(error[i]) ? other : v)]);
    }

    /// <summary>
    /// The ends of an interval about a value. Where one holds more than numbers like it, its ends do not tell: there may be a pole at 0, or turns between.
    /// </summary>
    private static IEnumerable<TensorValue> Positions(TensorValue x, double[] error)
    {
        yield return Moved(x, error, 1);
        yield return Moved(x, error, -1);
        if (x.DType.IsFloat() && Enumerable.Range(0, error.Length).Any(i => error[i] >= Math.Abs(x[i]) && error[i] > 0))
        {
            yield return TensorValue.OfReals(x.DType, x.Shape, [.. x.Reals.Select((v, i) => error[i] >= Math.Abs(v) ? 0 : v)]);
            yield return Moved(x, Array.ConvertAll(error, e => e / 2), 1);
            yield return Moved(x, Array.ConvertAll(error, e => e / 2), -1);
        }
    }

    private static TensorValue Nearby(TensorValue x, double[]? errors, int seed)
    {
        double unit = Units * UnitOf(x.DType) * Largest(x) * Math.Sqrt(x.Shape[^1]);
        var random = new Random(seed);
        return x.DType.IsFloat() ? TensorValue.OfReals(x.DType, x.Shape, [.. x.Reals.Select((v, i) => v + (random.Next(2) == 0 ? 1 : -1) * (unit + (errors?[i] ?? 0)))]) : x;
    }

    private TensorValue Of(params TensorValue[] inputs) => Apply(node.Op, inputs);

    private TensorValue Apply(Op op, TensorValue[] inputs) => op.Evaluate(new EvaluationContext(node, inputs, symbol))[index];

    private static TensorValue[] With(TensorValue[] inputs, int index, TensorValue value) => [.. inputs.Select((x, i) => i == index ? value : x)];

    private static double Largest(TensorValue x) => Enumerable.Range(0, (int)x.Count).Select(i => Math.Abs(x[i])).Where(double.IsFinite).DefaultIfEmpty(0).Max();

    /// <summary>
    /// What a sum of so many terms may lose, relative to the sum of their magnitudes: no more than so many are added up one after the other, and blocks of
    /// them so that the error does not grow with their number. One addition loses at most half a unit in the last place.
    /// </summary>
    private static double OfSum(double terms, DType type) => (Units + (terms <= BlockTerms ? terms : BlockTerms + Math.Log2(terms / BlockTerms))) * UnitOf(type);

    /// <summary>
    /// What adding up so many terms in any order may lose, relative to the sum of their magnitudes (Higham, "Accuracy and Stability of Numerical Algorithms",
    /// 2002, 4.2): half a unit a term, a product's own rounding included. The interpreter's compensated sums lose no more than their last place.
    /// </summary>
    private static double Gamma(double terms, DType type) => (Units + terms) * UnitOf(type);

    /// <summary>What the interpreter loses, which computes in double, where it compensates nothing.</summary>
    private static double InDouble(double terms) => terms * UnitOf(DType.Float64);

    /// <summary>As how many terms those of a product, or what is added to one element, count: long sums are made of chains that are added pairwise, or more exactly.</summary>
    private static double TermsInChains(double terms) => terms <= LongestChain ? terms : LongestChain + Math.Log2(terms / LongestChain);

    /// <summary>The least number of a type.</summary>
    public static double Least(DType type) => type.Row().Smallest;

    private static double UnitOf(DType type) => type.Row().Epsilon / 2;

    /// <summary>How far two results are apart; infinitely far if one is no number, and a little if they are zeros of two signs.</summary>
    private static double Distance(double x, double y) =>
        x.Equals(y) ? (x == 0 && double.IsNegative(x) != double.IsNegative(y) ? double.Epsilon : 0)
        : Math.Abs(x - y) is var distance && double.IsNaN(distance) ? double.PositiveInfinity : distance;

    private static TensorValue Magnitudes(TensorValue x) => x.DType.IsFloat()
        ? TensorValue.OfReals(x.DType, x.Shape, [.. x.Reals.Select(v => double.IsFinite(v) ? Math.Abs(v) : 0)])
        : TensorValue.OfIntegers(x.DType, x.Shape, [.. x.Integers.Select(Math.Abs)]);

    private static TensorValue AsErrors(TensorValue x, double[]? errors) => TensorValue.OfReals(x.DType, x.Shape, errors is null ? new double[x.Count] : [.. errors]);

    private static TensorValue Moved(TensorValue x, double[] errors, int sign) => x.DType.IsFloat()
        ? TensorValue.OfReals(x.DType, x.Shape, [.. x.Reals.Select((v, i) => v + (sign * errors[i]))])
        : x.DType == DType.Bool
        ? TensorValue.OfIntegers(x.DType, x.Shape, [.. x.Integers.Select((v, i) => errors[i] == 0 ? v : 1 - v)])
        : TensorValue.OfIntegers(x.DType, x.Shape, [.. x.Integers.Select((v, i) => v + (long)(sign * Math.Min(errors[i], int.MaxValue)))]);
}

/// <summary>A value, and how far each of its elements may be from what it would be without rounding; null where it is exact.</summary>
internal readonly record struct BoundedValue(TensorValue Value, double[]? Errors)
{
    /// <summary>Whether rounding moves nothing of it.</summary>
    public bool IsExact => Errors is null || Array.TrueForAll(Errors, e => e == 0);

    /// <summary>A row along the first axis.</summary>
    public BoundedValue Row(long row)
    {
        TensorValue value = Value.Row(row);
        return new BoundedValue(value, Errors?[(int)(row * value.Count)..(int)((row + 1) * value.Count)]);
    }

    /// <summary>The bounds of a tensor of given rows along its first axis.</summary>
    public static double[] Stack(TensorValue whole, IEnumerable<(long Row, BoundedValue Value)> rows)
    {
        double[] errors = new double[whole.Count];
        foreach ((long row, BoundedValue value) in rows)
        {
            value.Errors?.CopyTo(errors, row * value.Value.Count);
        }

        return errors;
    }
}
