namespace GraphCompiler.Plans;

/// <summary>
/// The workspaces of a plan: a call takes the first that is idle, so that calls that do not overlap find theirs bound to the right sizes, at the cost of
/// a few plain reads and writes where one thread makes them all (<see cref="FavouringTurn"/>), else of one interlocked operation. Once disposed of, the pool gives none away; what is idle is freed at once, what a call has when it comes back.
/// </summary>
internal sealed class WorkspacePool(Plan plan) : IDisposable
{
    private readonly Lock gate = new();

    // Replaced as a whole when one is added.
    private volatile Workspace[] all = [];
    private volatile bool disposed;

    /// <summary>Whether calls of this thread have some.</summary>
    public bool IsHeldHere => Array.Exists(all, w => w.Turn.IsOwn);

    /// <summary>Whether calls of other threads have some.</summary>
    public bool IsHeldElsewhere => Array.Exists(all, w => w.Turn.IsOthers);

    /// <summary>An idle workspace, or a new one; null once the pool is disposed of.</summary>
    /// <exception cref="SizeException">There is no memory for a new one.</exception>
    public Workspace? TryRent()
    {
        foreach (Workspace workspace in all)
        {
            if (workspace.Turn.TryTake())
            {
                if (!disposed)
                {
                    return workspace;
                }

                Return(workspace);
            }
        }

        return disposed ? null : Add();
    }

    public void Return(Workspace workspace)
    {
        workspace.Turn.GiveBack();
        if (disposed)
        {
            Free(workspace);
        }
    }

    public void Dispose()
    {
        bool isFirst;
        lock (gate)
        {
            isFirst = !disposed;
            disposed = true;
        }

        if (isFirst)
        {
            // Calls give back first and look then, without a barrier: either they see this, or what they have given back is seen below.
            Interlocked.MemoryBarrierProcessWide();
        }

        Array.ForEach(all, Free);
    }

    private static void Free(Workspace workspace)
    {
        if (workspace.Turn.TryClose())
        {
            workspace.Dispose();
        }
    }

    private Workspace? Add()
    {
        Workspace workspace;
        try
        {
            workspace = new Workspace(plan);
        }
        catch (OutOfMemoryException e)
        {
            throw new SizeException("There is no memory for another call of this graph.", e);
        }

        workspace.Turn.TryTake();
        lock (gate)
        {
            if (!disposed)
            {
                all = [.. all, workspace];
                return workspace;
            }
        }

        workspace.Dispose();
        return null;
    }
}
