namespace GraphCompiler.Learning;

/// <summary>A loss or a gradient is no finite number; the step that met it has changed nothing.</summary>
/// <param name="message">What is not finite, at which step, and what helps.</param>
public sealed class DivergenceException(string message) : GraphException(message);
