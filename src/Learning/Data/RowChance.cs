namespace GraphCompiler.Learning.Data;

/// <summary>Random streams of a seed: one for each purpose and epoch, and within it numbers of each row's own.</summary>
internal static class RowChance
{
    /// <summary>The order of rows.</summary>
    public const int Order = 0;

    /// <summary>Which rows go to which part.</summary>
    public const int Parts = 1;

    /// <summary>The first of the functions on rows; others follow.</summary>
    public const int Functions = 2;

    /// <summary>The counters that a row has.</summary>
    private const int RowBits = 32;

    /// <summary>The stream of a purpose in an epoch.</summary>
    public static Generator Of(ulong seed, int purpose, int epoch)
    {
        // A generator of the same seed elsewhere has stream 0.
        var source = new Generator { State = new GeneratorState(seed, (ulong)purpose + 1, (ulong)epoch) };
        return source.Split();
    }

    /// <summary>Goes to the numbers of a row.</summary>
    public static void MoveTo(Generator random, int row) => random.State = random.State with { Position = (ulong)row << RowBits };
}
