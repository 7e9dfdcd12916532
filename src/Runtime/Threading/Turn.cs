using System.Runtime.CompilerServices;

namespace GraphCompiler.Threading;

/// <summary>Whose turn it is with something that one call at a time may use; it may be closed for good. A structure to be kept in a field.</summary>
internal struct Turn
{
    private const int Closed = -1;

    // The thread that has it, or 0.
    private int holder;

    /// <summary>Whether nobody will have it any more.</summary>
    public readonly bool IsClosed => Volatile.Read(in holder) == Closed;

    /// <summary>Whether a call on this thread has it.</summary>
    public readonly bool IsOwn => Volatile.Read(in holder) == Environment.CurrentManagedThreadId;

    /// <summary>Whether a call on another thread has it.</summary>
    public readonly bool IsOthers => Volatile.Read(in holder) is not (0 or Closed) && !IsOwn;

    /// <summary>Takes it if nobody has it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTake() => Volatile.Read(in holder) == 0 && Interlocked.CompareExchange(ref holder, Environment.CurrentManagedThreadId, 0) == 0;

    /// <summary>Gives it back.</summary>
    public void GiveBack() => Volatile.Write(ref holder, 0);

    /// <summary>Closes it if nobody has it.</summary>
    /// <returns>Whether this has closed it.</returns>
    public bool TryClose() => Interlocked.CompareExchange(ref holder, Closed, 0) == 0;
}
