using GraphCompiler.Operations;

namespace GraphCompiler.Differentiation;

/// <summary>Says why there is no gradient: what on the way has none, or cuts it off.</summary>
internal static class GradientCut
{
    /// <summary>Why a node does not require a gradient.</summary>
    public static string NotRequired(Node node)
    {
        if (!node.DType.IsFloat())
        {
            return $"{node.Describe()} does not require a gradient: {node.DType.Display()} has no gradients, only float32 and float64 have.";
        }

        Node? cut = GraphWalk.TopologicalOrder([node], n => n.RequiresGrad).Find(n => n.CutsGradient);
        string why = node is Leaf ? "make it with requiresGrad: true"
            : cut is not null ? Explain(cut)
            : GraphWalk.TopologicalOrder([node]).Exists(n => n is Leaf) ? "nothing that it depends on does; make an input with requiresGrad: true"
            : "it depends on no input and no parameter; a derivative of something linear is such a constant";
        return $"{node.Describe()} does not require a gradient: {why}.";
    }

    /// <summary>Why outputs do not reach a target.</summary>
    /// <param name="outputs">The outputs.</param>
    /// <param name="target">The target.</param>
    /// <param name="said">What the caller calls it.</param>
    /// <param name="advice">What the caller can do.</param>
    public static string NotReached(IReadOnlyList<Node> outputs, Node target, string said, string advice)
    {
        // Whatever holds the target, gradients or not.
        HashSet<Node> above = [target];
        Node? cut = null;
        foreach (Node node in GraphWalk.TopologicalOrder(outputs))
        {
            if (node.Inputs.Any(above.Contains))
            {
                above.Add(node);
                cut ??= node.CutsGradient ? node : null;
            }
        }

        string how = cut is not null && outputs.Any(above.Contains) ? $" by gradients: {Explain(cut)}" : string.Empty;
        return $"{outputs[0].Describe()} does not depend on {said}{how}; {advice}.";
    }

    private static string Explain(Node cut) => cut.Op switch
    {
        DetachOp => $"{cut.Describe()} cuts them off",
        _ when !cut.Results.Any(r => r.DType.IsFloat()) => $"they end at {cut.Describe()}, for {cut.Results[0].DType.Display()} has no gradients",
        _ when !cut.Op.IsDifferentiable => $"{cut.Describe()} has none",
        _ => $"{cut.Describe()} was made under NoGrad",
    };
}
