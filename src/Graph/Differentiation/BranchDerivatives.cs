using GraphCompiler.Operations;

namespace GraphCompiler.Differentiation;

/// <summary>Derivatives of branches, which are branches of the same condition.</summary>
internal static class BranchDerivatives
{
    /// <summary>The tangents of a branch's results.</summary>
    public static Node?[] Push(BranchOp branch, Node node, Node?[] tangents)
    {
        bool[] moved = Moving.Results(branch, [.. tangents.Select(t => t is not null)]);
        int[] results = [.. Enumerable.Range(0, moved.Length).Where(i => moved[i])];
        return Both(branch, node, tangents[1..], results, moved.Length, (function, primal, directions) =>
            ForwardMode.PushWithin(function, primal, directions));
    }

    /// <summary>The cotangents of a branch's inputs.</summary>
    public static Node?[] Pull(BranchOp branch, Node node, Node?[] cotangents)
    {
        // What moves in neither function gets nothing.
        int[] targets = [.. Enumerable.Range(1, node.Inputs.Count - 1).Where(i => node.Inputs[i].RequiresGrad)];
        bool[] reached = [.. targets.Select(t => Moving.Results(branch, [.. node.Inputs.Select((_, i) => i == t)]).Zip(cotangents, (m, c) => m && c is not null).Contains(true))];
        targets = [.. targets.Where((_, i) => reached[i])];
        return Both(branch, node, cotangents, targets, node.Inputs.Count, (results, primal, seeds) =>
        {
            Node?[] pulled = ReverseMode.PullWithin(results, seeds, [.. targets.Select(t => primal[t - 1])]);
            var found = new Node?[node.Inputs.Count];
            for (int i = 0; i < targets.Length; i++)
            {
                found[targets[i]] = pulled[i] ?? Ops.ZerosLike(primal[targets[i] - 1]);
            }

            return found;
        });
    }

    /// <summary>A branch of the derivatives of both functions.</summary>
    /// <param name="branch">What is differentiated.</param>
    /// <param name="node">Its node.</param>
    /// <param name="directions">Tangents of what is captured, or cotangents of results; null for none.</param>
    /// <param name="wanted">Which of what the derivative gives is taken.</param>
    /// <param name="count">How much it gives.</param>
    /// <param name="derive">The derivative of a function, given its results, its parameters and the directions.</param>
    private static Node?[] Both(
        BranchOp branch, Node node, Node?[] directions, int[] wanted, int count, Func<Node[], Node[], Node?[], Node?[]> derive)
    {
        LoopDerivatives.RefuseEffects(node);
        var found = new Node?[count];
        if (wanted.Length == 0)
        {
            return found;
        }

        BranchOp derivative = BodyTrace.Outside(() => new BranchOp(Of(branch.Then), Of(branch.Otherwise)));
        Node both = node.CreatePart(derivative, [.. node.Inputs, .. directions.OfType<Node>()]);
        for (int i = 0; i < wanted.Length; i++)
        {
            found[wanted[i]] = LoopDerivatives.Result(both, i);
        }

        return found;

        Function Of(Function function)
        {
            Node[] primal = LoopDerivatives.Placeholders(function.Parameters);
            Node[] results = function.Apply(primal);
            Node?[] own = [.. directions.Select(d => d is null ? null : LoopDerivatives.Placeholder(d, "direction"))];
            Node?[] derived = derive(results, primal, own);
            return new Function([.. primal, .. own.OfType<Node>()], [.. wanted.Select(w => derived[w] ?? Ops.ZerosLike(results[w]))]);
        }
    }
}
