namespace GraphCompiler.Learning.Tests.Data;

/// <summary>What is asked of data, and weights of classes.</summary>
internal sealed class RowChecksTests
{
    [Test]
    public void Numbers_that_are_not_finite_are_named()
    {
        float[,] points = { { 1, 2 }, { 3, float.NaN } };
        double[] prices = [1, double.PositiveInfinity];
        double[][] series = [[1, 2], [3, double.NaN]];
        long[] labels = [0, 1];
        Assert.That(() => Rows.Of(points).RequireFinite(), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo("Row 1 of column 'points', element 1, is NaN: numbers must be finite."));
        Assert.That(() => Rows.Of(labels, prices).RequireFinite(), Throws.TypeOf<InvalidDataException>().With.Message.StartsWith("Row 1 of column 'prices' is Infinity"));
        Assert.That(() => Rows.Of(series).RequireFinite(), Throws.TypeOf<InvalidDataException>().With.Message.StartsWith("Row 1 of column 'series', element 1,"));
        Assert.That(() => Rows.Of(points).Skip(1).RequireFinite(), Throws.TypeOf<InvalidDataException>().With.Message.StartsWith("Row 1 of column 'points'"), "by its number in what was given");
        Rows fine = Rows.Of(points, labels).Take(1);
        Assert.That(fine.RequireFinite(), Is.SameAs(fine));
    }

    [Test]
    public void Labels_out_of_range_are_named()
    {
        int[] kinds = [0, 2, 1, -1];
        bool[] isRare = [true, false, false, false];
        Rows rows = Rows.Of(kinds, isRare);
        Assert.That(() => rows.RequireLabels("kinds", 3), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo("Row 3 of column 'kinds' has the label -1: there are 3 classes, 0 to 2."));
        Assert.That(() => rows.RequireLabels("kinds", 2), Throws.TypeOf<InvalidDataException>().With.Message.StartsWith("Row 1 of column 'kinds' has the label 2"));
        Assert.That(() => rows.Select(2, 1).RequireLabels("kinds", 2), Throws.TypeOf<InvalidDataException>().With.Message.StartsWith("Row 1 of column 'kinds' has the label 2"));
        Assert.That(rows.RequireLabels("isRare", 2), Is.SameAs(rows));
        Assert.That(() => Rows.Of(("x", new float[2])).RequireLabels("x", 2), Throws.TypeOf<DTypeException>());
        Assert.That(() => Rows.Of(("x", new long[2, 1])).RequireLabels("x", 2), Throws.ArgumentException.With.Message.Contains("one number a row"));
    }

    [Test]
    public void Weights_of_classes_balance_them()
    {
        long[] labels = [0, 0, 0, 1, 0, 2, 0, 1];
        Assert.That(Rows.Of(labels).ClassWeights("labels", 3), Is.EqualTo((float[])[8f / 15, 8f / 6, 8f / 3]));
        Assert.That(() => Rows.Of(labels).ClassWeights("labels", 4), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo("Column 'labels' has no row of class 3, which can have no weight."));
    }
}
