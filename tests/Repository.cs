namespace GraphCompiler.Tests;

/// <summary>Where the sources and pages are.</summary>
internal static class Repository
{
    /// <summary>From where the tests run upward: paths in the assembly do not name this machine's folders.</summary>
    public static string Root { get; } = FindRoot();

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "GraphCompiler.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds GraphCompiler.sln.");
    }
}
