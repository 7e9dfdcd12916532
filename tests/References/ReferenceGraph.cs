using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.References;

/// <summary>A case as a graph: its outputs, their gradients for the case's upstream gradients, and the gradients of ⟨gradients, v⟩.</summary>
internal sealed record ReferenceGraph(IReadOnlyList<Node> Inputs, IReadOnlyList<Node> Results, IReadOnlyList<(ReferenceTests.Part Part, string Name, ReferenceTensor? Value)> Expected)
{
    public static ReferenceGraph Build(ReferenceCase reference, DType real)
    {
        Dictionary<string, Node> inputs = reference.Inputs.ToDictionary(i => i.Name, i => i.Value.Input(i.Name, real, reference.Diff.Contains(i.Name)));
        long CountOf(Node count) => Interpreter.Evaluate([count], reference.Inputs.ToDictionary(i => inputs[i.Name], i => i.Value.Value(real)))[0].Integers[0];
        Node[] outputs = new TorchFunctions(real) { CountOf = CountOf }.Evaluate(reference.Expression, inputs);
        Assert.That(outputs, Has.Length.EqualTo(reference.Outputs.Count));
        List<Node> results = [.. outputs];
        List<(ReferenceTests.Part, string, ReferenceTensor?)> expected = [.. reference.Outputs.Select((o, i) => (ReferenceTests.Part.Values, $"output {i}", (ReferenceTensor?)o))];

        // Upstream gradients of outputs without a slope meet nothing, here as in PyTorch.
        int[] live = [.. Enumerable.Range(0, outputs.Length).Where(i => reference.GradOutputs[i] is not null && outputs[i].RequiresGrad)];
        Node[] targets = [.. reference.Diff.Select(d => inputs[d])];
        if (live.Length == 0 || targets.Length == 0)
        {
            Assert.That(reference.GradInputs.Values.OfType<ReferenceTensor>().SelectMany(g => g.Values), Has.All.Zero, "The graph has no gradient and the reference has one.");
            return new ReferenceGraph([.. inputs.Values], results, expected);
        }

        NodeList gradients = Vjp([.. live.Select(i => outputs[i])], targets, [.. live.Select(i => reference.GradOutputs[i]!.Constant(real))], Unreached.Zeros);
        results.AddRange(gradients);
        expected.AddRange(reference.Diff.Select(d => (ReferenceTests.Part.Gradients, d, reference.GradInputs[d])));
        if (reference.Hvp is { } products)
        {
            Node weighted = targets.Select((_, i) => Sum(gradients[i] * reference.Direction![reference.Diff[i]]!.Constant(real))).Aggregate(Add);
            results.AddRange(weighted.RequiresGrad ? Gradients(weighted, targets, Unreached.Zeros) : targets.Select(ZerosLike));
            expected.AddRange(reference.Diff.Select(d => (ReferenceTests.Part.SecondOrder, d, products[d])));
        }

        return new ReferenceGraph([.. inputs.Values], results, expected);
    }
}
