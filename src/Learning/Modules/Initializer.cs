using System.Numerics.Tensors;

namespace GraphCompiler.Learning;

/// <summary>
/// How the values of a parameter begin. Sizes are those of PyTorch's layouts: of a shape [outputs, inputs, …], a place of the output is the sum of
/// inputs · … products (the fan-in), and a place of the input reaches outputs · … (the fan-out). A rule of one's own overrides <see cref="Draw"/>.
/// </summary>
public abstract class Initializer
{
    /// <summary>Zeros.</summary>
    public static ConstantInitializer Zeros { get; } = new(0);

    /// <summary>Ones.</summary>
    public static ConstantInitializer Ones { get; } = new(1);

    /// <summary>One value everywhere.</summary>
    /// <param name="value">The value.</param>
    public static ConstantInitializer Constant(float value) => new(value);

    /// <summary>Normal numbers.</summary>
    /// <param name="mean">Their mean.</param>
    /// <param name="standardDeviation">Their standard deviation, at least 0.</param>
    public static Initializer Normal(float mean = 0, float standardDeviation = 1) =>
        new DrawnInitializer((random, shape) => random.Normal(mean, standardDeviation, shape));

    /// <summary>Uniform numbers.</summary>
    /// <param name="low">The least.</param>
    /// <param name="high">What they are below, at least <paramref name="low"/>.</param>
    public static Initializer Uniform(float low = 0, float high = 1) => new DrawnInitializer((random, shape) => random.Uniform(low, high, shape));

    /// <summary>Normal numbers, those outside of two bounds drawn again.</summary>
    /// <param name="mean">The mean before that.</param>
    /// <param name="standardDeviation">The standard deviation before that, above 0.</param>
    /// <param name="low">The lower bound, in values.</param>
    /// <param name="high">The upper bound, above <paramref name="low"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The deviation is not above 0, or the bounds leave less than a thousandth of the numbers.</exception>
    public static Initializer TruncatedNormal(float mean = 0, float standardDeviation = 1, float low = -2, float high = 2) => new TruncatedNormalInitializer(mean, standardDeviation, low, high);

    /// <summary>
    /// What PyTorch's linear, convolutional and recurrent layers begin with: uniform between ∓1/√fan-in, for weights and biases alike.
    /// </summary>
    /// <param name="fanIn">How many products are summed for one place of the output, at least 1.</param>
    public static Initializer PyTorch(int fanIn)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(fanIn);
        float bound = 1 / MathF.Sqrt(fanIn);
        return Uniform(-bound, bound);
    }

    /// <summary>Keras's default for weights: <see cref="XavierUniform"/> (Glorot); its biases are <see cref="Zeros"/>.</summary>
    public static Initializer Keras { get; } = XavierUniform();

    /// <summary>Uniform, of variance gain²·2/(fan-in + fan-out) (Glorot and Bengio, 2010).</summary>
    /// <param name="gain">A factor for the activation that follows, such as √2 for ReLU.</param>
    public static Initializer XavierUniform(float gain = 1) => OfVariance(isUniform: true, (fanIn, fanOut) => gain * gain * 2 / (fanIn + fanOut));

    /// <summary>Normal, of variance gain²·2/(fan-in + fan-out) (Glorot and Bengio, 2010).</summary>
    /// <param name="gain">A factor for the activation that follows, such as √2 for ReLU.</param>
    public static Initializer XavierNormal(float gain = 1) => OfVariance(isUniform: false, (fanIn, fanOut) => gain * gain * 2 / (fanIn + fanOut));

    /// <summary>Uniform, of variance 2/((1 + slope²)·fan-in), for layers before a ReLU (He et al., 2015).</summary>
    /// <param name="slope">The slope of the ReLU below 0.</param>
    /// <param name="fanOut">Whether the fan-out takes the place of the fan-in, which keeps the size of gradients rather than of values.</param>
    public static Initializer HeUniform(float slope = 0, bool fanOut = false) => OfVariance(isUniform: true, (i, o) => 2 / ((1 + (slope * slope)) * (fanOut ? o : i)));

    /// <summary>Normal, of variance 2/((1 + slope²)·fan-in), for layers before a ReLU (He et al., 2015).</summary>
    /// <param name="slope">The slope of the ReLU below 0.</param>
    /// <param name="fanOut">Whether the fan-out takes the place of the fan-in, which keeps the size of gradients rather than of values.</param>
    public static Initializer HeNormal(float slope = 0, bool fanOut = false) => OfVariance(isUniform: false, (i, o) => 2 / ((1 + (slope * slope)) * (fanOut ? o : i)));

    /// <summary>Normal, of variance 1/fan-in, for layers before a SELU (LeCun et al., 1998).</summary>
    public static Initializer LeCunNormal() => OfVariance(isUniform: false, (fanIn, _) => 1 / fanIn);

    /// <summary>
    /// Rows that are orthogonal and of length <paramref name="gain"/>, or columns where there are fewer of these, of the matrix [first size, all others], distributed
    /// evenly among all such (Saxe et al., 2014).
    /// </summary>
    /// <param name="gain">The length of rows or columns.</param>
    public static Initializer Orthogonal(float gain = 1) => new OrthogonalInitializer(gain);

    /// <summary>A new parameter.</summary>
    /// <param name="random">Where chance comes from.</param>
    /// <param name="shape">The sizes.</param>
    /// <exception cref="ShapeException">The rule is not for this shape.</exception>
    public Parameter<float> Make(Generator random, params ReadOnlySpan<int> shape)
    {
        ArgumentNullException.ThrowIfNull(random);
        return Ops.Parameter("parameter", Draw(random, shape));
    }

    /// <summary>The values that a parameter begins with.</summary>
    /// <param name="random">Where chance comes from.</param>
    /// <param name="shape">The sizes.</param>
    /// <exception cref="ShapeException">The rule is not for this shape.</exception>
    public abstract Tensor<float> Draw(Generator random, ReadOnlySpan<int> shape);

    private static DrawnInitializer OfVariance(bool isUniform, Func<double, double, double> variance) => new((random, shape) =>
    {
        if (shape.Length < 2)
        {
            throw new ShapeException($"The shape [{string.Join(", ", shape.ToArray())}] has no fan-in and no fan-out, which want an output's axis and an input's: such a parameter begins with Zeros, Ones or numbers of a given size.");
        }

        int window = 1;
        foreach (int size in shape[2..])
        {
            window = checked(window * size);
        }

        double deviation = Math.Sqrt(variance((double)shape[1] * window, (double)shape[0] * window));
        float bound = (float)(Math.Sqrt(3) * deviation);
        return isUniform ? random.Uniform(-bound, bound, shape) : random.Normal(0, (float)deviation, shape);
    });
}
