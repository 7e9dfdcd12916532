using GraphCompiler.Operations;
using GraphCompiler.Tests.Compiler;

namespace GraphCompiler.Tests.Batching;

/// <summary>A function, and several examples for it.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Inputs">What it takes; what it is for gradients, too, if that is to be asked.</param>
/// <param name="Output">What it makes of them.</param>
/// <param name="Examples">The values of the inputs, for each example.</param>
internal sealed record BatchingCase(string Name, Node[] Inputs, Node Output, TensorValue[][] Examples)
{
    /// <summary>How many units in the last place a batch may differ from a loop; 0 for the same bits.</summary>
    public double Ulps { get; init; }

    /// <summary>How many units compiled code may differ from the interpreter.</summary>
    public double CompiledUlps { get; init; } = 64;

    /// <summary>How many units gradients may differ from those of a loop, whose sums run in another order.</summary>
    public double GradientUlps { get; init; } = 128;

    /// <summary>The magnitude below which errors are absolute.</summary>
    public double Floor { get; init; } = 8;

    /// <summary>Whether random numbers are drawn.</summary>
    public bool Draws => GraphWalk.WithBodies([Output]).Any(n => n.Op is RandomStreamOp);

    /// <summary>A row of the table of operations.</summary>
    public static BatchingCase Of(OperationRow row, DType dtype, int count, bool gradient)
    {
        long n = Math.Max(3, row.Least);
        var maker = new InputMaker(dtype, n, Layout.Dense, requiresGrad: gradient);
        Node output = row.Build(maker);
        Random random = new(17 + (int)dtype);
        TensorValue[][] examples = [.. Enumerable.Range(0, count).Select(_ => (TensorValue[])[.. maker.Inputs.Select(i => row.Contents(i.Node, i.Bound?.Constant, n, random, gradient))])];
        return new BatchingCase($"{row} {dtype}", [.. maker.Inputs.Select(i => i.Node)], output, examples)
        {
            // It is computed in a way that depends on the number of channels.
            Ulps = row.Op == typeof(ConvolutionTransposeOp) ? row.Ulps : 0,
            CompiledUlps = row.Ulps,
            Floor = row.Floor(3) + (row.Ulps == 0 ? 0 : 1e-37),
        };
    }

    /// <summary>A function of inputs in [0.5, 1.5], or of indices below 3.</summary>
    public static BatchingCase Of(string name, int count, IReadOnlyList<NodeType> inputs, Func<Node[], Node> function)
    {
        Node[] leaves = [.. inputs.Select((t, i) => Ops.Placeholder(t, $"x{i}", t.DType.IsFloat()))];
        Random random = new(5);
        return new BatchingCase(name, leaves, function(leaves), [.. Enumerable.Range(0, count).Select(_ => (TensorValue[])[.. inputs.Select(Value)])]);

        TensorValue Value(NodeType type)
        {
            long[] shape = type.Shape.Constants!;
            IEnumerable<int> all = Enumerable.Range(0, (int)TensorValue.CountOf(shape));
            return type.DType.IsFloat()
                ? TensorValue.OfReals(type.DType, shape, [.. all.Select(_ => (double)(float)(0.5 + random.NextDouble()))])
                : TensorValue.OfIntegers(type.DType, shape, [.. all.Select(_ => (long)random.Next(3))]);
        }
    }

    /// <summary>Vmap of the function, interpreted, and what a loop gives.</summary>
    /// <param name="batched">Which inputs are batched; the others are those of the first example.</param>
    /// <param name="count">How many examples there are.</param>
    /// <param name="symbol">A name for that size; null to have the number in the graph.</param>
    /// <param name="isLast">Whether examples lie along the last axis rather than the first.</param>
    public void AgreesWithALoop(bool[] batched, int count, string? symbol = null, bool isLast = false)
    {
        var batch = new Batch(this, batched, count, symbol, isLast);
        TensorValue actual = Interpreter.Evaluate([batch.Result], batch.Given, _ => count, Draw())[0];
        TensorValue expected = Stacked(Output.DType, [.. Enumerable.Range(0, count).Select(i => Interpreter.Evaluate([Output], At(batched, i), _ => 0, Draw())[0])], Output.Shape.Constants);
        Assert.That(Values.Difference(expected, actual, Ulps, Floor), Is.Null, () => Describe(batched, batch.Result));
    }

