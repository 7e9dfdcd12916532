using System.Diagnostics;
using System.Globalization;

namespace GraphCompiler.Perf.CompileTimes;

/// <summary>
/// What it takes from the first node of a graph to the end of its first call, in processes that have done nothing else before, and for a second graph
/// of the same form in the same process. Loading the runtime is not counted, the JIT's work on our own code is.
/// </summary>
internal static class CompileTime
{
    private const int Processes = 7;

    public static int Run(string[] arguments)
    {
        if (arguments is ["child", var name])
        {
            Child(CompiledWork.All.Single(w => w.Name == name));
            return 0;
        }

        Console.WriteLine($"milliseconds from the first node to the end of the first call; medians of {Processes} processes");
        Console.WriteLine($"{"graph",-14} {"nodes",6} {"kernels",8} {"cold",8} {"other sizes",12} {"once more",10}");
        foreach (CompiledWork work in CompiledWork.All.Where(w => arguments.Length == 0 || arguments.Contains(w.Name)))
        {
            double[][] runs = [.. Enumerable.Range(0, Processes).Select(_ => Start(work.Name))];
            double Median(int column) => runs.Select(r => r[column]).Order().ElementAt(Processes / 2);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{work.Name,-14} {Median(0),6:0} {Median(1),8:0} {Median(2),8:0} {Median(3),12:0} {Median(4),10:0}"));
        }

        return 0;
    }

    private static double[] Start(string name) =>
        [.. OwnProcess.Run("compile-time", "child", name).Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(n => double.Parse(n, CultureInfo.InvariantCulture))];

    private static void Child(CompiledWork work)
    {
        List<double> times = [];
        int nodes = 0;
        int kernels = 0;
        foreach (int size in (int[])[work.Size, work.OtherSize, work.Size])
        {
            long start = Stopwatch.GetTimestamp();
            (CompiledGraph graph, Argument[] given) = work.Make(size, CompileOptions.Default);
            graph.Run(given);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            if (times.Count == 1)
            {
                nodes = graph.Graph.Nodes.Count;
                kernels = graph.Executor.Program.Kernels.Length;
            }
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{nodes} {kernels} {string.Join(" ", times.Select(t => t.ToString(CultureInfo.InvariantCulture)))}"));
    }
}
