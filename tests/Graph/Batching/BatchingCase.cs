using GraphCompiler.Operations;
using GraphCompiler.Tests.Compiler;

namespace GraphCompiler.Tests.Batching;

/// <summary>A row of the table as a function, and several examples for it.</summary>
internal sealed class BatchingCase
{
    private readonly OperationRow row;
    private readonly InputMaker maker;
    private readonly Node output;
    private readonly TensorValue[][] examples;

    public BatchingCase(OperationRow row, DType dtype, int count, bool gradient)
    {
        this.row = row;
        long n = Math.Max(3, row.Least);
        maker = new InputMaker(dtype, n, Layout.Dense, requiresGrad: gradient);
        output = row.Build(maker);
        Random random = new(17 + (int)dtype);
        examples = [.. Enumerable.Range(0, count).Select(_ => (TensorValue[])[.. maker.Inputs.Select(i => row.Contents(i.Node, i.Bound?.Constant, n, random, gradient))])];
    }

    public Node[] Inputs => [.. maker.Inputs.Select(i => i.Node)];

    /// <summary>Whether random numbers are drawn.</summary>
    public bool Draws => GraphWalk.WithBodies([output]).Any(n => n.Op is RandomStreamOp);

    public bool HasGradient => output.RequiresGrad;

    /// <summary>Vmap of the function, interpreted, and what a loop gives.</summary>
    /// <param name="batched">Which inputs are batched; the others are those of the first example.</param>
    /// <param name="count">How many examples there are.</param>
    /// <param name="symbol">A name for that size; null to have the number in the graph.</param>
    /// <param name="isLast">Whether examples lie along the last axis rather than the first.</param>
    public void AgreesWithALoop(bool[] batched, int count, string? symbol = null, bool isLast = false)
    {
        var batch = new Batch(this, batched, count, symbol, isLast);
        TensorValue actual = Interpreter.Evaluate([batch.Result], batch.Given, _ => count, Draw())[0];
        TensorValue expected = Stacked(output.DType, [.. Enumerable.Range(0, count).Select(i => Interpreter.Evaluate([output], At(batched, i), _ => 0, Draw())[0])], output.Shape.Constants);
        Assert.That(Difference(expected, actual), Is.Null, () => Describe(batched, batch));
    }

    /// <summary>The same of gradients, of which those that go to inputs that are not batched are sums over the examples.</summary>
    public void GradientsAgreeWithALoop(bool[] batched, int count)
    {
        Node Seed(Shape shape) => (Ops.Reshape(Ops.Iota([shape.ElementCount], 0, output.DType), shape) * 0.01) + 0.5;
        var batch = new Batch(this, batched, count, null, isLast: false);
        int[] asked = [.. Enumerable.Range(0, Inputs.Length).Where(i => Inputs[i].RequiresGrad)];
        NodeList together = Ops.Vjp([batch.Result], [.. asked.Select(i => batch.Leaves[i])], [Ops.BroadcastTo(Seed(output.Shape), batch.Result.Shape)], Unreached.Zeros);
        NodeList single = Ops.Vjp([output], [.. asked.Select(i => Inputs[i])], [Seed(output.Shape)], Unreached.Zeros);
        TensorValue[] actual = Interpreter.Evaluate(together, batch.Given, _ => count, Draw());
        TensorValue[][] each = [.. Enumerable.Range(0, count).Select(i => Interpreter.Evaluate(single, At(batched, i), _ => 0, Draw()))];
        for (int i = 0; i < asked.Length; i++)
        {
            TensorValue stacked = Stacked(single[i].DType, [.. each.Select(e => e[i])]);
            TensorValue expected = batched[asked[i]] ? stacked : GraphTesting.Run(Ops.Sum(Ops.Constant(stacked), 0));
            double most = expected.Reals.Select(Math.Abs).Where(double.IsFinite).DefaultIfEmpty(0).Max();
            Assert.That(Values.Difference(expected, actual[i], 128, Math.Max(most, 4), signsOfZeros: false), Is.Null, () => $"input {asked[i]}, {Describe(batched, batch)}");
        }
    }

    /// <summary>Equal to the bit, but for what is computed in a way that depends on the number of channels.</summary>
    private string? Difference(TensorValue expected, TensorValue actual) => row.Op == typeof(ConvolutionTransposeOp)
        ? Values.Difference(expected, actual, row.Ulps, row.Floor(3))
        : Values.Difference(expected, actual, 0, 0);

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
            string? difference = Values.Difference(expected[i], actual, row.Ulps, row.Floor(3) + (row.Ulps == 0 ? 0 : 1e-37));
            Assert.That(difference, Is.Null, () => $"{row} {output.DType}, output {i}\n{new Graph([.. given.Keys], [outputs[i]])}");
        }
    }

    private static RandomDraws Draw() => new(g => g.CallAt(1));

    /// <summary>What the inputs are in an example.</summary>
    private Dictionary<Node, TensorValue> At(bool[] batched, int example) => Inputs.Select((n, i) => (n, Value: examples[batched[i] ? example : 0][i])).ToDictionary(p => p.n, p => p.Value);

    private static TensorValue Stacked(DType dtype, TensorValue[] values, long[]? shape = null) =>
        TensorValue.Stack(dtype, [values.Length, .. values.Length == 0 ? shape! : values[0].Shape], values.Select((v, i) => ((long)i, v)));

    private string Describe(bool[] batched, Batch batch) =>
        $"{row} {output.DType}, batched: {string.Join(", ", batched)}\n{new Graph([.. batch.Leaves], [batch.Result])}";

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
            Node result = Ops.Vmap((NodeList of) => [.. GraphWalk.Substitute([owner.output], On(of))], axes, isLast ? [-1] : null, VmapRandomness.Same)(given)[0];
            Result = isLast ? Ops.MoveAxis(result, -1, 0) : result;
            Given = Leaves.Select((n, i) => (n, Value: batched[i] ? Stacked(n.DType, [.. owner.examples.Take(count).Select(e => e[i])], owner.examples[0][i].Shape) : owner.examples[0][i]))
                .ToDictionary(p => p.n, p => p.Value);
        }

        public Node[] Leaves { get; }

        public Node Result { get; }

        public Dictionary<Node, TensorValue> Given { get; }
    }
}