    /// <summary>The same of gradients, of which those that go to inputs that are not batched are sums over the examples.</summary>
    public void GradientsAgreeWithALoop(bool[] batched, int count)
    {
        Node Seed(Shape shape) => (Ops.Reshape(Ops.Iota([shape.ElementCount], 0, Output.DType), shape) * 0.01) + 0.5;
        var batch = new Batch(this, batched, count, null, isLast: false);
        int[] asked = [.. Enumerable.Range(0, Inputs.Length).Where(i => Inputs[i].RequiresGrad)];
        NodeList together = Ops.Vjp([batch.Result], [.. asked.Select(i => batch.Leaves[i])], [Ops.BroadcastTo(Seed(Output.Shape), batch.Result.Shape)], Unreached.Zeros);
        NodeList single = Ops.Vjp([Output], [.. asked.Select(i => Inputs[i])], [Seed(Output.Shape)], Unreached.Zeros);
        TensorValue[] actual = Interpreter.Evaluate(together, batch.Given, _ => count, Draw());
        TensorValue[][] each = [.. Enumerable.Range(0, count).Select(i => Interpreter.Evaluate(single, At(batched, i), _ => 0, Draw()))];
        for (int i = 0; i < asked.Length; i++)
        {
            TensorValue stacked = Stacked(single[i].DType, [.. each.Select(e => e[i])]);
            TensorValue expected = batched[asked[i]] ? stacked : GraphTesting.Run(Ops.Sum(Ops.Constant(stacked), 0));
            double most = expected.Reals.Select(Math.Abs).Where(double.IsFinite).DefaultIfEmpty(0).Max();
            Assert.That(Values.Difference(expected, actual[i], GradientUlps, Math.Max(most, 4), signsOfZeros: false), Is.Null, () => $"input {asked[i]}, {Describe(batched, batch.Result)}");
        }
    }

    /// <summary>Compiled, all choices of batched inputs in one graph, against the interpreter.</summary>
    public void CompiledAgrees(IEnumerable<bool[]> choices, int count)
    {
        Batch[] batches = [.. choices.Select(b => new Batch(this, b, count, null, isLast: false))];
        Dictionary<Node, TensorValue> given = batches.SelectMany(b => b.Given).DistinctBy(g => g.Key).ToDictionary();
        Node[] outputs = [.. batches.Select(b => b.Result)];
        TensorValue[] expected = Interpreter.Evaluate(outputs, given, _ => count);
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([.. given.Keys], outputs);
        RunResults results = compiled.Run([.. given.Values.Select(Values.ToArgument)]);
        for (int i = 0; i < outputs.Length; i++)
        {
            TensorValue actual = Values.Read(results, i, outputs[i].DType, expected[i].Shape);
            Assert.That(Values.Difference(expected[i], actual, CompiledUlps, Floor), Is.Null, () => $"output {i}, {Describe([], outputs[i])}");
        }
    }

    public override string ToString() => Name;

    private static RandomDraws Draw() => new(g => g.CallAt(1));

    private static TensorValue Stacked(DType dtype, TensorValue[] values, long[]? shape = null) =>
        TensorValue.Stack(dtype, [values.Length, .. values.Length == 0 ? shape! : values[0].Shape], values.Select((v, i) => ((long)i, v)));

    /// <summary>What the inputs are in an example.</summary>
    private Dictionary<Node, TensorValue> At(bool[] batched, int example) => Inputs.Select((n, i) => (n, Value: Examples[batched[i] ? example : 0][i])).ToDictionary(p => p.n, p => p.Value);

    private string Describe(bool[] batched, Node result) =>
        $"{Name}, batched: {string.Join(", ", batched)}\n{new Graph([.. GraphWalk.TopologicalOrder([result]).Where(n => n.Op is InputOp)], [result])}";

    /// <summary>The function of several examples at once.</summary>
    private sealed class Batch
    {
        public Batch(BatchingCase owner, bool[] batched, int count, string? symbol, bool isLast)
        {
            Dim size = symbol is null ? count : Dim.Named(symbol);
            Node[] inputs = owner.Inputs;
            Leaves = [.. inputs.Select((n, i) => batched[i] ? Ops.Placeholder(new NodeType(n.DType, Shape.Of([size, .. n.Shape])), $"batched{i}", n.RequiresGrad) : n)];
            NodeList given = [.. Leaves.Select((n, i) => batched[i] && isLast ? Ops.MoveAxis(n, 0, -1) : n)];
            int?[] axes = [.. batched.Select(b => b ? isLast ? -1 : 0 : (int?)null)];
            Dictionary<Node, Node> On(NodeList of) => inputs.Zip(of).ToDictionary(p => p.First, p => p.Second);
            Node result = Ops.Vmap((NodeList of) => [.. GraphWalk.Substitute([owner.Output], On(of))], axes, isLast ? [-1] : null, VmapRandomness.Same)(given)[0];
            Result = isLast ? Ops.MoveAxis(result, -1, 0) : result;
            Given = Leaves.Select((n, i) => (n, Value: batched[i] ? Stacked(n.DType, [.. owner.Examples.Take(count).Select(e => e[i])], owner.Examples[0][i].Shape) : owner.Examples[0][i]))
                .ToDictionary(p => p.n, p => p.Value);
        }

        public Node[] Leaves { get; }

        public Node Result { get; }

        public Dictionary<Node, TensorValue> Given { get; }
    }
}
