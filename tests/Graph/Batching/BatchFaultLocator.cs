using GraphCompiler.Batching;
using GraphCompiler.Operations;
using GraphCompiler.Tests.Compiler;

namespace GraphCompiler.Tests.Batching;

/// <summary>A node whose batching rule is wrong.</summary>
/// <param name="Node">The node, of one example.</param>
/// <param name="Difference">What it gives for all examples, and should.</param>
/// <param name="Inside">The composites, branches and steps of loops that it was found in, outermost first.</param>
internal sealed record BatchFault(Node Node, string Difference, IReadOnlyList<string> Inside)
{
    public override string ToString() => $"The batching rule of {Node.Describe()}{(Inside.Count == 0 ? string.Empty : $" (inside {string.Join(", in ", Inside.Reverse())})")} disagrees with one example after the other: {Difference}";
}

/// <summary>
/// Finds the operation whose batching rule is wrong: every node of a function of one example is taken alone, batched on the values that its inputs have in the examples, and held against
/// one example after the other. In what is made of others, a composite, a branch that was taken or a step of a loop, it looks for the one that is.
/// </summary>
/// <param name="symbol">The values of symbols.</param>
internal sealed class BatchFaultLocator(Func<string, long> symbol)
{
    /// <summary>The first fault in topological order, or null.</summary>
    /// <param name="roots">The results of one example.</param>
    /// <param name="inputs">What they are computed from.</param>
    /// <param name="examples">The values of the inputs, for each example.</param>
    public BatchFault? Find(IReadOnlyList<Node> roots, IReadOnlyList<Node> inputs, TensorValue[][] examples) => Find(roots, inputs, examples, []);

    private BatchFault? Find(IReadOnlyList<Node> roots, IReadOnlyList<Node> inputs, TensorValue[][] examples, IReadOnlyList<string> inside)
    {
        Dictionary<Node, TensorValue[]>[] values;
        try
        {
            values = [.. examples.Select(e => Interpreter.EvaluateAll(roots, Given(inputs, e), symbol, Draw()))];
        }
        catch (ExecutionException)
        {
            // An index that is out of range, on a side that the example does not take.
            return null;
        }

        return GraphWalk.TopologicalOrder(roots).Where(n => n.Op is not OutputOp && n.Inputs.Count > 0)
            .Select(n => Check(n, [.. values.Select(v => (TensorValue[])[.. n.Inputs.Select(i => v[i][0])])], inside))
            .FirstOrDefault(fault => fault is not null);
    }

    private BatchFault? Check(Node node, TensorValue[][] inputs, IReadOnlyList<string> inside)
    {
        // What is the same in all examples is shared by them.
        bool[] isBatched = [.. Enumerable.Range(0, node.Inputs.Count).Select(i => !inputs.All(e => e[i].ToBytes().AsSpan().SequenceEqual(inputs[0][i].ToBytes())))];
        if (!isBatched.Contains(true))
        {
            return null;
        }

        Node[] leaves = [.. node.Inputs.Select((n, i) => Ops.Placeholder(n.Results[0], n.Title ?? $"input{i}", n.RequiresGrad))];
        Node[] results = [.. Ops.Outputs(node.Rebuild([.. leaves]))];
        return Difference(results, leaves, inputs, isBatched) is not { } difference ? null
            : FindInside(node, leaves, inputs, inside) ?? new BatchFault(node, difference, inside);
    }

    private string? Difference(Node[] results, Node[] leaves, TensorValue[][] inputs, bool[] isBatched)
    {
        int count = inputs.Length;
        TensorValue[][] single = [.. inputs.Select(e => Interpreter.Evaluate(results, Given(leaves, e), symbol, Draw()))];
        Node[] together = [.. leaves.Select((n, i) => isBatched[i] ? Ops.Placeholder(n.Type with { Shape = Shape.Of([count, .. n.Shape]) }, n.Name!, n.RequiresGrad) : n)];
        TensorValue[] actual;
        try
        {
            var walk = new BatchWalk(count, VmapRandomness.Same);
            Node[] batched = [.. walk.Apply(results, leaves, together).Select((b, i) => walk.Batched(b, results[i].Type))];
            actual = Interpreter.Evaluate(batched, Given(together, [.. isBatched.Select((b, i) => b ? Stacked(inputs, i) : inputs[0][i])]), symbol, Draw());
        }
        catch (Exception e) when (e is GraphException or InvalidOperationException)
        {
            return e.Message;
        }

        return actual.Select((a, i) => Values.Difference(Stacked(single, i), a, 0, 0, signsOfZeros: false)).FirstOrDefault(d => d is not null);
    }

    private BatchFault? FindInside(Node node, Node[] leaves, TensorValue[][] inputs, IReadOnlyList<string> inside)
    {
        switch (node.Op)
        {
            case CompositeOp composite and not CallOp { Batched: not null }:
                return Find(composite.Expand(leaves), leaves, inputs, [.. inside, composite.Name]);
            case BranchOp branch:
                // Both sides are computed for all, where their conditions differ.
                return inputs.Select(e => branch.Taken(e[0])).Distinct()
                    .Select(side => Find(side.Results, side.Parameters, [.. inputs.Select(e => e[1..])], [.. inside, $"{branch.Name}{node.Label}"]))
                    .FirstOrDefault(fault => fault is not null);
            case LoopOp loop:
                List<TensorValue[]>[] steps = [.. inputs.Select(e => loop.Steps(e, symbol, Draw()))];
                return Enumerable.Range(0, steps.Max(s => s.Count))
                    .Select(s => Find(loop.Body.Results, loop.Body.Parameters, [.. steps.Where(all => all.Count > s).Select(all => all[s])], [.. inside, $"step {s} of {loop.Name}{node.Label}"]))
                    .FirstOrDefault(fault => fault is not null);
            default:
                return null;
        }
    }

    private static RandomDraws Draw() => new(g => g.CallAt(1));

    private static Dictionary<Node, TensorValue> Given(IReadOnlyList<Node> nodes, IReadOnlyList<TensorValue> values) => nodes.Zip(values).ToDictionary(p => p.First, p => p.Second);

    private static TensorValue Stacked(TensorValue[][] examples, int at) =>
        TensorValue.Stack(examples[0][at].DType, [examples.Length, .. examples[0][at].Shape], examples.Select((e, i) => ((long)i, e[at])));
}
