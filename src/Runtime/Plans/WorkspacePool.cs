using System.Collections.Concurrent;

namespace GraphCompiler.Execution;

/// <summary>
/// The idle workspaces of a plan: concurrent calls each take one. The first stays where it is and is only marked as taken, which costs calls that do
/// not overlap one interlocked operation; the others are kept in a bag.
/// </summary>
internal sealed class WorkspacePool(Plan plan) : IDisposable
{
    private readonly ConcurrentBag<Workspace> others = [];
    private Workspace? first;
    private int taken;
    private volatile bool disposed;

    /// <summary>The first if it is idle, which is likely bound to the right sizes, or another, or a new one.</summary>
    public Workspace Rent()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (Interlocked.CompareExchange(ref taken, 1, 0) == 0)
        {
            return first ?? CreateFirst();
        }

        return others.TryTake(out Workspace? idle) ? idle : new Workspace(plan);
    }

    public void Return(Workspace workspace)
    {
        if (ReferenceEquals(workspace, first))
        {
            Volatile.Write(ref taken, 0);
        }
        else
        {
            others.Add(workspace);
        }

        // A disposal at this very moment may be missed; the workspace's memory is then freed by its finalizer.
        if (disposed)
        {
            Dispose();
        }
    }

    public void Dispose()
    {
        disposed = true;
        if (Interlocked.CompareExchange(ref taken, 1, 0) == 0)
        {
            first?.Dispose();
        }

        while (others.TryTake(out Workspace? idle))
        {
            idle.Dispose();
        }
    }

    private Workspace CreateFirst()
    {
        try
        {
            return first = new Workspace(plan);
        }
        catch
        {
            Volatile.Write(ref taken, 0);
            throw;
        }
    }
}
