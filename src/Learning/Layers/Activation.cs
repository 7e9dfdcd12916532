using System.Globalization;

namespace GraphCompiler.Learning;

/// <summary>A function as a layer: without parameters, and the same in training and at inference. Each is a new one, which knows its own place.</summary>
public sealed class Activation : Layer
{
    private readonly string name;
    private readonly Func<Node, Node> function;

    private Activation(string name, Func<Node, Node> function) => (this.name, this.function) = (name, function);

    /// <summary>x itself, as PyTorch's <c>nn.Identity</c>.</summary>
    public static Activation Identity => new("Identity", x => x);

    /// <summary><see cref="Ops.Relu(Node)"/>.</summary>
    public static Activation Relu => new("ReLU", Ops.Relu);

    /// <summary><see cref="Ops.Relu6(Node)"/>.</summary>
    public static Activation Relu6 => new("ReLU6", Ops.Relu6);

    /// <summary><see cref="Ops.Selu(Node)"/>.</summary>
    public static Activation Selu => new("SELU", Ops.Selu);

    /// <summary><see cref="Ops.Gelu(Node, bool)"/>, exact.</summary>
    public static Activation Gelu => new("GELU", x => Ops.Gelu(x));

    /// <summary><see cref="Ops.Gelu(Node, bool)"/>, approximate: PyTorch's <c>nn.GELU("tanh")</c>, GPT-2's <c>gelu_new</c>.</summary>
    public static Activation TanhGelu => new("GELU(tanh)", x => Ops.Gelu(x, approximate: true));

    /// <summary><see cref="Ops.Silu(Node)"/>, also known as swish.</summary>
    public static Activation Silu => new("SiLU", Ops.Silu);

    /// <summary><see cref="Ops.Mish(Node)"/>.</summary>
    public static Activation Mish => new("Mish", Ops.Mish);

    /// <summary><see cref="Ops.Sigmoid(Node)"/>.</summary>
    public static Activation Sigmoid => new("Sigmoid", Ops.Sigmoid);

    /// <summary><see cref="Ops.LogSigmoid(Node)"/>.</summary>
    public static Activation LogSigmoid => new("LogSigmoid", Ops.LogSigmoid);

    /// <summary><see cref="Ops.Tanh(Node)"/>.</summary>
    public static Activation Tanh => new("Tanh", Ops.Tanh);

    /// <summary><see cref="Ops.TanhShrink(Node)"/>.</summary>
    public static Activation TanhShrink => new("Tanhshrink", Ops.TanhShrink);

    /// <summary><see cref="Ops.Softsign(Node)"/>.</summary>
    public static Activation Softsign => new("Softsign", Ops.Softsign);

    /// <summary><see cref="Ops.HardSigmoid(Node)"/>.</summary>
    public static Activation HardSigmoid => new("Hardsigmoid", Ops.HardSigmoid);

    /// <summary><see cref="Ops.HardSwish(Node)"/>.</summary>
    public static Activation HardSwish => new("Hardswish", Ops.HardSwish);

    /// <summary><see cref="Ops.LeakyRelu(Node, double)"/>.</summary>
    /// <param name="slope">The slope at 0 and below.</param>
    public static Activation LeakyRelu(double slope = 0.01) => new(Named("LeakyReLU", slope), x => Ops.LeakyRelu(x, slope));

    /// <summary><see cref="Ops.Elu(Node, double)"/>.</summary>
    /// <param name="alpha">Minus the limit at −∞.</param>
    public static Activation Elu(double alpha = 1) => new(Named("ELU", alpha), x => Ops.Elu(x, alpha));

    /// <summary><see cref="Ops.Celu(Node, double)"/>.</summary>
    /// <param name="alpha">Minus the limit at −∞.</param>
    public static Activation Celu(double alpha = 1) => new(Named("CELU", alpha), x => Ops.Celu(x, alpha));

    /// <summary><see cref="Ops.Softplus(Node, double, double)"/>.</summary>
    /// <param name="beta">How sharp the bend is.</param>
    /// <param name="threshold">The beta·x above which the result is x.</param>
    public static Activation Softplus(double beta = 1, double threshold = 20) => new(Named("Softplus", beta, threshold), x => Ops.Softplus(x, beta, threshold));

