using GraphCompiler.Threading;

namespace GraphCompiler.Nodes;

/// <summary>What writes parameters and gradients, one call at a time.</summary>
internal sealed class Writer
{
    private Turn turn;

    /// <summary>Which call writes.</summary>
    public ref Turn Turn => ref turn;

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
