namespace GraphCompiler.Learning;

/// <summary>What a field or property of a <see cref="Module"/> holds is no part of what is saved and loaded, as caches and tables are that can be made again.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class TransientAttribute : Attribute;
