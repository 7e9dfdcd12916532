namespace GraphCompiler.Learning;

/// <summary>What is said of a module where it is made.</summary>
public static class ModuleExtensions
{
    /// <summary>Lets a module be in several places of a model: they share its parameters, on purpose.</summary>
    /// <typeparam name="TModule">The module's type.</typeparam>
    /// <param name="module">The module.</param>
    /// <returns>The same module.</returns>
    public static TModule Tied<TModule>(this TModule module)
        where TModule : Module
    {
        ArgumentNullException.ThrowIfNull(module);
        module.MarkTied();
        return module;
    }
}
