namespace GraphCompiler.Learning.Modules;

/// <summary>That a module is being defined, within others.</summary>
internal readonly struct Definition : IDisposable
{
    private const string Named = "GraphCompiler.Learning.Named";

    private static readonly AsyncLocal<Frame?> Innermost = new();

    private readonly Frame? outer;

    private Definition(Frame? outer) => this.outer = outer;

    /// <summary>Begins to define a module, until it is disposed of.</summary>
    /// <exception cref="InvalidOperationException">It is used in another module, but is in none of its fields.</exception>
    public static Definition Begin(Module module)
    {
        Frame? outer = Innermost.Value;
        ModuleTree tree = outer?.Tree ?? module.Walk();
        if (tree.PathOf(module) is null && module.NamedParameters().Count > 0 && (tree = outer!.Root.Walk()).PathOf(module) is null)
        {
            throw new InvalidOperationException($"{module} is used in {outer.Root}, but is in none of the fields of it or of what is in it: its parameters would be neither trained nor saved. Keep it in a field, or in an array, list or dictionary in one.");
        }

        Innermost.Value = new Frame(module, outer?.Root ?? module, tree, outer);
        return new Definition(outer);
    }

    /// <summary>How messages call a module: by its path, if it has one, and by what it is.</summary>
    public static string Describe(Module module) => PathOf(module) is { Length: > 0 } path ? $"'{path}' ({module})" : $"{module}";

    /// <summary>Where a module is in what is being defined, or in a larger model that was walked; of one that is in two models, the place in this.</summary>
    public static string PathOf(Module module) => Innermost.Value?.Tree.PathOf(module) is { } here && here != module.Path && !module.Path.EndsWith($".{here}", StringComparison.Ordinal) && here.Length > 0 ? here : module.Path;

    /// <summary>The same error with the module's name in front; null if it has that of one within already.</summary>
    public static GraphException? Name(Module module, GraphException error)
    {
        if (error.Data.Contains(Named))
        {
            return null;
        }

        string message = $"{Describe(module)}: {error.Message}";
        GraphException? named = error switch
        {
            ShapeException => new ShapeException(message, error),
            DTypeException => new DTypeException(message, error),
            SizeException => new SizeException(message, error),
            GradientException => new GradientException(message),

            // Others tell more than a message.
            _ => error.GetType() == typeof(GraphException) ? new GraphException(message, error) : null,
        };
        named?.Data[Named] = true;
        return named;
    }

    /// <summary>Whether a module is frozen: it, or what uses it where it is in no field, as a layer that is made where it is used.</summary>
    public static bool IsFrozen(Module module) => module.Frozen || (Innermost.Value is { } frame && frame.Tree.PathOf(module) is null && frame.Module.Frozen);

    public void Dispose() => Innermost.Value = outer;

    private sealed record Frame(Module Module, Module Root, ModuleTree Tree, Frame? Outer);
}
