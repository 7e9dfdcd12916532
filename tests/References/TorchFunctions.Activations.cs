using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.References;

internal sealed partial class TorchFunctions
{
    private void AddActivations()
    {
        foreach (string module in (ReadOnlySpan<string>)["torch", "F"])
        {
            Unary($"{module}.relu", Relu);
            Add($"{module}.softmax", a => Softmax(a.Node(0), a.Int(1, "dim")));
            Add($"{module}.log_softmax", a => LogSoftmax(a.Node(0), a.Int(1, "dim")));
        }

        Add("F.softmin", a => Softmax(-a.Node(0), a.Int(1, "dim")));
        Unary("F.relu6", x => Between(x, 0, 6));
        Add("F.leaky_relu", a => Leaky(a.Node(0), a.Double(1, "negative_slope", 0.01)));
        Add("F.prelu", a => Leaky(a.Node(0), Along(a.Node(1), a.Node(0), 1)));
        Add("F.elu", a => Elu(a.Node(0), a.Double(1, "alpha", 1), 1, 1));
        Add("F.celu", a => Elu(a.Node(0), a.Double(1, "alpha", 1), 1, 1 / a.Double(1, "alpha", 1)));
        Unary("F.selu", x => Elu(x, 1.6732632423543772848170429916717, 1.0507009873554804934193349852946, 1));
        Add("F.gelu", a => Gelu(a.Node(0), a.Text(1, "approximate") == "tanh"));
        Unary("F.silu", x => x * Sigmoid(x));
        Unary("F.mish", x => x * Tanh(Softplus(x)));
        Add("F.hardtanh", a => Between(a.Node(0), a.Double(1, "min_val", -1), a.Double(2, "max_val", 1)));
        Unary("F.hardsigmoid", x => Between((x / 6) + 0.5, 0, 1));

        Unary("F.hardswish", x => Where(x <= -3, Where(Equal(x, -3), (x + 3) * -0.5, 0), Where(x < 3, x * (x + 3) / 6, x)));
        Unary("F.softsign", x => x / (Abs(x) + 1));
        Add("F.softshrink", a =>
        {
            (Node x, double edge) = (a.Node(0), a.Double(1, "lambd", 0.5));
            return Where(x > edge, x - edge, Where(x < -edge, x + edge, 0));
        });
        Add("F.hardshrink", a =>
        {
            (Node x, double edge) = (a.Node(0), a.Double(1, "lambd", 0.5));
            return Where((x > edge) | (x < -edge), x, 0);
        });
        Unary("F.tanhshrink", x => x - Tanh(x));
        Add("F.threshold", a => Where(a.Node(0) > a.Double(1, "threshold", 0), a.Node(0), a.Double(2, "value", 0)));
        Unary("F.logsigmoid", x => -Softplus(-x));
        Add("F.softplus", a =>
        {
            (Node x, double beta, double threshold) = (a.Node(0), a.Double(1, "beta", 1), a.Double(2, "threshold", 20));
            return Where(x * beta > threshold, x, Softplus(x * beta) / beta);
        });
        Add("F.glu", a =>
        {
            (Node x, int axis) = (a.Node(0), a.Int(1, "dim", -1));
            Dim half = Size(x, axis) / 2;
            return Slice(x, axis, 0, half) * Sigmoid(Slice(x, axis, half));
        });
    }

    /// <summary>x cut to an interval, with slope 0 at its ends, unlike Clamp.</summary>
    private static Node Between(Node x, double low, double high) => Where(x <= low, low + ZerosLike(x), Where(x >= high, high + ZerosLike(x), x));

    private static Node Leaky(Node x, double slope) => Where(x > 0, x, slope * x);

    private static Node Leaky(Node x, Node slope) => Where(x > 0, x, slope * x);

    /// <summary>scale·x above 0, and scale·alpha·(exp(rate·x) − 1) elsewhere; at 0 it is straight, as in PyTorch.</summary>
    private static Node Elu(Node x, double alpha, double scale, double rate) =>
        Where(x > 0, scale * x, scale * alpha * Where(x < 0, Expm1(Where(x < 0, x * rate, 0)), x * rate));
}
