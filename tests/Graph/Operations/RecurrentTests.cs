using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Operations;

/// <summary>Recurrent layers: several, both ways, of sequences of several lengths; and their mistakes.</summary>
internal sealed class RecurrentTests
{
    private static readonly Input<double> X = Variable("x", "T", 2, 3);

    [Test]
    public void Layers_are_cells_step_by_step([Values(false, true)] bool biases)
    {
        Node[] x = [.. Enumerable.Range(0, 3).Select(t => Sampled(t, 2, 3))];
        NodeList first = Weights(10, 4, 3, 2, biases);
        NodeList second = Weights(20, 4, 2, 2, biases);
        (Node outputs, Node last, Node lastCell) = Lstm(Stack(x), [.. first, .. second]);
        (Node h, Node c, Node g, Node d) = (Zeros([2, 2], DType.Float64), Zeros([2, 2], DType.Float64), Zeros([2, 2], DType.Float64), Zeros([2, 2], DType.Float64));
        List<Node> rows = [];
        foreach (Node row in x)
        {
            (h, c) = LstmCell(row, h, c, first);
            (g, d) = LstmCell(h, g, d, second);
            rows.Add(g);
        }

        AssertSame(Run(outputs), Run(Stack(rows)));
        AssertSame(Run(last), Run(Stack([h, g])));
        AssertSame(Run(lastCell), Run(Stack([c, d])));
    }

    [Test]
    public void Layers_of_both_directions_read_both()
    {
        NodeList weights = [.. Weights(1, 3, 3, 2, true), .. Weights(2, 3, 3, 2, true), .. Weights(3, 3, 4, 2, true), .. Weights(4, 3, 4, 2, true)];
        Node x = Sampled(5, 4, 2, 3);
        (Node outputs, Node last) = Gru(x, weights, bidirectional: true);
        (Node forward, Node end) = Gru(x, weights[..4]);
        (Node backward, Node start) = Gru(Flip(x, 0), weights[4..8]);
        Node between = Concat([forward, Flip(backward, 0)], 2);
        (Node above, Node aboveEnd) = Gru(between, weights[8..12]);
        (Node below, Node belowStart) = Gru(Flip(between, 0), weights[12..]);
        AssertSame(Run(outputs), Run(Concat([above, Flip(below, 0)], 2)));
        AssertSame(Run(last), Run(Concat([end, start, aboveEnd, belowStart], 0)));
    }

    [Test]
    public void Sequences_end_where_their_lengths_say([Values(0, 1, 2)] int kind)
    {
        int gates = kind == 0 ? 1 : kind == 1 ? 3 : 4;
        NodeList weights = [.. Weights(1, gates, 3, 2, true), .. Weights(2, gates, 3, 2, true)];
        Node x = Sampled(5, 4, 3, 3);
        long[] lengths = [4, 0, 2];
        (Node outputs, Node last) = Of(x, Constant(lengths));
        for (int row = 0; row < lengths.Length; row++)
        {
            int length = (int)lengths[row];
            (Node alone, Node lastAlone) = Of(Slice(Slice(x, 1, row, row + 1), 0, 0, length), null);
            AssertSame(Run(Slice(outputs, 1, row, row + 1)), Run(Pad(alone, 0, 0, 4 - length)));
            AssertSame(Run(Slice(last, 1, row, row + 1)), Run(lastAlone));
        }

        (Node Outputs, Node Last) Of(Node x, Node? lengths)
        {
            switch (kind)
            {
                case 0:
                    return Rnn(x, weights, lengths: lengths, bidirectional: true, relu: true);
                case 1:
                    return Gru(x, weights, lengths: lengths, bidirectional: true);
                default:
                    (Node outputs, Node last, Node _) = Lstm(x, weights, lengths: lengths, bidirectional: true);
                    return (outputs, last);
            }
        }
    }

    [Test]
    public void The_batch_may_come_first()
    {
        NodeList weights = Weights(1, 1, 3, 2, false);
        Node x = Sampled(5, 4, 2, 3);
        AssertSame(Run(Rnn(Transpose(x, 0, 1), weights, batchFirst: true).Outputs), Run(Transpose(Rnn(x, weights).Outputs, 0, 1)));
        AssertSame(Run(Rnn(Transpose(x, 0, 1), weights, batchFirst: true).Last), Run(Rnn(x, weights).Last));
    }

