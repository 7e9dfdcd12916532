using System.Reflection;

namespace GraphCompiler.Tests;

/// <summary>What users see is tried, and has names of its own.</summary>
internal sealed class PublicSurfaceTests
{
    private static readonly Assembly[] Assemblies = [typeof(Tensors).Assembly, typeof(Graph).Assembly, typeof(GraphCompiler.Compiler).Assembly];

    [Test]
    public void EveryPublicMemberIsUsedInATest() => Assert.That(string.Join("\n", PublicMembers.UnusedIn(typeof(PublicSurfaceTests).Module, Assemblies)), Is.Empty);

    [Test]
    public void NoTypeHasTheNameOfOneThatIsThereWithoutAUsing() => Assert.That(PublicMembers.TakenNames(Assemblies), Is.Empty);
}
