using System.Collections.Immutable;
using GraphCompiler.Operations;

namespace GraphCompiler.Kernels;

/// <summary>Which nodes have a value of their own, in a buffer; the others are computed where they are read. What would be if a node had none is another such value.</summary>
internal sealed class Materialization : IMaterialization
{
    private readonly HashSet<Node> nodes;
    private readonly ImmutableDictionary<Node, bool> changes;
    private readonly bool leavesLast;

    /// <param name="nodes">The nodes that have.</param>
    /// <param name="leavesLast">Whether parameters and constants stay as they are from call to call.</param>
    public Materialization(IEnumerable<Node> nodes, bool leavesLast)
        : this([.. nodes], ImmutableDictionary<Node, bool>.Empty, leavesLast)
    {
    }

    private Materialization(HashSet<Node> nodes, ImmutableDictionary<Node, bool> changes, bool leavesLast) =>
        (this.nodes, this.changes, this.leavesLast) = (nodes, changes, leavesLast);

    public bool IsMaterialized(Node node) => !changes.IsEmpty && changes.TryGetValue(node, out bool has) ? has : nodes.Contains(node);

    /// <summary>Whether a node's values stay as they are from call to call, so that what is made of them once can be kept.</summary>
    public bool IsLasting(Node node) => leavesLast && node.Op is ParameterOp or ConstantOp;

    /// <summary>The node in whose buffer the value of a root lies.</summary>
    public Node SourceOf(Node root)
    {
        while (root.Op is MovementOp && !IsMaterialized(root))
        {
            root = root.Inputs[0];
        }

        return root;
    }

    /// <summary>The same if a node had no value.</summary>
    public Materialization Without(Node node) => new(nodes, changes.SetItem(node, false), leavesLast);

    /// <summary>The same if some nodes had no value, and one had.</summary>
    public Materialization With(Node node, IEnumerable<Node> without) =>
        new(nodes, changes.SetItems(without.Select(n => KeyValuePair.Create(n, false))).SetItem(node, true), leavesLast);

    /// <summary>The same, to be asked often.</summary>
    public Materialization Settled() => new(nodes.Concat(changes.Keys).Where(IsMaterialized), leavesLast);
}
