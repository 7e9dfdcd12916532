using GraphCompiler.Operations;

namespace GraphCompiler.Differentiation;

/// <summary>What moves where something else does, as far as gradients are recorded, for operations that are made of functions.</summary>
internal static class Moving
{
    /// <summary>Which results of a loop or a branch move with inputs.</summary>
    public static bool[] Results(Op op, bool[] inputs)
    {
        switch (op)
        {
            case LoopOp loop:
                // What is carried moves from the step after that on in which something moved that it is made of.
                bool[] given = [.. inputs];
                bool[] results;
                bool hasChanged;
                do
                {
                    results = Results(loop.Body, given);
                    hasChanged = false;
                    for (int i = 0; i < loop.Carried; i++)
                    {
                        hasChanged |= results[i] && !given[i];
                        results[i] = given[i] |= results[i];
                    }
                }
                while (hasChanged);
                return results;
            case BranchOp branch:
                return [.. Results(branch.Then, inputs[1..]).Zip(Results(branch.Otherwise, inputs[1..]), (a, b) => a || b)];
            default:
                throw new InvalidOperationException($"{op.Name} is made of no functions that are asked what moves.");
        }
    }

    private static bool[] Results(Function function, bool[] parameters)
    {
        HashSet<Node> moving = [.. function.Parameters.Where((_, i) => parameters[i])];
        foreach (Node node in GraphWalk.TopologicalOrder(function.Results))
        {
            if (!node.CutsGradient && node.Op.IsDifferentiable && node.Results.Any(r => r.DType.IsFloat()) && node.Inputs.Any(moving.Contains))
            {
                moving.Add(node);
            }
        }

        return [.. function.Results.Select(moving.Contains)];
    }
}
