using Spectre.Console;

namespace GraphCompiler.Learning.Progress;

/// <summary>
/// A row for each epoch, which stays, and below them a line that is written over. The cursor is never hidden, and each writing ends with the terminal's own colours: a process that is
/// killed leaves nothing to restore.
/// </summary>
internal sealed class TerminalView(IAnsiConsole console) : ProgressView
{
    private const int LongestBar = 30;
    private const int ShortestBar = 5;
    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(100);
    private static readonly Style plain = Style.Plain;
    private static readonly Style quiet = new(decoration: Decoration.Dim);
    private static readonly Style good = new(Color.Green);
    private static readonly Style bad = new(Color.Red);

    private int[]? widths;
    private long drawn;
    private bool isDrawn;

    public override void Began(RunProgress progress)
    {
        widths = null;
        WriteLine(progress.Plan, quiet);
    }

    public override void Stepped(RunProgress progress)
    {
        if (!isDrawn || progress.Since(drawn) >= pause)
        {
            (isDrawn, drawn) = (true, progress.Now);
            Draw(progress);
        }
    }

    public override void EpochEnded(RunProgress progress, Epoch epoch)
    {
        (string Header, string Value)[] cells =
        [
            ("epoch", $"{progress.Epoch}/{progress.Epochs}"),
            .. ProgressText.Measured(epoch).Select(m => (m.Header, m.Value)),
            ("time", ProgressText.Duration(progress.Elapsed)),
            ("rows/s", ProgressText.Speed(progress.RowsPerSecond)),
            ("rate", ProgressText.Rate(progress.LearningRate)),
        ];
        if (widths is null)
        {
            widths = [.. cells.Select((c, i) => Math.Max(c.Header.GetCellWidth(), i == 0 ? $"{progress.Epochs}/{progress.Epochs}".Length : 8))];
            WriteLine(Row(cells.Select(c => c.Header)), quiet);
        }

        WriteLine(Row(cells.Select(c => c.Value)), epoch.IsBest ? good : plain);
    }

    public override void Ended(RunProgress progress, string outcome, bool isWell) => WriteLine(outcome, isWell ? quiet : bad);

    /// <summary>Cells to the right of their columns; columns that a line has no room for are left out.</summary>
    private string Row(IEnumerable<string> cells)
    {
        string row = "";
        foreach ((string cell, int width) in cells.Zip(widths!))
        {
            string longer = $"{row}{(row.Length == 0 ? "" : "  ")}{new string(' ', Math.Max(width - cell.GetCellWidth(), 0))}{cell}";
            if (longer.GetCellWidth() > console.Profile.Width)
            {
                break;
            }

            row = longer;
        }

        return row;
    }

    /// <summary>The line that is written over, a character shorter than the terminal's: what fills a line is broken by some.</summary>
    private void Draw(RunProgress progress)
    {
        string name = $"epoch {progress.Epoch}/{progress.Epochs}";
        string[] facts =
        [
            $"{100 * progress.StepsOfEpoch / progress.StepsPerEpoch,3} %",
            $"loss {ProgressText.Number(progress.Loss)}",
            .. progress.Left is { } left ? (string[])[$"{ProgressText.Duration(left)} left"] : [],
            .. progress.RowsPerSecond is { } speed ? (string[])[$"{ProgressText.Speed(speed)} rows/s"] : [],
            $"rate {ProgressText.Rate(progress.LearningRate)}",
        ];
        int room = console.Profile.Width - 1 - name.Length;
        int fitting = facts.Length;
        while (fitting > 0 && facts.Take(fitting).Sum(f => f.Length + 2) > room)
        {
            fitting--;
        }

        room -= facts.Take(fitting).Sum(f => f.Length + 2) + 2;
        int bar = room < ShortestBar ? 0 : Math.Min(room, LongestBar);
        int full = (int)(bar * progress.StepsOfEpoch / progress.StepsPerEpoch);
        (char done, char open) = console.Profile.Capabilities.Unicode ? ('━', '─') : ('=', '-');
        console.WriteAnsi(line =>
        {
            line.Write("\r").Write(name);
            if (bar > 0)
            {
                line.Write("  ").Write(new string(done, full), good).Write(new string(open, bar - full), quiet);
            }

            foreach (string fact in facts.Take(fitting))
            {
                line.Write("  ").Write(fact);
            }

            line.EraseInLine(0);
        });
    }

    /// <summary>A line that stays, in the place of the one that is written over.</summary>
    private void WriteLine(string text, Style style)
    {
        console.WriteAnsi(line =>
        {
            if (isDrawn)
            {
                line.Write("\r").EraseInLine(2);
            }

            line.WriteLine(text, style);
        });
        isDrawn = false;
    }
}
