namespace GraphCompiler.Peers;

/// <summary>How we are told a number of threads: the one place to change when the library has a setting for it.</summary>
internal static class OurSystem
{
    /// <summary>Sets our number of threads.</summary>
    /// <returns>What came of it, for the reader of the results.</returns>
    public static string Use(int threads) =>
        threads == 1 ? "1 thread" : "1 THREAD: it has no setting for more, so these ratios compare one thread of ours with more of theirs";
}
