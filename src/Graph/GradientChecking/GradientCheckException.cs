namespace GraphCompiler;

/// <summary>A gradient that differences contradict, or cannot confirm.</summary>
public sealed class GradientCheckException : GraphException
{
    internal GradientCheckException(string message, GradientReport report)
        : base(message) => Report = report;

    /// <summary>What was compared.</summary>
    public GradientReport Report { get; }
}
