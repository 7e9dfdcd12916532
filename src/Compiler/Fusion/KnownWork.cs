using GraphCompiler.Kernels;

namespace GraphCompiler.Fusion;

/// <summary>What each node with a value of its own computes, found once.</summary>
internal sealed class KnownWork(IMaterialization materialization)
{
    private readonly Dictionary<Node, NodeWork> known = [];

    public NodeWork Of(Node node) => known.TryGetValue(node, out NodeWork? work) ? work : known[node] = NodeWork.Of(node, materialization);
}
