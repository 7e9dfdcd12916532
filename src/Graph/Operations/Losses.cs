namespace GraphCompiler.Operations;

/// <summary>−log softmax(logits)[class], one a row; logits [N, C], classes [N].</summary>
internal sealed record CrossEntropyOp : CompositeOp
{
    public override Node[] Expand(IReadOnlyList<Node> inputs)
    {
        // The name tells a class out of range from any other index.
        Node picked = Ops.TakeAlongAxis(Ops.LogSoftmax(inputs[0], 1), Ops.Unsqueeze(inputs[1], 1), 1).Named("CrossEntropy");
        return [-Ops.Squeeze(picked, 1)];
    }

    public override Node?[] Pullback(Node node, Node?[] cotangents)
    {
        (Node logits, Node classes) = (node.Inputs[0], node.Inputs[1]);
        Node hit = Ops.Equal(Ops.Iota(logits.Shape, 1, classes.DType), Ops.Unsqueeze(classes, 1));
        Node slope = Ops.Exp(Ops.LogSoftmax(logits, 1)) - Ops.Cast(hit, logits.DType);
        return [Ops.Unsqueeze(cotangents[0]!, 1) * slope, null];
    }
}

/// <summary>(x − mean) / √(variance + ε) over trailing axes.</summary>
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
