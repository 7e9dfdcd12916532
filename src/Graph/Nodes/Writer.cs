using GraphCompiler.Threading;

namespace GraphCompiler.Nodes;

/// <summary>What writes parameters and gradients, one call at a time.</summary>
internal sealed class Writer
{
    private Turn turn;

    /// <summary>Which call writes.</summary>
    public ref Turn Turn => ref turn;

    /// <summary>Takes the turn, which is known to be free, and claims what is to be written.</summary>
    /// <returns>Something that another writer is writing, if there is such: then the turn is given back.</returns>
    public Written? Begin(Written[] all)
    {
        if (!turn.TryTake())
        {
            throw new InvalidOperationException("A writer's turn begins within another.");
        }

        Written? refused = Claim(all);
        if (refused is not null)
        {
            turn.GiveBack();
        }

        return refused;
    }

    /// <summary>Claims what the call whose turn it is will write.</summary>
    /// <returns>Something that another writer is writing, if there is such.</returns>
    public Written? Claim(Written[] all)
    {
        foreach (Written written in all)
        {
            if (!written.TryClaim(this))
            {
                return written;
            }
        }

        return null;
    }
}
