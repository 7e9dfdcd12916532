using System.Text;
using GraphCompiler.Learning.Data;
using GraphCompiler.Learning.Tests.Files;

namespace GraphCompiler.Learning.Tests.Data;

/// <summary>Files of separated values.</summary>
internal sealed class CsvTests
{
    private const string People = "name,age,height,member\n\"Smith, \"\"Jo\"\"\",41,1.5e0,TRUE\r\n\n\"two\nlines\", 7 ,,0\nØ,-3,2,1\n";

    [Test]
    public void Columns_are_of_the_types_that_are_asked_for()
    {
        using var folder = new Scratch();
        CsvTable table = Csv.Read(Write(folder, People), CsvColumn.Text("name"), CsvColumn.Number<long>("age"), CsvColumn.Number<float>("height", float.NaN), CsvColumn.Truth("member"));
        Assert.That(table.Count, Is.EqualTo(3));
        Assert.That(table.Texts("name"), Is.EqualTo((string[])["Smith, \"Jo\"", "two\nlines", "Ø"]));
        Assert.That(table.Values<long>("age"), Is.EqualTo((long[])[41, 7, -3]));
        Assert.That(table.Values<float>("height"), Is.EqualTo((float[])[1.5f, float.NaN, 2]));
        Assert.That(table.Values<bool>("member"), Is.EqualTo((bool[])[true, false, true]));
        table = Csv.Read(Write(folder, "1;2\n3;4"), new CsvOptions { Separator = ';', HasHeader = false }, CsvColumn.Number<float>("1"), CsvColumn.Number<float>("0"));
        Assert.That(table.Matrix("0", "1"), Is.EqualTo((float[,])new float[,] { { 1, 2 }, { 3, 4 } }));
        Assert.That(Csv.Read(Write(folder, "1;2\n3;4"), new CsvOptions { Separator = ';' }, "2", "1").Matrix("1", "2"), Is.EqualTo((float[,])new float[,] { { 3, 4 } }));
        table = Csv.Read(Write(folder, "a,b,c\n1, ? ,NA\nNA,2,x"), new CsvOptions { Missing = ["NA", "?"] }, CsvColumn.Number<float>("a", -1f), CsvColumn.Number<long>("b", 7), CsvColumn.Text("c"));
        Assert.That((table.Values<float>("a"), table.Values<long>("b"), table.Texts("c")), Is.EqualTo(((float[])[1, -1], (long[])[7, 2], (string[])["", "x"])));
        Assert.That(CsvColumn.Number<int>("x").Name, Is.EqualTo("x"));
    }

    [TestCase("age\nx", "data.csv, line 2, column 'age': 'x' is no number.")]
    [TestCase("age\n1\n\n\"2\n\"\n\"1,5\"", "data.csv, line 6, column 'age': '1,5' is no number.")]
    [TestCase("age\n?", "data.csv, line 2, column 'age': '?' is no number, and CsvOptions.Missing does not say that it is missing.")]
    [TestCase("age\n1e99", "data.csv, line 2, column 'age': '1e99' is too large.")]
    [TestCase("age,b\n1,2\n,3", "data.csv, line 3, column 'age': a field is empty, and nothing says what that means.")]
    [TestCase("age,b\n1,2\n3", "data.csv, line 3: the number of fields is 1, not 2 as in the first line.")]
    [TestCase("age,b\n1,2,\n", "data.csv, line 2: the number of fields is 3, not 2 as in the first line.")]
    [TestCase("Age,b\n1,2", "data.csv has no column 'age'; there are 'Age', 'b'.")]
    [TestCase("Age\n1", "data.csv has no column 'age'; there is 'Age'.")]
    [TestCase("age;b\n1;2", "data.csv has no column 'age'; there is 'age;b', which CsvOptions.Separator may cut otherwise.")]
    [TestCase("age,age\n1,2", "data.csv has two columns 'age'.")]
    [TestCase("age,b\n1,\"2\n3,4\n", "data.csv, line 2: a double quote has no end.")]
    [TestCase("age\n", "data.csv has no rows but the names of its columns.")]
    [TestCase("", "data.csv has no rows.")]
    public void Mistakes_are_said_with_file_line_and_column(string text, string message)
    {
        using var folder = new Scratch();
        string path = Write(folder, text);
        Assert.That(() => Csv.Read(path, CsvColumn.Number<float>("age")), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo(message));
    }

    [Test]
    public void Other_types_say_what_they_want()
    {
        using var folder = new Scratch();
        string path = Write(folder, "a\n12345678901234567890\n");
        Assert.That(() => Csv.Read(path, CsvColumn.Number<long>("a")), Throws.TypeOf<InvalidDataException>().With.Message.EndsWith("'12345678901234567890' is no integer, or too large for one."));
        Assert.That(() => Csv.Read(path, CsvColumn.Truth("a")), Throws.TypeOf<InvalidDataException>().With.Message.EndsWith("'12345678901234567890' is neither true nor false."));
        Assert.That(() => CsvColumn.Number<short>("a"), Throws.TypeOf<DTypeException>());
        Assert.That(() => Csv.Read(path), Throws.ArgumentException.With.Message.StartsWith("No columns are asked for"));
        Assert.That(() => Csv.Read(path, CsvColumn.Text("a"), CsvColumn.Truth("a")), Throws.ArgumentException.With.Message.StartsWith("A column is asked for twice"));
        Assert.That(() => Csv.Read(folder["none.csv"], CsvColumn.Text("a")), Throws.InstanceOf<IOException>());
        CsvTable table = Csv.Read(path, CsvColumn.Number<double>("a"));
        Assert.That(() => table.Values<float>("a"), Throws.ArgumentException.With.Message.StartsWith("Column 'a' of data.csv was read as Double, not as Single."));
        Assert.That(() => table.Texts("b"), Throws.ArgumentException.With.Message.StartsWith("Column 'b' of data.csv was not asked for; read were 'a'."));
        Assert.That(() => table.Matrix(), Throws.ArgumentException);
    }

    [Test]
    public void Hostile_files_are_refused() => Fuzz.Run("data.csv", [Encoding.UTF8.GetBytes(People), [.. "a,b\n\""u8]], 3000, path => Csv.Read(path, CsvColumn.Text("name"), CsvColumn.Number<float>("age", 0f)));

    /// <summary>A line without an end is not taken into memory for good.</summary>
    [Test]
    [Category("Slow")]
    public void A_line_without_end_is_refused()
    {
        using var folder = new Scratch();
        string path = folder.Write("data.csv", [.. "a,b\n\""u8, .. new byte[40_000_000]]);
        Assert.That(() => Csv.Read(path, CsvColumn.Text("a")), Throws.TypeOf<InvalidDataException>().With.Message.Contains("a line of more than 16777216 characters"));
        Fuzz.Run("data.csv", [Encoding.UTF8.GetBytes(People)], 10_000, p => Csv.Read(p, CsvColumn.Text("name"), CsvColumn.Number<float>("age", 0f)));
    }

    private static string Write(Scratch folder, string text) => folder.Write("data.csv", Encoding.UTF8.GetBytes(text));
}
