using System.Reflection;
using System.Text.RegularExpressions;
using NUnit.Framework.Interfaces;

namespace GraphCompiler.Tests.Docs;

/// <summary>The page on differentiation names tests and members that are there.</summary>
public sealed partial class AutodiffPageTests
{
    private static readonly string[] Lines = File.ReadAllLines(Path.Combine(Repository.Root, "docs", "autodiff.md"));

    private static IEnumerable<TestCaseData> Rules => RowsUnder("## Rules").Select(r => new TestCaseData(r[^1]).SetArgDisplayNames(r[0]));

    private static IEnumerable<TestCaseData> Names => RowsUnder("## Names elsewhere").Select(r => new TestCaseData(r[^1]).SetArgDisplayNames($"{r[0]}, {r[1]}"));

    [TestCaseSource(nameof(Rules))]
    public void Every_rule_is_shown_by_tests_that_are_there(string tests)
    {
        string[][] named = [.. Code().Matches(tests).Select(m => m.Groups[1].Value.Split('.'))];
        Assert.That(named, Is.Not.Empty);
        foreach (string[] parts in named)
        {
            IEnumerable<MethodInfo> methods = typeof(AutodiffPageTests).Assembly.GetTypes().Where(t => t.Name == parts[0]).SelectMany(t => t.GetMethods()).Where(m => m.Name == parts[1]);
            Assert.That(methods.SelectMany(m => m.GetCustomAttributes()).Any(a => a is ITestBuilder or ISimpleTestBuilder), Is.True, string.Join('.', parts));
        }
    }

    [TestCaseSource(nameof(Names))]
    public void Every_name_is_a_member_of_the_public_surface(string members)
    {
        string[][] named = [.. Code().Matches(members).Select(m => m.Groups[1].Value.Split('.'))];
        Assert.That(named, Is.Not.Empty);
        foreach (string[] parts in named)
        {
            string owner = parts.Length > 1 ? parts[0] : nameof(Ops);
            Type[] types = [.. new[] { typeof(CompiledGraph), typeof(Ops), typeof(Generator) }.SelectMany(t => t.Assembly.GetExportedTypes()).Where(t => t.Name == owner)];
            Assert.That(types.SelectMany(t => t.GetMember(parts[^1])), Is.Not.Empty, string.Join('.', parts));
        }
    }

    private static IEnumerable<string[]> RowsUnder(string heading) => Lines
        .SkipWhile(l => l != heading)
        .SkipWhile(l => !l.StartsWith('|'))
        .TakeWhile(l => l.StartsWith('|'))
        .Skip(2)
        .Select(l => l.Trim('|').Split('|', StringSplitOptions.TrimEntries));

    [GeneratedRegex("`([A-Za-z_.]+)`")]
    private static partial Regex Code();
}
