using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.References;

internal sealed partial class TorchFunctions
{
    private void AddRecurrent()
    {
        Add("torch.rnn_tanh", a => Two(Rnn(a.Node(0), a.Nodes(2, "params"), a.Node(1), bidirectional: a.Flag(7, "bidirectional"), batchFirst: a.Flag(8, "batch_first"))));
        Add("torch.gru", a => Two(Gru(a.Node(0), a.Nodes(2, "params"), a.Node(1), bidirectional: a.Flag(7, "bidirectional"), batchFirst: a.Flag(8, "batch_first"))));
        Add("torch.lstm", a =>
        {
            Node[] states = a.Nodes(1, "hx");
            (Node outputs, Node last, Node cell) = Lstm(a.Node(0), a.Nodes(2, "params"), states[0], states[1], bidirectional: a.Flag(7, "bidirectional"), batchFirst: a.Flag(8, "batch_first"));
            return new object?[] { outputs, last, cell };
        });
        Add("torch.rnn_tanh_cell", a => RnnCell(a.Node(0), a.Node(1), Weights(a, 2)));
        Add("torch.rnn_relu_cell", a => RnnCell(a.Node(0), a.Node(1), Weights(a, 2), relu: true));
        Add("torch.gru_cell", a => GruCell(a.Node(0), a.Node(1), Weights(a, 2)));
        Add("torch.lstm_cell", a =>
        {
            Node[] states = a.Nodes(1, "hx");
            return Two(LstmCell(a.Node(0), states[0], states[1], Weights(a, 2)));
        });
    }

    private static NodeList Weights(PythonArguments a, int first) => [.. Enumerable.Range(first, 4).Select(i => a.Node(i))];
}
