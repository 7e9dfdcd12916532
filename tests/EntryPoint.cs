using System.Globalization;
using System.Reflection;
using GraphCompiler.Tests.Compiler;
using GraphCompiler.Tests.Compiler.Calling;
using GraphCompiler.Tests.Compiler.Emit.Disassembly;
using GraphCompiler.Tests.Compiler.RandomGraphs;
using GraphCompiler.Tests.Options;
using NUnit.Framework.Interfaces;

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
            case ["fixtures"]:
                foreach (Type type in typeof(EntryPoint).Assembly.GetTypes().Where(t => t.GetMethods().Any(IsTest)).OrderBy(t => t.FullName, StringComparer.Ordinal))
                {
                    Console.WriteLine(type.FullName);
                }

                return 0;
            case ["results", { } first, { } count]:
                RandomGraphTests.WriteResults(int.Parse(first, CultureInfo.InvariantCulture), int.Parse(count, CultureInfo.InvariantCulture));
                return 0;
            case ["disassembly", { } width] when Enum.TryParse(width, out VectorWidth parsed):
                DisassemblyCases.CompileAll(parsed);
                return 0;
            case ["owners"]:
                OwnerTests.Run();
                return 0;
            case ["without-dynamic-code"]:
                InterpretationTests.RunWithoutDynamicCode();
                return 0;
            case ["run", .. var filters]:
                return TestRun.Of(filters);
            default:
                Console.Error.WriteLine("configurations: lists the configurations of the test matrix, an environment variable each");
                Console.Error.WriteLine("fixtures: lists the classes that hold tests");
                Console.Error.WriteLine("results FIRST COUNT: a line a random graph, with digests of its results and kernels: two builds that agree print the same");
                Console.Error.WriteLine("disassembly WIDTH: compiles the kernels whose machine code is tested");
                Console.Error.WriteLine("owners: calls whose owners nobody else refers to, while garbage is collected all the time");
                Console.Error.WriteLine("run [FILTER...]: runs tests in this process, for where there is no SDK: of a category, cat=NAME, or with a part of a name; without -, or not those with -");
                Console.Error.WriteLine("without-dynamic-code: what a program does that may not generate code");
                return 2;
        }
    }

    private static bool IsTest(MethodInfo method) => method.GetCustomAttributes(inherit: true).Any(a => a is ITestBuilder or ISimpleTestBuilder);
}
