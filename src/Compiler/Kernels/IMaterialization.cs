namespace GraphCompiler.Kernels;

/// <summary>Decides which nodes have a buffer of their own; the others are computed where they are read.</summary>
internal interface IMaterialization
{
    bool IsMaterialized(Node node);

    /// <summary>Whether a node's values stay as they are from call to call, so that what is made of them once can be kept.</summary>
    bool IsLasting(Node node);
}
