namespace GraphCompiler.Learning;

/// <summary>A parameter or buffer in its place in a module.</summary>
/// <param name="Path">The place, such as <c>layers.0.weight</c>.</param>
/// <param name="Parameter">What is there.</param>
/// <param name="Owner">The module in whose field it is.</param>
/// <param name="Alias">The path of the first place of the same parameter; null if this is the first.</param>
/// <param name="IsSaved">Whether it is part of what is saved and loaded, which a <see cref="TransientAttribute"/> denies.</param>
public sealed record ModuleParameter(string Path, Parameter Parameter, Module Owner, string? Alias, bool IsSaved)
{
    /// <summary>Whether no optimiser trains it: it has no gradients.</summary>
    public bool IsBuffer => !Parameter.RequiresGrad;

    /// <summary>Whether training changes it, which it says of one place only: it is no buffer, and in no module that is <see cref="Module.Frozen"/>.</summary>
    public bool IsTrained { get; internal init; }
}
