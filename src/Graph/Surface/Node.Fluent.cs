namespace GraphCompiler;

public partial class Node
{
    /// <summary>Elements as NumPy and PyTorch index them: <c>x[0, 1..^1, AxisIndex.Rest, rows]</c>, see <see cref="Ops.At"/>.</summary>
    /// <param name="parts">What to take, an axis each.</param>
    public Node this[params ReadOnlySpan<AxisIndex> parts] => Ops.At(this, parts);

    /// <inheritdoc cref="Ops.Detach"/>
    public Node Detach() => Ops.Detach(this);

    /// <inheritdoc cref="Ops.Pow(Node, double)"/>
    public Node Pow(double b) => Ops.Pow(this, b);

    /// <inheritdoc cref="Ops.Pow(Node, Node)"/>
    public Node Pow(Node b) => Ops.Pow(this, b);

    /// <inheritdoc cref="Ops.Square"/>
    public Node Square() => Ops.Square(this);

    /// <inheritdoc cref="Ops.Exp"/>
    public Node Exp() => Ops.Exp(this);

    /// <inheritdoc cref="Ops.Log"/>
    public Node Log() => Ops.Log(this);

    /// <inheritdoc cref="Ops.Sqrt"/>
    public Node Sqrt() => Ops.Sqrt(this);

    /// <inheritdoc cref="Ops.Abs"/>
    public Node Abs() => Ops.Abs(this);

    /// <inheritdoc cref="Ops.Tanh"/>
    public Node Tanh() => Ops.Tanh(this);

    /// <inheritdoc cref="Ops.Sigmoid"/>
    public Node Sigmoid() => Ops.Sigmoid(this);

    /// <inheritdoc cref="Ops.Relu"/>
    public Node Relu() => Ops.Relu(this);

    /// <inheritdoc cref="Ops.Softmax"/>
    public Node Softmax(int axis = -1) => Ops.Softmax(this, axis);

    /// <inheritdoc cref="Ops.LogSoftmax"/>
    public Node LogSoftmax(int axis = -1) => Ops.LogSoftmax(this, axis);

    /// <inheritdoc cref="Ops.Clamp(Node, double, double)"/>
    public Node Clamp(double low = double.NegativeInfinity, double high = double.PositiveInfinity) => Ops.Clamp(this, low, high);

    /// <inheritdoc cref="Ops.Sum"/>
    public Node Sum(Axes axes = default, bool keepDims = false) => Ops.Sum(this, axes, keepDims);

    /// <inheritdoc cref="Ops.Mean"/>
    public Node Mean(Axes axes = default, bool keepDims = false) => Ops.Mean(this, axes, keepDims);

    /// <inheritdoc cref="Ops.Prod"/>
    public Node Prod(Axes axes = default, bool keepDims = false) => Ops.Prod(this, axes, keepDims);

    /// <inheritdoc cref="Ops.Max"/>
    public Node Max(Axes axes = default, bool keepDims = false) => Ops.Max(this, axes, keepDims);

    /// <inheritdoc cref="Ops.Min"/>
    public Node Min(Axes axes = default, bool keepDims = false) => Ops.Min(this, axes, keepDims);

    /// <inheritdoc cref="Ops.ArgMax"/>
    public Node ArgMax(Axes axes = default, bool keepDims = false) => Ops.ArgMax(this, axes, keepDims);

    /// <inheritdoc cref="Ops.ArgMin"/>
    public Node ArgMin(Axes axes = default, bool keepDims = false) => Ops.ArgMin(this, axes, keepDims);

    /// <inheritdoc cref="Ops.Reshape"/>
    public Node Reshape(Shape shape) => Ops.Reshape(this, shape);

    /// <inheritdoc cref="Ops.AssumeShape"/>
    public Node AssumeShape(Shape shape) => Ops.AssumeShape(this, shape);

    /// <inheritdoc cref="Ops.Flatten"/>
    public Node Flatten(int startAxis = 0, int endAxis = -1) => Ops.Flatten(this, startAxis, endAxis);

    /// <inheritdoc cref="Ops.Squeeze"/>
    public Node Squeeze(Axes axes = default) => Ops.Squeeze(this, axes);

    /// <inheritdoc cref="Ops.Unsqueeze"/>
    public Node Unsqueeze(int axis) => Ops.Unsqueeze(this, axis);

    /// <inheritdoc cref="Ops.Transpose"/>
    public Node Transpose(int axis0 = -2, int axis1 = -1) => Ops.Transpose(this, axis0, axis1);

    /// <inheritdoc cref="Ops.Permute"/>
    public Node Permute(params ReadOnlySpan<int> axes) => Ops.Permute(this, axes);

    /// <inheritdoc cref="Ops.BroadcastTo"/>
    public Node BroadcastTo(Shape shape) => Ops.BroadcastTo(this, shape);

    /// <inheritdoc cref="Ops.Slice(Node, int, Range, long)"/>
    public Node Slice(int axis, Range range, long step = 1) => Ops.Slice(this, axis, range, step);

    /// <inheritdoc cref="Ops.Select"/>
    public Node Select(int axis, long index) => Ops.Select(this, axis, index);

    /// <inheritdoc cref="Ops.Cast"/>
    public Node Cast(DType dtype) => Ops.Cast(this, dtype);
}
