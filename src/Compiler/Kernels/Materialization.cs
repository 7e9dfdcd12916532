using GraphCompiler.Operations;

namespace GraphCompiler.Kernels;

/// <summary>Which nodes have a value of their own, in a buffer; the others are computed where they are read. What would be if a node had none is another such value.</summary>
internal sealed class Materialization : IMaterialization
{
    private readonly HashSet<Node> nodes;
    private readonly Node? without;
    private readonly bool leavesLast;

    /// <param name="nodes">The nodes that have.</param>
    /// <param name="leavesLast">Whether parameters and constants stay as they are from call to call.</param>
    public Materialization(IEnumerable<Node> nodes, bool leavesLast)
        : this([.. nodes], null, leavesLast)
    {
    }

    private Materialization(HashSet<Node> nodes, Node? without, bool leavesLast) => (this.nodes, this.without, this.leavesLast) = (nodes, without, leavesLast);

    /// <summary>The nodes that have a value of their own.</summary>
    public IEnumerable<Node> Nodes => nodes.Where(IsMaterialized);

    /// <summary>Whether parameters and constants stay as they are from call to call.</summary>
    public bool LeavesLast => leavesLast;

    public bool IsMaterialized(Node node) => node != without && nodes.Contains(node);

    /// <summary>Whether a node's values stay as they are from call to call, so that what is made of them once can be kept.</summary>
    public bool IsLasting(Node node) => leavesLast && node.Op is ParameterOp or ConstantOp;

    /// <summary>The same if a node had no value.</summary>
    public Materialization Without(Node node) => new(without is null ? nodes : [.. Nodes], node, leavesLast);
}
