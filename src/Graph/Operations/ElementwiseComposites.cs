using GraphCompiler.Batching;
using static GraphCompiler.Differentiation.Slopes;

namespace GraphCompiler.Operations;

/// <summary>log(p/(1 − p)): near ½ by log1p of what the quotient has beyond 1, elsewhere as two logarithms.</summary>
internal sealed record LogitOp : UnaryComposite
{
    protected override Node Expand(Node x) => Ops.Where(
        Ops.Abs(x - 0.5) < 0.25,
        Ops.Log1P(((x + x) - 1) / (1 - x)),
        Ops.Log(x) - Ops.Log1P(-x));

    public override Node?[] Pullback(Node node, Node?[] cotangents) =>
        [Scale(cotangents[0]!, Ops.Reciprocal(node.Inputs[0] * (1 - node.Inputs[0])))];

    public override Node[] Batch(BatchContext context) => context.OnBatched(this);
}

/// <summary>log(exp(a) + exp(b)) without overflow; of two equal infinities that infinity.</summary>
internal sealed record LogAddExpOp : CompositeOp
{
    public override Node[] Expand(IReadOnlyList<Node> inputs)
    {
        (Node a, Node b) = (inputs[0], inputs[1]);
        Node distance = Ops.Where(Ops.Equal(a, b), 0, Ops.Minimum(a, b) - Ops.Maximum(a, b));
        return [Ops.Maximum(a, b) + Ops.Log1P(Ops.Exp(distance))];
    }

    /// <summary>The softmax of the two; equal infinities share alike.</summary>
    public override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        (Node a, Node b) = (node.Inputs[0], node.Inputs[1]);
        Node distance = Ops.Where(Ops.Equal(a, b) & Ops.IsInfinity(a), 0, a - b);
        return [Scale(cotangents[0]!, Ops.Sigmoid(distance)), Scale(cotangents[0]!, Ops.Sigmoid(-distance))];
    }

    public override Node[] Batch(BatchContext context) => context.OnBatched(this);
}

/// <summary>√(a² + b²) by the quotient of the smaller and the larger, which neither overflows nor vanishes.</summary>
internal sealed record HypotOp : CompositeOp
{
    public override Node[] Expand(IReadOnlyList<Node> inputs)
    {
        (Node a, Node b) = (Ops.Abs(inputs[0]), Ops.Abs(inputs[1]));
        (Node larger, Node smaller) = (Ops.Maximum(a, b), Ops.Minimum(a, b));
        Node quotient = smaller / Ops.Where(Ops.Equal(larger, 0), 1, larger);
        Node length = larger * Ops.Sqrt(1 + (quotient * quotient));
        return [Ops.Where(Ops.IsInfinity(a) | Ops.IsInfinity(b), double.PositiveInfinity, length)];
    }

    /// <summary>The direction of (a, b), and 0 where it has none.</summary>
    public override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        Node length = Ops.Where(Ops.Equal(node, 0), 1, node);
        return [Scale(cotangents[0]!, node.Inputs[0] / length), Scale(cotangents[0]!, node.Inputs[1] / length)];
    }

    public override Node[] Batch(BatchContext context) => context.OnBatched(this);
}

/// <summary>
/// The neighbour of a in the direction of b (Rump, Zimmermann, Boldo and Melquiond, "Computing predecessor and successor in rounding to nearest", 2009): a moved by a
/// little more than half a unit of its last place, scaled where that would vanish.
/// </summary>
internal sealed record NextAfterOp : CompositeOp
{
    public override Node[] Expand(IReadOnlyList<Node> inputs)
    {
        (Node a, Node b) = (inputs[0], inputs[1]);
        (double unit, double smallest, double most) = a.DType.OfFloat((Math.ScaleB(1, -24), float.Epsilon, float.MaxValue), (Math.ScaleB(1, -53), double.Epsilon, double.MaxValue));

        Node isUp = b > a;
        Node size = Ops.Abs(a);
        Node isAway = Ops.Equal(isUp, Ops.Where(Ops.Equal(a, 0), isUp, a > 0));
        Node moved = Ops.Where(
            size < smallest / unit,
            Step(size, Ops.Full([], smallest, a.DType)),
            Ops.Where(size < smallest / (2 * unit * unit), unit * Step(size / unit, Share(size / unit)), Step(size, Share(size))));
        moved = Ops.Where(Ops.IsInfinity(a), most, moved);
        Node isNegative = Ops.Where(Ops.Equal(a, 0), b < a, a < 0);
        moved = Ops.Where(isNegative, -moved, moved);
        return [Ops.Where(Ops.Equal(a, b), b, Ops.Where(Ops.IsNaN(b), b, moved))];

        Node Share(Node x) => (unit * (1 + (2 * unit))) * x;

        Node Step(Node x, Node by) => Ops.Where(isAway, x + by, x - by);
    }

    public override Node?[] Pullback(Node node, Node?[] cotangents) => [cotangents[0], null];

    public override Node[] Batch(BatchContext context) => context.OnBatched(this);
}
