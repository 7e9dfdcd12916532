namespace GraphCompiler.Threading;

/// <summary>
/// A value that is made when it is first asked for, once; who asks meanwhile waits. A failure is not kept, for it may be of the moment, such as a lack
/// of memory: whoever asks next tries again.
/// </summary>
internal sealed class OnDemand<T>(Func<CancellationToken, T> make)
    where T : class
{
    private readonly Lock gate = new();

    // Forgotten once it has succeeded, with all that it holds.
    private Func<CancellationToken, T>? make = make;
    private volatile T? made;

    public OnDemand(Func<T> make)
        : this(_ => make())
    {
    }

    /// <summary>The value if there is one already.</summary>
    public T? Made => made;

    /// <summary>The value, made now if need be.</summary>
    /// <exception cref="InvalidOperationException">Making it asks for it.</exception>
    public T Value => made ?? Make(CancellationToken.None);

    /// <summary>The value, made now if need be; a making that is cancelled is a failure like others.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public T Get(CancellationToken cancellation) => made ?? Make(cancellation);

    private T Make(CancellationToken cancellation)
    {
        if (gate.IsHeldByCurrentThread)
        {
            throw new InvalidOperationException("What makes a value asks for that value.");
        }

        lock (gate)
        {
            if (made is null)
            {
                made = make!(cancellation);
                make = null;
            }

            return made;
        }
    }
}
