namespace GraphCompiler.Loops;

/// <summary>Which locals differ between the iterations of one loop: its variable, its accumulators, and all that is computed from them.</summary>
internal sealed class LoopVariance
{
    private readonly HashSet<Local> varying;

    // Filled only once the set of varying locals is final.
    private readonly Dictionary<LoopValue, bool> known = new(ReferenceEqualityComparer.Instance);

    private LoopVariance(HashSet<Local> varying) => this.varying = varying;

    /// <summary>Finds them by a fixpoint over the body's declarations and assignments.</summary>
    public static LoopVariance Of(For loop)
    {
        HashSet<Local> varying = [loop.Variable, .. loop.Reductions.Select(reduction => reduction.Accumulator)];
        List<LoopStatement> statements = [.. LoopTree.Statements(loop.Body)];
        bool changed = true;
        while (changed)
        {
            // What was found fixed before a local turned out to vary is looked at again in the next round.
            changed = false;
            var step = new LoopVariance(varying);
            foreach (LoopStatement statement in statements)
            {
                // What a routine returns is told by memory too.
                changed |= LoopTree.Target(statement) is { } target && (statement is Invoke || LoopTree.Values(statement).Any(step.Varies)) && varying.Add(target);
            }
        }

        return new LoopVariance(varying);
    }

    public bool Varies(Local local) => varying.Contains(local);

    public bool Varies(LoopValue value)
    {
        if (value is Local local)
        {
            return varying.Contains(local);
        }

        if (!known.TryGetValue(value, out bool result))
        {
            result = LoopTree.Arguments(value).Any(Varies);
            known.Add(value, result);
        }

        return result;
    }
}
