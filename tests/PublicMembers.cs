using System.Reflection;
using System.Runtime.CompilerServices;

namespace GraphCompiler.Tests;

/// <summary>What users see of assemblies.</summary>
internal static class PublicMembers
{
    /// <summary>What is not among what the compiler of C# calls from tests.</summary>
    public static string[] UnusedIn(Module tests, params Assembly[] assemblies)
    {
        HashSet<(Module, int)> used = [.. AssemblyReferences.Members(tests).Select(m => (m.Module, m.MetadataToken))];
        return [.. assemblies.SelectMany(a => a.GetExportedTypes()).SelectMany(MembersOf).Where(m => !CalledAs(m).Any(c => used.Contains((c.Module, c.MetadataToken))))
            .Select(m => $"{m.DeclaringType}: {m}").Order(StringComparer.Ordinal)];
    }

    /// <summary>Types with a name that is there without a using: one that two namespaces have which are used without saying so is no name. In a web project, say, one would have to write it in full.</summary>
    public static string[] TakenNames(params Assembly[] assemblies)
    {
        Dictionary<string, string> taken = File.ReadLines(Path.Combine(Repository.Root, "tests", "data", "implicit-usings.txt")).Where(l => !l.StartsWith('#')).Select(l => l.Split(": "))
            .SelectMany(l => l[1].Split(' ').Select(name => (Name: name, Namespace: l[0]))).GroupBy(t => t.Name).ToDictionary(g => g.Key, g => string.Join(", ", g.Select(t => t.Namespace)));
        Assert.That(taken, Does.ContainKey("Results").And.ContainKey("Lazy`1"));
        return [.. assemblies.SelectMany(a => a.GetExportedTypes()).Where(t => !t.IsNested && taken.ContainsKey(t.Name)).Select(t => $"{t.Name} of {taken[t.Name]}")];
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
