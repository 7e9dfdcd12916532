namespace GraphCompiler.Learning.Modules;

/// <summary>A module with all that is in it, each in its place.</summary>
internal sealed class ModuleTree
{
    private readonly List<(string Path, Module Module)> modules = [];
    private readonly List<ModuleParameter> parameters = [];
    private readonly Dictionary<Module, string> places = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Parameter, string> first = [];
    private readonly Dictionary<string, (object Held, string Member)> named = [];
    private readonly HashSet<Parameter> frozen = [];
    private readonly HashSet<Module> within = new(ReferenceEqualityComparer.Instance);

    private ModuleTree()
    {
    }

    /// <summary>Each module once, the whole first.</summary>
    public IReadOnlyList<(string Path, Module Module)> Modules => modules;

    /// <summary>Each parameter in each place.</summary>
    public IReadOnlyList<ModuleParameter> Parameters => parameters;

    /// <summary>Walks a module.</summary>
    /// <exception cref="InvalidOperationException">Two members have one name, a module that is not tied is in two places, or one is within itself.</exception>
    public static ModuleTree Of(Module module)
    {
        var tree = new ModuleTree();
        tree.Visit(module, string.Empty, isSaved: true, isShared: false);
        for (int i = 0; i < tree.parameters.Count; i++)
        {
            ModuleParameter placed = tree.parameters[i];
            tree.parameters[i] = placed with { IsTrained = placed.Alias is null && !placed.IsBuffer && !tree.frozen.Contains(placed.Parameter) };
        }

        return tree;
    }

    /// <summary>Where a module is in the tree's; null if it is not.</summary>
    public string? PathOf(Module module) => places.GetValueOrDefault(module);

    private void Visit(Module module, string path, bool isSaved, bool isShared)
    {
        // What is in a module that is tied is so, too.
        isShared |= module.IsTied;
        int before = parameters.Count;
        if (!within.Add(module))
        {
            throw new InvalidOperationException($"{Called(module)} at '{path}' is within itself: it is what is at '{places[module]}', too. A module's fields lead to what it is made of, not back to what it is in.");
        }

        bool isFirst = places.TryAdd(module, path);
        if (isFirst)
        {
            modules.Add((path, module));
        }

        foreach (ModuleMember member in ModuleMembers.Of(module))
        {
            foreach ((string name, object held) in ModuleMembers.Held(member.Name, member.Field.GetValue(module)))
            {
                string place = path.Length == 0 || name.Length == 0 ? path + name : $"{path}.{name}";
                string said = $"{member.Field.DeclaringType!.Name}.{ModuleMembers.Written(member.Field.Name)}";
                if (name.Length > 0 && !named.TryAdd(place, (held, said)))
                {
                    // What a constructor's parameter holds, a property may hold as well.
                    (object other, string where) = named[place];
                    if (other == held)
                    {
                        continue;
                    }

                    throw new InvalidOperationException($"{where} and {said} of {Called(module)}{At(path)} have one name, '{name}', under which only one can be found; give one of them another by [Named(\"…\")].");
                }

                if (held is Module inner)
                {
                    Visit(inner, place, isSaved && !member.IsTransient, isShared);
                }
                else
                {
                    Add(module, (Parameter)held, name.Length > 0 ? place : throw new InvalidOperationException($"{said} of {Called(module)}{At(path)} is a parameter and needs a name; modules and lists may have none."), isSaved && !member.IsTransient);
                }
            }
        }

        within.Remove(module);
        if (!isFirst && !isShared && parameters.Count > before)
        {
            throw new InvalidOperationException($"{Called(module)} is in two places, '{places[module]}' and '{path}', which share its parameters. If that is meant, say so where it is made, by .Tied(); else make two.");
        }
    }

    private void Add(Module owner, Parameter parameter, string place, bool isSaved)
    {
        string? alias = first.GetValueOrDefault(parameter);
        if (alias is null)
        {
            first.Add(parameter, place);
        }

        if (owner.Frozen)
        {
            frozen.Add(parameter);
        }

        parameters.Add(new ModuleParameter(place, parameter, owner, alias, isSaved));
    }

    private static string Called(Module module) => module.ToString();

    private static string At(string path) => path.Length == 0 ? string.Empty : $" at '{path}'";
}
