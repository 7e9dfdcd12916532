namespace GraphCompiler.Perf;

/// <summary>The same numbers in every process.</summary>
internal static class Inputs
{
    private static readonly Generator Random = new(seed: 0);

    public static float[] Normal(int count) => [.. Random.Normal(count)];
}
