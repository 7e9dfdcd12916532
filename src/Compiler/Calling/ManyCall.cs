namespace GraphCompiler.Calling;

/// <summary>
/// What a delegate made by <see cref="TypedDelegate"/> calls if it has more parameters than <see cref="TypedCall"/> takes, or ones that are no memory of a known type: a list
/// is filled, one parameter after the other, and given to the graph. Calls that do not overlap use one list.
/// </summary>
internal sealed class ManyCall(CompiledGraph graph, bool returns)
{
    private readonly int destinations = returns ? 0 : graph.Graph.Outputs.Count;
    private Lists? idle;

    /// <summary>Empty lists.</summary>
    public Lists Begin() => Interlocked.Exchange(ref idle, null) ?? new Lists(new Argument[graph.Graph.Inputs.Count], new Destination[destinations]);

    /// <summary>Runs the graph on what is in the lists.</summary>
    /// <returns>The outputs, unless they went to destinations.</returns>
    public RunResults? Run(Lists lists, CancellationToken cancellation)
    {
        try
        {
            if (returns)
            {
                return graph.Run(lists.Arguments, cancellation);
            }

            graph.Run(lists.Arguments, lists.Destinations, cancellation);
            return null;
        }
        finally
        {
            // What was given is not held on to.
            Array.Clear(lists.Arguments);
            Array.Clear(lists.Destinations);
            Volatile.Write(ref idle, lists);
        }
    }

    /// <summary>What a call is given.</summary>
    internal sealed record Lists(Argument[] Arguments, Destination[] Destinations);
}
