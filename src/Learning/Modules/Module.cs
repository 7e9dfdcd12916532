using System.Diagnostics.CodeAnalysis;

namespace GraphCompiler.Learning;

/// <summary>
/// A part of a model: an object that owns parameters, and other modules, in its fields. What it computes is its own affair; a <see cref="Layer"/> maps a node to a node.
/// </summary>
/// <remarks>
/// <para>
/// Nothing is registered. Whoever asks for parameters has the fields walked, those of base classes first, automatic properties and captured parameters of primary
/// constructors among them; arrays, lists and dictionaries of modules or parameters, too. A part of a path is the member's name in snake case, or what
/// <see cref="NamedAttribute"/> says; items of a list have their numbers, those of a dictionary their keys: <c>encoder.layers.0.weight</c>.
/// </para>
/// <para>
/// A parameter that is found in several places is tied, and has the path of the first. A module with parameters may be in several places only if that is said, by
/// <see cref="ModuleExtensions.Tied"/>.
/// </para>
/// </remarks>
[DynamicallyAccessedMembers(FieldsOfModules)]
public abstract partial class Module
{
    internal const DynamicallyAccessedMemberTypes FieldsOfModules = DynamicallyAccessedMemberTypes.AllFields | DynamicallyAccessedMemberTypes.AllProperties;

    private bool isFrozen;
    private bool staysFrozen;

    /// <summary>
    /// Whether the module, and all that is in it, is left as it is by training: its parameters are not among <see cref="Parameters"/>, and it is defined as at inference, without
    /// dropout and with the statistics that it has. To set it sets it for all that is in the module now, parts of which may be set otherwise after that: a model is frozen,
    /// then its head is not. It counts where the model is defined: what was compiled before stays as it is. The layer in a <see cref="Lora"/> is thawed by itself alone.
    /// </summary>
    public bool Frozen
    {
        get => isFrozen;
        set
        {
            foreach ((_, Module module) in Modules())
            {
                module.isFrozen = value || (module.staysFrozen && module != this);
            }
        }
    }

    /// <summary>Where the module is in the largest model whose parts were asked for, or that was defined: <c>encoder.layers.0</c>. Empty until then, and for a whole model.</summary>
    public string Path { get; private set; } = string.Empty;

    internal bool IsTied { get; private set; }

    /// <summary>The parameters that training changes, each once: no buffers, and nothing of what is <see cref="Frozen"/>.</summary>
    /// <exception cref="InvalidOperationException">Two members have one name, a module that is not tied is in two places, or one is within itself.</exception>
    public IReadOnlyList<Parameter> Parameters() => [.. Walk().Parameters.Where(p => p.IsTrained).Select(p => p.Parameter)];

    /// <summary>Every parameter and buffer in every place, with its path from here; those of a frozen module and those that are not saved, too.</summary>
    /// <exception cref="InvalidOperationException">Two members have one name, a module that is not tied is in two places, or one is within itself.</exception>
    public IReadOnlyList<ModuleParameter> NamedParameters() => Walk().Parameters;

    /// <summary>The module itself, whose path is empty, and all that are in it, each once, with their paths from here.</summary>
    /// <exception cref="InvalidOperationException">Two members have one name, a module that is not tied is in two places, or one is within itself.</exception>
    public IReadOnlyList<(string Path, Module Module)> Modules() => Walk().Modules;

    /// <summary>How a message calls the module: its type, and what it is made for.</summary>
    public override string ToString() => GetType().Name;

    /// <summary>What changes from step to step, but not by an optimiser, such as statistics of batches: a parameter without gradients.</summary>
    /// <typeparam name="T">float, double, int, long or bool.</typeparam>
    /// <param name="start">What every element is at first.</param>
    /// <param name="shape">The sizes.</param>
    protected static Parameter<T> Buffer<T>(T start, params ReadOnlySpan<int> shape)
        where T : unmanaged
    {
        Dim[] sizes = new Dim[shape.Length];
        for (int axis = 0; axis < sizes.Length; axis++)
        {
            sizes[axis] = shape[axis];
        }

        return Ops.Parameter("buffer", [.. sizes], start, requiresGrad: false);
    }

    /// <summary>Defines a part of a graph as this module's: errors within name it by its path. <see cref="Layer.Forward"/> does that; modules with other inputs do it by this.</summary>
    /// <typeparam name="T">What is defined: a node, or several.</typeparam>
    /// <param name="define">Defines it.</param>
    /// <exception cref="InvalidOperationException">The module is used in another one, but is in none of its fields.</exception>
    protected T Within<T>(Func<T> define) => Within(define, given: null);

    /// <summary>The same with what a layer is applied to.</summary>
    private protected T Within<T>(Func<T> define, Node? given)
    {
        ArgumentNullException.ThrowIfNull(define);
        using var definition = Definition.Begin(this);
        try
        {
            DefinitionListener.Current?.Begins(this, given);
            T result = define();
            DefinitionListener.Current?.Ends(result);
            return result;
        }
        catch (GraphException e) when (Definition.Name(this, e) is { } named)
        {
            throw named;
        }
    }

    /// <summary>Walks the module, and tells parameters and modules where they are.</summary>
    internal ModuleTree Walk()
    {
        var tree = ModuleTree.Of(this);
        foreach ((string path, Module module) in tree.Modules)
        {
            module.Path = Grown(module.Path, path);
        }

        foreach (ModuleParameter placed in tree.Parameters)
        {
            if (placed.Alias is null && IsNamedAnew(placed.Parameter, placed.Path))
            {
                placed.Parameter.Path = placed.Path;
            }
        }

        return tree;
    }

    internal void MarkTied() => IsTied = true;

    /// <summary>Freezes the module, also where what it is in is thawed.</summary>
    internal void KeepFrozen() => isFrozen = staysFrozen = true;

    /// <summary>A place as seen from a larger model ends with the place as it was known.</summary>
    private static string Grown(string known, string path) => known.Length == 0 || path.EndsWith($".{known}", StringComparison.Ordinal) ? path : known;

    /// <summary>What an optimiser remembers is called by what it trains, with a slash, wherever it is.</summary>
    private static bool IsNamedAnew(Parameter parameter, string path) =>
        parameter.Path == parameter.Name || (path.EndsWith($".{parameter.Path}", StringComparison.Ordinal) && !parameter.Path.Contains('/', StringComparison.Ordinal));
}
