namespace GraphCompiler.Peers;

/// <summary>One side of a comparison, ready to run.</summary>
/// <param name="Name">Whose it is.</param>
/// <param name="Run">One unit of the work; warm calls must give what the first gave, up to the state that training changes.</param>
/// <param name="Results">What the last run left, to be compared with the other side.</param>
internal sealed record Contender(string Name, Action Run, Func<IReadOnlyList<Result>> Results) : IDisposable
{
    /// <summary>Puts training back to its first step, outside the timing; null where a run leaves no state.</summary>
    public Action? Reset { get; init; }

    /// <summary>What must outlive the runs.</summary>
    public IReadOnlyList<IDisposable> Owned { get; init; } = [];

    public void Dispose()
    {
        foreach (IDisposable owned in Owned)
        {
            owned.Dispose();
        }
    }
}

/// <summary>Numbers to be compared: those of one side, and how far the other's may be from them.</summary>
/// <param name="Name">What they are, for the message.</param>
/// <param name="Values">The numbers, row-major.</param>
/// <param name="Tolerance">The largest ‖a − b‖ ÷ ‖b‖ in the Euclidean norm.</param>
internal sealed record Result(string Name, float[] Values, double Tolerance = 1e-5);
