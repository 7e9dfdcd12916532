namespace GraphCompiler.Emit;

/// <summary>Counts the kernels that are compiled on behalf of one flow of control, on whatever threads: tests assert that warm calls compile none.</summary>
internal sealed class CompilationCount
{
    private static readonly AsyncLocal<CompilationCount?> Current = new();
    private long kernels;

    private CompilationCount()
    {
    }

    /// <summary>How many so far.</summary>
    public long Kernels => Interlocked.Read(ref kernels);

    /// <summary>Counts what the caller, and what it starts, compiles from here on.</summary>
    public static CompilationCount Start() => Current.Value = new CompilationCount();

    /// <summary>One more, for who asked for it.</summary>
    public static void Add()
    {
        if (Current.Value is { } count)
        {
            Interlocked.Increment(ref count.kernels);
        }
    }
}
