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

        Add("F.softmin", a => Softmin(a.Node(0), a.Int(1, "dim")));
        Unary("F.relu6", Relu6);
        Add("F.leaky_relu", a => LeakyRelu(a.Node(0), a.Double(1, "negative_slope", 0.01)));
        Add("F.prelu", a => PRelu(a.Node(0), a.Node(1)));
        Add("F.elu", a => Elu(a.Node(0), a.Double(1, "alpha", 1)));
        Add("F.celu", a => Celu(a.Node(0), a.Double(1, "alpha", 1)));
        Unary("F.selu", Selu);
        Add("F.gelu", a => Gelu(a.Node(0), a.Text(1, "approximate") == "tanh"));
        Unary("F.silu", Silu);
        Unary("F.mish", Mish);
        Add("F.hardtanh", a => HardTanh(a.Node(0), a.Double(1, "min_val", -1), a.Double(2, "max_val", 1)));
        Unary("F.hardsigmoid", HardSigmoid);
        Unary("F.hardswish", HardSwish);
        Unary("F.softsign", Softsign);
        Add("F.softshrink", a => SoftShrink(a.Node(0), a.Double(1, "lambd", 0.5)));
        Add("F.hardshrink", a => HardShrink(a.Node(0), a.Double(1, "lambd", 0.5)));
        Unary("F.tanhshrink", TanhShrink);
        Add("F.threshold", a => Threshold(a.Node(0), a.Double(1, "threshold", 0), a.Double(2, "value", 0)));
        Unary("F.logsigmoid", LogSigmoid);
        Add("F.softplus", a => Softplus(a.Node(0), a.Double(1, "beta", 1), a.Double(2, "threshold", 20)));
        Add("F.glu", a => Glu(a.Node(0), a.Int(1, "dim", -1)));
    }
}
