using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Operations;

/// <summary>Axes cut and split, columns, blocks and diagonals against loops; of symbolic sizes, of none and of one.</summary>
public sealed class PartsTests
{
    private static readonly double[] Six = [1, 2, 3, 4, 5, 6];

    [TestCase(6, 4, new[] { 2, 2, 1, 1 })]
    [TestCase(7, 3, new[] { 3, 2, 2 })]
    [TestCase(2, 3, new[] { 1, 1, 0 })]
    [TestCase(0, 2, new[] { 0, 0 })]
    [TestCase(5, 1, new[] { 5 })]
    public void Parts_differ_by_one_at_most(int size, int count, int[] expected)
    {
        Input<double> x = Variable("x", 2, size);
        NodeList parts = TensorSplit(x, count, 1);
        Assert.That(parts.Select(p => p.Shape), Is.EqualTo(expected.Select(e => S(2, e))));
        double[] values = [.. Enumerable.Range(0, 2 * size).Select(i => (double)i)];
        Assert.That(ComputedValues.Of(Concat(parts, 1), (x, Reals([2, size], values))), Is.EqualTo(values));
    }

    [Test]
    public void Parts_between_positions()
    {
        Input<double> x = Variable("x", 6);
        (Node, TensorValue) six = (x, Reals([6], Six));
        double[][] found = [.. TensorSplit(x, [1, -2, 3, 9]).Select(p => ComputedValues.Of(p, six))];
        Assert.That(found, Is.EqualTo(new double[][] { [1], [2, 3, 4], [], [4, 5, 6], [] }));

        Input<double> y = Variable("y", "N");
        Assert.That(TensorSplit(y, [1, -2]).Select(p => ComputedValues.Of(p, (y, Reals([6], Six)))), Is.EqualTo(new double[][] { [1], [2, 3, 4], [5, 6] }));
        Assert.That(TensorSplit(Input("z", [Dim.OfSymbol("N") * 4]), 2).Select(p => p.Shape), Is.EqualTo(new[] { S(Dim.OfSymbol("N") * 2), S(Dim.OfSymbol("N") * 2) }));
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([y], TensorSplit(y, [3, 4])[1]);
        Assert.That(() => compiled.Run(new double[] { 1, 2 }), Throws.TypeOf<BindingException>().And.Message.Contains("TensorSplit").And.Message.Contains("not in order within axis 0"));
    }

