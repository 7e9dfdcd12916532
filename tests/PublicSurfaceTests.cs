using System.Reflection;
using System.Runtime.CompilerServices;

namespace GraphCompiler.Tests;

/// <summary>What users see is tried: what the compiler of C# calls is among what the assembly of the tests refers to.</summary>
internal sealed class PublicSurfaceTests
{
    private static readonly Assembly[] Assemblies = [typeof(Tensors).Assembly, typeof(Graph).Assembly, typeof(GraphCompiler.Compiler).Assembly];

    [Test]
    public void EveryPublicMemberIsUsedInATest()
    {
        HashSet<(Module, int)> used = [.. AssemblyReferences.Members(typeof(PublicSurfaceTests).Module).Select(m => (m.Module, m.MetadataToken))];
        string[] unused = [.. Assemblies.SelectMany(a => a.GetExportedTypes()).SelectMany(MembersOf).Where(m => !CalledAs(m).Any(c => used.Contains((c.Module, c.MetadataToken))))
            .Select(m => $"{m.DeclaringType}: {m}").Order(StringComparer.Ordinal)];
        Assert.That(string.Join("\n", unused), Is.Empty);
    }

    /// <summary>A name that two namespaces have which are used without saying so is no name: in a web project, say, one would have to write it in full.</summary>
    [Test]
    public void NoTypeHasTheNameOfOneThatIsThereWithoutAUsing()
    {
        Dictionary<string, string> taken = File.ReadLines(Path.Combine(Docs.DocumentationTests.Root, "tests", "data", "implicit-usings.txt")).Where(l => !l.StartsWith('#')).Select(l => l.Split(": "))
            .SelectMany(l => l[1].Split(' ').Select(name => (Name: name, Namespace: l[0]))).GroupBy(t => t.Name).ToDictionary(g => g.Key, g => string.Join(", ", g.Select(t => t.Namespace)));
        Assert.That(taken, Does.ContainKey("Results").And.ContainKey("Lazy`1"));
        Assert.That(Assemblies.SelectMany(a => a.GetExportedTypes()).Where(t => !t.IsNested && taken.ContainsKey(t.Name)).Select(t => $"{t.Name} of {taken[t.Name]}"), Is.Empty);
    }

    /// <summary>The members of a type that are written in its source, first declared there, and not put into the code that uses them.</summary>
    private static IEnumerable<MemberInfo> MembersOf(Type type) =>
        type.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly).Where(m => m switch
        {
            MethodInfo method => IsWritten(method) && !typeof(Delegate).IsAssignableFrom(type) && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal)) && method.GetBaseDefinition() == method,
            ConstructorInfo constructor => IsWritten(constructor) && !typeof(Delegate).IsAssignableFrom(type),
            PropertyInfo property => property.GetAccessors() is [var accessor, ..] && accessor.GetBaseDefinition() == accessor && property.Name != "EqualityContract",
            FieldInfo field => !field.IsLiteral && !field.IsSpecialName,
            _ => false,
        });

    /// <summary>What refers to a member: to a property its accessors do.</summary>
    private static MemberInfo[] CalledAs(MemberInfo member) => member is PropertyInfo property ? property.GetAccessors() : [member];

    private static bool IsWritten(MethodBase method) => !method.IsDefined(typeof(CompilerGeneratedAttribute));
}
