namespace GraphCompiler.Learning;

/// <summary>y = x·Wᵀ + b along the last axis: <c>weight</c> [outputs, inputs] and <c>bias</c> [outputs], as PyTorch's <c>nn.Linear</c>.</summary>
public sealed class Linear : Layer
{
    /// <summary>A layer of random weights.</summary>
    /// <param name="inputs">The size of the last axis of what it is applied to.</param>
    /// <param name="outputs">The size of the last axis of the result.</param>
    /// <param name="random">Where the weights come from.</param>
    /// <param name="bias">Whether there is a bias.</param>
    /// <param name="init">How the weight begins; by default <see cref="Initializer.PyTorch"/>, as the bias does.</param>
    public Linear(int inputs, int outputs, Generator random, bool bias = true, Initializer? init = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputs);
        (Inputs, Outputs) = (inputs, outputs);
        Weight = (init ?? Initializer.PyTorch(inputs)).Make(random, outputs, inputs);
        Bias = bias ? Initializer.PyTorch(inputs).Make(random, outputs) : null;
    }

    /// <summary>The size of the last axis of what the layer is applied to.</summary>
    public int Inputs { get; }

    /// <summary>The size of the last axis of the result.</summary>
    public int Outputs { get; }

    /// <summary>The weight [outputs, inputs]. Another layer's may be given, such as the table of an embedding: the two are tied.</summary>
    /// <exception cref="ShapeException">It has another shape.</exception>
    public Parameter<float> Weight
    {
        get;
        init => field = field is null || value.Shape == field.Shape ? value : throw new ShapeException($"The weight of {this} is [{Outputs}, {Inputs}] and cannot be Parameter '{value.Path}' {value.Shape}.");
    }

    /// <summary>The bias [outputs]; null if there is none.</summary>
    public Parameter<float>? Bias { get; }

    /// <inheritdoc/>
    public override string ToString() => $"Linear({Inputs} → {Outputs})";

    /// <inheritdoc/>
    protected override Node Define(Node x)
    {
        Require.LastAxis(x, Inputs);
        return Ops.Linear(x, Weight, Bias);
    }
}
