namespace GraphCompiler.Nodes;

/// <summary>
/// The time in which the body of a function is built. Nodes know the innermost trace in which they were made; so what existed before is told from what
/// belongs to the body, and what a body gave away is known for what it is when it is used outside. A trace flows with async, as the grad mode does.
/// </summary>
internal sealed class BodyTrace
{
    private static readonly AsyncLocal<BodyTrace?> Innermost = new();

    private BodyTrace(string function) => Function = function;

    /// <summary>The trace that nodes made now belong to; null outside of all bodies.</summary>
    public static BodyTrace? Current => Innermost.Value;

    /// <summary>The function whose body it is, for messages.</summary>
    public string Function { get; }

    /// <summary>Whether the body is built: its nodes are of no use any more.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Builds a body.</summary>
    public static T Of<T>(string function, Func<BodyTrace, T> build)
    {
        var trace = new BodyTrace(function);
        try
        {
            return Within(trace, () => build(trace));
        }
        finally
        {
            trace.HasEnded = true;
        }
    }

    /// <summary>Makes nodes that belong to no body: what outlives the trace that is current.</summary>
    public static T Outside<T>(Func<T> make) => Within(null, make);

    private static T Within<T>(BodyTrace? trace, Func<T> make)
    {
        BodyTrace? former = Innermost.Value;
        Innermost.Value = trace;
        try
        {
            return make();
        }
        finally
        {
            Innermost.Value = former;
        }
    }
}
