using GraphCompiler.Tests;

namespace GraphCompiler.Learning.Tests;

/// <summary>What users see has names of its own.</summary>
internal sealed class PublicSurfaceTests
{
    [Test]
    public void No_type_has_the_name_of_one_that_is_there_without_a_using() => Assert.That(PublicMembers.TakenNames(typeof(Module).Assembly), Is.Empty);
}
