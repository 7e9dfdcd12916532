using System.Globalization;
using System.Runtime.CompilerServices;

namespace GraphCompiler.Tests.Options;

/// <summary>The environment variable GRAPHCOMPILER_TEST_LEVEL2 gives a whole run the second-level cache of another machine, in bytes.</summary>
internal static class TestCaches
{
    public const string Variable = "GRAPHCOMPILER_TEST_LEVEL2";

    /// <summary>The least and the most that a processor is believed.</summary>
    public static IReadOnlyList<int> Sizes { get; } = [128 << 10, 4 << 20];

#pragma warning disable CA2255 // The assembly is a program, too.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Apply()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } bytes)
        {
            CacheSizes.Level2 = int.Parse(bytes, CultureInfo.InvariantCulture);
        }
    }
}
