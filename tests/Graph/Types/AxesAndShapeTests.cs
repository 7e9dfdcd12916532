using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Types;

public class AxesAndShapeTests
{
    [Test]
    public void Axes_compare_by_what_they_name()
    {
        Axes one = 1;
        Axes list = [0, -1];
        Assert.That(one == (Axes)1, Is.True);
        Assert.That(list == (Axes)(int[])[0, -1], Is.True);
        Assert.That(list != one, Is.True);
        Assert.That(Axes.All.IsAll && ((Axes)(int[]?)null).IsAll, Is.True);
        Assert.That(list.GetHashCode(), Is.EqualTo(((Axes)(int[])[0, -1]).GetHashCode()));
        Assert.That($"{list} {Axes.All}", Is.EqualTo("[0, -1] all axes"));
        Axes none = [];
        Assert.That(none.IsAll, Is.False, "no axis is not every axis");
    }

    [Test]
    public void Shapes_compare_by_their_sizes_and_print()
    {
        Shape shape = ["N", 4];
        Assert.That(shape == S("N", 4), Is.True);
        Assert.That(shape != S("M", 4), Is.True);
        Assert.That($"{shape} {S()}", Is.EqualTo("[N, 4] []"));
        Assert.That(shape.ElementCount, Is.EqualTo((Dim)"N" * 4));
        Assert.That((S()).ElementCount, Is.EqualTo((Dim)1));
        Assert.That(shape[^1], Is.EqualTo((Dim)4));
        Assert.That(shape.IsConstant, Is.False);
    }

    [Test]
    public void Negative_axes_count_from_the_end()
    {
        Node x = Input("x", [2, 3, 4]);
        Assert.That(Sum(x, -1).Shape, Is.EqualTo(S(2, 3)));
        Assert.That(Sum(x, [0, -2], keepDims: true).Shape, Is.EqualTo(S(1, 1, 4)));
        Assert.That(Sum(x, []).Shape, Is.EqualTo(x.Shape));
        Assert.That(Sum(x).Shape, Is.EqualTo(S()));
    }

    private static readonly object[][] Broadcasts =
    [
        [S(2, 3), S(3), S(2, 3)],
        [S(2, 1), S(1, 3), S(2, 3)],
        [S(), S("N"), S("N")],
        [S("N", 1), S("M"), S("N", "M")],
        [S(0), S(1), S(0)],
        [S("N", 4), S(1, 4), S("N", 4)],
    ];

    [TestCaseSource(nameof(Broadcasts))]
    public void Shapes_broadcast_as_in_NumPy(Shape a, Shape b, Shape expected)
    {
        Assert.That((Input("a", a) + Input("b", b)).Shape, Is.EqualTo(expected));
        Assert.That((Input("b", b) + Input("a", a)).Shape, Is.EqualTo(expected));
    }
}
