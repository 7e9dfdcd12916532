using GraphCompiler.Tests.Compiler.Emit.Disassembly;
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
            case ["disassembly", { } width] when Enum.TryParse(width, out VectorWidth parsed):
                // One kernel at a time, on whatever threads: listings of methods that are compiled at the same time mix.
                TaskScheduler alone = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler;
                Task.Factory.StartNew(() => DisassemblyCases.CompileAll(parsed), CancellationToken.None, TaskCreationOptions.None, alone).GetAwaiter().GetResult();
                return 0;
            default:
                Console.Error.WriteLine("configurations: lists the configurations of the test matrix, an environment variable each");
                Console.Error.WriteLine("disassembly WIDTH: compiles the kernels whose machine code is tested");
                return 2;
        }
    }
}
