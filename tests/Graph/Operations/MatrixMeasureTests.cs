using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Operations;

/// <summary>Ranks and condition numbers of matrices, products and distances of vectors, and means of areas.</summary>
public sealed class MatrixMeasureTests
{
    [Test]
    public void The_rank_counts_singular_values()
    {
        Node ranks = Of([4, 2, 2], 1, 2, 2, 4, 1, 2, 3, 4, 0, 0, 0, 0, 1, 0, 0, 1e-18);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ComputedValues.Of(MatrixRank(ranks)), Is.EqualTo([1, 2, 0, 1]));
            Assert.That(ComputedValues.Of(MatrixRank(ranks, absolute: 1)), Is.EqualTo([1, 1, 0, 0]));
            Assert.That(ComputedValues.Of(MatrixRank(Slice(ranks, 0, 1), relative: 1e-20)), Is.EqualTo([2, 0, 2]));
            Assert.That(ComputedValues.Of(MatrixRank(Of([3, 2], 1, 0, 0, 1, 1, 1))), Is.EqualTo([2]));
            Assert.That(ComputedValues.Of(MatrixRank(Zeros([2, 0, 3], DType.Float64))), Is.EqualTo([0, 0]));
            Assert.That(Value(MatrixRank(Constant(new float[,] { { 1, 1 }, { 1, 1.0000001f } }))), Is.EqualTo(1));
            Assert.That(MatrixRank(ranks).DType, Is.EqualTo(DType.Int64));
            Assert.That(MatrixRank(Variable("x", "N", "N")).RequiresGrad, Is.False);
        }
    }

    [Test]
    public void Condition_numbers()
    {
        Node a = Of([2, 2, 2], 4, 0, 0, -0.5, 1, 2, 3, 4);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ComputedValues.Of(ConditionNumber(a), 1e-13), Is.EqualTo([8, 14.933034373659268]).Within(1e-12));
            Assert.That(ComputedValues.Of(ConditionNumber(a, MatrixNormKind.SmallestSingularValue), 1e-13), Is.EqualTo([1 / 8.0, 1 / 14.933034373659268]).Within(1e-13));
            Assert.That(ComputedValues.Of(ConditionNumber(a, MatrixNormKind.LargestColumn), 1e-13), Is.EqualTo([8, 21]).Within(1e-12));
            Assert.That(ComputedValues.Of(ConditionNumber(a, MatrixNormKind.LargestRow), 1e-13), Is.EqualTo([8, 21]).Within(1e-12));
            Assert.That(ComputedValues.Of(ConditionNumber(a, MatrixNormKind.Frobenius), 1e-13), Is.EqualTo([Math.Sqrt(16.25) * Math.Sqrt(0.0625 + 4), 15]).Within(1e-12));
            Assert.That(Value(ConditionNumber(Of([2, 2], 1, 0, 0, 0))), Is.EqualTo(double.PositiveInfinity));
            Assert.That(Value(ConditionNumber(Of([3, 1], 1, 2, 2))), Is.EqualTo(1).Within(1e-15));
            Assert.That(() => ConditionNumber(Input("x", [3, 2]), MatrixNormKind.Frobenius), Throws.TypeOf<ShapeException>().And.Message.StartsWith("ConditionNumber: square matrices").And.Message.Contains("'x'"));
            Assert.That(() => ConditionNumber(Input("x", [3])), Throws.TypeOf<ShapeException>().And.Message.StartsWith("ConditionNumber:"));
            Assert.That(() => MatrixRank(Input("x", [3])), Throws.TypeOf<ShapeException>().And.Message.StartsWith("MatrixRank:"));
            Assert.That(() => MatrixRank(a, absolute: -1), Throws.TypeOf<ArgumentOutOfRangeException>().And.Message.Contains("absolute"));
        }
    }

    [Test]
    public void Products_of_vectors_along_any_axis()
    {
        (Input<double> a, Input<double> b) = (Variable("a", "N", 1, 3), Variable("b", 2, 3));
        double[] found = ComputedValues.Of(VecDot(a, b), 1e-15, (a, Reals([1, 1, 3], 1, 2, 3)), (b, Reals([2, 3], 1, 1, 1, 0, -1, 2)));
        Assert.That(found, Is.EqualTo([6, 4]));
        Assert.That(Values(VecDot(Of(Whole([2, 2], 1, 2, 3, 4)), Of(Whole([2, 1], 1, 10)), 0)), Is.EqualTo([31, 42]));
        Assert.That(() => VecDot(a, Input("f", [3])), Throws.TypeOf<DTypeException>().And.Message.StartsWith("VecDot:"));
        Assert.That(() => VecDot(a, Variable("c", 4)), Throws.TypeOf<ShapeException>().And.Message.StartsWith("VecDot:"));
    }

    [Test]
    public void Distances_of_all_pairs([Values(0, 1, 2, 3, double.PositiveInfinity)] double order, [Values(0, 1, 2, 5)] int rows)
    {
        var random = new Random(rows);
        double[] x = [.. Enumerable.Range(0, rows * 3).Select(_ => (double)random.Next(-3, 4))];
        double[] expected = [.. from i in Enumerable.Range(0, rows) from j in Enumerable.Range(i + 1, rows - i - 1) select Distance(i, j)];
        (Input<double> named, Input<double> fixedRows) = (Variable("x", "N", 3), Variable("y", rows, 3));
        Assert.That(ComputedValues.Of(PDist(named, order), 1e-14, (named, Reals([rows, 3], x))), Is.EqualTo(expected).Within(1e-14));
        Assert.That(ComputedValues.Of(PDist(fixedRows, order), 1e-14, (fixedRows, Reals([rows, 3], x))), Is.EqualTo(expected).Within(1e-14));

        double Distance(int i, int j)
        {
            IEnumerable<double> sides = Enumerable.Range(0, 3).Select(k => Math.Abs(x[(i * 3) + k] - x[(j * 3) + k]));
            return order == 0 ? sides.Count(s => s != 0) : double.IsInfinity(order) ? sides.Max() : Math.Pow(sides.Sum(s => Math.Pow(s, order)), 1 / order);
        }
    }

    [Test]
    public void Equal_rows_have_no_slope()
    {
        Input<double> x = Variable("x", 2, 2);
        Assert.That(Values(Gradients(Sum(PDist(x)), x)[0], (x, Reals([2, 2], 1, 2, 1, 2))), Is.EqualTo([0, 0, 0, 0]));
        Assert.That(() => PDist(Input("v", [3])), Throws.TypeOf<ShapeException>().And.Message.StartsWith("PDist: it takes a matrix").And.Message.Contains("'v'"));
    }

    [Test]
    public void Areas_are_means_of_what_they_cover()
    {
        Input<double> x = Variable("x", 1, 1, 5);
        TensorValue at = Reals([1, 1, 5], 1, 2, 3, 4, 10);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ComputedValues.Of(Resize(x, [2], ResizeMode.Area), 1e-15, (x, at)), Is.EqualTo([2, 17 / 3.0]).Within(1e-15));
            Assert.That(ComputedValues.Of(Resize(x, [10], ResizeMode.Area), 1e-15, (x, at)), Is.EqualTo([1, 1, 2, 2, 3, 3, 4, 4, 10, 10]));
            Assert.That(ComputedValues.Of(ResizeBy(x, 0.4, ResizeMode.Area), 1e-15, (x, at)), Is.EqualTo([2, 17 / 3.0]).Within(1e-15));
            Assert.That(ComputedValues.Of(Resize(x, [5], ResizeMode.Area), (x, at)), Is.EqualTo([1, 2, 3, 4, 10]));
            Assert.That(() => Resize(x, ["N"], ResizeMode.Area), Throws.TypeOf<ShapeException>().And.Message.StartsWith("Resize: areas need sizes that are numbers, not [N]"));
            Assert.That(() => Resize(x, [3], ResizeMode.Area, alignCorners: true), Throws.TypeOf<ShapeException>().And.Message.Contains("not with Area"));
            Assert.That(() => Resize(Input<int>("i", [1, 1, 5]), [3], ResizeMode.Area), Throws.TypeOf<DTypeException>().And.Message.StartsWith("Resize:"));
            Assert.That(() => GridSample(Input("y", [1, 1, 2, 2]), Input("grid", [1, 2, 2, 2]), ResizeMode.Area), Throws.TypeOf<ShapeException>().And.Message.StartsWith("GridSample: a place in a grid has no Area"));
        }
    }
}
