namespace GraphCompiler.Operations;

/// <summary>What tells recurrent cells apart.</summary>
/// <param name="Name">The function of whole sequences.</param>
/// <param name="Gates">How many blocks of rows the weights have.</param>
/// <param name="States">How many states there are.</param>
/// <param name="Step">The next states, given what comes from the input and from the state before, [B, gates·H] each, the states before, and H.</param>
internal sealed record RecurrentCell(string Name, int Gates, int States, Func<Node, Node, NodeList, Dim, NodeList> Step)
{
    /// <summary>h' = tanh(x + h).</summary>
    public static readonly RecurrentCell Tanh = new("Rnn", 1, 1, (x, h, _, _) => [Ops.Tanh(x + h)]);

    /// <summary>h' = max(x + h, 0).</summary>
    public static readonly RecurrentCell Relu = new("Rnn", 1, 1, (x, h, _, _) => [Ops.Relu(x + h)]);

    /// <summary>Gates i, f, g and o: c' = σ(f)·c + σ(i)·tanh(g), h' = σ(o)·tanh(c').</summary>
    public static readonly RecurrentCell Lstm = new("Lstm", 4, 2, (x, h, states, size) =>
    {
        Node gates = x + h;
        Node cell = (Ops.Sigmoid(Gate(gates, 1, size)) * states[1]) + (Ops.Sigmoid(Gate(gates, 0, size)) * Ops.Tanh(Gate(gates, 2, size)));
        return [Ops.Sigmoid(Gate(gates, 3, size)) * Ops.Tanh(cell), cell];
    });

    /// <summary>Gates r, z and n: n = tanh(xₙ + σ(r)·hₙ), h' = (1 − σ(z))·n + σ(z)·h.</summary>
    public static readonly RecurrentCell Gru = new("Gru", 3, 1, (x, h, states, size) =>
    {
        Node reset = Ops.Sigmoid(Gate(x, 0, size) + Gate(h, 0, size));
        Node update = Ops.Sigmoid(Gate(x, 1, size) + Gate(h, 1, size));
        Node next = Ops.Tanh(Gate(x, 2, size) + (reset * Gate(h, 2, size)));
        return [((1 - update) * next) + (update * states[0])];
    });

    private static Node Gate(Node gates, int index, Dim size) => Ops.Slice(gates, 1, index * size, (index + 1) * size);
}

/// <summary>The weights of one direction of one layer: [gates·H, I], [gates·H, H], and perhaps two biases [gates·H].</summary>
internal sealed record RecurrentWeights(Node Input, Node Hidden, Node? InputBias, Node? HiddenBias)
{
    /// <summary>The size of a state.</summary>
    public Dim Size => Hidden.Shape[1];
}

/// <summary>Recurrent cells over sequences.</summary>
internal static class RecurrentLayers
{
    /// <summary>One step.</summary>
    public static NodeList Step(RecurrentCell cell, Node x, NodeList states, RecurrentWeights weights) =>
        cell.Step(Ops.Linear(x, weights.Input, weights.InputBias), Ops.Linear(states[0], weights.Hidden, weights.HiddenBias), states, weights.Size);

    /// <summary>One direction of one layer: the states after each step [T, B, H] and the last states, [B, H] each.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="x">[T, B, I].</param>
    /// <param name="states">What the first step is given, [B, H] each.</param>
    /// <param name="weights">The weights.</param>
    /// <param name="lengths">How many steps each row of the batch has, [B]; null for all.</param>
    /// <param name="reverse">Whether to go from each row's end to its start.</param>
    public static (Node Outputs, NodeList Last) Direction(RecurrentCell cell, Node x, NodeList states, RecurrentWeights weights, Node? lengths, bool reverse)
    {
        // The input's part is one product for all steps.
        Node projected = Ops.Linear(x, weights.Input, weights.InputBias);
        NodeList sequences = lengths is null ? [projected] : [projected, Ops.Arange(x.Shape[0], dtype: lengths.DType)];
        (NodeList last, NodeList outputs) = Ops.Scan(
            states,
            sequences,
            (before, rows) =>
            {
                NodeList after = cell.Step(rows[0], Ops.Linear(before[0], weights.Hidden, weights.HiddenBias), before, weights.Size);
                if (lengths is null)
                {
                    return (after, [after[0]]);
                }

                // Beyond a row's end its states stay, and its outputs are 0.
                Node runs = Ops.BroadcastTo(Ops.Unsqueeze(rows[1] < lengths, 1), before[0].Shape);
                return ([.. after.Zip(before, (a, b) => Ops.Where(runs, a, b))], [Ops.Where(runs, after[0], 0)]);
            },
            reverse: reverse);
        return (outputs[0], last);
    }

    /// <summary>Layers, each on the outputs of the one before: the last one's outputs [T, B, directions·H], and the last states of all, [layers·directions, B, H] each.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="x">[T, B, I].</param>
    /// <param name="states">What the first step is given, [layers·directions, B, H] each; null for zeros.</param>
    /// <param name="weights">The weights of each layer, and in it of each direction.</param>
    /// <param name="lengths">How many steps each row of the batch has, [B]; null for all.</param>
    /// <param name="directions">1 or 2.</param>
    /// <param name="between">What becomes of a layer's outputs on their way to the next: given the layer's number.</param>
    public static NodeList Stack(
        RecurrentCell cell, Node x, NodeList? states, IReadOnlyList<RecurrentWeights> weights, Node? lengths, int directions, Func<int, Node, Node> between)
    {
        List<NodeList> last = [];
        int layers = weights.Count / directions;
        for (int layer = 0; layer < layers; layer++)
        {
            List<Node> outputs = [];
            for (int direction = 0; direction < directions; direction++)
            {
                int at = last.Count;
                Shape shape = [x.Shape[1], weights[at].Size];
                NodeList start = [.. Enumerable.Range(0, cell.States).Select(s => states is null ? Ops.Zeros(shape, x.DType) : Ops.Select(states[s], 0, at))];
                (Node all, NodeList end) = Direction(cell, x, start, weights[at], lengths, reverse: direction == 1);
                outputs.Add(all);
                last.Add(end);
            }

            x = outputs.Count == 1 ? outputs[0] : Ops.Concat(outputs, 2);
            x = layer < layers - 1 ? between(layer, x) : x;
        }

        return [x, .. Enumerable.Range(0, cell.States).Select(s => Ops.Stack([.. last.Select(l => l[s])]))];
    }
}
