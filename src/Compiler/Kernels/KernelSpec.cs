using GraphCompiler.Operations;

namespace GraphCompiler.Kernels;

/// <summary>What one kernel computes, or a few that belong together.</summary>
/// <param name="Nodes">The nodes that have a value of their own in it, in topological order; all others are computed inside these.</param>
/// <param name="Stored">The nodes whose values lie in memory afterwards.</param>
internal abstract record KernelSpec(IReadOnlyList<Node> Nodes, IReadOnlyList<Node> Stored)
{
    /// <summary>The nodes whose values it reads from memory.</summary>
    public abstract IEnumerable<Node> Sources { get; }
}

/// <summary>Elementwise work, reductions and picked elements over one domain.</summary>
/// <param name="Nodes">The nodes.</param>
/// <param name="Stored">Those that lie in memory afterwards.</param>
/// <param name="Domain">What the kernel runs over.</param>
/// <param name="Work">What each node computes.</param>
internal sealed record FusedSpec(IReadOnlyList<Node> Nodes, IReadOnlyList<Node> Stored, Domain Domain, IReadOnlyDictionary<Node, NodeWork> Work) : KernelSpec(Nodes, Stored)
{
    public override IEnumerable<Node> Sources => Work.Values
        .SelectMany(w => w.Sources.Concat(new[] { w.Index, w.Table }.OfType<View>().Select(v => v.Source)))
        .Except(Nodes);
}

/// <summary>An operation whose kernel has a form of its own.</summary>
/// <param name="Operation">The operation.</param>
/// <param name="Results">The operation, or the results that are taken of it.</param>
/// <param name="Operands">How its inputs are computed or read.</param>
internal sealed record OperationSpec(Node Operation, IReadOnlyList<Node> Results, IReadOnlyList<PointwiseExpression> Operands) : KernelSpec(Results, Results)
{
    public override IEnumerable<Node> Sources => Operands.SelectMany(o => o.Reads).Where(r => r.Buffer is not null).Select(r => r.View.Source).Distinct();

    /// <summary>The node of a result; null if nobody takes it.</summary>
    public Node? ResultOf(int index) => Operation.Results.Count == 1 ? Results[0] : Results.FirstOrDefault(r => ((OutputOp)r.Op).Index == index);

    /// <summary>How an input is computed or read.</summary>
    public PointwiseExpression OperandOf(Node input) => Operands.First(o => o.Root == input);

    /// <summary>How an input is read that lies in memory.</summary>
    public View ViewOf(Node input) => OperandOf(input).Leaves[input].View;
}
