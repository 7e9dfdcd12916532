namespace GraphCompiler;

/// <summary>
/// How many threads the calls of this process work with together. Without a budget, each call takes as many as its graph allows, if no other call has the workers at that
/// moment; a server that runs several calls at once on all its processors, or leaves some to other work, sets one. Results are the same, bit for bit, at any number.
/// </summary>
public static class ThreadBudget
{
    /// <summary>
    /// The most threads that all calls together work with, those that call included; by default there is no limit but that of each graph. A thread that calls always works, so
    /// that many callers may be more; then none of them has help. May be changed at any time, and holds for the kernels that begin after that.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is below 1.</exception>
    public static int Most
    {
        get => WorkerPool.Instance.Budget;
        set => WorkerPool.Instance.Budget = value >= 1
            ? value
            : throw InvariantText.OutOfRange(nameof(value), value, "Calls need at least one thread, that of the caller.");
    }
}