    [Test]
    public void One_sequence_needs_no_batch()
    {
        NodeList weights = Weights(1, 4, 3, 2, true);
        (Node x, Node h, Node c) = (Sampled(5, 4, 3), Sampled(6, 1, 2), Sampled(7, 1, 2));
        (Node outputs, Node last, Node cell) = Lstm(x, weights, h, c);
        (Node all, Node end, Node endCell) = Lstm(Unsqueeze(x, 1), weights, Unsqueeze(h, 1), Unsqueeze(c, 1));
        AssertSame(Run(outputs), Run(Squeeze(all, 1)));
        AssertSame(Run(last), Run(Squeeze(end, 1)));
        AssertSame(Run(cell), Run(Squeeze(endCell, 1)));
        AssertSame(Run(Gru(x, Weights(1, 3, 3, 2, true), batchFirst: true).Outputs), Run(Gru(x, Weights(1, 3, 3, 2, true)).Outputs));
    }

    [Test]
    public void Between_layers_outputs_may_be_dropped()
    {
        (NodeList first, NodeList second) = (Weights(1, 3, 3, 2, true), Weights(2, 3, 2, 2, true));
        (Generator generator, Generator same) = (new(3), new(3));
        Node dropped = Gru(X, [.. first, .. second], dropout: 0.5, generator: generator).Outputs;
        Node parts = Gru(Dropout(same, Gru(X, first).Outputs, 0.5), second).Outputs;
        TensorValue x = Sample(new NodeType(DType.Float64, [6, 2, 3]), _ => 0, 4);
        using CompiledGraph one = GraphCompiler.Compiler.Compile([X], [dropped, Gradients(Sum(dropped), X)[0]]);
        using CompiledGraph two = GraphCompiler.Compiler.Compile([X], [parts, Gradients(Sum(parts), X)[0]]);
        for (int call = 0; call < 2; call++)
        {
            (RunResults a, RunResults b) = (one.Run(Compiler.Values.ToArgument(x)), two.Run(Compiler.Values.ToArgument(x)));
            Assert.That(a.GetArray<double>(0), Is.EqualTo(b.GetArray<double>(0)).Within(1e-12));
            Assert.That(a.GetArray<double>(1), Is.EqualTo(b.GetArray<double>(1)).Within(1e-12));
        }

        // All of them: what is left is the second layer's biases. Of one layer nothing.
        AssertSame(Run(Gru(X, [.. first, .. second], dropout: 1, generator: generator).Outputs, (X, x)), Run(Gru(Zeros([6, 2, 2], DType.Float64), second).Outputs));
        AssertSame(Run(Gru(X, first, dropout: 0.5, generator: generator).Outputs, (X, x)), Run(Gru(X, first).Outputs, (X, x)));
    }

    [Test]
    public void One_compilation_runs_any_length()
    {
        (Node outputs, Node last) = Gru(X, Weights(1, 3, 3, 2, true));
        Node gradient = Gradients(Sum(outputs * outputs) + Sum(last), X)[0];
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([X], [outputs, last, gradient]);
        foreach (int count in (int[])[0, 1, 7])
        {
            TensorValue x = Sample(new NodeType(DType.Float64, [count, 2, 3]), _ => 0, 4);
            RunResults results = graph.Run(Compiler.Values.ToArgument(x));
            AssertSame(Compiler.Values.Read(results, 0, DType.Float64, [count, 2, 2]), Run(outputs, (X, x)), 1e-10);
            AssertSame(Compiler.Values.Read(results, 1, DType.Float64, [1, 2, 2]), Run(last, (X, x)), 1e-10);
            AssertSame(Compiler.Values.Read(results, 2, DType.Float64, [count, 2, 3]), Run(gradient, (X, x)), 1e-10);
        }
    }

    [Test]
    public void A_length_is_from_0_to_T([Values] bool isLong, [Values] bool batchFirst)
    {
        Node lengths = isLong ? Input<long>("lengths", [2]) : Input<int>("lengths", [2]);
        Node outputs = Lstm(batchFirst ? Transpose(X, 0, 1) : X, Weights(1, 4, 3, 2, true), lengths: lengths, batchFirst: batchFirst).Outputs;
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([X, (Input)lengths], outputs);
        var x = Sample(new NodeType(DType.Float64, [3, 2, 3]), _ => 0, 4);
        Assert.That(() => Given(3, 0), Throws.Nothing);
        Assert.That(() => Given(3, 7), Throws.TypeOf<ExecutionException>().And.Message.Contains("'Lstm'").And.Message.Contains("index 7").And.Message.Contains("[0, 4). It stands at [1] of Input 'lengths'"));
        Assert.That(() => Given(-1, 3), Throws.TypeOf<ExecutionException>().And.Message.Contains("index -1"));
        Assert.That(() => Run(outputs, (X, x), (lengths, TensorValue.OfIntegers(lengths.DType, [2], [4, 1]))), Throws.TypeOf<ExecutionException>().And.Message.Contains("index 4"));

        void Given(long first, long second) =>
            graph.Run(Compiler.Values.ToArgument(x), Compiler.Values.ToArgument(TensorValue.OfIntegers(lengths.DType, [2], [first, second])));
    }

