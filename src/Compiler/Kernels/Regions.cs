using GraphCompiler.Operations;

namespace GraphCompiler.Kernels;

/// <summary>The two parts of a program, which run one after the other: forward and backward.</summary>
/// <param name="Computation">What is computed.</param>
/// <param name="Order">All nodes, each after its inputs; those of the forward part first.</param>
/// <param name="Forward">The nodes of the forward part; the others are of the backward part.</param>
internal sealed record Regions(Computation Computation, IReadOnlyList<Node> Order, IReadOnlySet<Node> Forward)
{
    /// <summary>Whether it is what a loop or a branch runs: each of its values has a buffer, which is none of an input's nor another value's.</summary>
    public bool IsBody { get; private init; }

    /// <summary>The inputs that are the same in each step of a loop.</summary>
    public IReadOnlySet<Node> Staying { get; private init; } = new HashSet<Node>();

    /// <summary>What a loop or a branch runs.</summary>
    /// <param name="body">The function.</param>
    /// <param name="staying">Those of its parameters that are the same in each step of a loop.</param>
    public static Regions Of(Function body, IEnumerable<Node> staying) =>
        Of(new Computation(body.Parameters, [.. body.Results.Select(r => new Root(r, IsForward: true, RootKind.Output))], Seed: null)) with
        {
            IsBody = true,
            Staying = staying.ToHashSet(),
        };

    public static Regions Of(Computation computation)
    {
        IEnumerable<Node> RootsOf(bool isForward) => computation.Roots.Where(r => r.IsForward == isForward).Select(r => r.Node);
        HashSet<Node> forward = [.. GraphWalk.TopologicalOrder(RootsOf(isForward: true))];
        List<Node> order = GraphWalk.TopologicalOrder(RootsOf(isForward: true).Concat(RootsOf(isForward: false)));

        // A kernel leaves all results of its operation, also those that the backward part alone takes.
        forward.UnionWith(order.Where(n => n.Op is OutputOp && forward.Contains(n.Inputs[0])));

        // So do those of what loops and branches run.
        forward.UnionWith(GraphWalk.WithBodies(forward.Where(n => n.Op is LoopOp or BranchOp)).ToList());
        return new Regions(computation, order, forward);
    }

    /// <summary>The part that computes a node: 0 forward, 1 backward.</summary>
    public int StageOf(Node node) => Forward.Contains(node) ? 0 : 1;
}