    /// <summary><see cref="Ops.HardTanh(Node, double, double)"/>.</summary>
    /// <param name="low">The lower end.</param>
    /// <param name="high">The upper end, not below <paramref name="low"/>.</param>
    public static Activation HardTanh(double low = -1, double high = 1) => new(Named("Hardtanh", low, high), x => Ops.HardTanh(x, low, high));

    /// <summary><see cref="Ops.HardShrink(Node, double)"/>.</summary>
    /// <param name="edge">The |x| up to which the result is 0.</param>
    public static Activation HardShrink(double edge = 0.5) => new(Named("Hardshrink", edge), x => Ops.HardShrink(x, edge));

    /// <summary><see cref="Ops.SoftShrink(Node, double)"/>.</summary>
    /// <param name="edge">By how much x moves toward 0.</param>
    public static Activation SoftShrink(double edge = 0.5) => new(Named("Softshrink", edge), x => Ops.SoftShrink(x, edge));

    /// <summary><see cref="Ops.Threshold(Node, double, double)"/>.</summary>
    /// <param name="threshold">The threshold.</param>
    /// <param name="value">The value at the threshold and below.</param>
    public static Activation Threshold(double threshold, double value) => new(Named("Threshold", threshold, value), x => Ops.Threshold(x, threshold, value));

    /// <summary><see cref="Ops.Glu(Node, int)"/>, which halves an axis.</summary>
    /// <param name="axis">The axis.</param>
    public static Activation Glu(int axis = -1) => new(Named("GLU", axis), x => Ops.Glu(x, axis));

    /// <summary><see cref="Ops.Softmax(Node, int)"/>; PyTorch's <c>nn.Softmax2d</c> is that along axis −3.</summary>
    /// <param name="axis">The axis.</param>
    public static Activation Softmax(int axis = -1) => new(Named("Softmax", axis), x => Ops.Softmax(x, axis));

    /// <summary><see cref="Ops.Softmin(Node, int)"/>.</summary>
    /// <param name="axis">The axis.</param>
    public static Activation Softmin(int axis = -1) => new(Named("Softmin", axis), x => Ops.Softmin(x, axis));

    /// <summary><see cref="Ops.LogSoftmax(Node, int)"/>.</summary>
    /// <param name="axis">The axis.</param>
    public static Activation LogSoftmax(int axis = -1) => new(Named("LogSoftmax", axis), x => Ops.LogSoftmax(x, axis));

    /// <summary>Any function of a node as a layer.</summary>
    /// <param name="name">How messages call it.</param>
    /// <param name="function">The function; parameters that it uses are in no model.</param>
    public static Activation Of(string name, Func<Node, Node> function)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(function);
        return new(name, function);
    }

    /// <inheritdoc/>
    public override string ToString() => name;

    /// <inheritdoc/>
    protected override Node Define(Node x) => function(x);

    private static string Named(string name, params ReadOnlySpan<double> numbers) =>
        $"{name}({string.Join(", ", numbers.ToArray().Select(n => n.ToString(CultureInfo.InvariantCulture)))})";
}

/// <summary>x above 0, slope·x elsewhere, with slopes that are learned (He et al., 2015). <c>weight</c> [1], or [channels] along axis 1, as PyTorch's <c>nn.PReLU</c>.</summary>
/// <param name="channels">The number of slopes: 1 for one of all, or the size of axis 1.</param>
/// <param name="start">What they begin with.</param>
/// <exception cref="ArgumentOutOfRangeException"><paramref name="channels"/> is not above 0.</exception>
public sealed class PRelu(int channels = 1, float start = 0.25f) : Layer
{
    /// <summary>The slopes.</summary>
    public Parameter<float> Weight { get; } = Initializer.Constant(start).Make(Require.Positive(channels));

    /// <inheritdoc/>
    public override string ToString() => $"PReLU({Weight.ElementCount})";

    /// <inheritdoc/>
    protected override Node Define(Node x)
    {
        if (Weight.ElementCount == 1)
        {
            Require.Float(x);
        }
        else
        {
            Require.Channels(x, (int)Weight.ElementCount);
        }

        return Ops.PRelu(x, Weight);
    }
}
