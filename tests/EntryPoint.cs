using GraphCompiler.Tests.Options;

namespace GraphCompiler.Tests;

/// <summary>What scripts and tests ask of this assembly in a process of its own.</summary>
internal static class EntryPoint
{
    private static int Main(string[] arguments)
    {
        switch (arguments)
        {
            case ["configurations"]:
                foreach (string configuration in Configurations.All)
                {
                    Console.WriteLine(configuration);
                }

                return 0;
            default:
                Console.Error.WriteLine("configurations: lists the configurations of the test matrix, an environment variable each");
                return 2;
        }
    }
}
