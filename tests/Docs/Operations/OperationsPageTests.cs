using System.Reflection;

namespace GraphCompiler.Tests.Docs.Operations;

/// <summary>docs/operations.md is what its generator writes now.</summary>
public sealed class OperationsPageTests
{
    private const string Command = "GRAPHCOMPILER_WRITE_DOCS=1 dotnet test tests/GraphCompiler.Tests.csproj --filter OperationsPage";

    [Test]
    public void The_page_is_up_to_date()
    {
        string root = Repository.Root;
        string path = Path.Combine(root, "docs", "operations.md");
        string page = OperationsPage.Write(root);
        if (Environment.GetEnvironmentVariable("GRAPHCOMPILER_WRITE_DOCS") == "1")
        {
            File.WriteAllText(path, page);
        }

        string[] now = page.Split('\n');
        string[] written = File.Exists(path) ? File.ReadAllText(path).Replace("\r", string.Empty, StringComparison.Ordinal).Split('\n') : [];
        int line = Enumerable.Range(0, Math.Max(now.Length, written.Length)).FirstOrDefault(i => i >= now.Length || i >= written.Length || now[i] != written[i], -1);
        Assert.That(
            line,
            Is.EqualTo(-1),
            () => $"docs/operations.md is out of date from line {line + 1} on:\n{written.ElementAtOrDefault(line)}\nis now\n{now.ElementAtOrDefault(line)}\nTo write it anew, run\n{Command}");
    }

    [Test]
    public void Every_public_function_is_found_with_its_comment()
    {
        IReadOnlyList<PublicFunction> functions = PublicFunction.All(Repository.Root);
        MethodInfo[] methods = typeof(Ops).GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(methods.Except(functions.Select(f => f.Method)), Is.Empty);
            Assert.That(functions.Where(f => f.Summary.Length == 0).Select(f => f.Signature), Is.Empty);
        }
    }
}
