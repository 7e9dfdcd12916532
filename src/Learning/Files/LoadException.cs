namespace GraphCompiler.Learning;

/// <summary>A file that does not fit the module that it was to be loaded into. Nothing was loaded.</summary>
public sealed class LoadException : GraphException
{
    internal LoadException(Module module, LoadReport report)
        : base($"{module} is not loaded, for '{report.Path}' does not fit it:{Environment.NewLine}{report}") => Report = report;

    /// <summary>What fits, and what does not.</summary>
    public LoadReport Report { get; }
}
