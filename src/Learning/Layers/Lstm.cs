namespace GraphCompiler.Learning;

/// <summary>
/// Long short-term memory (Hochreiter and Schmidhuber, 1997), rows of the weights in the order i, f, g, o: PyTorch's <c>nn.LSTM</c>, see <see cref="Ops.Lstm"/>. Names and
/// layouts: <see cref="RecurrentLayer"/>.
/// </summary>
public sealed class Lstm : RecurrentLayer
{
    /// <summary>Layers of random weights.</summary>
    /// <param name="inputs">I, the size of the last axis of what it is applied to.</param>
    /// <param name="size">H, the size of a state.</param>
    /// <param name="random">Where the weights come from.</param>
    /// <param name="layers">How many layers are one above the other.</param>
    /// <param name="bias">Whether there are biases.</param>
    /// <param name="bidirectional">Whether each layer also goes from the end to the start.</param>
    public Lstm(int inputs, int size, Generator random, int layers = 1, bool bias = true, bool bidirectional = false)
        : base(4, inputs, size, random, layers, bias, bidirectional)
    {
    }

    /// <summary>The outputs, and the last states and cells.</summary>
    /// <param name="x">[T, N, I], or [N, T, I] with <see cref="RecurrentLayer.BatchFirst"/>, or [T, I], one sequence: states and results have no axis N then either.</param>
    /// <param name="start">The states h before the first step [layers·directions, N, H]; null for zeros, if <paramref name="startCell"/> is null too.</param>
    /// <param name="startCell">The cells c before the first step, of the same shape.</param>
    /// <param name="lengths">How many steps each sequence has, integers [N] from 0 to T: beyond them outputs are 0 and states stay. Null for T.</param>
    /// <returns>The last layer's h after each step [T, N, directions·H], or with the batch first; the last h and c of all layers [layers·directions, N, H].</returns>
    /// <exception cref="ShapeException">A rank or a size does not fit.</exception>
    /// <exception cref="DTypeException">A dtype does not fit.</exception>
    public (Node Outputs, Node Last, Node LastCell) ForwardWithState(Node x, Node? start = null, Node? startCell = null, Node? lengths = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Within(() => Run(x, start, startCell, lengths), given: x);
    }

    /// <inheritdoc/>
    protected override Node Define(Node x) => Run(x, null, null, null).Outputs;

    private (Node Outputs, Node Last, Node LastCell) Run(Node x, Node? start, Node? startCell, Node? lengths)
    {
        NodeList weights = WeightsFor(x);
        (double p, Generator? random) = Dropped;
        Parameter<float>[] states = start is null && startCell is null ? StatesFor(x, 2, lengths) : [];
        (Node Outputs, Node Last, Node LastCell) results =
            Ops.Lstm(x, weights, start ?? states.FirstOrDefault(), startCell ?? states.LastOrDefault(), lengths, Bidirectional, BatchFirst, p, random);
        Remember(states, results.Last, results.LastCell);
        return results;
    }
}
