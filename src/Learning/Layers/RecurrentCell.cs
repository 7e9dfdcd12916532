namespace GraphCompiler.Learning;

/// <summary>
/// What <see cref="RnnCell"/>, <see cref="LstmCell"/> and <see cref="GruCell"/> have in common: one step, with <c>weight_ih</c> [gates·H, I], <c>weight_hh</c> [gates·H, H],
/// <c>bias_ih</c> and <c>bias_hh</c> [gates·H], which begin uniform between ∓1/√H, as PyTorch's.
/// </summary>
public abstract class RecurrentCell : Layer
{
    private protected RecurrentCell(int gates, int inputs, int size, Generator random, bool bias)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        (Inputs, Size) = (inputs, size);
        Initializer init = Initializer.PyTorch(size);
        WeightIh = init.Make(random, gates * size, inputs);
        WeightHh = init.Make(random, gates * size, size);
        BiasIh = bias ? init.Make(random, gates * size) : null;
        BiasHh = bias ? init.Make(random, gates * size) : null;
    }

    /// <summary>I, the size of the last axis of what the cell is applied to.</summary>
    public int Inputs { get; }

    /// <summary>H, the size of a state.</summary>
    public int Size { get; }

    /// <summary>W [gates·H, I].</summary>
    public Parameter<float> WeightIh { get; }

    /// <summary>U [gates·H, H].</summary>
    public Parameter<float> WeightHh { get; }

    /// <summary>What is added to W·x [gates·H]; null if there are no biases.</summary>
    public Parameter<float>? BiasIh { get; }

    /// <summary>What is added to U·h [gates·H]; null if there are no biases.</summary>
    public Parameter<float>? BiasHh { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{GetType().Name}({Inputs} → {Size})";

    /// <summary>The weights as functions take them, for an input that fits.</summary>
    private protected NodeList WeightsFor(Node x)
    {
        ArgumentNullException.ThrowIfNull(x);
        Require.Float(x);
        if (x.Rank != 2 || x.Shape[1] != Inputs)
        {
            throw new ShapeException($"takes one step of a batch, [N, {Inputs}], and was given {x.Shape}.");
        }

        return [.. new Node?[] { WeightIh, WeightHh, BiasIh, BiasHh }.OfType<Node>()];
    }

    /// <summary>A state of zeros.</summary>
    private protected Node Zeros(Node x) => Ops.Zeros([x.Shape[0], Size]);
}

/// <summary>One step of a simple recurrent network: PyTorch's <c>nn.RNNCell</c>.</summary>
public sealed class RnnCell : RecurrentCell
{
    /// <summary>A cell of random weights.</summary>
    /// <param name="inputs">I, the size of the last axis of what it is applied to.</param>
    /// <param name="size">H, the size of a state.</param>
    /// <param name="random">Where the weights come from.</param>
    /// <param name="bias">Whether there are biases.</param>
    public RnnCell(int inputs, int size, Generator random, bool bias = true)
        : base(1, inputs, size, random, bias)
    {
    }

    /// <summary>Whether max(·, 0) takes the place of tanh.</summary>
    public bool Relu { get; init; }

    /// <summary>The next state; <see cref="Layer.Forward"/> gives that after zeros.</summary>
    /// <param name="x">[N, I].</param>
    /// <param name="state">h [N, H].</param>
    /// <exception cref="ShapeException">A rank or a size does not fit.</exception>
    /// <exception cref="DTypeException">A dtype does not fit.</exception>
    public Node Forward(Node x, Node state) => Within(() => Ops.RnnCell(x, state, WeightsFor(x), Relu), given: x);

    /// <inheritdoc/>
    protected override Node Define(Node x)
    {
        NodeList weights = WeightsFor(x);
        return Ops.RnnCell(x, Zeros(x), weights, Relu);
    }
}

/// <summary>One step of long short-term memory: PyTorch's <c>nn.LSTMCell</c>.</summary>
public sealed class LstmCell : RecurrentCell
{
    /// <summary>A cell of random weights.</summary>
    /// <param name="inputs">I, the size of the last axis of what it is applied to.</param>
    /// <param name="size">H, the size of a state.</param>
    /// <param name="random">Where the weights come from.</param>
    /// <param name="bias">Whether there are biases.</param>
    public LstmCell(int inputs, int size, Generator random, bool bias = true)
        : base(4, inputs, size, random, bias)
    {
    }

    /// <summary>The next state and cell; <see cref="Layer.Forward"/> gives the state after zeros.</summary>
    /// <param name="x">[N, I].</param>
    /// <param name="state">h [N, H].</param>
    /// <param name="cell">c [N, H].</param>
    /// <exception cref="ShapeException">A rank or a size does not fit.</exception>
    /// <exception cref="DTypeException">A dtype does not fit.</exception>
    public (Node State, Node Cell) Forward(Node x, Node state, Node cell) => Within(() => Ops.LstmCell(x, state, cell, WeightsFor(x)), given: x);

    /// <inheritdoc/>
    protected override Node Define(Node x)
    {
        NodeList weights = WeightsFor(x);
        return Ops.LstmCell(x, Zeros(x), Zeros(x), weights).State;
    }
}

/// <summary>One step of gated recurrent units: PyTorch's <c>nn.GRUCell</c>.</summary>
public sealed class GruCell : RecurrentCell
{
    /// <summary>A cell of random weights.</summary>
    /// <param name="inputs">I, the size of the last axis of what it is applied to.</param>
    /// <param name="size">H, the size of a state.</param>
    /// <param name="random">Where the weights come from.</param>
    /// <param name="bias">Whether there are biases.</param>
    public GruCell(int inputs, int size, Generator random, bool bias = true)
        : base(3, inputs, size, random, bias)
    {
    }

    /// <summary>The next state; <see cref="Layer.Forward"/> gives that after zeros.</summary>
    /// <param name="x">[N, I].</param>
    /// <param name="state">h [N, H].</param>
    /// <exception cref="ShapeException">A rank or a size does not fit.</exception>
    /// <exception cref="DTypeException">A dtype does not fit.</exception>
    public Node Forward(Node x, Node state) => Within(() => Ops.GruCell(x, state, WeightsFor(x)), given: x);

    /// <inheritdoc/>
    protected override Node Define(Node x)
    {
        NodeList weights = WeightsFor(x);
        return Ops.GruCell(x, Zeros(x), weights);
    }
}
