namespace GraphCompiler.Tests.Types;

/// <summary>Axes, sizes, strides, paddings and texts of sizes as values: equal when they mean the same in the same way, and read as given.</summary>
internal sealed class SmallValueTests
{
    [Test]
    public void Axes_are_equal_and_read_as_given()
    {
        Axes axes = [1, -1];
        Assert.That(axes.Equals([1, -1]), Is.True);
        Assert.That(axes.Equals([-1, 1]), Is.False);
        Assert.That(Axes.All.Equals([]), Is.False, "every axis is not no axis");
        Assert.That(Listed(axes.GetEnumerator()), Is.EqualTo(new[] { 1, -1 }));
    }

    [Test]
    public void Numbers_per_axis_are_equal_and_read_as_given()
    {
        PerAxis pair = (2, 1);
        Assert.That(pair.Equals([2, 1]), Is.True);
        Assert.That(pair == (PerAxis)(int[])[2, 1], Is.True);
        Assert.That(pair != (PerAxis)(1, 2), Is.True);
        Assert.That((PerAxis)2 == (PerAxis)(2, 2), Is.False, "one for all axes is another way");
        Assert.That(Listed(pair.GetEnumerator()), Is.EqualTo(new[] { 2, 1 }));
    }

    [Test]
    public void Paddings_are_equal_that_add_the_same()
    {
        Padding one = 1;
        Assert.That(one.Equals(Padding.Of((1, 1))), Is.True);
        Assert.That((Padding)(1, 2) == Padding.Of((1, 1), (2, 2)), Is.True);
        Assert.That(one != Padding.Of((0, 1)), Is.True);
        Assert.That(Padding.Same == Padding.Valid, Is.False);
    }

    [Test]
    public void Sizes_and_shapes_are_equal_by_what_they_are()
    {
        Dim rows = (nint)5;
        Assert.That(rows.Equals((Dim)5L), Is.True);
        Assert.That(rows.Constant, Is.EqualTo(5));
        Assert.That(((Dim)"N" + rows).Equals(5 + (Dim)"N"), Is.True);
        Assert.That(rows.Equals((Dim)"N"), Is.False);
        Shape shape = ["N", rows];
        Assert.That(shape.Equals(["N", 5]), Is.True);
        Assert.That(shape.Equals([5, "N"]), Is.False);
    }

    [Test]
    public void Texts_of_sizes_grow_on_both_sides()
    {
        var text = new DimText("rows: ");
        DimText whole = text + (Dim)"N" + (object)true;
        DimText joined = "all " + text + new DimText("none");
        Assert.That(whole.Value, Is.EqualTo("rows: NTrue"));
        Assert.That((string)joined, Is.EqualTo("all rows: none"));
        Assert.That((text + (object?)null).Value, Is.EqualTo("rows: "));
    }

    private static List<int> Listed(IEnumerator<int> numbers)
    {
        List<int> list = [];
        while (numbers.MoveNext())
        {
            list.Add(numbers.Current);
        }

        return list;
    }
}
