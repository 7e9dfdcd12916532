using System.Text;
using GraphCompiler.Learning.Data;
using GraphCompiler.Learning.Tests.Files;

namespace GraphCompiler.Learning.Tests.Data;

/// <summary>Files of a text a line.</summary>
internal sealed class TextLinesTests
{
    private const string Reviews = "\uFEFFgood\tWhat a film\r\n\n bad \tso\tlong\n  \r\ngood\tØ!";

    [Test]
    public void Lines_are_texts_with_labels_or_without()
    {
        using var folder = new Scratch();
        var lines = TextLines.ReadLabelled(Write(folder, Reviews));
        Assert.That(lines.Texts, Is.EqualTo((string[])["What a film", "so\tlong", "Ø!"]));
        Assert.That(lines.Labels, Is.EqualTo((string[])["good", "bad", "good"]));
        lines = TextLines.Read(Write(folder, "one\ntwo\n"));
        Assert.That(lines.Texts, Is.EqualTo((string[])["one", "two"]));
        Assert.That(lines.Labels, Is.Empty);

        // Longer than what is read at once, and ends of lines at any place of it.
        string[] texts = [.. Enumerable.Range(0, 300).Select(i => new string((char)('a' + (i % 26)), 1 + (i * 7)))];
        Assert.That(TextLines.Read(Write(folder, string.Join('\n', texts))).Texts, Is.EqualTo(texts));
        Assert.That(TextLines.Read(Write(folder, new string('x', 200_000))).Texts.Single(), Has.Length.EqualTo(200_000));
    }

    [Test]
    public void Texts_become_sequences_of_tokens()
    {
        using var folder = new Scratch();
        var lines = TextLines.ReadLabelled(Write(folder, Reviews));
        var encoder = OneHotEncoder.Of(lines.Labels);
        Rows rows = Rows.Of(("x", lines.Tokenize(text => text.Select(c => (long)c))), ("y", encoder.Encode(lines.Labels))).Pad("x", 0L).Batch(3);
        Batch batch = rows.Batches(0).Single();
        Assert.That(batch[0].ToString(), Is.EqualTo("int64 [3, 11]"));
        Assert.That(batch.Get<long>("x").ToArray()[11..18], Is.EqualTo("so\tlong".Select(c => (long)c)));
        Assert.That(batch.Get<long>("y").ToArray(), Is.EqualTo((long[])[1, 0, 1]));
        Assert.That(lines.Tokenize(text => (int[])[text.Length]), Is.EqualTo((long[][])[[11], [7], [2]]));
    }

    [TestCase("a\tb\nc", "data.txt, line 2: there is no tab between a label and a text.")]
    [TestCase("\n \t b", "data.txt, line 2: the label before the tab is empty.")]
    [TestCase("\n \n", "data.txt has no lines of text.")]
    [TestCase("", "data.txt has no lines of text.")]
    [TestCase("a\tb\n\na\t12345678901234567890", "data.txt, line 3: it has more than 20 bytes, and may end nowhere.")]
    public void Mistakes_are_said_with_file_and_line(string text, string message)
    {
        using var folder = new Scratch();
        string path = Write(folder, text);
        Assert.That(() => TextLines.ReadLabelled(path, longest: 20), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo(message));
    }

    [Test]
    public void What_makes_no_tokens_is_said_with_its_line()
    {
        using var folder = new Scratch();
        Assert.That(() => TextLines.Read(folder.Write("data.txt", [(byte)'a', (byte)'\n', 0xC3, (byte)'\n'])), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo("data.txt, line 2: its bytes are no UTF-8."));
        Assert.That(() => TextLines.Read(folder["none.txt"]), Throws.InstanceOf<IOException>());
        var lines = TextLines.Read(Write(folder, "1 2\n\n3 x"));
        Assert.That(() => lines.Tokenize(text => text.Split(' ').Select(long.Parse)), Throws.TypeOf<InvalidDataException>().With.Message.StartsWith("data.txt, line 3: '3 x' makes no tokens: ").And.InnerException.TypeOf<FormatException>());
        Assert.That(() => lines.Tokenize(_ => Array.Empty<int>()), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo("data.txt, line 1: '1 2' has no tokens."));
    }

    [Test]
    public void Hostile_files_are_refused() => Fuzz.Run("data.txt", [Encoding.UTF8.GetBytes(Reviews)], 2000, path => TextLines.ReadLabelled(path));

    private static string Write(Scratch folder, string text) => folder.Write("data.txt", Encoding.UTF8.GetBytes(text));
}
