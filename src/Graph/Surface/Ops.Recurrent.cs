using System.Globalization;
using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>
    /// Layers of a simple recurrent network, h' = tanh(W·x + b + U·h + c) (PyTorch's RNN). Weights come in PyTorch's order: for each layer, and in it forward and then, if it
    /// is bidirectional, backward, W [H, I], U [H, H] and, if there are any, the biases b [H] and c [H]; each layer's I is the number of outputs of the one before.
    /// </summary>
    /// <param name="x">Floats, [T, B, I]: T steps of B sequences; T may be a symbol. Or [T, I], one sequence: states and results have no axis B then either.</param>
    /// <param name="weights">Nodes of the same dtype, [H, I], [H, H], [H], [H] for each layer and direction, all with biases or none.</param>
    /// <param name="start">The states before the first step, [layers·directions, B, H]; null for zeros.</param>
    /// <param name="lengths">How many steps each sequence has, integers [B] from 0 to T, others are an error of the call: beyond them outputs are 0 and states stay, and backward starts at each one's end. Null for T.</param>
    /// <param name="bidirectional">Whether each layer also goes from the end to the start, with outputs beside the others.</param>
    /// <param name="batchFirst">Whether x and the outputs are [B, T, …].</param>
    /// <param name="relu">Whether max(·, 0) takes the place of tanh.</param>
    /// <param name="dropout">The probability that an output is dropped on its way from a layer to the next, see <see cref="Dropout(Generator, Node, double)"/>; 0, that none is, for evaluation.</param>
    /// <param name="generator">Where the numbers for dropout come from.</param>
    /// <returns>The last layer's states after each step, [T, B, directions·H]; the last states of all layers, [layers·directions, B, H].</returns>
    /// <exception cref="ShapeException">A weight or a state does not fit, or there are not as many as layers need.</exception>
    /// <exception cref="DTypeException">A weight, a state or lengths have another dtype.</exception>
    /// <exception cref="GraphException">The probability is outside [0, 1], or above 0 without a generator.</exception>
    public static (Node Outputs, Node Last) Rnn(
        Node x,
        NodeList weights,
        Node? start = null,
        Node? lengths = null,
        bool bidirectional = false,
        bool batchFirst = false,
        bool relu = false,
        double dropout = 0,
        Generator? generator = null)
    {
        Node[] results = Recurrent(relu ? RecurrentCell.Relu : RecurrentCell.Tanh, x, weights, [start], lengths, bidirectional, batchFirst, (dropout, generator), ("Relu", relu));
        return (results[0], results[1]);
    }

    /// <summary>
    /// Layers of long short-term memory (PyTorch's LSTM): of the gates i, f, g and o of W·x + b + U·h + c, c' = σ(f)·c + σ(i)·tanh(g) and h' = σ(o)·tanh(c'). Weights as for
    /// <see cref="Rnn"/>, [4·H, I], [4·H, H] and [4·H], their rows in the order i, f, g, o.
    /// </summary>
    /// <param name="x">Floats, [T, B, I], or [T, I] of one sequence.</param>
    /// <param name="weights">Nodes of the same dtype, [4·H, I], [4·H, H], [4·H], [4·H] for each layer and direction, all with biases or none.</param>
    /// <param name="start">The states h before the first step, [layers·directions, B, H]; null for zeros, if <paramref name="startCell"/> is null too.</param>
    /// <param name="startCell">The states c before the first step, of the same shape.</param>
    /// <param name="lengths">How many steps each sequence has, integers [B]; see <see cref="Rnn"/>. Null for T.</param>
    /// <param name="bidirectional">Whether each layer also goes from the end to the start.</param>
    /// <param name="batchFirst">Whether x and the outputs are [B, T, …].</param>
    /// <param name="dropout">The probability that an output is dropped on its way from a layer to the next, see <see cref="Dropout(Generator, Node, double)"/>; 0, that none is, for evaluation.</param>
    /// <param name="generator">Where the numbers for dropout come from.</param>
    /// <returns>The last layer's h after each step, [T, B, directions·H]; the last h and c of all layers, [layers·directions, B, H] each.</returns>
    /// <exception cref="ShapeException">A weight or a state does not fit, or there are not as many as layers need.</exception>
    /// <exception cref="DTypeException">A weight, a state or lengths have another dtype.</exception>
    /// <exception cref="GraphException">The probability is outside [0, 1], or above 0 without a generator.</exception>
    public static (Node Outputs, Node Last, Node LastCell) Lstm(
        Node x,
        NodeList weights,
        Node? start = null,
        Node? startCell = null,
        Node? lengths = null,
        bool bidirectional = false,
        bool batchFirst = false,
        double dropout = 0,
        Generator? generator = null)
    {
        Node[] results = Recurrent(RecurrentCell.Lstm, x, weights, [start, startCell], lengths, bidirectional, batchFirst, (dropout, generator));
        return (results[0], results[1], results[2]);
    }

    /// <summary>
    /// Layers of gated recurrent units (PyTorch's GRU): of the gates r, z and n of v = W·x + b and u = U·h + c, n = tanh(vₙ + σ(vᵣ + uᵣ)·uₙ) and h' = (1 − z)·n + z·h with
    /// z = σ(v + u). Weights as for <see cref="Rnn"/>, [3·H, I], [3·H, H] and [3·H], their rows in the order r, z, n.
    /// </summary>
    /// <param name="x">Floats, [T, B, I], or [T, I] of one sequence.</param>
    /// <param name="weights">Nodes of the same dtype, [3·H, I], [3·H, H], [3·H], [3·H] for each layer and direction, all with biases or none.</param>
    /// <param name="start">The states before the first step, [layers·directions, B, H]; null for zeros.</param>
    /// <param name="lengths">How many steps each sequence has, integers [B]; see <see cref="Rnn"/>. Null for T.</param>
    /// <param name="bidirectional">Whether each layer also goes from the end to the start.</param>
    /// <param name="batchFirst">Whether x and the outputs are [B, T, …].</param>
    /// <param name="dropout">The probability that an output is dropped on its way from a layer to the next, see <see cref="Dropout(Generator, Node, double)"/>; 0, that none is, for evaluation.</param>
    /// <param name="generator">Where the numbers for dropout come from.</param>
    /// <returns>The last layer's states after each step, [T, B, directions·H]; the last states of all layers, [layers·directions, B, H].</returns>
    /// <exception cref="ShapeException">A weight or a state does not fit, or there are not as many as layers need.</exception>
    /// <exception cref="DTypeException">A weight, a state or lengths have another dtype.</exception>
    /// <exception cref="GraphException">The probability is outside [0, 1], or above 0 without a generator.</exception>
    public static (Node Outputs, Node Last) Gru(
        Node x, NodeList weights, Node? start = null, Node? lengths = null, bool bidirectional = false, bool batchFirst = false, double dropout = 0, Generator? generator = null)
    {
        Node[] results = Recurrent(RecurrentCell.Gru, x, weights, [start], lengths, bidirectional, batchFirst, (dropout, generator));
        return (results[0], results[1]);
    }

    /// <summary>One step of a simple recurrent network, tanh(W·x + b + U·h + c) (PyTorch's RNNCell).</summary>
    /// <param name="x">Floats, [B, I].</param>
    /// <param name="state">h of the same dtype, [B, H].</param>
    /// <param name="weights">W [H, I], U [H, H] and, if there are any, the biases b [H] and c [H].</param>
    /// <param name="relu">Whether max(·, 0) takes the place of tanh.</param>
    /// <returns>The next state, [B, H].</returns>
    /// <exception cref="ShapeException">A weight or the state does not fit.</exception>
    public static Node RnnCell(Node x, Node state, NodeList weights, bool relu = false) =>
        Cell("RnnCell", relu ? RecurrentCell.Relu : RecurrentCell.Tanh, x, [state], weights, ("Relu", relu))[0];

    /// <summary>One step of long short-term memory (PyTorch's LSTMCell), see <see cref="Lstm"/>.</summary>
    /// <param name="x">Floats, [B, I].</param>
    /// <param name="state">h of the same dtype, [B, H].</param>
    /// <param name="cell">c of the same dtype, [B, H].</param>
    /// <param name="weights">[4·H, I], [4·H, H] and, if there are any, biases [4·H], their rows in the order i, f, g, o.</param>
    /// <returns>The next h and c, [B, H] each.</returns>
    /// <exception cref="ShapeException">A weight or a state does not fit.</exception>
    public static (Node State, Node Cell) LstmCell(Node x, Node state, Node cell, NodeList weights)
    {
        Node[] next = Cell("LstmCell", RecurrentCell.Lstm, x, [state, cell], weights);
        return (next[0], next[1]);
    }

    /// <summary>One step of gated recurrent units (PyTorch's GRUCell), see <see cref="Gru"/>.</summary>
    /// <param name="x">Floats, [B, I].</param>
    /// <param name="state">h of the same dtype, [B, H].</param>
    /// <param name="weights">[3·H, I], [3·H, H] and, if there are any, biases [3·H], their rows in the order r, z, n.</param>
    /// <returns>The next state, [B, H].</returns>
    /// <exception cref="ShapeException">A weight or the state does not fit.</exception>
    public static Node GruCell(Node x, Node state, NodeList weights) => Cell("GruCell", RecurrentCell.Gru, x, [state], weights)[0];

    private static Node[] Cell(string op, RecurrentCell cell, Node x, Node[] states, NodeList weights, params ReadOnlySpan<(string Name, object? Value)> attributes)
    {
        RequireRanked(op, x, "[B, I]", 2);
        RecurrentWeights own = WeightsOf(op, cell, x, weights, directions: 1).Single();
        foreach (Node state in states)
        {
            RequireShape(op, "a state", NotNull(state), x, [x.Shape[0], own.Size]);
        }

        return Composite.Several(op, [x, .. states, .. weights], Body, attributes);

        Node[] Body(Node?[] n)
        {
            Node?[] parts = n[(1 + cell.States)..];
            var given = new RecurrentWeights(parts[0]!, parts[1]!, parts.ElementAtOrDefault(2), parts.ElementAtOrDefault(3));
            return [.. RecurrentLayers.Step(cell, n[0]!, [.. n[1..(1 + cell.States)].Select(s => s!)], given)];
        }
    }

    private static Node[] Recurrent(
        RecurrentCell cell,
        Node x,
        NodeList weights,
        Node?[] start,
        Node? lengths,
        bool bidirectional,
        bool batchFirst,
        (double P, Generator? Generator) dropout,
        params ReadOnlySpan<(string Name, object? Value)> attributes)
    {
        string op = cell.Name;
        int directions = bidirectional ? 2 : 1;
        bool isOne = NotNull(x).Rank == 2;
        RequireRanked(op, x, batchFirst ? "[B, T, I] or [T, I]" : "[T, B, I] or [T, I]", isOne ? 2 : 3);
        RecurrentWeights[] own = WeightsOf(op, cell, x, weights, directions);
        if (start.Count(s => s is not null) is var given && given != 0 && given != start.Length)
        {
            throw new GraphException($"{op}: give both states before the first step, or none.");
        }

        Shape state = isOne ? [own.Length, own[0].Size] : [own.Length, x.Shape[batchFirst ? 0 : 1], own[0].Size];
        foreach (Node before in start.OfType<Node>())
        {
            RequireShape(op, "a state before the first step", before, x, state);
        }

        if (lengths is { DType: not (DType.Int32 or DType.Int64) })
        {
            throw new DTypeException($"{op}: lengths must be int32 or int64, not {lengths.DType.Display()}; use Cast. Inputs: {x.Describe()}, {lengths.Describe()}.");
        }

        if (lengths is not null && (isOne || lengths.Shape != [state[1]]))
        {
            throw new ShapeException(isOne
                ? $"{op}: one sequence has the length of its axis; lengths are for a batch. Inputs: {x.Describe()}, {lengths.Describe()}."
                : $"{op}: lengths must be integers [{state[1]}], one a sequence, not {lengths.Describe()}. Input: {x.Describe()}.");
        }

        // Dropout between two layers has numbers of its own.
        Node?[] streams = [.. Enumerable.Range(0, (own.Length / directions) - 1).Select(_ => StreamOf(op, dropout.P, dropout.Generator))];
        RequireProbability(op, dropout.P);
        return Composite.Several(
            op, [x, .. start, lengths, .. streams, .. weights], Body, [.. attributes, ("Bidirectional", bidirectional), ("BatchFirst", batchFirst), ("Dropout", dropout.P)]);

        Node[] Body(Node?[] n)
        {
            Node steps = isOne ? Unsqueeze(n[0]!, 1) : batchFirst ? Transpose(n[0]!, 0, 1) : n[0]!;
            NodeList? states = n[1] is null ? null : [.. n[1..(1 + cell.States)].Select(s => isOne ? Unsqueeze(s!, 1) : s!)];
            RecurrentWeights[] layers = Grouped(own.Length, [.. n[(2 + cell.States + streams.Length)..].Select(w => w!)]);

            // Merely compared, a length out of range would be 0 or T.
            Node? known = n[1 + cell.States] is { } listed ? Take(Arange(steps.Shape[0] + 1, dtype: listed.DType), listed).Named(op) : null;
            NodeList results = RecurrentLayers.Stack(
                cell, steps, states, layers, known, directions, (layer, between) => Dropped(op, between, dropout.P, n[2 + cell.States + layer]));
            return isOne ? [.. results.Select(r => Select(r, 1, 0))] : [batchFirst ? Transpose(results[0], 0, 1) : results[0], .. results[1..]];
        }
    }

    /// <summary>The weights of each layer and direction, which fit.</summary>
    private static RecurrentWeights[] WeightsOf(string op, RecurrentCell cell, Node x, NodeList weights, int directions)
    {
        ArgumentNullException.ThrowIfNull(weights);
        int each = weights.Count > 2 && weights[2].Rank == 1 ? 4 : 2;
        if (weights.Count == 0 || weights.Count % (each * directions) != 0 || (op != cell.Name && weights.Count != each))
        {
            string sides = directions == 2 ? " in each direction" : string.Empty;
            throw new ShapeException($"{op}: a layer has two weights{sides}, [{cell.Gates}·H, I] and [{cell.Gates}·H, H], and perhaps two biases [{cell.Gates}·H]; {InvariantText.Count(weights.Count, "weight")} make no layers. Input: {x.Describe()}.");
        }

        RecurrentWeights[] grouped = Grouped(weights.Count / each, weights);
        if (grouped[0].Hidden.Rank != 2)
        {
            throw new ShapeException($"{op}: weight_hh_l0 must be [{cell.Gates}·H, H], not {grouped[0].Hidden.Shape}. Inputs: {x.Describe()}, {grouped[0].Hidden.Describe()}.");
        }

        Dim size = grouped[0].Size;
        Dim inputs = x.Shape[^1];
        for (int i = 0; i < grouped.Length; i++)
        {
            string suffix = string.Create(CultureInfo.InvariantCulture, $"l{i / directions}{(i % directions == 1 ? "_reverse" : string.Empty)}");
            Dim from = i < directions ? inputs : size * directions;
            RequireShape(op, $"weight_ih_{suffix}", grouped[i].Input, x, [cell.Gates * size, from]);
            RequireShape(op, $"weight_hh_{suffix}", grouped[i].Hidden, x, [cell.Gates * size, size]);
            if (grouped[i] is { InputBias: { } inputBias, HiddenBias: { } hiddenBias })
            {
                RequireShape(op, $"bias_ih_{suffix}", inputBias, x, [cell.Gates * size]);
                RequireShape(op, $"bias_hh_{suffix}", hiddenBias, x, [cell.Gates * size]);
            }
        }

        return grouped;
    }

    private static RecurrentWeights[] Grouped(int count, NodeList weights) =>
        [.. weights.Chunk(weights.Count / count).Select(w => new RecurrentWeights(w[0], w[1], w.ElementAtOrDefault(2), w.ElementAtOrDefault(3)))];

    private static void RequireRanked(string op, Node x, string shape, int rank)
    {
        RequireFloat(op, x);
        if (x.Rank != rank)
        {
            throw new ShapeException($"{op}: the input must be {shape}, not {x.Shape}. Input: {x.Describe()}.");
        }
    }

    private static void RequireShape(string op, string what, Node node, Node x, Shape shape)
    {
        RequireSameType(op, x, node);
        if (node.Shape != shape)
        {
            throw new ShapeException($"{op}: {what} must be {shape}, not {node.Shape}. Inputs: {x.Describe()}, {node.Describe()}.");
        }
    }
}
