using GraphCompiler.Tests.Compiler;
using GraphCompiler.Tests.Compiler.RandomGraphs;

namespace GraphCompiler.Tests.Batching;

/// <summary>Vmap of random graphs, and of gradients in them, against a loop over two examples, to the bit.</summary>
internal sealed class RandomGraphBatchingTests
{
    private const int Examples = 2;
    private const double MostElements = 3000;

    [Test]
    public void VmapEqualsALoop()
    {
        int done = 0;
        Parallel.For(0, 300, number =>
        {
            Trial trial = RandomGraph.Make(number);
            var random = new Random(number);
            SymbolValues sizes = Enumerable.Range(0, 20).Select(_ => SymbolValues.Edge(random)).FirstOrDefault(s => trial.Accepts(s) && trial.ElementsAt(s) < MostElements);
            if (trial.Accepts(sizes) && trial.ElementsAt(sizes) < MostElements && Check(number, trial, random, sizes))
            {
                Interlocked.Increment(ref done);
            }
        });
        Assert.That(done, Is.GreaterThan(150));
    }

    [Test]
    public void CompiledAgreesWithTheInterpreter()
    {
        for (int number = 0; number < 40; number++)
        {
            Trial trial = RandomGraph.Make(number);
            var random = new Random(number);
            SymbolValues[] sizes = [.. Enumerable.Range(0, 40).Select(_ => SymbolValues.AboutVectors(random)).Where(s => trial.Accepts(s) && trial.ElementsAt(s) < MostElements).Take(1)];
            Node[] inputs = trial.Inputs;
            if (sizes.Length == 0 || inputs.Length == 0)
            {
                continue;
            }

            // One input alone, or all but one.
            bool[] batched = [.. inputs.Select((_, i) => (i == number % inputs.Length) == (number % 2 == 0 || inputs.Length == 1))];
            NodeList leaves = Leaves(inputs, batched);
            Node[] roots = [.. trial.Outputs, .. trial.Loss is null ? [] : (Node[])[trial.Loss]];
            NodeList all = Batched(roots, inputs, leaves, batched);
            Trial together = trial with { Outputs = [.. all.Take(trial.Outputs.Length)], Loss = trial.Loss is null ? null : Ops.Sum(all[^1]), Updates = [], Sizes = [.. sizes] };
            Way way = Way.All[number % Way.All.Count];
            Assert.That(GraphCheck.Fault(together, number % 2 == 0 ? [way] : [], number % 2 == 0 ? null : way), Is.Null, () => $"graph {number}\n{trial}");
        }
    }

    /// <returns>Whether there was something to check.</returns>
    private static bool Check(int number, Trial trial, Random random, SymbolValues sizes)
    {
        Node[] inputs = trial.Inputs;
        bool[] batched = [.. inputs.Select(_ => random.Next(2) == 0)];
        Node[] targets = [.. inputs.Where(i => i.RequiresGrad)];
        NodeList roots = [.. trial.Outputs, .. trial.Loss is null || targets.Length == 0 ? [] : Ops.Gradients(trial.Loss, targets, Unreached.Zeros)];
        if (!batched.Contains(true) || roots.Count == 0)
        {
            return false;
        }

        TensorValue[][] examples = [.. Enumerable.Range(0, Examples).Select(e => (TensorValue[])[.. inputs.Select((n, i) => trial.ValueOf(Ops.Placeholder(n.Type, $"{n.Name}{(batched[i] ? e : 0)}", false), sizes))])];
        TensorValue[][] single;
        try
        {
            single = [.. examples.Select(values => Interpreter.Evaluate(roots, inputs.Zip(values).ToDictionary(p => p.First, p => p.Second), sizes.Of, Draw()))];
        }
        catch (ExecutionException)
        {
            // An index that is out of range in one of them.
            return false;
        }

        NodeList leaves = Leaves(inputs, batched);
        NodeList all = Batched(roots, inputs, leaves, batched);
        Dictionary<Node, TensorValue> given = leaves.Select((n, i) => (n, Value: batched[i] ? Stacked(n.DType, examples, i) : examples[0][i])).ToDictionary(p => p.n, p => p.Value);
        TensorValue[] actual = Interpreter.Evaluate(all, given, sizes.Of, Draw());
        for (int i = 0; i < roots.Count; i++)
        {
            Assert.That(Values.Difference(Stacked(roots[i].DType, single, i), actual[i], 0, 0, signsOfZeros: false), Is.Null, () =>
                $"graph {number}, result {i}, batched: {string.Join(", ", inputs.Where((_, k) => batched[k]).Select(n => n.Name))}, {sizes}\n{new BatchFaultLocator(sizes.Of).Find(roots, inputs, examples)}\n{trial}");
        }

        return true;
    }

    private static NodeList Leaves(Node[] inputs, bool[] batched) =>
        [.. inputs.Select((n, i) => batched[i] ? Ops.Placeholder(n.Type with { Shape = Shape.Of([Examples, .. n.Shape]) }, n.Name!, n.RequiresGrad) : n)];

    private static NodeList Batched(IReadOnlyList<Node> roots, Node[] inputs, NodeList leaves, bool[] batched) => Ops.Vmap(
        (NodeList of) => [.. GraphWalk.Substitute(roots, inputs.Zip(of).ToDictionary(p => p.First, p => p.Second))],
        [.. batched.Select(b => b ? 0 : (int?)null)],
        randomness: VmapRandomness.Same)(leaves);

    private static RandomDraws Draw() => new(g => g.CallAt(1));

    private static TensorValue Stacked(DType dtype, TensorValue[][] examples, int at) =>
        TensorValue.Stack(dtype, [Examples, .. examples[0][at].Shape], examples.Select((e, i) => ((long)i, e[at])));
}
