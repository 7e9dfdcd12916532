using System.Collections.Concurrent;

namespace GraphCompiler.Execution;

/// <summary>The idle workspaces of a plan: concurrent calls each take one.</summary>
internal sealed class WorkspacePool(Plan plan) : IDisposable
{
    private readonly ConcurrentBag<Workspace> others = [];
    private Workspace? last;
    private volatile bool disposed;

    /// <summary>The last one returned, which is likely bound to the right sizes, or another, or a new one.</summary>
    public Workspace Rent()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        return Interlocked.Exchange(ref last, null) ?? (others.TryTake(out Workspace? idle) ? idle : new Workspace(plan));
    }

    public void Return(Workspace workspace)
    {
        if (disposed)
        {
            workspace.Dispose();
            return;
        }

        if (Interlocked.CompareExchange(ref last, workspace, null) is not null)
        {
            others.Add(workspace);
        }

        if (disposed)
        {
            Dispose();
        }
    }

    public void Dispose()
    {
        disposed = true;
        Interlocked.Exchange(ref last, null)?.Dispose();
        while (others.TryTake(out Workspace? idle))
        {
            idle.Dispose();
        }
    }
}
