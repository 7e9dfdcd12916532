namespace GraphCompiler.Learning;

/// <summary>A parameter or buffer in its place in a module.</summary>
public sealed record ModuleParameter
{
    internal ModuleParameter(string path, Parameter parameter, Module owner, string? alias, bool isSaved) => (Path, Parameter, Owner, Alias, IsSaved) = (path, parameter, owner, alias, isSaved);

    /// <summary>The place, such as <c>layers.0.weight</c>.</summary>
    public string Path { get; }

    /// <summary>What is there.</summary>
    public Parameter Parameter { get; }

    /// <summary>The module in whose field it is.</summary>
    public Module Owner { get; }

    /// <summary>The path of the first place of the same parameter; null if this is the first.</summary>
    public string? Alias { get; }

    /// <summary>Whether it is part of what is saved and loaded, which a <see cref="TransientAttribute"/> denies.</summary>
    public bool IsSaved { get; }

    /// <summary>Whether no optimiser trains it: it has no gradients.</summary>
    public bool IsBuffer => !Parameter.RequiresGrad;

    /// <summary>Whether training changes it, which it says of one place only: it is no buffer, and in no module that is <see cref="Module.Frozen"/>.</summary>
    public bool IsTrained { get; internal init; }
}
