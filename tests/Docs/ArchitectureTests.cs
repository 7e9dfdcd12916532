using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace GraphCompiler.Tests.Docs;

/// <summary>The rooms of the house are as docs/architecture.md says: who knows whom, without circles, and namespaces that are called as their folders.</summary>
public sealed partial class ArchitectureTests
{
    private static readonly string Sources = Path.Combine(Repository.Root, "src");
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "architecture.md"));

    /// <summary>What each room of the compiler may know; those that are not listed know and are known to all.</summary>
    private static readonly Dictionary<string, string[]> Allowed =
        Row().Matches(Page).ToDictionary(m => m.Groups[1].Value, m => Word().Matches(m.Groups[2].Value).Select(w => w.Groups[1].Value).ToArray());

    [Test]
    public void Rooms_know_only_whom_the_page_lets_them_know()
    {
        CSharpCompilation compilation = Compile();
        Assert.That(compilation.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error), Is.Empty, "the sources are read as they are compiled");
        string[] rooms = [.. compilation.SyntaxTrees.Select(RoomOf).OfType<string>().Distinct()];
        var known = compilation.SyntaxTrees.AsParallel().AsOrdered().SelectMany(tree => Uses(compilation, tree)).ToLookup(u => (u.Room, u.Known), u => u.Where);
        string[] wrong = [.. known.Where(k => !Allowed.GetValueOrDefault(k.Key.Room, []).Contains(k.Key.Known)).Select(k => $"{k.Key.Room} knows {k.Key.Known}: {string.Join(", ", k.Distinct().Take(3))}")];
        string[] unused = [.. Allowed.SelectMany(a => a.Value.Where(v => !known.Contains((a.Key, v))).Select(v => $"{a.Key} does not know {v}"))];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(rooms, Is.EquivalentTo(Allowed.Keys), "each room has a row");
            Assert.That(wrong, Is.Empty, string.Join("\n", wrong));
            Assert.That(unused, Is.Empty, string.Join("\n", unused));
        }
    }

    [Test]
    public void No_circle_leads_back_to_a_room()
    {
        List<string> left = [.. Allowed.Keys];
        while (left.FirstOrDefault(room => !Allowed[room].Intersect(left).Any()) is { } leaf)
        {
            left.Remove(leaf);
        }

        Assert.That(left, Is.Empty, "each of these rooms knows another of them");
    }

    [Test]
    public void Namespaces_are_called_as_their_folders()
    {
        foreach (string file in Files(Sources))
        {
            string folder = Path.GetRelativePath(Sources, Path.GetDirectoryName(file)!).Replace('\\', '/');
            CompilationUnitSyntax unit = CSharpSyntaxTree.ParseText(File.ReadAllText(file)).GetCompilationUnitRoot();
            if (unit.Members.FirstOrDefault() is not FileScopedNamespaceDeclarationSyntax space || folder == ".")
            {
                continue;
            }

            // The first name of a path is the assembly. What users see lies in one namespace, of the core or of the project above it. One that ends with Console would hide System's.
            string seen = folder.Split('/')[0] switch
            {
                "Runtime" or "Graph" or "Compiler" => "GraphCompiler",
                "Learning.Console" => "GraphCompiler.Learning",
                var project => $"GraphCompiler.{project}",
            };
            string wanted = string.Join('.', folder.Split('/').Skip(1).Prepend(seen));
            bool isPublic = space.Members.OfType<BaseTypeDeclarationSyntax>().Any(t => t.Modifiers.Any(SyntaxKind.PublicKeyword))
                || space.Members.OfType<DelegateDeclarationSyntax>().Any(t => t.Modifiers.Any(SyntaxKind.PublicKeyword));
            string name = space.Name.ToString();
            Assert.That(name == wanted || (isPublic && name == seen), Is.True, $"{Path.GetRelativePath(Sources, file)} is in the namespace {name}, not {wanted}");
        }
    }

    /// <summary>Users' functions read the grad mode, and a forward, which keeps nothing without it; what rules, passes and derivatives make knows none.</summary>
    [Test]
    public void The_grad_mode_is_read_where_users_call()
    {
        // Projects above the core are users.
        var known = ((string[])["Runtime", "Graph", "Compiler"]).SelectMany(p => Files(Path.Combine(Sources, p)))
            .Select(f => (File: Path.GetRelativePath(Sources, f).Replace('\\', '/'), Root: CSharpSyntaxTree.ParseText(File.ReadAllText(f)).GetRoot()))
            .ToLookup(f => f.File, f => f.Root.DescendantNodes().OfType<MemberAccessExpressionSyntax>().Select(m => m.ToString()).ToHashSet());
        IEnumerable<string> Where(string access) => known.Where(k => k.Any(a => a.Any(m => m.StartsWith(access, StringComparison.Ordinal)))).Select(k => k.Key);
        string[] doors = ["Graph/Surface/Ops.Sources.cs", "Graph/Surface/Ops.Gradients.cs", "Graph/Surface/Node.Expansion.cs", "Compiler/CompiledGraph.cs"];
        Assert.That(Where("GradMode."), Is.EquivalentTo(doors.Append("Graph/GradientChecking/GradientCheck.cs")));
        Assert.That(Where("Node.Create").Where(f => f.StartsWith("Graph/Surface", StringComparison.Ordinal)), Is.Empty, "they make nodes by Ops.Create");
    }

    /// <summary>The rooms whose types a file uses, and where. What users see may be known to all.</summary>
    private static IEnumerable<(string Room, string Known, string Where)> Uses(CSharpCompilation compilation, SyntaxTree tree)
    {
        if (RoomOf(tree) is not { } room)
        {
            yield break;
        }

        SemanticModel model = compilation.GetSemanticModel(tree);
        foreach (SimpleNameSyntax name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>())
        {
            ISymbol? symbol = model.GetSymbolInfo(name).Symbol;
            INamedTypeSymbol? type = symbol as INamedTypeSymbol ?? symbol?.ContainingType;
            while (type?.ContainingType is { } outer)
            {
                type = outer;
            }

            if (type is { DeclaredAccessibility: not Accessibility.Public } && type.DeclaringSyntaxReferences is [var first, ..] && RoomOf(first.SyntaxTree) is { } known && known != room)
            {
                yield return (room, known, $"{type.Name} in {Path.GetFileName(tree.FilePath)}");
            }
        }
    }

    /// <summary>The folder of a file within the compiler; null for those that lie in none.</summary>
    private static string? RoomOf(SyntaxTree tree)
    {
        string folder = Path.GetRelativePath(Path.Combine(Sources, "Compiler"), Path.GetDirectoryName(tree.FilePath)!).Replace('\\', '/');
        return folder is "." || folder.StartsWith("..", StringComparison.Ordinal) ? null : folder;
    }

    /// <summary>The compiler's sources, beside the assemblies that they refer to.</summary>
    private static CSharpCompilation Compile()
    {
        CSharpParseOptions options = CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Latest);
        const string Implicit = "global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks;";
        IEnumerable<string> files = Files(Path.Combine(Sources, "Compiler")).Append(Path.Combine(Sources, "DefaultInterpolatedStringHandler.cs"));
        string[] libraries = [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Where(l => Path.GetFileName(l) is not ("GraphCompiler.Compiler.dll" or "GraphCompiler.Tests.dll"))];
        return CSharpCompilation.Create(
            "GraphCompiler.Compiler",
            [CSharpSyntaxTree.ParseText(Implicit, options, Sources), .. files.Select(f => CSharpSyntaxTree.ParseText(File.ReadAllText(f), options, f))],
            libraries.Select(l => MetadataReference.CreateFromFile(l)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));
    }

    private static IEnumerable<string> Files(string folder) => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
        .Where(f => !Path.GetRelativePath(folder, f).Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin"));

    [GeneratedRegex(@"^\| `([\w/]+)` \| knows (.*) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Word();
}
