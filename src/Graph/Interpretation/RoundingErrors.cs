using GraphCompiler.Operations;

namespace GraphCompiler.Interpretation;

/// <summary>
/// Runs a graph as the interpreter does, and for each element bounds how far rounding may have taken it: the result of another order of additions, or
/// of functions that are a few units in the last place off, lies within. Errors are carried from operation to operation to first order; what is given
/// is exact. So terms that cancel leave the error of the terms, whatever is left of their sum.
/// </summary>
internal static class RoundingErrors
{
    // Units in the last place that one operation may be off: those of both sides' functions, with room.
    private const double Units = 8;

    // The most terms of a sum that are added up one after the other.
    private const double BlockTerms = 64;

    // As how many terms the result of an operation without a rule of its own counts.
    private const double UnknownTerms = 128;

    // The longest chain of the sum of a product, or of what is added to one element.
    private const double LongestChain = 256;

    /// <summary>The values of a node and their bounds, which may be infinite; null for what is no float.</summary>
    public static (TensorValue Value, double[]? Errors) Evaluate(Node root, IReadOnlyDictionary<Node, TensorValue> given, Func<string, long> symbol)
    {
        Dictionary<Node, TensorValue[]> values = Interpreter.EvaluateAll([root], given, symbol);
        Dictionary<Node, double[]?> errors = [];
        foreach (Node node in GraphWalk.TopologicalOrder([root], given.ContainsKey))
        {
            TensorValue value = values[node][0];
            double[]? bounds = given.ContainsKey(node) ? null : Of(node, value);
            errors[node] = bounds is null ? null : Array.ConvertAll(bounds, b => double.IsNaN(b) ? double.PositiveInfinity : b);
        }

        return (values[root][0], values[root][0].DType.IsFloat() ? errors[root] ?? new double[values[root][0].Count] : null);

        double[]? Of(Node node, TensorValue value)
        {
            TensorValue[] inputs = [.. node.Inputs.Select(i => values[i][0])];
            double[]?[] own = [.. node.Inputs.Select(i => errors[i])];
            return node.Op switch
            {
                ConstantOp or IotaOp or DimValueOp or RandomStreamOp or RandomBitsOp or DetachOp => own is [var only] ? only : null,
                _ when Algebra(node) is { } algebra => Perturbed(algebra, node.Op is OutputOp output ? output.Index : 0, value),
                MulOp or PowOp => Fused(inputs, value, Elementwise(new Evaluation(node, symbol), value, inputs, own)),
                ElementwiseOp => Elementwise(new Evaluation(node, symbol), value, inputs, own),
                _ when !value.DType.IsFloat() => null,
                OutputOp => Unknown(value, [.. node.Inputs[0].Inputs.Select(i => errors[i])]),
                SumOp => Sum([own[0]], OfSum(Terms(inputs[0], value), value.DType), value, x => Evaluated(node, symbol, x), inputs[0]),
                ProdOp => Product(new Evaluation(node, symbol), value, inputs[0], own[0]),
                ExtremumOp extremum => Linear(own[0], x => new MaxOp(extremum.Axes).Evaluate(new EvaluationContext(node, [x], symbol))[0], inputs[0]),
                MatMulOp => MatMul(new Evaluation(node, symbol), value, inputs, own),
                IndexAddOp or ScatterAddOp => AddedAt(new Evaluation(node, symbol), value, inputs, own),
                TakeOp or TakeAlongAxisOp => Linear(own[0], x => Evaluated(node, symbol, x, inputs[1]), inputs[0]),
                PadOp pad => Linear(own[0], x => (pad with { Value = 0 }).Evaluate(new EvaluationContext(node, [x], symbol))[0], inputs[0]),
                ConcatOp => own.All(e => e is null) ? null : Evaluated(node, symbol, [.. inputs.Select((x, i) => AsErrors(x, own[i]))]).Reals,
                CumulativeSumOp scan => Sum([own[0]], OfSum(value.Shape[scan.Along], value.DType), value, x => Evaluated(node, symbol, x), inputs[0]),
                LinearRecurrenceOp scan => Recurrence(new Evaluation(node, symbol), Gamma(2 * (double)value.Shape[scan.Along], value.DType) + InDouble(2 * (double)value.Shape[scan.Along]), inputs, own),
                RecurrenceOp scan => Scan(new Evaluation(node, symbol), Gamma(2 * (double)value.Shape[scan.Along], value.DType), value, inputs, own[0]),
                OverlapAddOp => Sum([own[0]], Gamma(inputs[0].Shape[value.Rank..].Aggregate(1.0, (terms, size) => terms * size), value.DType), value, x => Evaluated(node, symbol, x), inputs[0]),
                LinearOp => Linear(own[0], x => Evaluated(node, symbol, x), inputs[0]),
                _ => Unknown(value, own),
            };
        }

        // Its algorithms give what other inputs would, a few units of the largest element away: so do these, a few of which are tried.
        double[]? Perturbed(Node algebra, int index, TensorValue value)
        {
            if (!value.DType.IsFloat())
            {
                return null;
            }

            TensorValue[] inputs = [.. algebra.Inputs.Select(i => values[i][0])];
            double[] result = Unknown(value, []);
            for (int round = 0; round < 3; round++)
            {
                TensorValue[] moved = [.. algebra.Inputs.Select((input, k) => Nearby(inputs[k], errors.GetValueOrDefault(input), (17 * round) + k))];
                TensorValue? other;
                try
                {
                    other = algebra.Op.Evaluate(new EvaluationContext(algebra, moved, symbol))[index];
                }
                catch (ExecutionException)
                {
                    other = null;
                }

                for (int i = 0; i < result.Length; i++)
                {
                    result[i] = Math.Max(result[i], other is null ? double.PositiveInfinity : 8 * Distance(other[i], value[i]));
                }
            }

            return result;
        }
    }

