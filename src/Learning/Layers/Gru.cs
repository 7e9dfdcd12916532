namespace GraphCompiler.Learning;

/// <summary>
/// Gated recurrent units (Cho et al., 2014), rows of the weights in the order r, z, n: PyTorch's <c>nn.GRU</c>, see <see cref="Ops.Gru"/>. Names and layouts:
/// <see cref="RecurrentLayer"/>.
/// </summary>
public sealed class Gru : RecurrentLayer
{
    /// <summary>Layers of random weights.</summary>
    /// <param name="inputs">I, the size of the last axis of what it is applied to.</param>
    /// <param name="size">H, the size of a state.</param>
    /// <param name="random">Where the weights come from.</param>
    /// <param name="layers">How many layers are one above the other.</param>
    /// <param name="bias">Whether there are biases.</param>
    /// <param name="bidirectional">Whether each layer also goes from the end to the start.</param>
    public Gru(int inputs, int size, Generator random, int layers = 1, bool bias = true, bool bidirectional = false)
        : base(3, inputs, size, random, layers, bias, bidirectional)
    {
    }

    /// <summary>The outputs, and the last states.</summary>
    /// <param name="x">[T, N, I], or [N, T, I] with <see cref="RecurrentLayer.BatchFirst"/>, or [T, I], one sequence: states and results have no axis N then either.</param>
    /// <param name="start">The states before the first step [layers·directions, N, H]; null for zeros.</param>
    /// <param name="lengths">How many steps each sequence has, integers [N] from 0 to T: beyond them outputs are 0 and states stay. Null for T.</param>
    /// <returns>The last layer's states after each step [T, N, directions·H], or with the batch first; the last states of all layers [layers·directions, N, H].</returns>
    /// <exception cref="ShapeException">A rank or a size does not fit.</exception>
    /// <exception cref="DTypeException">A dtype does not fit.</exception>
    public (Node Outputs, Node Last) ForwardWithState(Node x, Node? start = null, Node? lengths = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Within(() => Run(x, start, lengths), given: x);
    }

    /// <inheritdoc/>
    protected override Node Define(Node x) => Run(x, null, null).Outputs;

    private (Node Outputs, Node Last) Run(Node x, Node? start, Node? lengths)
    {
        NodeList weights = WeightsFor(x);
        (double p, Generator? random) = Dropped;
        Parameter<float>[] states = start is null ? StatesFor(x, 1, lengths) : [];
        (Node Outputs, Node Last) results = Ops.Gru(x, weights, start ?? states.FirstOrDefault(), lengths, Bidirectional, BatchFirst, p, random);
        Remember(states, results.Last);
        return results;
    }
}
