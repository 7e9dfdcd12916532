using System.Reflection;
using GraphCompiler.Learning.Data;
using GraphCompiler.Tests;

namespace GraphCompiler.Learning.Tests;

/// <summary>What users see has names of its own.</summary>
internal sealed class PublicSurfaceTests
{
    private static IEnumerable<Assembly> Assemblies => [typeof(Layer).Assembly, typeof(Csv).Assembly, typeof(ConsoleProgress).Assembly];

    [TestCaseSource(nameof(Assemblies))]
    public void No_type_has_the_name_of_one_that_is_there_without_a_using(Assembly assembly) => Assert.That(PublicMembers.TakenNames(assembly), Is.Empty);

    [Test]
    public void Every_public_member_of_the_packages_for_files_and_consoles_is_used_in_a_test() =>
        Assert.That(PublicMembers.UnusedIn(typeof(PublicSurfaceTests).Module, [.. Assemblies.Skip(1)]), Is.Empty);
}
