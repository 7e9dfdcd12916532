namespace GraphCompiler.Peers;

/// <summary>Our name, and how we are told a number of threads.</summary>
internal static class OurSystem
{
    public const string Name = "GraphCompiler";

    /// <summary>How every work of ours is compiled.</summary>
    public static CompileOptions Options { get; private set; } = new() { Threads = 1 };

    /// <summary>Sets our number of threads.</summary>
    /// <returns>What came of it, for the reader of the results.</returns>
    public static string Use(int threads)
    {
        Options = new CompileOptions { Threads = threads };
        return threads == 1 ? "1 thread" : $"{threads} threads";
    }
}