    [Test]
    public void An_axis_as_several()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Unflatten(Input("x", [2, 12, "N"]), 1, [3, -1, 2]).Shape, Is.EqualTo(S(2, 3, 2, 2, "N")));
            Assert.That(Unflatten(Input("x", [2, Dim.OfSymbol("N") * 6]), -1, ["N", -1]).Shape, Is.EqualTo(S(2, "N", 6)));
            Assert.That(Unflatten(Input("x", [0]), 0, [3, 0]).Shape, Is.EqualTo(S(3, 0)));
            Assert.That(Unflatten(Input("x", [1]), 0, [-1]).Shape, Is.EqualTo(S(1)));
        }

        Input<double> y = Variable("y", "N");
        Node rows = Unflatten(y, 0, [-1, 3]);
        Assert.That(ComputedValues.Of(Sum(rows, 1), (y, Reals([6], Six))), Is.EqualTo([6, 15]));
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([y], rows);
        Assert.That(() => compiled.Run(new double[] { 1, 2 }), Throws.TypeOf<BindingException>().And.Message.Contains("Unflatten").And.Message.Contains("no product of [-1, 3]"));
    }

    [Test]
    public void Steps_backwards([Values(null, -9, -6, -2, -1, 0, 1, 5, 9)] int? start, [Values(null, -9, -6, -1, 0, 2, 5, 9)] int? stop, [Values(-1, -2, -5, int.MinValue)] long step)
    {
        List<double> expected = [];
        int first = start is null ? 5 : Math.Clamp(start < 0 ? start.Value + 6 : start.Value, -1, 5);
        int end = stop is null ? -1 : Math.Clamp(stop < 0 ? stop.Value + 6 : stop.Value, -1, 5);
        for (long i = first; i > end; i += Math.Max(step, -10))
        {
            expected.Add(Six[i]);
        }

        Dim? Of(int? at) => at is { } given ? Dim.Of(given) : null;
        Input<double> x = Variable("x", 6);
        Node part = Slice(x, 0, Of(start), Of(stop), step);
        Assert.That(Values(part, (x, Reals([6], Six))), Is.EqualTo(expected));

        double[] replaced = [.. Six];
        expected.ForEach(v => replaced[(int)v - 1] = -v);
        Assert.That(Values(SliceScatter(x, -part, 0, Of(start), Of(stop), step), (x, Reals([6], Six))), Is.EqualTo(replaced));
    }

    [Test]
    public void Steps_backwards_along_symbols()
    {
        Input<double> x = Variable("x", "N", 2);
        (Node, TensorValue) six = (x, Reals([3, 2], Six));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ComputedValues.Of(Slice(x, 0, step: -1), six), Is.EqualTo([5, 6, 3, 4, 1, 2]));
            Assert.That(ComputedValues.Of(Slice(x, 0, -2, step: -1), six), Is.EqualTo([3, 4, 1, 2]));
            Assert.That(ComputedValues.Of(x[AxisIndex.Every(-2, stop: 0), AxisIndex.Every(-1)], six), Is.EqualTo([6, 5]));
            Assert.That(ComputedValues.Of(Slice(x, 0, 1, step: -1), six), Is.EqualTo([3, 4, 1, 2]));
            Assert.That(() => Slice(x, 0, 0..2, -1), Throws.TypeOf<ShapeException>().And.Message.StartsWith("Slice: the step -1 through the range 0..2 must be at least 1"));
            Assert.That(() => SliceScatter(x, x, 0, step: 0), Throws.TypeOf<ShapeException>().And.Message.StartsWith("SliceScatter: the step 0"));
        }
    }

    [Test]
    public void Circular_widths_below_0_take_away_first()
    {
        Node x = Of([1, 5], 1, 2, 3, 4, 5);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ComputedValues.Of(Pad(x, [(-1, 2)], PaddingMode.Circular)), Is.EqualTo([2, 3, 4, 5, 2, 3]));
            Assert.That(ComputedValues.Of(Pad(x, [(1, -2)], PaddingMode.Circular)), Is.EqualTo([3, 1, 2, 3]));
            Assert.That(ComputedValues.Of(Pad(x, [(-1, -1)], PaddingMode.Circular)), Is.EqualTo([2, 3, 4]));
        }
    }

    [Test]
    public void Distances_of_any_order()
    {
        (Node x, Node y) = (Of([1, 3], 3, 0, -4), Of([1, 3], 0, 0, 0));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Value(PairwiseDistance(x, y, 0, epsilon: 0)), Is.EqualTo(2));
            Assert.That(Value(PairwiseDistance(x, y, double.NegativeInfinity, epsilon: 0)), Is.Zero);
            Assert.That(Value(PairwiseDistance(x + 1, y, -1, epsilon: 0)), Is.EqualTo(1 / ((1 / 4.0) + 1 + (1 / 3.0))).Within(1e-15));
            Assert.That(Values(Normalize(x, 0)), Is.EqualTo([1.5, 0, -2]));
        }
    }

    [Test]
    public void Columns_and_blocks()
    {
        Node matrix = Of([2, 2], 1, 2, 3, 4);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ComputedValues.Of(ColumnStack(Vector(7, 8), matrix, Vector(9, 10))), Is.EqualTo([7, 1, 2, 9, 8, 3, 4, 10]));
            Assert.That(ColumnStack(Input("s", []), Input("t", [])).Shape, Is.EqualTo(S(1, 2)));
            Assert.That(ComputedValues.Of(BlockDiag(matrix, Vector(5, 6), Of([], 7.0))), Is.EqualTo([1, 2, 0, 0, 0, 3, 4, 0, 0, 0, 0, 0, 5, 6, 0, 0, 0, 0, 0, 7]));
            Assert.That(BlockDiag(Input("x", ["N", 2]), Input("y", [0, 3]), Input("z", [1, "M"])).Shape, Is.EqualTo(S(Dim.OfSymbol("N") + 1, Dim.OfSymbol("M") + 5)));
            Assert.That(ComputedValues.Of(BlockDiag(Of(Truth([1, 1], true)), Of(Truth([1, 1], true)))), Is.EqualTo([1, 0, 0, 1]));
        }
    }

    [Test]
    public void A_diagonal_replaced([Values(-2, -1, 0, 1, 2, 5)] int offset)
    {
        (Input<double> x, int[] shape) = (Variable("x", 3, 2, 4), [3, 2, 4]);
        double[] values = [.. Enumerable.Range(0, 24).Select(i => (double)i)];
        int length = Math.Max(0, Math.Min(4 + Math.Min(offset, 0), 3 - Math.Max(offset, 0)));
        Input<double> source = Variable("source", 2, length);
        double[] given = [.. Enumerable.Range(0, 2 * length).Select(i => -1.0 - i)];
        double[] expected = [.. values];
        for (int k = 0; k < length; k++)
        {
            (int row, int column) = (k - Math.Min(offset, 0), k + Math.Max(offset, 0));
            (expected[(column * 8) + row], expected[(column * 8) + 4 + row]) = (given[k], given[length + k]);
        }

        Node found = DiagonalScatter(x, source, offset, -1, 0);
        Assert.That(ComputedValues.Of(found + (0 * Sum(source)), (x, Reals([3, 2, 4], values)), (source, Reals([2, length], given))), Is.EqualTo(expected));
        Assert.That(shape, Has.Length.EqualTo(found.Rank));
    }

    [Test]
    public void A_diagonal_of_symbols_replaced()
    {
        (Input<double> x, Input<double> d) = (Variable("x", "N", "N"), Variable("d", "N"));
        Assert.That(ComputedValues.Of(DiagonalScatter(x, d), (x, Reals([2, 2], 1, 2, 3, 4)), (d, Reals([2], 8, 9))), Is.EqualTo([8, 2, 3, 9]));
        Assert.That(ComputedValues.Of(DiagonalScatter(Of(Truth([1, 1], false)), Of(Truth([1], true)))), Is.EqualTo([1]));
    }

    [Test]
    public void Mistakes_are_refused_by_name()
    {
        (Input<float> x, Input<float> n) = (Input("x", [4, 3]), Input("n", ["N"]));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => TensorSplit(x, 0), Throws.TypeOf<ShapeException>().And.Message.StartsWith("TensorSplit: there must be at least one part, not 0"));
            Assert.That(() => TensorSplit(n, 2), Throws.TypeOf<ShapeException>().And.Message.StartsWith("TensorSplit: how long 2 parts of axis 0 of size N are").And.Message.Contains("'n'"));
            Assert.That(() => Unflatten(x, 0, [3, -1]), Throws.TypeOf<ShapeException>().And.Message.StartsWith("Unflatten: axis 0 of size 4 is no product of [3, -1]").And.Message.Contains("'x'"));
            Assert.That(() => Unflatten(x, 0, [-1, -1]), Throws.TypeOf<ShapeException>().And.Message.StartsWith("Unflatten: [-1, -1] leaves more than one size open"));
            Assert.That(() => Unflatten(x, 0, []), Throws.TypeOf<ShapeException>().And.Message.StartsWith("Unflatten: no sizes are given"));
            Assert.That(() => Unflatten(x, 0, [-2, -2]), Throws.TypeOf<ShapeException>().And.Message.StartsWith("Unflatten:"));
            Assert.That(() => BlockDiag(x, Input("c", [1, 2, 3])), Throws.TypeOf<ShapeException>().And.Message.StartsWith("BlockDiag: matrices of one dtype").And.Message.Contains("'c'"));
            Assert.That(() => BlockDiag(x, Input<double>("d", [1, 2])), Throws.TypeOf<ShapeException>().And.Message.StartsWith("BlockDiag:"));
            Assert.That(() => BlockDiag(), Throws.TypeOf<ShapeException>().And.Message.StartsWith("BlockDiag: there is nothing"));
            Assert.That(() => ColumnStack(), Throws.TypeOf<ShapeException>().And.Message.StartsWith("ColumnStack: there is nothing"));
            Assert.That(() => DiagonalScatter(x, Input("s", [4])), Throws.TypeOf<ShapeException>().And.Message.StartsWith("DiagonalScatter: the source must be float32[3]").And.Message.Contains("'s'"));
            Assert.That(() => DiagonalScatter(x, Input<double>("s", [3])), Throws.TypeOf<ShapeException>().And.Message.StartsWith("DiagonalScatter:"));
            Assert.That(() => DiagonalScatter(Input("y", ["N", "M"]), n), Throws.TypeOf<ShapeException>().And.Message.StartsWith("DiagonalScatter: it is not known whether"));
        }
    }
}
