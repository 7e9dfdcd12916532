using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using GraphCompiler.Tests;

namespace GraphCompiler.Learning.Tests.Docs;

/// <summary>A row of a page's tables: what is called otherwise elsewhere, as an expression that is compiled here.</summary>
/// <param name="Code">The expression as it stands in the page.</param>
/// <param name="Run">Computes it.</param>
/// <param name="Check">Looks at what it gives.</param>
internal sealed partial record PageRow(string Code, Func<object?> Run, Action<object?> Check)
{
    /// <summary>A row whose expression is run.</summary>
    public static PageRow Of(Func<object?> run, Action<object?>? check = null, [CallerArgumentExpression(nameof(run))] string code = "") =>
        new(code["() => ".Length..], run, check ?? (value => Assert.That(value, Is.Not.Null)));

    /// <summary>The cells of all rows of a page, head lines left out: each table has the code in its second column.</summary>
    public static IReadOnlyList<string[]> CellsOf(string page)
    {
        string[] lines = File.ReadAllLines(Path.Combine(Repository.Root, "docs", page));
        List<string[]> rows = [];
        for (int i = 0; i < lines.Length; i++)
        {
            bool isHead = i + 1 < lines.Length && lines[i + 1].StartsWith("| ---", StringComparison.Ordinal);
            if (lines[i].StartsWith('|') && !isHead && !lines[i].StartsWith("| ---", StringComparison.Ordinal))
            {
                rows.Add([.. lines[i].Trim('|').Split('|', StringSplitOptions.TrimEntries)]);
            }
        }

        return rows;
    }

    /// <summary>That a page has these rows and no others.</summary>
    public static void RequireAll(string page, IEnumerable<PageRow> rows) =>
        Assert.That(CellsOf(page).Select(c => c[1]), Is.EquivalentTo(rows.Select(r => $"`{r.Code}`")), $"docs/{page} and the rows that are run have the same expressions, each once");

    /// <summary>Runs the row; where it gives a module, the page's third cell has the names of its state.</summary>
    public void RunAsOn(string page)
    {
        string[] cells = CellsOf(page).Single(c => c[1] == $"`{Code}`");
        object? value = Run();
        Check(value);
        if (value is Module module && !module.Frozen)
        {
            Assert.That(Name().Matches(cells[2]).Select(m => m.Groups[1].Value), Is.EqualTo(module.NamedParameters().Select(p => p.Path)), cells[2]);
        }

        (value as IDisposable)?.Dispose();
    }

    public override string ToString() => Code;

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Name();
}
