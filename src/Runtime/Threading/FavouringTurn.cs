using System.Runtime.CompilerServices;

namespace GraphCompiler.Threading;

/// <summary>
/// A <see cref="Turn"/> that soon favours the thread which alone takes it: from then on that thread takes it and gives it back by plain reads and writes. An interlocked operation
/// waits for all that was stored before, so that the arithmetic of one call would not overlap with that of the next, which costs small calls more than the operation itself.
/// Others who want it end the favour, which costs them microseconds. A structure to be kept in a field.
/// </summary>
internal struct FavouringTurn
{
    // Calls of one thread in a row after which it is favoured: each favour that was ended doubles them, so that it does not pay to lose time over it again and again.
    private const int FirstRow = 32;
    private const int LongestRow = 1 << 30;

    // Stands in the place of a favour while somebody finds out whether it can be ended.
    private static readonly Favour Doubted = new();

    // Held, while there is a favour, in the favoured thread's name.
    private Turn turn;
    private Favour? favour;

    // Made ahead, so that a call which begins one allocates nothing.
    private Favour next;
    private int last;
    private int row;
    private int needed;

    public FavouringTurn()
    {
        next = new Favour();
        needed = FirstRow;
    }

    /// <summary>Whether a call on this thread has it.</summary>
    public readonly bool IsOwn => Settled() is { } given ? given.IsIn && given.Thread == Environment.CurrentManagedThreadId : turn.IsOwn;

    /// <summary>Whether a call on another thread has it.</summary>
    public readonly bool IsOthers => Settled() is { } given ? given.IsIn && given.Thread != Environment.CurrentManagedThreadId : turn.IsOthers;

    /// <summary>Takes it if nobody has it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTake()
    {
        if (Volatile.Read(ref favour) is { } given && given.Thread == Environment.CurrentManagedThreadId && !given.IsIn)
        {
            // Either who doubts the favour sees this, or the second look sees the doubt: the barrier of the one is for both.
            given.IsIn = true;
            if (Volatile.Read(ref favour) == given)
            {
                return true;
            }

            given.IsIn = false;
        }

        return TryTakeSlowly();
    }

    /// <summary>Gives it back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void GiveBack()
    {
        // There is no favour but in the name of who has it now, and none ends while it is used.
        Favour? given = Volatile.Read(ref favour);
        given = given == Doubted ? Settled() : given;
        if (given is null)
        {
            turn.GiveBack();
        }
        else
        {
            given.IsIn = false;
        }
    }

    /// <summary>Closes it if nobody has it.</summary>
    /// <returns>Whether this has closed it.</returns>
    public bool TryClose() => TryEndFavour() && turn.TryClose();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryTakeSlowly()
    {
        int thread = Environment.CurrentManagedThreadId;
        if (!TryEndFavour() || !turn.TryTake())
        {
            return false;
        }

        row = thread == last ? row + 1 : 1;
        last = thread;
        if (row >= needed)
        {
            Favour given = next;
            (given.Thread, given.IsIn) = (thread, true);
            Volatile.Write(ref favour, given);
        }

        return true;
    }

    /// <summary>The favour there is, if any, when nobody doubts it, which takes no longer than a barrier.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly Favour? Settled()
    {
        SpinWait wait = default;
        while (true)
        {
            Favour? given = Volatile.Read(in favour);
            if (given != Doubted)
            {
                return given;
            }

            wait.SpinOnce(sleep1Threshold: -1);
        }
    }

    /// <summary>Ends the favour, unless its thread has its turn.</summary>
    /// <returns>Whether there is none now.</returns>
    private bool TryEndFavour()
    {
        while (Settled() is { } given)
        {
            if (given.IsIn)
            {
                return false;
            }
            else if (TryDoubt(given, out Favour other))
            {
                Interlocked.MemoryBarrierProcessWide();
                if (given.IsIn)
                {
                    Volatile.Write(ref favour, given);
                    return false;
                }

                // Whose favour it was may still be about to look at it, so it is never given again.
                next = other;
                needed = Math.Min(2 * needed, LongestRow);
                row = 0;
                turn.GiveBack();
                Volatile.Write(ref favour, null);
                return true;
            }
        }

        return true;
    }

    /// <summary>Puts the doubt in the place of a favour; memory for another one is there before.</summary>
    private bool TryDoubt(Favour given, out Favour other)
    {
        other = new Favour();
        return Interlocked.CompareExchange(ref favour, Doubted, given) == given;
    }

    /// <summary>That one thread needs no interlocked operation.</summary>
    private sealed class Favour
    {
        private volatile bool isIn;

        public int Thread { get; set; }

        /// <summary>Whether the thread has its turn. It alone changes this.</summary>
        public bool IsIn
        {
            get => isIn;
            set => isIn = value;
        }
    }
}
