using System.Text;
using System.Text.RegularExpressions;

namespace GraphCompiler.Tests.Docs;

/// <summary>
/// Examples in the pages are code that runs: each C# block names a snippet, a marked region of a test in Snippets, and equals it line by line.
/// Using directives at a block's head are looked for in the snippet's file.
/// </summary>
public sealed partial class DocumentationTests
{
    /// <summary>Where snippets are, below tests: those of the core, and those of what stands above it.</summary>
    private static readonly string[] SnippetFolders = [Path.Combine("Docs", "Snippets"), Path.Combine("Learning", "Docs", "Snippets")];

    public static IEnumerable<TestCaseData> Blocks() => Pages()
        .SelectMany(page => BlocksOf(page).Select((block, i) => new TestCaseData(page, block).SetArgDisplayNames(page, $"block {i + 1}")));

    [TestCaseSource(nameof(Blocks))]
    public void Every_csharp_block_is_the_text_of_a_test(string page, Block block)
    {
        Assert.That(block.Name, Is.Not.Null, $"{page}, line {block.Line}: write <!-- snippet: name --> above the block, and a test with that region in tests/Docs/Snippets.");
        Assert.That(Snippets(), Does.ContainKey(block.Name), $"{page}, line {block.Line}: no file in tests/Docs/Snippets has the region '// snippet: {block.Name}'.");
        (string file, string code) = Snippets()[block.Name];
        (string[] usings, string body) = TakeUsings(block.Code);
        string source = File.ReadAllText(file);
        Assert.Multiple(() =>
        {
            Assert.That(body, Is.EqualTo(code), $"{page}, line {block.Line}: the block differs from {Path.GetRelativePath(Repository.Root, file)}.");

            // The tests live inside the namespace GraphCompiler, and need no directive for it.
            foreach (string directive in usings.Where(u => u != "using GraphCompiler;"))
            {
                Assert.That(source, Does.Contain(directive), $"{page}, line {block.Line}: {Path.GetRelativePath(Repository.Root, file)} compiles without '{directive}'.");
            }
        });
    }

    [Test]
    public void Every_snippet_is_shown_on_a_page()
    {
        IEnumerable<string?> shown = Pages().SelectMany(BlocksOf).Select(b => b.Name);
        Assert.That(Snippets().Keys.Except(shown), Is.Empty);
    }

    [TestCaseSource(nameof(Pages))]
    public void Every_link_to_a_file_leads_to_one(string page)
    {
        string folder = Path.GetDirectoryName(Path.Combine(Repository.Root, page))!;
        string text = File.ReadAllText(Path.Combine(Repository.Root, page));
        foreach (string target in Link().Matches(text).Select(m => m.Groups[1].Value).Where(t => !t.Contains("://", StringComparison.Ordinal) && !t.StartsWith('#')))
        {
            string path = Path.Combine(folder, target.Split('#')[0]);
            Assert.That(File.Exists(path) || Directory.Exists(path), Is.True, $"{page} links to {target}, which does not exist.");
        }
    }

    private static IEnumerable<string> Pages() => Directory
        .EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories)
        .Append(Path.Combine(Repository.Root, "README.md"))
        .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "perf"), "*.md"))
        .Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'))
        .Order(StringComparer.Ordinal);

    private static List<Block> BlocksOf(string page)
    {
        string[] lines = File.ReadAllLines(Path.Combine(Repository.Root, page));
        List<Block> blocks = [];
        for (int i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith("```csharp", StringComparison.Ordinal))
            {
                continue;
            }

            Match marker = Marker().Match(i > 0 ? lines[i - 1] : string.Empty);
            int first = i + 1;
            while (++i < lines.Length && lines[i] != "```")
            {
            }

            blocks.Add(new Block(marker.Success ? marker.Groups[1].Value : null, first, Join(lines[first..i])));
        }

        return blocks;
    }

    private static Dictionary<string, (string File, string Code)> Snippets()
    {
        Dictionary<string, (string, string)> snippets = [];
        foreach (string file in SnippetFolders.SelectMany(f => Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests", f), "*.cs")))
        {
            string[] lines = File.ReadAllLines(file);
            for (int i = 0; i < lines.Length; i++)
            {
                Match start = Start().Match(lines[i]);
                if (start.Success)
                {
                    int end = Array.FindIndex(lines, i, l => l.Trim() == "// end");
                    int indent = start.Groups[1].Length;
                    snippets.Add(start.Groups[2].Value, (file, Join([.. WithoutAsides(lines[(i + 1)..end]).Select(l => l.Length > indent ? l[indent..] : l.TrimStart())])));
                }
            }
        }

        return snippets;
    }

    /// <summary>Between '// aside' and '// back' a test looks at values in the middle of a snippet.</summary>
    private static IEnumerable<string> WithoutAsides(IEnumerable<string> lines)
    {
        bool aside = false;
        foreach (string line in lines)
        {
            aside = line.Trim() == "// aside" || aside;
            if (!aside)
            {
                yield return line;
            }

            aside = aside && line.Trim() != "// back";
        }
    }

    private static (string[] Usings, string Body) TakeUsings(string code)
    {
        string[] lines = code.Split('\n');
        string[] usings = [.. lines.TakeWhile(l => l.StartsWith("using ", StringComparison.Ordinal) && l.EndsWith(';') && !l.Contains('=', StringComparison.Ordinal))];
        return (usings, Join(lines[usings.Length..]));
    }

    private static string Join(string[] lines)
    {
        var text = new StringBuilder();
        foreach (string line in lines)
        {
            text.Append(line.TrimEnd()).Append('\n');
        }

        return text.ToString().Trim('\n');
    }

    [GeneratedRegex(@"^<!-- snippet: ([\w-]+) -->$")]
    private static partial Regex Marker();

    [GeneratedRegex(@"^( *)// snippet: ([\w-]+)$")]
    private static partial Regex Start();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    /// <summary>A C# block of a page.</summary>
    public sealed record Block(string? Name, int Line, string Code);
}
