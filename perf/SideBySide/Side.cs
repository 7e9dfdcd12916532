using System.Diagnostics;
using GraphCompiler.Peers;
using GraphCompiler.Perf.CompileTimes;

namespace GraphCompiler.SideBySide;

/// <summary>What a <see cref="Build"/> calls inside of its context.</summary>
internal static class Side
{
    public static string[] Works(string names) => [.. Catalogue.Select(names.Length == 0 ? null : names).Select(work => work.Name)];

    public static (Action Run, Action? Reset, Func<(string Name, float[] Values, double Tolerance)[]> Results, IDisposable Owned) Open(string work, int threads)
    {
        OurSystem.Use(threads);
        Contender ours = Find(work).Ours();
        return (ours.Run, ours.Reset, () => [.. ours.Results().Select(r => (r.Name, r.Values, r.Tolerance))], ours);
    }

    public static int RunsBeforeComparing(string work) => Find(work).RunsBeforeComparing;

    public static double Compile(string graph, bool cacheKernels)
    {
        CompiledWork work = CompiledWork.All.Single(w => w.Name == graph);
        long start = Stopwatch.GetTimestamp();
        (CompiledGraph compiled, Argument[] given) = work.Make(work.Size, cacheKernels ? new CompileOptions() : WithoutCache());
        compiled.Run(given);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        compiled.Dispose();
        return seconds;
    }

    // By itself, so that a build whose options are others still runs the rest.
    private static CompileOptions WithoutCache() => new() { Passes = new() { CacheKernels = false } };

    private static Work Find(string name) => Catalogue.All.Single(work => work.Name == name);
}