    /// <summary>The operation of linear algebra whose result a node is.</summary>
    private static Node? Algebra(Node node) => (node.Op is OutputOp ? node.Inputs[0] : node) is { Op: CholeskyOp or TriangularSolveOp or LuOp or QrOp or EighOp or SvdOp or MatrixExpOp } found ? found : null;

    private static double[]? Elementwise(Evaluation evaluation, TensorValue value, TensorValue[] inputs, double[]?[] own)
    {
        double unit = Units * UnitOf(value.DType);
        double[] errors = Change(evaluation, value, inputs, own);
        for (int i = 0; i < errors.Length; i++)
        {
            errors[i] += value.DType.IsFloat() && double.IsFinite(value[i]) ? unit * Math.Abs(value[i]) : 0;
        }

        return Array.TrueForAll(errors, e => e == 0) ? null : errors;
    }

    /// <summary>
    /// A product that overflows may be a number together with what is added to it, and one that vanishes may leave its sign: the two are one operation where the
    /// machine has it.
    /// </summary>
    private static double[]? Fused(TensorValue[] inputs, TensorValue value, double[]? errors)
    {
        for (int i = 0; i < value.Count && value.DType.IsFloat(); i++)
        {
            if ((double.IsInfinity(value[i]) || value[i] == 0) && Array.TrueForAll(inputs, x => double.IsFinite(x[i]) && x[i] != 0))
            {
                errors ??= new double[value.Count];
                errors[i] += value[i] == 0 ? Least(value.DType) : double.PositiveInfinity;
            }
        }

        return errors;
    }

