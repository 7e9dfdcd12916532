using GraphCompiler.Batching;

namespace GraphCompiler.Operations;

/// <summary>
/// The int64 positions of the elements along an axis in ascending or descending order, or of those that have some ranks in it: equal ones, 0 and −0 among
/// them, in the order they have; NaN counts as the greatest. No slope: sorted values are taken at these positions.
/// </summary>
internal sealed record ArgSortOp(int Along, bool Descending, Dim First, Dim Count) : IntegerOp
{
    public static readonly Comparer<double> NaNGreatest = Comparer<double>.Create((a, b) => double.IsNaN(a) || double.IsNaN(b) ? double.IsNaN(a).CompareTo(double.IsNaN(b)) : a.CompareTo(b));

    protected override NodeType InferResult(TypeContext context)
    {
        Node x = context.Inputs[0];
        context.RequireNumber();
        context.RequireAxis(Along, x.Rank);
        context.RequireAtLeast(int.MaxValue, x.Shape[Along], $"axis {Along} is too long; at most {int.MaxValue} elements can be sorted.");
        context.RequireAtLeast(First, 0, $"there is no element of rank {First}; ranks count from 0.");
        context.RequireAtLeast(x.Shape[Along], First + Count, $"there are no {InvariantText.Count(Count, "element")} from rank {First} on among the {x.Shape[Along]} along axis {Along}.");
        return new NodeType(DType.Int64, x.Shape.With(Along, Count));
    }

    protected override Node BatchResult(BatchContext context) => context.OnBatched(this with { Along = Along + 1 })[0];

    protected override TensorValue EvaluateResult(EvaluationContext context)
    {
        TensorValue x = context.Inputs[0];
        long[] shape = context.ResultShape();
        int first = (int)context.ValueOf(First);
        long[] positions = new long[TensorValue.CountOf(shape)];
        foreach ((long[] line, long[] results) in Scanning.Lines(x.Shape, Along, reverse: false).Zip(Scanning.Lines(shape, Along, reverse: false)))
        {
            IEnumerable<int> places = Enumerable.Range(0, line.Length);
            int[] sorted = x.DType.IsFloat() ? Sorted(places, t => x.Reals[line[t]], NaNGreatest) : Sorted(places, t => x.Integers[line[t]], Comparer<long>.Default);
            for (int t = 0; t < results.Length; t++)
            {
                positions[results[t]] = sorted[first + t];
            }
        }

        return TensorValue.OfIntegers(DType.Int64, shape, positions);
    }

    private int[] Sorted<T>(IEnumerable<int> places, Func<int, T> key, Comparer<T> comparer) =>
        [.. Descending ? places.OrderByDescending(key, comparer) : places.OrderBy(key, comparer)];
}

/// <summary>
/// For each value the int64 number of elements of a sorted row that come before it: those less, or those less or equal. NaN counts as the greatest. No slope.
/// </summary>
internal sealed record SearchSortedOp(bool Right) : IntegerOp
{
    protected override NodeType InferResult(TypeContext context)
    {
        (Node sorted, Node values) = (context.Inputs[0], context.Inputs[1]);
        context.RequireSameTypes();
        context.RequireNumber();
        return sorted.Rank > 0 && sorted.Rank == values.Rank && sorted.Shape.Take(sorted.Rank - 1).SequenceEqual(values.Shape.Take(sorted.Rank - 1))
            ? new NodeType(DType.Int64, values.Shape)
            : throw context.BadShape($"sorted rows {sorted.Shape} do not fit values {values.Shape}: all axes but the last must be equal.");
    }

    /// <summary>Values of examples that share the rows are more values for each.</summary>
    protected override Node BatchResult(BatchContext context)
    {
        int last = context.Node.Rank - 1;
        return context.IsBatched(0)
            ? context.OnBatched(this)[0]
            : context.Split(context.Create(this, context.Inputs[0], context.Merged(1, last)), last);
    }

    protected override TensorValue EvaluateResult(EvaluationContext context)
    {
        (TensorValue sorted, TensorValue values) = (context.Inputs[0], context.Inputs[1]);
        long length = sorted.Shape[^1];
        long[] found = new long[values.Count];
        for (long i = 0; i < found.Length; i++)
        {
            long row = i / values.Shape[^1] * length;
            (long low, long high) = (0, length);
            while (low < high)
            {
                long middle = (low + high) / 2;
                (low, high) = IsBefore(sorted, row + middle, values, i) ? (middle + 1, high) : (low, middle);
            }

            found[i] = low;
        }

        return TensorValue.OfIntegers(DType.Int64, values.Shape, found);
    }

    private bool IsBefore(TensorValue sorted, long at, TensorValue values, long value) => (sorted.DType.IsFloat()
        ? ArgSortOp.NaNGreatest.Compare(sorted.Reals[at], values.Reals[value])
        : sorted.Integers[at].CompareTo(values.Integers[value])) < (Right ? 1 : 0);
}

/// <summary>
/// The lower median of all elements, or of those that are not NaN, for each place along the first axes; NaN if there is one, or no other. Elements equal to it share the
/// gradient evenly.
/// </summary>
/// <param name="SkipsNaN">Whether NaN does not count.</param>
/// <param name="Kept">How many axes stay.</param>
internal sealed record MedianOp(bool SkipsNaN, int Kept = 0) : CompositeOp
{
    public override string Name => SkipsNaN ? "NaNMedian" : "Median";

    public override Node[] Expand(IReadOnlyList<Node> inputs)
    {
        Node x = inputs[0];
        Node all = Ops.Reshape(x, Shape.Of([.. x.Shape.Take(Kept), x.Shape.Skip(Kept).Aggregate(Dim.Of(1), (product, size) => product * size)]));
        return [(SkipsNaN ? Ops.NaNMedianWithIndex(all, -1) : Ops.MedianWithIndex(all, -1)).Values];
    }

    public override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        Node x = node.Inputs[0];
        EquatableArray<int> axes = [.. Enumerable.Range(Kept, x.Rank - Kept)];
        Node median = Axis.Expand(node, axes, x.Shape);
        Node attains = Ops.Cast(Ops.Equal(x, median) | (Ops.NotEqual(x, x) & Ops.NotEqual(median, median)), x.DType);
        return [attains * Axis.Expand(cotangents[0]! / Node.Create(new SumOp(axes), attains), axes, x.Shape)];
    }

    public override Node[] Batch(BatchContext context) => context.OnBatched(this with { Kept = Kept + 1 });
}
