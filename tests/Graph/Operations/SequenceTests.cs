using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Operations;

/// <summary>Sequences and identities, of numbers and of symbols.</summary>
public sealed class SequenceTests
{
    [Test]
    public void Equal_distances_end_where_they_should([Values(0, 1, 2, 3, 4, 5, 17, 100)] int count)
    {
        double[] expected = [.. Enumerable.Range(0, count).Select(i => count == 1 ? -0.3 : -0.3 + ((0.9 - -0.3) * i / (count - 1)))];
        double[] found = ComputedValues.Of(LinSpace(-0.3, 0.9, count, DType.Float64));
        Assert.That(found, Is.EqualTo(expected).Within(1e-15));
        Assert.That(count < 2 || (found[0] == -0.3 && found[^1] == 0.9));
        Assert.That(Bound(n => LinSpace(-0.3, 0.9, n, DType.Float64), count), Is.EqualTo(found));
        Assert.That(Bound(n => LinSpace(-0.3, 0.9, n), count), Is.EqualTo(expected.Select(v => (double)(float)v)).Within(1e-7));
        Assert.That(Bound(n => LogSpace(-2, 3, n, dtype: DType.Float64), count), Is.EqualTo(Enumerable.Range(0, count).Select(i => Math.Pow(10, count == 1 ? -2 : -2 + (5.0 * i / (count - 1))))).Within(1e-11));
        Assert.That(Bound(n => LogSpace(0, 8, n, 2), 9), Is.EqualTo([1, 2, 4, 8, 16, 32, 64, 128, 256]));
    }

    [Test]
    public void Ones_on_the_diagonal()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ComputedValues.Of(Eye(3)), Is.EqualTo([1, 0, 0, 0, 1, 0, 0, 0, 1]));
            Assert.That(ComputedValues.Of(Eye(2, 3, DType.Int64)), Is.EqualTo([1, 0, 0, 0, 1, 0]));
            Assert.That(Bound(n => Eye(n, 2, DType.Bool), 3), Is.EqualTo([1, 0, 0, 1, 0, 0]));
            Assert.That(Eye(0, 5).Shape, Is.EqualTo(S(0, 5)));
            Assert.That(Eye(2).DType, Is.EqualTo(DType.Float32));
        }
    }

    [Test]
    public void Powers_along_a_new_axis()
    {
        Input<double> x = Variable("x", "N");
        TensorValue at = Reals([3], 2, 0, -1);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ComputedValues.Of(Vander(x), (x, at)), Is.EqualTo([4, 2, 1, 0, 0, 1, 1, -1, 1]));
            Assert.That(ComputedValues.Of(Vander(x, 4, increasing: true), (x, at)), Is.EqualTo([1, 2, 4, 8, 1, 0, 0, 0, 1, -1, 1, -1]));
            Assert.That(ComputedValues.Of(Vander(x, 1), (x, at)), Is.EqualTo([1, 1, 1]));
            Assert.That(Vander(x, 0).Shape, Is.EqualTo(S("N", 0)));
            Assert.That(Values(Vander(Of(Whole([2, 2], 1, 2, 3, 4)))), Is.EqualTo([1, 1, 2, 1, 3, 1, 4, 1]));
            Assert.That(Values(Gradients(Sum(Vander(x, 3)), x)[0], (x, at)), Is.EqualTo([5, 1, -1]));
        }
    }

    [Test]
    public void Mistakes_are_refused_by_name()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => LinSpace(0, 1, -1), Throws.TypeOf<ShapeException>().And.Message.StartsWith("LinSpace:"));
            Assert.That(() => LinSpace(0, 1, 3, DType.Int32), Throws.TypeOf<DTypeException>().And.Message.StartsWith("LinSpace:").And.Message.Contains("not int32"));
            Assert.That(() => LogSpace(0, 1, 3, dtype: DType.Bool), Throws.TypeOf<DTypeException>().And.Message.StartsWith("LogSpace:"));
            Assert.That(() => Eye(2, -3), Throws.TypeOf<ShapeException>().And.Message.StartsWith("Eye:"));
            Assert.That(() => Vander(Input("x", [])), Throws.TypeOf<ShapeException>().And.Message.StartsWith("Vander:").And.Message.Contains("'x'"));
            Assert.That(() => Vander(Input("x", [2]), -1), Throws.TypeOf<ShapeException>().And.Message.StartsWith("Vander:"));
        }
    }

    /// <summary>What a count that is a symbol makes.</summary>
    private static double[] Bound(Func<Dim, Node> make, int count)
    {
        Input<bool> sized = Input<bool>("sized", ["N"]);
        Node made = make("N");
        return ComputedValues.Of(Where(Any(sized) | !Any(sized), made, made), 1e-14, (sized, Truth([count], new bool[count])));
    }
}
