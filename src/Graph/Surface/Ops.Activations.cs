using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>max(x, 0); slope 0 at 0.</summary>
    /// <param name="x">Numbers.</param>
    public static Node Relu(Node x)
    {
        RequireNumber("Relu", x);
        return Create(new ReluOp(), x);
    }

    /// <summary>x cut to [0, 6]; slope 0 at the ends.</summary>
    /// <param name="x">Floats.</param>
    public static Node Relu6(Node x)
    {
        RequireFloat("Relu6", x);
        return Composite.Of("Relu6", x, x => HardTanh(x, 0, 6));
    }

    /// <summary>x above 0, slope·x elsewhere.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="slope">The slope at 0 and below.</param>
    public static Node LeakyRelu(Node x, double slope = 0.01)
    {
        RequireFloat("LeakyRelu", x);
        return Composite.Of("LeakyRelu", x, x => Where(x > 0, x, slope * x), ("Slope", slope));
    }

    /// <summary>x above 0, slope·x elsewhere, with slopes that are learned.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="slope">Floats of the same dtype: [] or [1] for one slope, [C] for one a channel.</param>
    /// <param name="axis">The axis of the channels.</param>
    public static Node PRelu(Node x, Node slope, int axis = 1)
    {
        RequireFloat("PRelu", x);
        return Composite.Of("PRelu", x, NotNull(slope), (x, slope) => Where(x > 0, x, AlongAxis("PRelu", slope, x, axis) * x), ("Axis", IsSingle(slope) ? null : Axis.Normalize(axis, x.Rank, "PRelu", x)));
    }

    /// <summary>x above 0, alpha·(eˣ − 1) below; slope alpha at 0.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="alpha">Minus the limit at −∞.</param>
    public static Node Elu(Node x, double alpha = 1)
    {
        RequireFloat("Elu", x);
        return Create(new EluOp(alpha, 1, 1), x);
    }

    /// <summary>x above 0, alpha·(e^(x/alpha) − 1) below: smooth for every alpha.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="alpha">Minus the limit at −∞.</param>
    public static Node Celu(Node x, double alpha = 1)
    {
        RequireFloat("Celu", x);
        return Create(new EluOp(alpha, 1, 1 / alpha), x);
    }

    /// <summary><see cref="Elu"/> with the alpha 1.6733 and times the scale 1.0507 that keep mean and variance (Klambauer et al., 2017).</summary>
    /// <param name="x">Floats.</param>
    public static Node Selu(Node x)
    {
        RequireFloat("Selu", x);
        return Create(new EluOp(1.6732632423543772848170429916717, 1.0507009873554804934193349852946, 1), x);
    }

    /// <summary>x·Φ(x), Φ the normal distribution function.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="approximate">Whether to take the tanh approximation instead of erf.</param>
    public static Node Gelu(Node x, bool approximate = false)
    {
        RequireFloat("Gelu", x);
        return Create(approximate ? new TanhGeluOp() : new GeluOp(), x);
    }

    /// <summary>x·sigmoid(x), also known as swish.</summary>
    /// <param name="x">Floats.</param>
    public static Node Silu(Node x)
    {
        RequireFloat("Silu", x);
        return Create(new SiluOp(), x);
    }

    /// <summary>x·tanh(softplus(x)).</summary>
    /// <param name="x">Floats.</param>
    public static Node Mish(Node x)
    {
        RequireFloat("Mish", x);
        return Create(new MishOp(), x);
    }

    /// <summary>log(1 + eˣ), without overflow or loss.</summary>
    /// <param name="x">Floats.</param>
    public static Node Softplus(Node x)
    {
        RequireFloat("Softplus", x);
        return Create(new SoftplusOp(), x);
    }

    /// <summary>log(1 + e^(beta·x))/beta, and x itself beyond a threshold, as PyTorch has it; without one, nothing is lost.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="beta">How sharp the bend is.</param>
    /// <param name="threshold">The beta·x above which the result is x.</param>
    public static Node Softplus(Node x, double beta, double threshold = 20) =>
        Composite.Of("Softplus", RequireFloat("Softplus", x), x => Where(x * beta > threshold, x, Softplus(x * beta) / beta), ("Beta", beta), ("Threshold", threshold));

    /// <summary>log sigmoid(x), without overflow or loss.</summary>
    /// <param name="x">Floats.</param>
    public static Node LogSigmoid(Node x)
    {
        RequireFloat("LogSigmoid", x);
        return Composite.Of("LogSigmoid", x, x => -Softplus(-x));
    }

    /// <summary>x/(1 + |x|).</summary>
    /// <param name="x">Floats.</param>
    public static Node Softsign(Node x)
    {
        RequireFloat("Softsign", x);
        return Create(new SoftsignOp(), x);
    }

    /// <summary>x cut to [low, high]; slope 0 at the ends, unlike <see cref="Clamp(Node, double, double)"/>.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="low">The lower end.</param>
    /// <param name="high">The upper end, not below <paramref name="low"/>.</param>
    /// <exception cref="GraphException">The ends are not in order.</exception>
    public static Node HardTanh(Node x, double low = -1, double high = 1)
    {
        RequireFloat("HardTanh", x);
        if (!(low <= high))
        {
            throw new GraphException($"HardTanh: the ends must be in order; low is {low} and high is {high}. Input: {x.Describe()}.");
        }

        return Composite.Of("HardTanh", x, x => Where(x <= low, low, Where(x >= high, high, x)), ("Low", low), ("High", high));
    }

    /// <summary>x/6 + ½ cut to [0, 1]; slope 0 at the ends.</summary>
    /// <param name="x">Floats.</param>
    public static Node HardSigmoid(Node x)
    {
        RequireFloat("HardSigmoid", x);
        return Composite.Of("HardSigmoid", x, x => HardTanh((x / 6) + 0.5, 0, 1));
    }

    /// <summary>x·hardSigmoid(x): 0 below −3, x above 3; slope −½ at −3, as in PyTorch, and 1 at 3.</summary>
    /// <param name="x">Floats.</param>
    public static Node HardSwish(Node x)
    {
        RequireFloat("HardSwish", x);
        return Composite.Of("HardSwish", x, x => Where(x <= -3, Where(Equal(x, -3), (x + 3) * -0.5, 0), Where(x < 3, x * (x + 3) / 6, x)));
    }

    /// <summary>x where |x| is above an edge, else 0.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="edge">The edge; at it the result is 0.</param>
    public static Node HardShrink(Node x, double edge = 0.5)
    {
        RequireFloat("HardShrink", x);
        return Composite.Of("HardShrink", x, x => Where(Abs(x) <= edge, 0, x), ("Edge", edge));
    }

    /// <summary>x moved toward 0 by an edge, and 0 where |x| is not above it.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="edge">The edge.</param>
    public static Node SoftShrink(Node x, double edge = 0.5)
    {
        RequireFloat("SoftShrink", x);
        return Composite.Of("SoftShrink", x, x => Where(x > edge, x - edge, Where(x < -edge, x + edge, 0 * x)), ("Edge", edge));
    }

    /// <summary>x − tanh(x).</summary>
    /// <param name="x">Floats.</param>
    public static Node TanhShrink(Node x)
    {
        // Where the two nearly cancel, Lambert's continued fraction: tanh x = x/(1 + c), c = x²/(3 + x²/(5 + …)), so that x − tanh x = x·c/(1 + c).
        const double Near = 1.5;
        return Composite.Of("TanhShrink", RequireFloat("TanhShrink", x), x =>
        {
            Node cut = Clamp(x, -Near, Near);
            Node square = cut * cut;
            Node rest = ZerosLike(x);
            for (int k = x.DType.OfFloat(13, 21); k >= 3; k -= 2)
            {
                rest = square / (k + rest);
            }

            return Where(Abs(x) < Near, cut * rest / (1 + rest), x - Tanh(x));
        });
    }

    /// <summary>x above a threshold, else a value; slope 0 at the threshold.</summary>
    /// <param name="x">Numbers.</param>
    /// <param name="threshold">The threshold.</param>
    /// <param name="value">The value at the threshold and below.</param>
    public static Node Threshold(Node x, double threshold, double value) =>
        Composite.Of("Threshold", NotNull(x), x => Where(x > threshold, x, value), ("Threshold", threshold), ("Value", value));

    /// <summary>The first half of an axis times the sigmoid of the second.</summary>
    /// <param name="x">Floats; the axis has an even size.</param>
    /// <param name="axis">The axis.</param>
    public static Node Glu(Node x, int axis = -1)
    {
        RequireFloat("Glu", x);
        int along = Axis.Normalize(axis, x.Rank, "Glu", x);
        return Composite.Of(
            "Glu",
            x,
            x =>
            {
                Dim half = x.Shape[along] / 2;
                Node even = Conditions.Same("Glu", x, half * 2, x.Shape[along], $"the size {x.Shape[along]} of axis {along} has no half.");
                return Part(even, along, new SliceRange(0, half, 1)) * Sigmoid(Part(even, along, new SliceRange(half, half, 1)));
            },
            ("Axis", along));
    }

    /// <summary>eˣ normalised to sum 1 along an axis.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="axis">The axis.</param>
    public static Node Softmax(Node x, int axis = -1)
    {
        RequireFloat("Softmax", x);
        return Create(new SoftmaxOp(Axis.Normalize(axis, x.Rank, "Softmax", x)), x);
    }

    /// <summary>The softmax of −x along an axis.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="axis">The axis.</param>
    public static Node Softmin(Node x, int axis = -1)
    {
        RequireFloat("Softmin", x);
        return Softmax(-x, Axis.Normalize(axis, x.Rank, "Softmin", x));
    }

    /// <summary>The logarithm of the softmax along an axis, accurate also where the softmax vanishes.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="axis">The axis.</param>
    public static Node LogSoftmax(Node x, int axis = -1)
    {
        RequireFloat("LogSoftmax", x);
        return Create(new LogSoftmaxOp(Axis.Normalize(axis, x.Rank, "LogSoftmax", x)), x);
    }

    private static bool IsSingle(Node values) => values.Rank == 0 || (values.Rank == 1 && values.Shape[0].Constant == 1);

    /// <summary>One number, or one a channel, with axes of size 1 that line it up with an axis of x.</summary>
    private static Node AlongAxis(string op, Node values, Node x, int axis)
    {
        if (IsSingle(NotNull(values)))
        {
            return Reshape(values, []);
        }

        int along = Axis.Normalize(axis, x.Rank, op, x);
        return values.Rank == 1 && values.Shape[0] == x.Shape[along]
            ? Reshape(values, Shape.Of(Enumerable.Range(0, x.Rank - along).Select(i => i == 0 ? values.Shape[0] : Dim.Of(1))))
            : throw new ShapeException($"{op}: one value or one for each of the {x.Shape[along]} of axis {along} is needed.{Broadcasting.Declare(values.Shape, [x.Shape[along]])} Inputs: {x.Describe()}, {values.Describe()}.");
    }
}
