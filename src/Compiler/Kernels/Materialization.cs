using GraphCompiler.Operations;

namespace GraphCompiler.Kernels;

/// <summary>Which nodes have a value of their own, in a buffer; the others are computed where they are read. What would be if a node had none is another such value.</summary>
internal sealed class Materialization : IMaterialization
{
    // A node has a value if it is in an odd number of layers: each holds what differs from those below it.
    private readonly HashSet<Node> layer;
    private readonly Materialization? below;
    private readonly bool leavesLast;
    private readonly IReadOnlySet<Node> staying;

    /// <param name="nodes">The nodes that have.</param>
    /// <param name="leavesLast">Whether parameters and constants stay as they are from call to call.</param>
    /// <param name="staying">What else stays as it is, from step to step of a loop.</param>
    public Materialization(IEnumerable<Node> nodes, bool leavesLast, IReadOnlySet<Node>? staying = null)
        : this([.. nodes], below: null, leavesLast, staying ?? new HashSet<Node>())
    {
    }

    private Materialization(HashSet<Node> layer, Materialization? below, bool leavesLast, IReadOnlySet<Node> staying) =>
        (this.layer, this.below, this.leavesLast, this.staying) = (layer, below, leavesLast, staying);

    public bool IsMaterialized(Node node)
    {
        bool has = false;
        for (Materialization? each = this; each is not null; each = each.below)
        {
            has ^= each.layer.Contains(node);
        }

        return has;
    }

    /// <summary>Whether a node's values stay as they are from call to call, or from step to step of a loop, so that what is made of them once can be kept.</summary>
    public bool IsLasting(Node node) => (leavesLast && node.Op is ParameterOp or ConstantOp) || staying.Contains(node);

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
    public Materialization Without(Node node) => new(IsMaterialized(node) ? [node] : [], below: this, leavesLast, staying);

    /// <summary>The same if some nodes had no value, and one had.</summary>
    public Materialization With(Node node, IEnumerable<Node> without)
    {
        HashSet<Node> changed = [.. without.Where(IsMaterialized)];
        if (!IsMaterialized(node))
        {
            changed.Add(node);
        }

        return new(changed, below: this, leavesLast, staying);
    }

    /// <summary>The same, to be changed further: a layer takes in those below that are no larger, so that there are few, and each node moves up few times.</summary>
    public Materialization Kept() => Merged(layer => layer.Count);

    /// <summary>The same, to be asked often: one layer.</summary>
    public Materialization Settled() => Merged(_ => int.MaxValue);

    private Materialization Merged(Func<HashSet<Node>, int> most)
    {
        HashSet<Node> merged = [.. layer];
        Materialization? rest = below;
        while (rest is not null && rest.layer.Count <= most(merged))
        {
            merged.SymmetricExceptWith(rest.layer);
            rest = rest.below;
        }

        return new(merged, rest, leavesLast, staying);
    }
}
