using static GraphCompiler.Learning.Tests.Layers.Evaluated;
using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.Layers;

/// <summary>Recurrent layers against cells taken step by step, and against the functions of the core.</summary>
internal sealed class RecurrentTests
{
    private static readonly Generator Random = new(4);

    [Test]
    public void Names_and_starts_are_those_of_PyTorch()
    {
        var layer = new Gru(3, 4, Random, layers: 2, bidirectional: true);
        Assert.That(layer.NamedParameters().Select(p => $"{p.Path} {p.Parameter.Shape}"), Is.EqualTo((string[])[
            "weight_ih_l0 [12, 3]", "weight_hh_l0 [12, 4]", "bias_ih_l0 [12]", "bias_hh_l0 [12]",
            "weight_ih_l0_reverse [12, 3]", "weight_hh_l0_reverse [12, 4]", "bias_ih_l0_reverse [12]", "bias_hh_l0_reverse [12]",
            "weight_ih_l1 [12, 8]", "weight_hh_l1 [12, 4]", "bias_ih_l1 [12]", "bias_hh_l1 [12]",
            "weight_ih_l1_reverse [12, 8]", "weight_hh_l1_reverse [12, 4]", "bias_ih_l1_reverse [12]", "bias_hh_l1_reverse [12]"]));
        Assert.That(layer.Weights.Values.SelectMany(w => w.Values.ToArray()), Is.All.InRange(-0.5f, 0.5f));
        Assert.That(layer.Weights.Values.SelectMany(w => w.Values.ToArray()).Max(), Is.GreaterThan(0.45f));
        Assert.That(new Lstm(3, 4, Random, bias: false).NamedParameters().Select(p => $"{p.Path} {p.Parameter.Shape}"), Is.EqualTo((string[])["weight_ih_l0 [16, 3]", "weight_hh_l0 [16, 4]"]));
        Assert.That(new RnnCell(3, 4, Random).NamedParameters().Select(p => $"{p.Path} {p.Parameter.Shape}"), Is.EqualTo((string[])["weight_ih [4, 3]", "weight_hh [4, 4]", "bias_ih [4]", "bias_hh [4]"]));
        Assert.That((layer.Inputs, layer.Size, layer.Layers, layer.Bidirectional), Is.EqualTo((3, 4, 2, true)));
    }

    [Test]
    public void A_layer_is_its_cell_step_by_step([Values] bool relu)
    {
        Node x = Numbers(1, 3, 2, 5);
        var rnn = new Rnn(5, 4, Random) { Relu = relu };
        var lstm = new Lstm(5, 4, Random);
        var gru = new Gru(5, 4, Random, bias: false);
        RnnCell rnnCell = Same(rnn, new RnnCell(5, 4, Random) { Relu = relu });
        LstmCell lstmCell = Same(lstm, new LstmCell(5, 4, Random));
        GruCell gruCell = Same(gru, new GruCell(5, 4, Random, bias: false));
        (Node[] r, Node[] l, Node[] g) = (new Node[3], new Node[3], new Node[3]);
        Node c = Zeros([2, 4]);
        for (int t = 0; t < 3; t++)
        {
            Node step = Select(x, 0, t);
            r[t] = t == 0 ? rnnCell.Forward(step) : rnnCell.Forward(step, r[t - 1]);
            (l[t], c) = lstmCell.Forward(step, t == 0 ? Zeros([2, 4]) : l[t - 1], c);
            g[t] = t == 0 ? gruCell.Forward(step) : gruCell.Forward(step, g[t - 1]);
        }

        (Node outputs, Node last, Node lastCell) = lstm.ForwardWithState(x);
        AreEqual(
            (rnn.Forward(x), Stack(r)),
            (rnn.ForwardWithState(x).Last, Unsqueeze(r[2], 0)),
            (outputs, Stack(l)),
            (lstm.Forward(x), outputs),
            (last, Unsqueeze(l[2], 0)),
            (lastCell, Unsqueeze(c, 0)),
            (lstmCell.Forward(Select(x, 0, 0)), l[0]),
            (gru.Forward(x), Stack(g)),
            (gru.ForwardWithState(x).Last, Unsqueeze(g[2], 0)));

        static TCell Same<TCell>(RecurrentLayer layer, TCell cell)
            where TCell : RecurrentCell
        {
            Parameter<float>?[] own = [cell.WeightIh, cell.WeightHh, cell.BiasIh, cell.BiasHh];
            foreach ((Parameter<float> from, Parameter<float>? to) in layer.Weights.Values.Zip(own))
            {
                to!.Set(from.Values);
            }

            return cell;
        }
    }

