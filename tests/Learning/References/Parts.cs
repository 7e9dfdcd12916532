using System.Collections;

namespace GraphCompiler.Learning.Tests.References;

/// <summary>Modules by name, as PyTorch's ModuleDict.</summary>
internal class Parts<TModule> : Module, IEnumerable<KeyValuePair<string, TModule>>
    where TModule : Module
{
    [Named("")]
    private readonly Dictionary<string, TModule> parts = [];

    public TModule this[string name]
    {
        get => parts[name];
        set => parts.Add(name, value);
    }

    public IEnumerator<KeyValuePair<string, TModule>> GetEnumerator() => parts.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>Layers by name.</summary>
internal sealed class Parts : Parts<Layer>;
