namespace GraphCompiler.Learning;

/// <summary>The name of a field or property of a <see cref="Module"/> where it is not the member's own in snake case, as <c>[Named("running_var")]</c>.</summary>
/// <param name="name">A part of a path, without dots, such as <c>ln_1</c>; empty for a module whose parts are called as if they were here, or a list or dictionary whose items are called by their numbers or keys alone.</param>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class NamedAttribute(string name) : Attribute
{
    /// <summary>The name.</summary>
    public string Name { get; } = name;
}
