using System.Globalization;
using GraphCompiler.Learning.Tests.Training;

namespace GraphCompiler.Learning.Tests;

/// <summary>What tests ask of this assembly in a process of its own.</summary>
internal static class EntryPoint
{
    private static int Main(string[] arguments)
    {
        switch (arguments)
        {
            case ["train", { } folder, { } epochs]:
                KilledRun.Train(folder, int.Parse(epochs, CultureInfo.InvariantCulture), shardsAtOnce: 1, prefetch: 2, Console.WriteLine);
                return 0;
            default:
                Console.Error.WriteLine("train FOLDER EPOCHS: a training that goes on in a folder, a line a step");
                return 2;
        }
    }
}
