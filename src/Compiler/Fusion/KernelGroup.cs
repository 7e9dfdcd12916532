using GraphCompiler.Kernels;
using GraphCompiler.Kernels.Products;

namespace GraphCompiler.Fusion;

/// <summary>Nodes that one kernel computes.</summary>
/// <param name="Nodes">The nodes that have a value of their own in it, in topological order; all others are computed inside these.</param>
/// <param name="Domain">What the kernel runs over; null for a single node whose operation has a lowering of its own.</param>
internal sealed record KernelGroup(IReadOnlyList<Node> Nodes, Domain? Domain)
{
    /// <summary>The node that is computed by a matrix product's kernel, itself a product or at the end of its epilogue; the others are elementwise work on it.</summary>
    public Node? Product { get; init; }

    /// <summary>The elementwise work at whose end that node is.</summary>
    public Epilogue? Epilogue { get; init; }

    /// <summary>The nodes whose values lie in memory afterwards.</summary>
    public required IReadOnlyList<Node> Stored { get; init; }
}

/// <summary>A program cut into kernels.</summary>
/// <param name="Groups">The kernels, in an order in which they may run.</param>
/// <param name="Reads">What their nodes read.</param>
/// <param name="Log">What was joined and what was refused.</param>
/// <param name="Steps">How many pairs of kernels, and edges between kernels, were looked at.</param>
internal sealed record Fused(IReadOnlyList<KernelGroup> Groups, AnchorReads Reads, FusionLog Log, long Steps);
