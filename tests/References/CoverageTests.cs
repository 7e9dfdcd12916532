using System.Globalization;

namespace GraphCompiler.Tests.References;

/// <summary>Which cases of the whole collection have a counterpart here.</summary>
internal sealed class CoverageTests
{
    [Test]
    public void Reports_what_is_covered()
    {
        string[] all = File.ReadAllLines(Path.Combine(ReferenceCase.Folder, "..", "index.txt"));
        HashSet<string> here = [.. Directory.EnumerateFiles(ReferenceCase.Folder, "*.json", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(ReferenceCase.Folder, f).Replace('\\', '/')[..^".json".Length])];
        foreach (IGrouping<string, string> group in all.GroupBy(n => n.Split('/')[0]))
        {
            string[] missing = [.. group.Where(n => !here.Contains(n)).Select(n => n.Split('/')[1])];
            string rest = missing.Length == 0 ? string.Empty : $"; not {string.Join(", ", missing)}";
            TestContext.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{group.Key}: {group.Count() - missing.Length} of {group.Count()}{rest}"));
        }

        Assert.That(here, Is.SubsetOf(all));
    }
}
