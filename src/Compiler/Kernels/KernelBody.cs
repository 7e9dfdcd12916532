using GraphCompiler.Operations;

namespace GraphCompiler.Kernels;

/// <summary>The body of a loop, its condition, or a side of a branch, cut into kernels. Each of its results has a value of its own.</summary>
/// <param name="Function">The function, which is that of one operation alone.</param>
/// <param name="Regions">What it computes.</param>
/// <param name="Graph">The kernels.</param>
internal sealed record KernelBody(Function Function, Regions Regions, KernelGraph Graph);

/// <summary>An operation that runs functions, or does not: kernels in a loop or a branch.</summary>
/// <param name="Operation">The operation.</param>
/// <param name="Results">The operation, or the results that are taken of it.</param>
/// <param name="Inputs">In whose buffers its inputs lie.</param>
internal abstract record ControlSpec(Node Operation, IReadOnlyList<Node> Results, IReadOnlyList<Node> Inputs) : KernelSpec(Results, Results)
{
    /// <summary>Its functions.</summary>
    public abstract IReadOnlyList<KernelBody> Bodies { get; }

    public override IEnumerable<Node> Sources => Inputs.Distinct();

    /// <summary>The node of a result; null if nobody takes it.</summary>
    public Node? ResultAt(int index) => Results.FirstOrDefault(r => IndexOf(r) == index);

    /// <summary>Which result of the operation a node is.</summary>
    public static int IndexOf(Node result) => (result.Op as OutputOp)?.Index ?? 0;
}

/// <summary>A loop.</summary>
/// <param name="Operation">The operation.</param>
/// <param name="Results">The results that are taken of it.</param>
/// <param name="Inputs">In whose buffers its inputs lie; what it begins with has buffers for the loop alone, which hold what is carried.</param>
/// <param name="Body">What runs in each step.</param>
/// <param name="Condition">What is asked before each step.</param>
/// <param name="Cleared">The outputs as they are where no step writes them; null if all steps run.</param>
internal sealed record LoopSpec(Node Operation, IReadOnlyList<Node> Results, IReadOnlyList<Node> Inputs, KernelBody Body, KernelBody? Condition, KernelBody? Cleared)
    : ControlSpec(Operation, Results, Inputs)
{
    public LoopOp Op => (LoopOp)Operation.Op;

    /// <summary>The outputs that are taken.</summary>
    public IEnumerable<Node> Outputs => Results.Where(r => IndexOf(r) >= Op.Carried);

    public override IReadOnlyList<KernelBody> Bodies => [.. new[] { Cleared, Condition, Body }.OfType<KernelBody>()];
}

/// <summary>A branch.</summary>
/// <param name="Operation">The operation.</param>
/// <param name="Results">The results that are taken of it.</param>
/// <param name="Inputs">In whose buffers its inputs lie.</param>
/// <param name="Then">What runs if the condition is true.</param>
/// <param name="Otherwise">What runs if it is false.</param>
internal sealed record BranchSpec(Node Operation, IReadOnlyList<Node> Results, IReadOnlyList<Node> Inputs, KernelBody Then, KernelBody Otherwise) : ControlSpec(Operation, Results, Inputs)
{
    public override IReadOnlyList<KernelBody> Bodies => [Then, Otherwise];
}
