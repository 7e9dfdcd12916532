namespace GraphCompiler.Plans;

/// <summary>Values whose owner counts how often they have been written.</summary>
internal interface IVersioned
{
    /// <summary>Grows with every write.</summary>
    long Version { get; }
}

/// <summary>
/// Lets a step whose results depend on parameters and constants alone run only when one of those has been written since. Its results lie at a
/// fixed address that all calls share. Concurrent calls may meet here; the first does the work, the others wait for it.
/// </summary>
internal sealed class VersionedStep(IReadOnlyList<IVersioned> sources)
{
    private readonly IVersioned[] sources = [.. sources];
    private readonly Lock gate = new();

    // Versions only grow, so that their sum says whether any has changed.
    private long done = -1;

    /// <summary>Runs the kernel if that is due; its error site, or 0.</summary>
    public int Run(KernelEntry entry, nint frame, nint range)
    {
        if (Volatile.Read(ref done) == Current())
        {
            return 0;
        }

        lock (gate)
        {
            long current = Current();
            if (done == current)
            {
                return 0;
            }

            int site = entry(frame, 0, range);
            if (site == 0)
            {
                Volatile.Write(ref done, current);
            }

            return site;
        }
    }

    private long Current()
    {
        long sum = 0;
        foreach (IVersioned source in sources)
        {
            sum += source.Version;
        }

        return sum;
    }
}
