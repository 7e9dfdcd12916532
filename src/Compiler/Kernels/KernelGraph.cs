namespace GraphCompiler.Kernels;

/// <summary>A program cut into kernels.</summary>
/// <param name="Specs">The kernels, in an order in which they may run.</param>
/// <param name="Materialization">Which nodes have a value of their own.</param>
/// <param name="Log">What was joined and what was refused.</param>
/// <param name="Steps">How many pairs of kernels, and edges between kernels, were looked at.</param>
internal sealed record KernelGraph(IReadOnlyList<KernelSpec> Specs, Materialization Materialization, FusionLog Log, long Steps);
