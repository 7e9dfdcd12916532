namespace GraphCompiler.Learning;

/// <summary>y = x·Wᵀ + b along the last axis: <c>weight</c> [outputs, inputs] and <c>bias</c> [outputs], as PyTorch's <c>nn.Linear</c>.</summary>
public sealed class Linear : WeightedLayer
{
    /// <summary>A layer of random weights.</summary>
    /// <param name="inputs">The size of the last axis of what it is applied to.</param>
    /// <param name="outputs">The size of the last axis of the result.</param>
    /// <param name="random">Where the weights come from.</param>
    /// <param name="bias">Whether there is a bias.</param>
    /// <param name="init">How the weight begins; by default <see cref="Initializer.PyTorch"/>, as the bias does.</param>
    public Linear(int inputs, int outputs, Generator random, bool bias = true, Initializer? init = null)
        : base(random, init, [Require.Positive(outputs), Require.Positive(inputs)], bias ? outputs : null) => (Inputs, Outputs) = (inputs, outputs);

    /// <summary>The size of the last axis of what the layer is applied to.</summary>
    public int Inputs { get; }

    /// <summary>The size of the last axis of the result.</summary>
    public int Outputs { get; }

    /// <inheritdoc/>
    public override string ToString() => $"Linear({Inputs} → {Outputs})";

    internal override Node Define(Node x, Node weight)
    {
        Require.LastAxes(x, Inputs);
        return Ops.Linear(x, weight, Bias);
    }
}
