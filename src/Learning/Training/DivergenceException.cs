namespace GraphCompiler.Learning;

/// <summary>A loss, a gradient, or what a step would have made of a parameter is no finite number; the step that met it has changed nothing.</summary>
public sealed class DivergenceException : GraphException
{
    internal DivergenceException(string message, long step, double loss, string? advice = null)
        : base(message) => (Step, Loss, Advice) = (step, loss, advice);

    /// <summary>The number of the step, the first being 0.</summary>
    public long Step { get; }

    /// <summary>The loss of its batch.</summary>
    public double Loss { get; }

    /// <summary>What to look for where the batch does not tell it; null if the message says all.</summary>
    internal string? Advice { get; }
}
