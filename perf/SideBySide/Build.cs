using System.Reflection;
using System.Runtime.Loader;
using GraphCompiler.Peers;

namespace GraphCompiler.SideBySide;

/// <summary>
/// A build of GraphCompiler, with the works beside it, in a context of its own: every assembly that is not the framework's is loaded once a build, this one
/// too. So a type is another in each build, and only the framework's pass between them.
/// </summary>
internal sealed class Build : AssemblyLoadContext
{
    private static readonly string[] Parts = ["GraphCompiler.Graph", "GraphCompiler.Compiler", "GraphCompiler.Runtime"];
    private readonly string directory;
    private readonly Type side;

    public Build(string directory)
        : base(directory)
    {
        this.directory = directory;
        side = LoadFromAssemblyPath(typeof(Build).Assembly.Location).GetType(typeof(Side).FullName!)!;
    }

    /// <summary>Names of the works that a list of names selects.</summary>
    public string[] Works(string names) => Method<Func<string, string[]>>(nameof(Side.Works))(names);

    /// <summary>A work, compiled by this build for a number of threads.</summary>
    public Contender Open(string work, int threads)
    {
        (Action run, Action? reset, Func<(string, float[], double)[]> results, IDisposable owned) =
            Method<Func<string, int, (Action, Action?, Func<(string, float[], double)[]>, IDisposable)>>(nameof(Side.Open))(work, threads);
        return new Contender(Name!, run, () => [.. results().Select(r => new Result(r.Item1, r.Item2, r.Item3))]) { Reset = reset, Owned = [owned] };
    }

    /// <summary>How often a work is run before its results are compared.</summary>
    public int RunsBeforeComparing(string work) => Method<Func<string, int>>(nameof(Side.RunsBeforeComparing))(work);

    /// <summary>Seconds from the first node of a graph to the end of its first call; kernels of earlier graphs are used again or not.</summary>
    public double Compile(string graph, bool cacheKernels) => Method<Func<string, bool, double>>(nameof(Side.Compile))(graph, cacheKernels);

    /// <summary>The full path of a build's directory.</summary>
    /// <exception cref="ArgumentException">A part of the build is not there.</exception>
    public static string Check(string directory) => Parts.FirstOrDefault(part => !File.Exists(Path.Combine(directory, part + ".dll"))) is { } missing
        ? throw new ArgumentException($"There is no {missing}.dll in '{directory}'; give the directory of a build.")
        : Path.GetFullPath(directory);

    /// <summary>What a build may not bring with it, the packages that it uses, is ours; what is nowhere is the framework's.</summary>
    protected override Assembly? Load(AssemblyName assemblyName) =>
        ((string[])[directory, AppContext.BaseDirectory]).Select(d => Path.Combine(d, assemblyName.Name + ".dll")).FirstOrDefault(File.Exists) is { } path
            ? LoadFromAssemblyPath(path)
            : null;

    private T Method<T>(string name)
        where T : Delegate => side.GetMethod(name)!.CreateDelegate<T>();
}
