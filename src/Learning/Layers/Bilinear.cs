namespace GraphCompiler.Learning;

/// <summary>aᵀ·W·b + c for each matrix W: […, first] and […, second] give […, outputs]. <c>weight</c> [outputs, first, second] and <c>bias</c> [outputs], as PyTorch's <c>nn.Bilinear</c>.</summary>
public sealed class Bilinear : Module
{
    /// <summary>A module of random weights.</summary>
    /// <param name="first">The size of the last axis of a.</param>
    /// <param name="second">The size of the last axis of b.</param>
    /// <param name="outputs">The size of the last axis of the result.</param>
    /// <param name="random">Where the weights come from.</param>
    /// <param name="bias">Whether there is a bias.</param>
    /// <param name="init">How the weight begins; by default <see cref="Initializer.PyTorch"/> of the first size, as the bias does.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not above 0.</exception>
    public Bilinear(int first, int second, int outputs, Generator random, bool bias = true, Initializer? init = null)
    {
        (First, Second, Outputs) = (Require.Positive(first), Require.Positive(second), Require.Positive(outputs));
        Weight = (init ?? Initializer.PyTorch(first)).Make(random, outputs, first, second);
        Bias = bias ? Initializer.PyTorch(first).Make(random, outputs) : null;
    }

    /// <summary>The size of the last axis of a.</summary>
    public int First { get; }

    /// <summary>The size of the last axis of b.</summary>
    public int Second { get; }

    /// <summary>The size of the last axis of the result.</summary>
    public int Outputs { get; }

    /// <summary>The matrices [outputs, first, second].</summary>
    public Parameter<float> Weight { get; }

    /// <summary>The bias [outputs]; null if there is none.</summary>
    public Parameter<float>? Bias { get; }

    /// <summary>Defines the result for two nodes.</summary>
    /// <param name="a">[…, first].</param>
    /// <param name="b">[…, second].</param>
    /// <exception cref="ShapeException">A last axis does not fit, or the others differ.</exception>
    /// <exception cref="DTypeException">One of them is not float32.</exception>
    public Node Forward(Node a, Node b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        return Within(() =>
        {
            Require.LastAxes(a, First);
            Require.LastAxes(b, Second);
            return Ops.Bilinear(a, b, Weight, Bias);
        });
    }

    /// <inheritdoc/>
    public override string ToString() => $"Bilinear({First}, {Second} → {Outputs})";
}
