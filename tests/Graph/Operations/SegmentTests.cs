using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Operations;

/// <summary>Sets, and slices combined by index or by segment, against loops.</summary>
public sealed class SegmentTests
{
    private const double Infinity = double.PositiveInfinity;
    private const double NaN = double.NaN;

    [Test]
    public void Elements_that_are_among_others()
    {
        (Input<double> x, Input<double> among) = (Variable("x", 2, 4), Variable("among", "N"));
        (Node, TensorValue) eight = (x, Reals([2, 4], 1, 0, -0.0, NaN, 7, Infinity, -Infinity, 2));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ComputedValues.Of(IsIn(x, among), eight, (among, Reals([5], 7, NaN, 0, 1, Infinity))), Is.EqualTo([1, 1, 1, 0, 1, 1, 0, 0]));
            Assert.That(ComputedValues.Of(IsIn(x, among), eight, (among, Reals([0]))), Is.All.EqualTo(0));
            Assert.That(ComputedValues.Of(IsIn(Of(Whole([3], 5, -1, 9)), Of(Whole([2, 2], 9, 8, 5, 5)))), Is.EqualTo([1, 0, 1]));
            Assert.That(Value(IsIn(Of([], 2.0), Of([], 2.0))), Is.EqualTo(1));
            Assert.That(IsIn(x, among).DType, Is.EqualTo(DType.Bool));
        }
    }

    [Test]
    public void Slices_reduced_at_indices([Values] ScatterReduction reduction, [Values] bool includeSelf, [Values(0, 1)] int axis)
    {
        var random = new Random(7);
        double[,] x = new double[3, 4];
        long[] at = [.. Enumerable.Range(0, 5).Select(_ => (long)random.Next(2))];
        double[,] source = axis == 0 ? new double[5, 4] : new double[3, 5];
        foreach (double[,] filled in new[] { x, source })
        {
            for (int i = 0; i < filled.Length; i++)
            {
                filled[i / filled.GetLength(1), i % filled.GetLength(1)] = random.Next(-4, 5);
            }
        }

        double[] expected = [.. from r in Enumerable.Range(0, 3) from c in Enumerable.Range(0, 4) select Expected(r, c)];
        Input<double> given = Variable("x", 3, 4);
        Node found = IndexReduce(given, axis - 2, Constant(at), Constant(source), reduction, includeSelf);
        Assert.That(ComputedValues.Of(found, 1e-15, (given, Reals([3, 4], [.. x.Cast<double>()]))), Is.EqualTo(expected).Within(1e-15));

        double Expected(int r, int c)
        {
            double[] hits = [.. Enumerable.Range(0, 5).Where(k => at[k] == (axis == 0 ? r : c)).Select(k => axis == 0 ? source[k, c] : source[r, k])];
            return hits.Length == 0 ? x[r, c] : Combined(includeSelf ? [x[r, c], .. hits] : hits, reduction);
        }
    }

    [Test]
    public void Segments_of_any_order([Values] ScatterReduction reduction)
    {
        double[] numbers = [3, -1, 4, 1, -5, 9, 2, 6, -5, 3, 5, 8];
        long[] segments = [2, 0, 2, 3, 0, 2];
        double nothing = reduction switch { ScatterReduction.Sum => 0, ScatterReduction.Prod => 1, ScatterReduction.Mean => NaN, ScatterReduction.Max => -Infinity, _ => Infinity };
        double[] expected = [.. from s in Enumerable.Range(0, 5) from c in Enumerable.Range(0, 2) select Expected(s, c)];

        (Input<double> x, Input<long> ids, Input<bool> sized) = (Variable("x", "N", 2), Input<long>("ids", ["N"]), Input<bool>("sized", ["S"]));
        Node found = SegmentReduce(x, ids, "S", reduction);
        (Node, TensorValue)[] given = [(x, Reals([6, 2], numbers)), (ids, Whole([6], segments)), (sized, Truth([5], new bool[5]))];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ComputedValues.Of(Where(Any(sized), found, found), 1e-15, given), Is.EqualTo(expected).Within(1e-15));
            Assert.That(Values(SegmentReduce(Transpose(x), ids, 5, reduction, axis: 1), given[..2]), Is.EqualTo(from c in Enumerable.Range(0, 2) from s in Enumerable.Range(0, 5) select Expected(s, c)).Within(1e-15));
            Assert.That(Values(SegmentReduce(Zeros([0, 2], DType.Float64), Constant(Array.Empty<long>()), 1, reduction)), Is.EqualTo([nothing, nothing]));
            Assert.That(Values(SegmentReduce(Of(Whole([4], 2, 3, 4, 6)), Of(Whole([4], 1, 1, 1, 1)), 2, reduction))[1], Is.EqualTo(Math.Floor(Combined([2, 3, 4, 6], reduction))));
        }

        double Expected(int s, int c) => Enumerable.Range(0, 6).Where(k => segments[k] == s).Select(k => numbers[(k * 2) + c]).ToArray() is { Length: > 0 } hits ? Combined(hits, reduction) : nothing;
    }

    [Test]
    public void Ties_of_a_segment_share_its_slope()
    {
        Input<double> x = Variable("x", 5);
        Node slopes = Gradients(Sum(SegmentReduce(x, Constant(new[] { 0, 0, 1, 1, 1 }), 3, ScatterReduction.Max) * Vector(2, 6, 0)), x)[0];
        Assert.That(Values(slopes, (x, Reals([5], 1, 1, 4, 4, 0))), Is.EqualTo([1, 1, 3, 3, 0]));
    }

    [Test]
    public void Mistakes_are_refused_by_name()
    {
        (Input<float> x, Input<long> i) = (Input("x", [4, 3]), Input<long>("i", [4]));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => IsIn(x, i), Throws.TypeOf<DTypeException>().And.Message.StartsWith("IsIn:").And.Message.Contains("'i'"));
            Assert.That(() => IndexReduce(x, 0, x, x, ScatterReduction.Sum), Throws.TypeOf<ShapeException>().And.Message.StartsWith("IndexReduce: the indices must be a vector"));
            Assert.That(() => IndexReduce(x, 0, i, Input("s", [3, 3]), ScatterReduction.Max), Throws.InstanceOf<GraphException>().And.Message.Contains("'s'"));
            Assert.That(() => IndexReduce(x, 0, i, x, (ScatterReduction)9), Throws.TypeOf<ArgumentOutOfRangeException>().And.Message.Contains("IndexReduce"));
            Assert.That(() => SegmentReduce(x, i, 2, axis: 1), Throws.TypeOf<ShapeException>().And.Message.StartsWith("SegmentReduce: the segments must be int32 or int64 [3]").And.Message.Contains("'i'"));
            Assert.That(() => SegmentReduce(x, Input("f", [4]), 2), Throws.TypeOf<ShapeException>().And.Message.StartsWith("SegmentReduce:"));
            Assert.That(() => SegmentReduce(x, i, -1), Throws.TypeOf<ShapeException>().And.Message.StartsWith("SegmentReduce:"));
            foreach (ScatterReduction reduction in Enum.GetValues<ScatterReduction>())
            {
                Assert.That(() => Run(SegmentReduce(Vector(1, 2), Constant(new long[] { 0, 3 }), 3, reduction)), Throws.TypeOf<ExecutionException>().And.Message.Contains("SegmentReduce").And.Message.Contains('3'), $"{reduction}");
            }
        }
    }

    private static double Combined(double[] values, ScatterReduction reduction) => reduction switch
    {
        ScatterReduction.Sum => values.Sum(),
        ScatterReduction.Mean => values.Average(),
        ScatterReduction.Prod => values.Aggregate(1.0, (p, v) => p * v),
        ScatterReduction.Max => values.Max(),
        _ => values.Min(),
    };
}
