namespace GraphCompiler.Operations;

/// <summary>(x − mean) / √(variance + ε) over some axes.</summary>
internal sealed record NormalizeOp(EquatableArray<int> Axes, double Epsilon) : UnaryComposite
{
    public bool Equals(NormalizeOp? other) => other is not null && Axes == other.Axes && BitConverter.DoubleToInt64Bits(Epsilon) == BitConverter.DoubleToInt64Bits(other.Epsilon);

    public override int GetHashCode() => HashCode.Combine(Axes, Epsilon);

    protected override Node Expand(Node x)
    {
        Axes axes = Axes.ToArray();
        Node deviation = x - Ops.Mean(x, axes, keepDims: true);
        return deviation * Scale(deviation);
    }

    /// <summary>dx = s·(g − mean(g) − y·mean(g·y)), s = 1/√(variance + ε).</summary>
    public override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        Axes axes = Axes.ToArray();
        Node x = node.Inputs[0];
        Node g = cotangents[0]!;
        Node scale = Scale(x - Ops.Mean(x, axes, keepDims: true));
        return [scale * (g - Ops.Mean(g, axes, keepDims: true) - (node * Ops.Mean(g * node, axes, keepDims: true)))];
    }

    private Node Scale(Node deviation) => Ops.Rsqrt(Ops.Mean(deviation * deviation, Axes.ToArray(), keepDims: true) + Epsilon);
}

/// <summary>x / √(mean of squares + ε) over some axes.</summary>
internal sealed record RmsNormalizeOp(EquatableArray<int> Axes, double Epsilon) : UnaryComposite
{
    public bool Equals(RmsNormalizeOp? other) => other is not null && Axes == other.Axes && BitConverter.DoubleToInt64Bits(Epsilon) == BitConverter.DoubleToInt64Bits(other.Epsilon);

    public override int GetHashCode() => HashCode.Combine(Axes, Epsilon);

    protected override Node Expand(Node x) => x * Scale(x);

    /// <summary>dx = s·(g − y·mean(g·y)), s = 1/√(mean of squares + ε).</summary>
    public override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        Node g = cotangents[0]!;
        return [Scale(node.Inputs[0]) * (g - (node * Ops.Mean(g * node, Axes.ToArray(), keepDims: true)))];
    }

    private Node Scale(Node x) => Ops.Rsqrt(Ops.Mean(x * x, Axes.ToArray(), keepDims: true) + Epsilon);
}
