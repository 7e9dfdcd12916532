using System.Runtime.CompilerServices;

namespace GraphCompiler.Threading;

/// <summary>Whose turn it is with something that one call at a time may use; it may be closed for good. A structure to be kept in a field.</summary>
internal struct Turn
{
    private const int Closed = -1;

    // Somebody looks whether it is free, for no longer than that takes.
    private const int Held = -2;

    // The thread that has it, or 0.
    private int holder;

    /// <summary>Whether nobody will have it any more.</summary>
    public readonly bool IsClosed => Volatile.Read(in holder) == Closed;

    /// <summary>Whether a call on this thread has it.</summary>
    public readonly bool IsOwn => Volatile.Read(in holder) == Environment.CurrentManagedThreadId;

    /// <summary>Whether a call on another thread has it.</summary>
    public readonly bool IsOthers => Volatile.Read(in holder) is not (0 or Closed or Held) && !IsOwn;

    /// <summary>Takes it if nobody has it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTake() => Volatile.Read(in holder) is 0 or Held && TryChange(Environment.CurrentManagedThreadId);

    /// <summary>Keeps it from being taken, if nobody has it, until it is given back; who would take it waits for that.</summary>
    public bool TryHold() => TryChange(Held);

    /// <summary>Gives it back.</summary>
    public void GiveBack() => Volatile.Write(ref holder, 0);

    /// <summary>Closes it if nobody has it.</summary>
    /// <returns>Whether this has closed it.</returns>
    public bool TryClose() => TryChange(Closed);

    private bool TryChange(int to)
    {
        SpinWait wait = default;
        while (true)
        {
            switch (Interlocked.CompareExchange(ref holder, to, 0))
            {
                case 0:
                    return true;
                case Held:
                    wait.SpinOnce(sleep1Threshold: -1);
                    break;
                default:
                    return false;
            }
        }
    }
}