    /// <summary>
    /// Each input is moved by its error, up and down; the result moves by the sum of what those do. Comparisons may turn over, and choices with them. Inputs whose
    /// error has no bound are moved together, as they may be one: to some numbers, and to none.
    /// </summary>
    private static double[] Change(Evaluation evaluation, TensorValue value, TensorValue[] inputs, double[]?[] own)
    {
        double[] change = new double[value.Count];
        for (int input = 0; input < inputs.Length; input++)
        {
            if (own[input] is { } error)
            {
                TensorValue[] moved = [.. Positions(inputs[input], error).Select(x => evaluation.With(inputs, input, x))];
                for (int i = 0; i < change.Length; i++)
                {
                    change[i] += moved.Max(m => Distance(m[i], value[i]));
                }
            }
        }

        bool anything = own.Any(e => e is not null && e.Any(double.IsInfinity));
        foreach (double other in anything ? (double[])[double.NaN, 0, 1] : [])
        {
            TensorValue moved = evaluation.Of([.. inputs.Select((x, i) => own[i] is { } error && x.DType.IsFloat() ? Unbounded(x, error, other) : x)]);
            for (int i = 0; i < change.Length; i++)
            {
                change[i] = Math.Max(change[i], Distance(moved[i], value[i]));
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

    private static double[] Sum(double[]?[] own, double gamma, TensorValue value, Func<TensorValue, TensorValue> evaluate, TensorValue x)
    {
        double[] errors = evaluate(Magnitudes(x)).Reals;
        double[]? carried = own[0] is { } error ? evaluate(AsErrors(x, error)).Reals : null;
        for (int i = 0; i < errors.Length; i++)
        {
            errors[i] = (gamma * errors[i]) + (carried?[i] ?? 0);
        }

        return errors;
    }

    private static double[] Product(Evaluation evaluation, TensorValue value, TensorValue x, double[]? own)
    {
        double gamma = Gamma(Terms(x, value), value.DType) + InDouble(Terms(x, value));
        TensorValue magnitudes = Magnitudes(x);
        TensorValue product = evaluation.Of(magnitudes);
        TensorValue? more = own is null ? null : evaluation.Of(Moved(magnitudes, own, 1));
        return [.. Enumerable.Range(0, (int)value.Count).Select(i => (gamma * product[i]) + (more is null ? 0 : Distance(more[i], product[i])))];
    }

    private static double[] Recurrence(Evaluation evaluation, double gamma, TensorValue[] inputs, double[]?[] own)
    {
        TensorValue[] magnitudes = [.. inputs.Select(Magnitudes)];
        TensorValue plain = evaluation.Of(magnitudes);
        TensorValue more = evaluation.Of([.. magnitudes.Select((m, i) => own[i] is { } error ? Moved(m, error, 1) : m)]);
        return [.. Enumerable.Range(0, (int)plain.Count).Select(i => (gamma * plain[i]) + Distance(more[i], plain[i]))];
    }

    /// <summary>Each step may be off by what rounding the largest result is; inputs are moved as for elementwise operations.</summary>
    private static double[] Scan(Evaluation evaluation, double gamma, TensorValue value, TensorValue[] inputs, double[]? own)
    {
        double most = Enumerable.Range(0, (int)value.Count).Select(i => Math.Abs(value[i])).Where(double.IsFinite).DefaultIfEmpty(0).Max();
        double[] errors = [.. Enumerable.Repeat(gamma * most, (int)value.Count)];
        return [.. errors.Zip(Change(evaluation, value, inputs, [own]), (rounding, carried) => rounding + carried)];
    }

    private static double[] MatMul(Evaluation evaluation, TensorValue value, TensorValue[] inputs, double[]?[] own)
    {
        TensorValue[] magnitudes = [Magnitudes(inputs[0]), Magnitudes(inputs[1])];
        double[] errors = evaluation.Of(magnitudes).Reals;
        double gamma = Gamma(TermsInChains(inputs[0].Shape[^1]), value.DType);
        double[] products = evaluation.Of([.. inputs.Select(x => AsErrors(x, [.. x.Reals.Select(v => v == 0 ? 0.0 : 1)]))]).Reals;
        for (int i = 0; i < errors.Length; i++)
        {
            // Where all products vanish, their signs may be left.
            errors[i] = errors[i] == 0 ? products[i] * Least(value.DType) : gamma * errors[i];
        }

        for (int side = 0; side < 2; side++)
        {
            if (own[side] is { } error)
            {
                double[] carried = evaluation.With(magnitudes, side, AsErrors(inputs[side], error)).Reals;
                for (int i = 0; i < errors.Length; i++)
                {
                    errors[i] += carried[i];
                }
            }
        }

        return errors;
    }

    private static double[] AddedAt(Evaluation evaluation, TensorValue value, TensorValue[] inputs, double[]?[] own)
    {
        TensorValue added = inputs[2];
        double[] hits = evaluation.Of(AsErrors(inputs[0], null), inputs[1], AsErrors(added, [.. Enumerable.Repeat(1.0, (int)added.Count)])).Reals;
        double[] errors = evaluation.Of(Magnitudes(inputs[0]), inputs[1], Magnitudes(added)).Reals;
        double[] carried = evaluation.Of(AsErrors(inputs[0], own[0]), inputs[1], AsErrors(inputs[2], own[2])).Reals;
        return [.. errors.Select((e, i) => (Gamma(TermsInChains(1 + hits[i]), value.DType) * e) + carried[i])];
    }

    private static double[]? Linear(double[]? own, Func<TensorValue, TensorValue> evaluate, TensorValue x) => own is null ? null : evaluate(AsErrors(x, own)).Reals;

    private static double[] Unknown(TensorValue value, double[]?[] own)
    {
        double carried = own.OfType<double[]>().SelectMany(e => e).DefaultIfEmpty(0).Max();
        double most = Enumerable.Range(0, (int)value.Count).Select(i => Math.Abs(value[i])).Where(double.IsFinite).DefaultIfEmpty(0).Max();
        return [.. Enumerable.Repeat(carried + (Gamma(UnknownTerms, value.DType) * most), (int)value.Count)];
    }

    private static TensorValue Nearby(TensorValue x, double[]? errors, int seed)
    {
        double most = Enumerable.Range(0, (int)x.Count).Select(i => Math.Abs(x[i])).Where(double.IsFinite).DefaultIfEmpty(0).Max();
        double unit = Units * UnitOf(x.DType) * most * Math.Sqrt(x.Shape[^1]);
        var random = new Random(seed);
        return x.DType.IsFloat() ? TensorValue.OfReals(x.DType, x.Shape, [.. x.Reals.Select((v, i) => v + (random.Next(2) == 0 ? 1 : -1) * (unit + (errors?[i] ?? 0)))]) : x;
    }

    private static TensorValue Evaluated(Node node, Func<string, long> symbol, params TensorValue[] inputs) => node.Op.Evaluate(new EvaluationContext(node, inputs, symbol))[0];

    private static double Terms(TensorValue x, TensorValue result) => (double)x.Count / Math.Max(1, result.Count);

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

    /// <summary>An operation's evaluation on other values.</summary>
    private sealed class Evaluation(Node node, Func<string, long> symbol)
    {
        public TensorValue Of(params TensorValue[] inputs) => Evaluated(node, symbol, inputs);

        public TensorValue With(TensorValue[] inputs, int index, TensorValue value) => Of([.. inputs.Select((x, i) => i == index ? value : x)]);
    }
}
