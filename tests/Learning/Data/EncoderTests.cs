namespace GraphCompiler.Learning.Tests.Data;

/// <summary>What is learned from data before training, and saved with the model.</summary>
internal sealed class EncoderTests
{
    private static readonly Input<float> X = Ops.Input("x", ["N", 3]);

    [Test]
    public void Columns_get_mean_0_and_deviation_1()
    {
        // Sums of squares would leave nothing of the first column's deviation.
        float[,] points = new float[1000, 3];
        for (int row = 0; row < 1000; row++)
        {
            (points[row, 0], points[row, 1], points[row, 2]) = (1e6f + (row % 2), 5, row);
        }

        var standardizer = Standardizer.Of(Rows.Of(points).Skip(200), "points");
        Assert.That((standardizer.Width, standardizer.Constants, standardizer.ToString()), Is.EqualTo(((int?)3, (int[])[1], "Standardizer(3)")));
        Assert.That(standardizer.NamedParameters().Select(p => p.Path), Is.EqualTo((string[])["mean", "deviation"]));
        Assert.That(standardizer.Parameters(), Is.Empty);
        Func<float[,], float[]> there = standardizer.Compile<Func<float[,], float[]>>([X], () => standardizer.Forward(X));
        Func<float[,], float[]> andBack = standardizer.Compile<Func<float[,], float[]>>([X], () => standardizer.Restore(standardizer.Forward(X)));
        float[,] given = { { 1e6f, 6, 599.5f }, { 1000001, 5, 830.4397f } };
        Assert.That(there(given), Is.EqualTo((float[])[-1, 1, 0, 1, 0, 1]).Within(1e-5f));
        Assert.That(andBack(given), Is.EqualTo(given.Cast<float>()).Within(1e-3f));
    }

    [Test]
    public void Single_numbers_have_one_mean()
    {
        double[] price = [1, 3];
        var standardizer = Standardizer.Of(Rows.Of(price), "price");
        Assert.That((standardizer.Width, standardizer.ToString()), Is.EqualTo(((int?)null, "Standardizer")));
        Input<float> x = Ops.Input("x", ["N"]);
        Assert.That(standardizer.Compile<Func<float[], float[]>>([x], () => standardizer.Forward(x))([2, 5, 0]), Is.EqualTo((float[])[0, 3, -2]));
    }

    [Test]
    public void What_was_learned_is_saved_with_the_model()
    {
        float[,] points = { { 1, 2, 3 }, { 3, 6, 11 } };
        using var folder = new Files.Scratch();
        string path = folder["net.safetensors"];
        new Sequential(Standardizer.Of(Rows.Of(points), "points"), new Linear(3, 1, new Generator(1))).Save(path);
        var standardizer = new Standardizer(3);
        new Sequential(standardizer, new Linear(3, 1, new Generator(2))).Load(path);
        Assert.That(standardizer.Compile<Func<float[,], float[]>>([X], () => standardizer.Forward(X))(points), Is.EqualTo((float[])[-1, -1, -1, 1, 1, 1]));

        OneHotEncoder.Of(["rot", "grün", "", "rot"]).Save(path);
        var encoder = new OneHotEncoder(3, 4);
        encoder.Load(path);
        Assert.That(encoder.Categories, Is.EqualTo((string[])["", "grün", "rot"]));
        Assert.That(encoder.Encode(["rot", ""]), Is.EqualTo((long[])[2, 0]));
    }

    [Test]
    public void Categories_are_ones_among_zeros()
    {
        var encoder = OneHotEncoder.Of([30, 4, 4, -1]);
        Assert.That((encoder.Categories, encoder.Count, encoder.Length, encoder.ToString()), Is.EqualTo(((string[])["-1", "4", "30"], 3, 2, "OneHotEncoder(3)")));
        Input<long> kinds = Ops.Input<long>("kinds", ["N"]);
        Func<long[], float[]> encode = encoder.Compile<Func<long[], float[]>>([kinds], () => encoder.Forward(kinds));
        Assert.That(encode(encoder.Encode([4, 7, 30], allowUnknown: true)), Is.EqualTo((float[])[0, 1, 0, 0, 0, 0, 0, 0, 1]));
        Assert.That(() => encoder.Encode([4, 7]), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo("Value 1, '7', is of none of the 3 categories that the encoder knows, '-1', '4', '30'."));
        Assert.That(() => encoder.Encode(["4", null!]), Throws.ArgumentException.With.Message.StartsWith("Value 1 is null"));
        Assert.That(() => OneHotEncoder.Of((string[])[]), Throws.ArgumentException.With.Message.StartsWith("There are no values"));
        Assert.That(() => encoder.Forward(X), Throws.TypeOf<DTypeException>().With.Message.Contains("takes numbers of categories, Int64"));
    }

    [Test]
    public void What_has_no_mean_is_refused()
    {
        float[] spoilt = [1, float.NaN];
        double[] huge = [1e300, -1e300];
        long[] counts = [1, 2];
        float[][] series = [[1], []];
        Rows rows = Rows.Of(spoilt, huge, counts, series);
        Assert.That(() => Standardizer.Of(rows, "spoilt"), Throws.TypeOf<InvalidDataException>().With.Message.StartsWith("Row 1 of column 'spoilt' is NaN"));
        Assert.That(() => Standardizer.Of(rows.Skip(1), "spoilt"), Throws.TypeOf<InvalidDataException>().With.Message.StartsWith("Row 1 of column 'spoilt' is NaN"));
        Assert.That(() => Standardizer.Of(rows, "huge"), Throws.TypeOf<InvalidDataException>().With.Message.Contains("too large for a float"));
        Assert.That(() => Standardizer.Of(rows, "counts"), Throws.TypeOf<DTypeException>());
        Assert.That(() => Standardizer.Of(rows, "series"), Throws.ArgumentException.With.Message.Contains("different lengths"));
        Assert.That(() => Standardizer.Of(rows, "none"), Throws.ArgumentException.With.Message.StartsWith("There is no column 'none'"));
        Assert.That(() => new Standardizer(0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new Standardizer(4).Forward(X), Throws.TypeOf<ShapeException>().With.Message.StartsWith("Standardizer(4): takes a tensor whose last axis has size 4"));
    }
}
