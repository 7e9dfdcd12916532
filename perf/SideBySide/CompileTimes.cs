using GraphCompiler.Perf;
using static System.Globalization.CultureInfo;

namespace GraphCompiler.SideBySide;

/// <summary>
/// Times to compile and run once: the first graph of a process, an equal one after it, and equal ones when the compiler's own code is warm. The later ones
/// compile their kernels anew.
/// </summary>
internal static class CompileTimes
{
    private const int ColdPairs = 20;
    private const int WarmProcesses = 4;
    private const int WarmUps = 60;
    private const int Rounds = 20;

    public static int Run(string old, string @new, string names)
    {
        Pairs.Header();
        foreach (string name in names.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            List<Pairs>[] cold = [[], []];
            for (int pair = 0; pair < ColdPairs; pair++)
            {
                (double[] first, double[] second) = pair % 2 == 0 ? (Cold(old, name), Cold(@new, name)) : (Cold(@new, name), Cold(old, name));
                (double[] before, double[] after) = pair % 2 == 0 ? (first, second) : (second, first);
                cold[0].Add(new Pairs($"{name} cold", Environment.ProcessorCount, [before[0]], [after[0]]));
                cold[1].Add(new Pairs($"{name} second", Environment.ProcessorCount, [before[1]], [after[1]]));
            }

            Pairs.Print(cold[0]);
            Pairs.Print(cold[1]);
            Pairs.Print([.. Enumerable.Range(0, WarmProcesses).SelectMany(process => process % 2 == 0
                ? Pairs.Read(OwnProcess.Run("warm", old, @new, name))
                : Pairs.Read(OwnProcess.Run("warm", @new, old, name)).Select(p => p with { Old = p.New, New = p.Old }))]);
        }

        return 0;
    }

    public static void ColdChild(Build build, string name) =>
        Console.WriteLine(string.Create(InvariantCulture, $"{build.Compile(name, cacheKernels: true)} {build.Compile(name, cacheKernels: false)}"));

    /// <summary>Compiles in turn (A B B A …), the first build as if it were the old one.</summary>
    public static void WarmChild(Build first, Build second, string name)
    {
        double[][] seconds = [new double[Rounds], new double[Rounds]];
        for (int round = -WarmUps; round < Rounds; round++)
        {
            for (int turn = 0; turn < 2; turn++)
            {
                int side = round % 2 == 0 ? turn : 1 - turn;
                double time = (side == 0 ? first : second).Compile(name, cacheKernels: false);
                if (round >= 0)
                {
                    seconds[side][round] = time;
                }
            }
        }

        new Pairs($"{name} warm", Environment.ProcessorCount, seconds[0], seconds[1]).Write();
    }

    private static double[] Cold(string directory, string name) =>
        [.. OwnProcess.Run("cold", directory, name).Split(' ').Select(n => double.Parse(n, InvariantCulture))];
}
