using GraphCompiler.Tests;

namespace GraphCompiler.Learning.Tests;

/// <summary>What users see is tried, and has names of its own.</summary>
internal sealed class PublicSurfaceTests
{
    [Test]
    public void Every_public_member_is_used_in_a_test() => Assert.That(string.Join("\n", PublicMembers.UnusedIn(typeof(PublicSurfaceTests).Module, typeof(Module).Assembly)), Is.Empty);

    [Test]
    public void No_type_has_the_name_of_one_that_is_there_without_a_using() => Assert.That(PublicMembers.TakenNames(typeof(Module).Assembly), Is.Empty);
}
