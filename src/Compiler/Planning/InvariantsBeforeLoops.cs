using GraphCompiler.Kernels;
using GraphCompiler.Operations;
using GraphCompiler.Rewriting;

namespace GraphCompiler.Planning;

/// <summary>
/// What a body makes of what is captured alone is made once, before the loop, if there is more work in it than an instruction or two an element: movements,
/// numbers and short work cost a step no more than reading what they give. What may fail stays, for the loop may have no step.
/// </summary>
internal sealed class InvariantsBeforeLoops
{
    private readonly Node loop;
    private readonly LoopOp op;
    private readonly Node[] leaving;

    private InvariantsBeforeLoops(Node loop)
    {
        (this.loop, op) = (loop, (LoopOp)loop.Op);
        HashSet<Node> invariant = [.. op.Body.Parameters.Skip(op.Carried + op.Sequences)];
        HashSet<Node> work = [];
        foreach (Node node in GraphWalk.TopologicalOrder(op.Body.Results).Where(n => !n.Op.IsLeaf && CanLeave(n.Op) && n.Inputs.All(invariant.Contains)))
        {
            invariant.Add(node);
            if (node.Inputs.Any(work.Contains) || (OpTraits.Of(node.Op) is { IsShort: false, Origin: Origin.Pointwise or Origin.Kernel }))
            {
                work.Add(node);
            }
        }

        leaving = [.. GraphWalk.TopologicalOrder(op.Body.Results, invariant.Contains).Where(work.Contains).Select(SourceOf).Distinct()];
    }

    /// <summary>A loop whose invariants have left; itself if there are none.</summary>
    public static Node Of(Node node) => node.Op is LoopOp && new InvariantsBeforeLoops(node) is { leaving.Length: > 0 } invariants ? invariants.Run() : node;

    private Node Run()
    {
        Dictionary<Node, Node> outside = op.Body.Parameters.Zip(loop.Inputs).Skip(op.Carried + op.Sequences).ToDictionary(p => p.First, p => p.Second);
        Node[] before = GraphWalk.Substitute(leaving, outside);
        Node[] own = Placeholders();
        var body = new Function([.. op.Body.Parameters, .. own], [.. GraphWalk.Substitute([.. op.Body.Results], leaving.Zip(own).ToDictionary(p => p.First, p => p.Second))]);
        Function? condition = op.Condition is null ? null : new Function([.. op.Condition.Parameters, .. Placeholders()], op.Condition.Results);
        return loop.As(op with { Body = body, Condition = condition }, [.. loop.Inputs, .. before]);

        Node[] Placeholders() => [.. leaving.Select(n => Ops.Placeholder(n.Results[0], n.Title ?? n.Op.Name, requiresGrad: false))];
    }

    private static bool CanLeave(Op op) => op is ElementwiseOp or MovementOp or ReductionOp or MatMulOp or ConvolutionOp or ConcatOp or PadOp || OpTraits.Of(op).Origin is Origin.Written or Origin.OnTheSpot;

    private static Node SourceOf(Node node)
    {
        while (node.Op is MovementOp)
        {
            node = node.Inputs[0];
        }

        return node;
    }
}
