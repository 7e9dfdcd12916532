using GraphCompiler.Batching;
using static GraphCompiler.Differentiation.Slopes;

namespace GraphCompiler.Operations;

/// <summary>
/// x times a gate from 0 to 1 that closes toward −∞ faster than x grows: gelu, silu and mish. Beyond ±<see cref="Limit"/> the gate is 0 or 1 in
/// every float, and its slope 0: there x is cut, for 0·∞ is NaN.
/// </summary>
internal abstract record GatedOp : UnaryComposite
{
    protected abstract double Limit { get; }

    protected sealed override Node Expand(Node x) => Ops.Maximum(x, Ops.Scalar(-Limit, x.DType)) * Gate(x);

    public sealed override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        Node x = node.Inputs[0];
        Node gate = Gate(x);
        Node cut = Ops.Clamp(x, -Limit, Limit);
        return [Scale(cotangents[0]!, gate + (cut * Slope(cut, gate)))];
    }

    public sealed override Node[] Batch(BatchContext context) => context.OnBatched(this);

    protected abstract Node Gate(Node x);

    /// <summary>The gate's slope within the limit.</summary>
    protected abstract Node Slope(Node x, Node gate);
}

/// <summary>x·Φ(x) with the normal distribution function Φ.</summary>
internal sealed record GeluOp : GatedOp
{
    protected override double Limit => 40;

    protected override Node Gate(Node x) => Ops.NormalCdf(x);

    protected override Node Slope(Node x, Node gate) => NormalCdfOp.Density(x);
}

/// <summary>Its approximation ½·x·(1 + tanh u) by Hendrycks and Gimpel (2016), u = √(2/π)·(x + 0.044715·x³), as x·sigmoid(2u), where nothing cancels.</summary>
internal sealed record TanhGeluOp : GatedOp
{
    protected override double Limit => 40;

    private static readonly double Factor = 2 * Math.Sqrt(2 / Math.PI);

    protected override Node Gate(Node x)
    {
        Node cut = Ops.Clamp(x, -Limit, Limit);
        return Ops.Sigmoid(Factor * (cut + (0.044715 * cut * cut * cut)));
    }

    protected override Node Slope(Node x, Node gate) => gate * (1 - gate) * (Factor * (1 + ((3 * 0.044715) * x * x)));
}

/// <summary>x·sigmoid(x).</summary>
internal sealed record SiluOp : GatedOp
{
    protected override double Limit => 800;

    protected override Node Gate(Node x) => Ops.Sigmoid(x);

    protected override Node Slope(Node x, Node gate) => gate * (1 - gate);
}

/// <summary>x·tanh(softplus(x)).</summary>
internal sealed record MishOp : GatedOp
{
    protected override double Limit => 800;

    protected override Node Gate(Node x) => Ops.Tanh(Ops.Softplus(x));

    protected override Node Slope(Node x, Node gate) => (1 - (gate * gate)) * Ops.Sigmoid(x);
}

/// <summary>x/(1 + |x|), ±1 at ±∞.</summary>
internal sealed record SoftsignOp : UnaryComposite
{
    protected override Node Expand(Node x)
    {
        // The same to rounding from 1e30 on.
        Node cut = Ops.Clamp(x, -1e30, 1e30);
        return cut / (Ops.Abs(cut) + 1);
    }

    public override Node?[] Pullback(Node node, Node?[] cotangents) =>
        [Scale(cotangents[0]!, Ops.Square(Ops.Reciprocal(Ops.Abs(node.Inputs[0]) + 1)))];

    public override Node[] Batch(BatchContext context) => context.OnBatched(this);
}
