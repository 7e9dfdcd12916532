using GraphCompiler.Operations;

namespace GraphCompiler.Kernels;

/// <summary>What is to be computed, as nodes.</summary>
/// <param name="Inputs">The inputs, in the order of the arguments.</param>
/// <param name="Roots">The values.</param>
/// <param name="Seed">The input that only comes with the backward part.</param>
internal sealed record Computation(IReadOnlyList<Node> Inputs, IReadOnlyList<Root> Roots, Node? Seed)
{
    /// <summary>Conditions on sizes.</summary>
    public IReadOnlyList<Guard> Guards { get; init; } = [];

    /// <summary>The streams that each call draws random numbers for.</summary>
    public IReadOnlyList<RandomStreamOp> Streams { get; init; } = [];

    /// <summary>The roots' nodes.</summary>
    public Node[] Nodes => [.. Roots.Select(r => r.Node)];

    /// <summary>The same values, as a pass over nodes leaves them.</summary>
    public Computation After(Func<Node[], Node[]> pass)
    {
        Node[] nodes = pass(Nodes);
        return this with { Roots = [.. Roots.Select((r, i) => r with { Node = nodes[i] })] };
    }

    /// <summary>The same with what its nodes ask of every call, sizes and draws: passes may drop the nodes, but not that.</summary>
    public Computation WithDemands()
    {
        List<Node> nodes = GraphWalk.TopologicalOrder(Nodes);
        IEnumerable<Node> inside = nodes.Where(n => n.Op is LoopOp or BranchOp).SelectMany(n => n.Op.Bodies).SelectMany(b => GraphWalk.WithBodies(b.Results));
        return this with
        {
            Guards = [.. Guards.Concat(nodes.Concat(inside).SelectMany(n => n.Guards)).Distinct()],
            Streams = [.. nodes.Select(n => n.Op).OfType<RandomStreamOp>()],
        };
    }
}
