namespace GraphCompiler.Kernels.Products;

/// <summary>A matrix product, with elementwise work before and after it.</summary>
/// <param name="Nodes">The node that the product's kernel computes, itself the product or at the end of its epilogue; the others are elementwise work on it.</param>
/// <param name="Stored">Those that lie in memory afterwards.</param>
/// <param name="Choice">The ways to compute it.</param>
internal sealed record ProductSpec(IReadOnlyList<Node> Nodes, IReadOnlyList<Node> Stored, MatMulChoice Choice) : KernelSpec(Nodes, Stored)
{
    public override IEnumerable<Node> Sources => Choice.Problem.A.Sources
        .Concat(Choice.Problem.B.Sources)
        .Concat(Choice.Problem.Epilogue?.Sources ?? [])
        .Concat(Choice.Problem.Further?.Sources ?? [])
        .Except(Nodes);
}
