using GraphCompiler.Tests;

namespace GraphCompiler.Learning.Tests.Files;

/// <summary>The files that NumPy wrote, see make-arrays.py beside them.</summary>
internal static class ArrayFiles
{
    /// <summary>One of them by its name.</summary>
    public static string PathOf(string name) => Path.Combine(Repository.Root, "tests", "Learning", "Files", "data", name);
}
