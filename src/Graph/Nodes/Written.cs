namespace GraphCompiler.Nodes;

/// <summary>
/// Values of a parameter, or a gradient, which one writer at a time may write, of whatever graph. They are the last writer's until another claims them, which its turn must allow: so
/// who writes the same in call after call takes one turn and no more. Nobody waits, so that writers never wait for each other.
/// </summary>
/// <param name="owner">The parameter or node.</param>
/// <param name="isGradient">Whether it is about the node's gradient.</param>
internal sealed class Written(Node owner, bool isGradient)
{
    // The writer that is no graph: Set, Edit and their like.
    private readonly Writer own = new();
    private Writer? last;

    /// <summary>Whether this thread has taken it.</summary>
    public bool IsTakenHere => own.Turn.IsOwn;

    /// <summary>Takes it, for what is no call of a graph.</summary>
    /// <exception cref="GraphException">Somebody is writing.</exception>
    public void Take()
    {
        if (!own.Turn.TryTake())
        {
            throw Refusal();
        }

        if (!TryClaim(own))
        {
            own.Turn.GiveBack();
            throw Refusal();
        }
    }

    /// <summary>Gives back what was taken.</summary>
    public void GiveBack() => own.Turn.GiveBack();

    /// <summary>Makes it a writer's whose turn it is.</summary>
    /// <returns>Whether nobody else is writing.</returns>
    public bool TryClaim(Writer writer) => last == writer || TryMove(writer);

    /// <summary>What to say where somebody is writing.</summary>
    public GraphException Refusal() => new(
        $"{(isGradient ? "The gradient of " : string.Empty)}{owner.Describe()} is being written by another call or edit, and can only be written by one at a time: let one end before the other begins, as by a lock around both, or give each {(isGradient ? "leaves" : "parameters")} of its own.");

    private bool TryMove(Writer writer)
    {
        while (true)
        {
            Writer? before = Volatile.Read(ref last);
            bool isHeld = before?.Turn.TryHold() is true;
            if (!isHeld && before?.Turn.IsClosed is false)
            {
                return false;
            }

            bool isMoved = Interlocked.CompareExchange(ref last, writer, before) == before;
            if (isHeld)
            {
                before!.Turn.GiveBack();
            }

            if (isMoved)
            {
                return true;
            }
        }
    }
}
