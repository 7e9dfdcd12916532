using Charts;

namespace GraphCompiler.Learning.Tests.SamplePrograms;

/// <summary>Pictures of the samples, as the numbers that are saved where nothing draws: these tests go without the native library, and the samples draw.</summary>
internal sealed class ChartTests
{
    private string folder = string.Empty;

    [SetUp]
    public void MakeFolder() => folder = Directory.CreateTempSubdirectory("charts").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(folder, recursive: true);

    [Test]
    public void Curves_are_saved_point_by_point()
    {
        Curves curves = new Curves("step", "loss").Line("training, \"hidden\"", [1, 2], [0.5, 0.25]).Points("held-out", [2], [0.75], like: "training, \"hidden\"").Level("to beat", 0.125);
        Assert.That(Saved(curves), Is.EqualTo((string[])["curve,step,loss", "\"training, \"\"hidden\"\"\",1,0.5", "\"training, \"\"hidden\"\"\",2,0.25", "held-out,2,0.75", "to beat,,0.125"]));
        Assert.That(() => curves.Line("short", [1, 2], [1]), Throws.ArgumentException.With.Message.Contains("'short' has 2 places and 1 values"));
        Assert.That(() => curves.Line("like", [1], [1], like: "none"), Throws.ArgumentException.With.Message.Contains("No curve before 'like' is called 'none'"));
    }

    [Test]
    public void A_confusion_matrix_has_a_row_each_class()
    {
        Assert.That(Saved(new ConfusionMatrix([5, 1, 0, 2], ["cat", "dog"])), Is.EqualTo((string[])["is / said,cat,dog", "cat,5,1", "dog,0,2"]));
        Assert.That(() => new ConfusionMatrix([1, 2, 3], ["cat", "dog"]), Throws.ArgumentException.With.Message.Contains("A table of 2 classes has 4 counts, and this one has 3"));
    }

    [Test]
    public void A_histogram_counts_what_is_finite()
    {
        Assert.That(Saved(new Histogram("error", [0, 1, 1.5, 4, double.NaN], bins: 4)), Is.EqualTo((string[])["middle of error,count", "0.5,1", "1.5,2", "2.5,0", "3.5,1"]));
        Assert.That(Saved(new Histogram("error", [2, 2])), Is.EqualTo((string[])["middle of error,count", "2.5,2"]));
        Assert.That(Saved(new Histogram("error", [])), Is.EqualTo((string[])["middle of error,count", "0.5,0"]));
    }

    [Test]
    public void Other_kinds_of_pictures_are_refused() =>
        Assert.That(() => new Curves("x", "y").Save(Path.Combine(folder, "a.bmp")), Throws.ArgumentException.With.Message.Contains("'.bmp', and pictures are saved as .png or .svg"));

    private string[] Saved(Chart chart)
    {
        string path = Path.Combine(folder, "new", "chart.svg");
        string table = Path.ChangeExtension(path, ".csv");
        Assert.That(chart.Save(path), Does.StartWith($"{table}; numbers instead of a picture"));
        return File.ReadAllLines(table);
    }
}
