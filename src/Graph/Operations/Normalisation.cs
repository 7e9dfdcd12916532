using GraphCompiler.Batching;
using GraphCompiler.Differentiation;

namespace GraphCompiler.Operations;

/// <summary>
/// x − mean over some axes, with a mean of 0: what rounding took from the mean is found as the mean of what is left, and taken off, too. So values
/// far from 0 keep the digits in which they differ.
/// </summary>
internal sealed record CentreOp(EquatableArray<int> Axes) : UnaryComposite
{
    protected override Node Expand(Node x)
    {
        Node near = Near(x, Axes.ToArray());
        return near - Ops.Mean(near, Axes.ToArray(), keepDims: true);
    }

    public override Node[] Batch(BatchContext context) => context.OnBatched(new CentreOp(Axis.BehindBatch(Axes)));

    public override Node?[] Pullback(Node node, Node?[] cotangents) => [Node.Create(this, cotangents[0]!)];

    /// <summary>x less its mean as it was rounded.</summary>
    public static Node Near(Node x, Axes axes) => x - Ops.Mean(x, axes, keepDims: true);
}

/// <summary>
/// Σ(x − mean)² over some axes, which stay with size 1: in two passes, the second of which corrects the mean (Chan, Golub and LeVeque, "Algorithms for
/// computing the sample variance", 1983).
/// </summary>
internal sealed record SquaresAboutMeanOp(EquatableArray<int> Axes) : UnaryComposite
{
    protected override Node Expand(Node x)
    {
        Axes axes = Axes.ToArray();
        Node near = CentreOp.Near(x, axes);
        Node squares = Ops.Sum(near * near, axes, keepDims: true) - (Ops.Sum(near, axes, keepDims: true) * Ops.Mean(near, axes, keepDims: true));
        return Ops.Maximum(squares, Ops.ZerosLike(squares));
    }

    public override Node[] Batch(BatchContext context) => context.OnBatched(new SquaresAboutMeanOp(Axis.BehindBatch(Axes)));

    public override Node?[] Pullback(Node node, Node?[] cotangents) => [Slopes.Scale(2 * cotangents[0]!, Node.Create(new CentreOp(Axes), node.Inputs[0]))];
}

/// <summary>(x − mean) / √(variance + ε) over some axes.</summary>
internal sealed record NormalizeOp(EquatableArray<int> Axes, double Epsilon) : UnaryComposite
{
    public bool Equals(NormalizeOp? other) => other is not null && Axes == other.Axes && BitConverter.DoubleToInt64Bits(Epsilon) == BitConverter.DoubleToInt64Bits(other.Epsilon);

    public override int GetHashCode() => HashCode.Combine(Axes, Epsilon);

    protected override Node Expand(Node x) => Node.Create(new CentreOp(Axes), x) * Scale(x);

    public override Node[] Batch(BatchContext context) => context.OnBatched(new NormalizeOp(Axis.BehindBatch(Axes), Epsilon));

    /// <summary>dx = s·(g − mean(g) − y·mean(g·y)), s = 1/√(variance + ε).</summary>
    public override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        Axes axes = Axes.ToArray();
        Node g = cotangents[0]!;
        Node along = Slopes.Scale(Ops.Mean(Slopes.Scale(g, node), axes, keepDims: true), node);
        return [Slopes.Scale(g - Ops.Mean(g, axes, keepDims: true) - along, Scale(node.Inputs[0]))];
    }

    private Node Scale(Node x) =>
        Ops.Rsqrt((Node.Create(new SquaresAboutMeanOp(Axes), x) / Ops.DimValue(Ops.CountAlong(x, Axes.ToArray()), x.DType)) + Epsilon);
}

/// <summary>x / √(mean of squares + ε) over some axes.</summary>
internal sealed record RmsNormalizeOp(EquatableArray<int> Axes, double Epsilon) : UnaryComposite
{
    public bool Equals(RmsNormalizeOp? other) => other is not null && Axes == other.Axes && BitConverter.DoubleToInt64Bits(Epsilon) == BitConverter.DoubleToInt64Bits(other.Epsilon);

    public override int GetHashCode() => HashCode.Combine(Axes, Epsilon);

    protected override Node Expand(Node x) => x * Scale(x);

    public override Node[] Batch(BatchContext context) => context.OnBatched(new RmsNormalizeOp(Axis.BehindBatch(Axes), Epsilon));

    /// <summary>dx = s·(g − y·mean(g·y)), s = 1/√(mean of squares + ε).</summary>
    public override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        Node g = cotangents[0]!;
        Node along = Slopes.Scale(Ops.Mean(Slopes.Scale(g, node), Axes.ToArray(), keepDims: true), node);
        return [Slopes.Scale(g - along, Scale(node.Inputs[0]))];
    }

    private Node Scale(Node x) => Ops.Rsqrt(Ops.Mean(x * x, Axes.ToArray(), keepDims: true) + Epsilon);
}
