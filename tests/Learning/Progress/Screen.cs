using System.Globalization;

namespace GraphCompiler.Learning.Tests.Progress;

/// <summary>What a terminal shows of what is written to it.</summary>
internal sealed class Screen : StringWriter
{
    public Screen()
        : base(CultureInfo.InvariantCulture)
    {
    }

    /// <summary>The lines, without colours and spaces at their ends; the last is where the cursor is.</summary>
    public string[] Lines
    {
        get
        {
            List<List<char>> lines = [[]];
            string text = ToString();
            int column = 0;
            for (int at = 0; at < text.Length; at++)
            {
                switch (text[at])
                {
                    case '\r':
                        column = 0;
                        break;
                    case '\n':
                        lines.Add([]);
                        column = 0;
                        break;
                    case '\e':
                        int end = text.AsSpan(at).IndexOfAny("Km");
                        Assert.That(end, Is.Positive, "only colours are set, and lines are erased");
                        string code = text.Substring(at, end + 1);
                        if (code is "\e[0K" or "\e[K")
                        {
                            lines[^1].RemoveRange(column, lines[^1].Count - column);
                        }
                        else if (code == "\e[2K")
                        {
                            lines[^1].Clear();
                        }
                        else
                        {
                            Assert.That(code, Does.EndWith("m"));
                        }

                        at += end;
                        break;
                    case var character:
                        lines[^1].RemoveRange(column, Math.Min(1, lines[^1].Count - column));
                        lines[^1].Insert(column++, character);
                        break;
                }
            }

            return [.. lines.Select(l => new string([.. l]).TrimEnd())];
        }
    }
}
