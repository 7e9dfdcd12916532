namespace GraphCompiler.Learning.Tests.References;

/// <summary>A module that is to be what one of PyTorch's is, and what it makes of named inputs, as make-modules.py applies it.</summary>
/// <param name="Module">The module, as it begins.</param>
/// <param name="Apply">Named results of named inputs.</param>
internal sealed record ReferenceModel(Module Module, Func<IReadOnlyDictionary<string, Node>, Dictionary<string, Node>> Apply)
{
    /// <summary>A layer that is applied to the only input.</summary>
    public static ReferenceModel Of(Layer layer) => new(layer, x => new() { ["y"] = layer.Forward(x.Values.Single()) });

    /// <summary>Layers that are each given the input of their own name, or x.</summary>
    public static ReferenceModel Of(Parts parts) =>
        new(parts, x => parts.ToDictionary(p => p.Key, p => p.Value.Forward(x.GetValueOrDefault(p.Key) ?? x["x"])));
}
