namespace GraphCompiler;

/// <summary>What random functions draw in a function that is mapped over examples.</summary>
public enum VmapRandomness
{
    /// <summary>Each example other numbers.</summary>
    Different,

    /// <summary>All examples the same numbers, those that the function would draw by itself.</summary>
    Same,
}
