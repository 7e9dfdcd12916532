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
            string advice = node is Parameter { DType: not DType.Bool } ? "; make it of floats, such as 0f" : string.Empty;
            return $"{node.Describe()} does not require a gradient: {node.DType.Display()} has no gradients, only float32 and float64 have{advice}.";
        }

        Node? cut = GraphWalk.TopologicalOrder([node], n => n.RequiresGrad).Find(n => n.CutsGradient);
        string why = node is Leaf ? "make it with requiresGrad: true"
            : cut is not null ? Explain(cut)
            : GraphWalk.TopologicalOrder([node]).OfType<Leaf>().MinBy(Suspicion) is { } leaf ? $"nothing that it depends on does; {Blame(leaf)}"
            : "it depends on no input and no parameter; a derivative of something linear is such a constant";
        return $"{node.Describe()} does not require a gradient: {why}.{Within(node)}";
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
        return $"{outputs[0].Describe()} does not depend on {said}{how}; {advice}.{Within(target)}";
    }

    /// <summary>What may be meant in the place of a node from outside of a body.</summary>
    private static string Within(Node node) => BodyTrace.Current is { } trace && node.MadeIn != trace
        ? $" In the body of {trace.Function}, what it is applied to is not there: the gradient may be meant in what the body is given."
        : string.Empty;

    /// <summary>Which leaf was meant to require a gradient: a parameter, rather one that can.</summary>
    private static int Suspicion(Leaf leaf) => (leaf is Parameter ? 0 : 2) + (leaf.DType.IsFloat() ? 0 : 1);

    private static string Blame(Leaf leaf) => leaf switch
    {
        Parameter when leaf.DType.IsFloat() => $"{leaf.Describe()} has requiresGrad: false",
        Parameter { DType: not DType.Bool } => $"{leaf.Describe()} is {leaf.DType.Display()} and cannot have one, write 0f instead of 0",
        _ when leaf.DType.IsFloat() => $"make an input with requiresGrad: true, such as {leaf.Describe()}",
        _ => "make an input with requiresGrad: true",
    };

    private static string Explain(Node cut) => cut.Op switch
    {
        DetachOp => $"{cut.Describe()} cuts them off",
        _ when !cut.Results.Any(r => r.DType.IsFloat()) => $"they end at {cut.Describe()}, for {cut.Results[0].DType.Display()} has no gradients",
        _ when !cut.Op.IsDifferentiable => $"{cut.Describe()} has none",
        _ => $"{cut.Describe()} was made under NoGrad",
    };
}
