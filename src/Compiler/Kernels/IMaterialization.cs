namespace GraphCompiler.Kernels;

/// <summary>Which nodes have a value of their own, decided or still in the making.</summary>
internal interface IMaterialization
{
    bool IsMaterialized(Node node);
}
