namespace GraphCompiler.Learning;

/// <summary>A loss or a gradient is no finite number; the step that met it has changed nothing.</summary>
public sealed class DivergenceException : GraphException
{
    internal DivergenceException(string message)
        : base(message)
    {
    }
}