    [Test]
    public void Options_reach_the_core()
    {
        Node x = Numbers(1, 2, 3, 5);
        Node start = Numbers(2, 4, 2, 4);
        Node lengths = Constant((long[])[3, 2]);
        var rnn = new Rnn(5, 4, Random, layers: 2, bidirectional: true) { BatchFirst = true };
        var lstm = new Lstm(5, 4, Random, layers: 2, bidirectional: true) { BatchFirst = true };
        var gru = new Gru(5, 4, Random, layers: 2, bidirectional: true) { BatchFirst = true };
        AreEqual(
            (rnn.ForwardWithState(x, start, lengths).Outputs, Rnn(x, WeightsOf(rnn), start, lengths, bidirectional: true, batchFirst: true).Outputs),
            (lstm.ForwardWithState(x, start, start, lengths).LastCell, Lstm(x, WeightsOf(lstm), start, start, lengths, bidirectional: true, batchFirst: true).LastCell),
            (gru.ForwardWithState(x, start, lengths).Last, Gru(x, WeightsOf(gru), start, lengths, bidirectional: true, batchFirst: true).Last));

        static NodeList WeightsOf(RecurrentLayer layer) => [.. layer.Weights.Values];
    }

    [Test]
    public void Outputs_between_layers_are_dropped_by_training_alone()
    {
        Node x = Numbers(1, 3, 2, 5);
        var gru = new Gru(5, 4, Random, layers: 2) { Dropout = 1 };
        Assert.That(new Gru(5, 4, Random) { Dropout = 0.5 }.Forward(x).Shape, Is.EqualTo(Zeros([3, 2, 4]).Shape));
        Assert.That(() => gru.Forward(x), Throws.InvalidOperationException.With.Message.Contains("differs between training and inference"));
        Node trained;
        Node inferred;
        using (Pass.Training(new Generator(1)))
        {
            trained = gru.Forward(x);
        }

        using (Pass.Inference())
        {
            inferred = gru.Forward(x);
        }

        NodeList weights = [.. gru.Weights.Values];
        AreEqual((inferred, Gru(x, weights).Outputs), (trained, Gru(Zeros([3, 2, 4]), [.. weights.Skip(4)]).Outputs));
    }

    [Test]
    public void What_does_not_fit_is_named()
    {
        var net = new Sequential(new Lstm(5, 4, Random, layers: 2, bidirectional: true));
        Assert.That(() => net.Forward(Input("x", ["T", "N", 6])), Throws.TypeOf<ShapeException>().With.Message.EqualTo("'0' (Lstm(5 → 4, 2 layers, bidirectional)): takes a sequence [T, N, 5], or [T, 5] without a batch, and was given [T, N, 6]."));
        Assert.That(() => ((Lstm)net[0]).ForwardWithState(Input("x", ["T", "N", 5]), Input("h", [3, "N", 4]), Input("c", [4, "N", 4])), Throws.TypeOf<ShapeException>().With.Message.StartsWith("'0' (Lstm"));
        Assert.That(() => new GruCell(5, 4, Random).Forward(Input("x", [5])), Throws.TypeOf<ShapeException>().With.Message.EqualTo("GruCell(5 → 4): takes one step of a batch, [N, 5], and was given [5]."));
        Assert.That(() => new LstmCell(5, 4, Random).Forward(Input<double>("x", [1, 5])), Throws.TypeOf<DTypeException>());
        var cell = new RnnCell(5, 4, Random);
        Assert.That((cell.Inputs, cell.Size), Is.EqualTo((5, 4)));
    }
}