    [Test]
    public void What_is_wrong_is_named()
    {
        NodeList weights = Weights(1, 4, 3, 2, true);
        Assert.That(() => Lstm(X, [.. weights[..3], Sampled(0, 7)]), Throws.TypeOf<ShapeException>().And.Message.StartsWith("Lstm: bias_hh_l0 must be [8], not [7]. Inputs: Input 'x' float64[T, 2, 3]"));
        Assert.That(() => Lstm(X, weights[..3]), Throws.TypeOf<ShapeException>().And.Message.StartsWith("Lstm: a layer has two weights, [4·H, I] and [4·H, H], and perhaps two biases [4·H]; 3 weights make no layers."));
        Assert.That(() => Gru(X, Weights(1, 3, 3, 2, false), bidirectional: true), Throws.TypeOf<ShapeException>().And.Message.Contains("two weights in each direction"));
        Assert.That(() => Lstm(X, [.. weights, .. weights]), Throws.TypeOf<ShapeException>().And.Message.StartsWith("Lstm: weight_ih_l1 must be [8, 2], not [8, 3]."));
        Assert.That(() => Lstm(X, weights, start: Sampled(0, 1, 2, 2)), Throws.TypeOf<GraphException>().And.Message.Contains("give both states"));
        Assert.That(() => Gru(X, Weights(1, 3, 3, 2, true), Sampled(0, 2, 2)), Throws.TypeOf<ShapeException>().And.Message.StartsWith("Gru: a state before the first step must be [1, 2, 2], not [2, 2]."));
        Assert.That(() => Gru(X, Weights(1, 3, 3, 2, true), lengths: Constant(1L)), Throws.TypeOf<ShapeException>().And.Message.StartsWith("Gru: lengths must be integers [2], one a sequence"));
        Assert.That(() => Gru(X, Weights(1, 3, 3, 2, true), lengths: Constant(new double[] { 1, 2 })), Throws.TypeOf<DTypeException>().And.Message.StartsWith("Gru: lengths must be int32 or int64, not float64; use Cast. Inputs: Input 'x'"));
        Assert.That(() => Rnn(Sampled(0, 2, 3, 1, 1), weights), Throws.TypeOf<ShapeException>().And.Message.StartsWith("Rnn: the input must be [T, B, I] or [T, I], not [2, 3, 1, 1]."));
        Assert.That(() => Gru(Sampled(0, 4, 3), Weights(1, 3, 3, 2, true), Sampled(0, 1, 1, 2)), Throws.TypeOf<ShapeException>().And.Message.StartsWith("Gru: a state before the first step must be [1, 2], not [1, 1, 2]."));
        Assert.That(() => Gru(Sampled(0, 4, 3), Weights(1, 3, 3, 2, true), lengths: Constant(4L)), Throws.TypeOf<ShapeException>().And.Message.StartsWith("Gru: one sequence has the length of its axis; lengths are for a batch."));
        Assert.That(() => Lstm(X, weights, dropout: 1.5), Throws.TypeOf<GraphException>().And.Message.StartsWith("Lstm: "));
        Assert.That(() => Gru(X, [.. Weights(1, 3, 3, 2, true), .. Weights(2, 3, 2, 2, true)], dropout: 0.5), Throws.TypeOf<GraphException>().And.Message.StartsWith("Gru: dropout with the probability 0.5 needs a generator"));
        Assert.That(() => RnnCell(X, X, weights), Throws.TypeOf<ShapeException>().And.Message.StartsWith("RnnCell: the input must be [B, I]"));
        Assert.That(() => GruCell(Sampled(0, 2, 3), Sampled(0, 2, 2), [.. Weights(1, 3, 3, 2, true), .. Weights(1, 3, 3, 2, true)]), Throws.TypeOf<ShapeException>().And.Message.Contains("8 weights make no layers"));
    }

    private static Node Sampled(int seed, params long[] shape) => Constant(Sample(new NodeType(DType.Float64, Shape.Of(shape)), _ => 0, seed + 50));

    private static NodeList Weights(int seed, int gates, int inputs, int size, bool biases)
    {
        NodeList weights = [Sampled(seed, gates * size, inputs), Sampled(seed + 100, gates * size, size)];
        return biases ? [.. weights, Sampled(seed + 200, gates * size), Sampled(seed + 300, gates * size)] : weights;
    }
}
