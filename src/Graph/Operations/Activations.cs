using GraphCompiler.Batching;
using GraphCompiler.Differentiation;

namespace GraphCompiler.Operations;

/// <summary>A composite of one input with one result.</summary>
internal abstract record UnaryComposite : CompositeOp
{
    public sealed override Node[] Expand(IReadOnlyList<Node> inputs) => [Expand(inputs[0])];

    protected abstract Node Expand(Node x);
}

/// <summary>max(x, 0); slope 0 at 0.</summary>
internal sealed record ReluOp : UnaryComposite
{
    protected override Node Expand(Node x) => Ops.Maximum(x, Ops.ZerosLike(x));

    public override Node?[] Pullback(Node node, Node?[] cotangents) =>
        [Ops.Where(Ops.Greater(node, Ops.ZerosLike(node)), cotangents[0]!, Ops.ZerosLike(node))];

    public override Node[] Batch(BatchContext context) => context.OnBatched(this);
}

/// <summary>scale·x above 0, scale·alpha·(exp(rate·x) − 1) below: elu, selu and celu.</summary>
internal sealed record EluOp(double Alpha, double Scale, double Rate) : UnaryComposite
{
    public bool Equals(EluOp? other) => other is not null && Bits(this) == Bits(other);

    public override int GetHashCode() => Bits(this).GetHashCode();

    protected override Node Expand(Node x) => Ops.Where(x > 0, Scale * x, (Scale * Alpha) * Ops.ExpM1(Rate * x));

    /// <summary>
    /// The exponential's slope by itself, as it is lost in the value, which has −1 beside it. At 0 it is that slope too, but there, as in PyTorch, it does
    /// not change.
    /// </summary>
    public override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        Node x = node.Inputs[0];
        Node constant = Ops.Where(x > 0, Scale + Ops.ZerosLike(x), Scale * Alpha * Rate);
        return [Slopes.Scale(cotangents[0]!, Ops.Where(x < 0, (Scale * Alpha * Rate) * Ops.Exp(Rate * x), constant))];
    }

    public override Node[] Batch(BatchContext context) => context.OnBatched(this);

    private static (long Alpha, long Scale, long Rate) Bits(EluOp op) =>
        (BitConverter.DoubleToInt64Bits(op.Alpha), BitConverter.DoubleToInt64Bits(op.Scale), BitConverter.DoubleToInt64Bits(op.Rate));
}

/// <summary>x cut to an interval; slope 1 at its ends.</summary>
internal sealed record ClampOp : CompositeOp
{
    public override Node[] Expand(IReadOnlyList<Node> inputs) => [Ops.Minimum(Ops.Maximum(inputs[0], inputs[1]), inputs[2])];

    public override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        (Node x, Node low, Node high) = (node.Inputs[0], node.Inputs[1], node.Inputs[2]);
        Node zero = Ops.ZerosLike(x);
        Node g = cotangents[0]!;
        Node below = x < low;
        Node above = x > high;

        // Where the bounds cross, the upper one wins, as in the value.
        return
        [
            Ops.Where(below | above, zero, g),
            Ops.Where(below & (low < high), g, zero),
            Ops.Where(above | (below & (low >= high)), g, zero),
        ];
    }

    public override Node[] Batch(BatchContext context) => context.OnBatched(this);
}

/// <summary>exp(x) normalised to sum 1 along an axis, without overflow.</summary>
internal sealed record SoftmaxOp(int Along) : UnaryComposite
{
    protected override Node Expand(Node x)
    {
        Node e = Ops.Exp(x - Ops.Detach(Ops.Largest(x, Along)));
        return e / Ops.Sum(e, Along, keepDims: true);
    }

    public override Node[] Batch(BatchContext context) => context.OnBatched(new SoftmaxOp(Along + 1));

    public override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        Node g = cotangents[0]!;
        return [Slopes.Scale(g - Ops.Sum(Slopes.Scale(g, node), Along, keepDims: true), node)];
    }
}

/// <summary>The logarithm of the softmax, without overflow or loss where it is small.</summary>
internal sealed record LogSoftmaxOp(int Along) : UnaryComposite
{
    protected override Node Expand(Node x)
    {
        Node shifted = x - Ops.Detach(Ops.Largest(x, Along));
        return shifted - Ops.Log(Ops.Sum(Ops.Exp(shifted), Along, keepDims: true));
    }

    public override Node[] Batch(BatchContext context) => context.OnBatched(new LogSoftmaxOp(Along + 1));

    public override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        Node g = cotangents[0]!;
        return [g - Slopes.Scale(Ops.Sum(g, Along, keepDims: true), Ops.Exp(node))];
    }
}

/// <summary>log(1 + exp(x)), without overflow or loss.</summary>
internal sealed record SoftplusOp : UnaryComposite
{
    protected override Node Expand(Node x) => Ops.Maximum(x, Ops.ZerosLike(x)) + Ops.Log1P(Ops.Exp(-Ops.Abs(x)));

    public override Node?[] Pullback(Node node, Node?[] cotangents) => [Slopes.Scale(cotangents[0]!, Ops.Sigmoid(node.Inputs[0]))];

    public override Node[] Batch(BatchContext context) => context.OnBatched(this);
}
