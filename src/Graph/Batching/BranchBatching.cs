using GraphCompiler.Operations;

namespace GraphCompiler.Batching;

/// <summary>A branch for a batch: one of two functions for a batch, or, where examples take different sides, both of them and a choice.</summary>
internal static class BranchBatching
{
    /// <summary>What stands for the results of a branch.</summary>
    public static Node[] Of(BranchOp branch, BatchContext context)
    {
        BatchWalk walk = context.Walk;
        EquatableArray<NodeType> types = context.Node.Results;
        NodeList captured = context.Inputs[1..];
        if (context.IsBatched(0))
        {
            Node[] then = walk.Apply(branch.Then.Results, branch.Then.Parameters, captured);
            Node[] otherwise = walk.Apply(branch.Otherwise.Results, branch.Otherwise.Parameters, captured);
            return [.. types.Select((t, i) => Choose(context.Inputs[0], walk.Batched(then[i], t), walk.Batched(otherwise[i], t)))];
        }

        bool[] isBatched = [.. captured.Select((_, i) => context.IsBatched(i + 1))];
        (Node[] Parameters, Node[] Results)[] sides = [walk.On(branch.Then, isBatched, captured), walk.On(branch.Otherwise, isBatched, captured)];
        bool[] has = [.. types.Select((t, i) => Array.Exists(sides, s => BatchWalk.IsBatched(s.Results[i], t)))];
        Function[] functions = BodyTrace.Outside(() => Array.ConvertAll(
            sides, s => new Function(s.Parameters, [.. s.Results.Select((r, i) => has[i] ? walk.Batched(r, types[i]) : r)])));
        return context.Results(new BranchOp(functions[0], functions[1]), context.Inputs);
    }

    /// <summary>One of two values for each example.</summary>
    /// <param name="condition">Which, for each.</param>
    /// <param name="then">Where it holds.</param>
    /// <param name="otherwise">Where it does not.</param>
    public static Node Choose(Node condition, Node then, Node otherwise) =>
        Ops.Where(Ops.Reshape(condition, Shape.Of([condition.Shape[0], .. Enumerable.Repeat(Dim.Of(1), then.Rank - 1)])), then, otherwise);
}
