using static GraphCompiler.Differentiation.Slopes;

namespace GraphCompiler.Operations;

internal sealed record NegOp : UnaryOp
{
    protected override bool TakesIntegers => true;

    protected override Node Chain(Node y, Node x, Node direction) => -direction;

    protected override double Apply(double x) => -x;

    protected override long Apply(long x) => unchecked(-x);
}

internal sealed record AbsOp : UnaryOp
{
    protected override bool TakesIntegers => true;

    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, Ops.Sign(x));

    protected override double Apply(double x) => Math.Abs(x);

    protected override long Apply(long x) => x < 0 ? unchecked(-x) : x;
}

internal sealed record SignOp : UnaryOp
{
    protected override bool TakesIntegers => true;

    protected override Node? Chain(Node y, Node x, Node direction) => null;

    protected override double Apply(double x) => x > 0 ? 1 : x < 0 ? -1 : x;

    protected override long Apply(long x) => Math.Sign(x);
}

internal sealed record FloorOp : UnaryOp
{
    protected override Node? Chain(Node y, Node x, Node direction) => null;

    protected override double Apply(double x) => Math.Floor(x);
}

internal sealed record RoundOp : UnaryOp
{
    protected override Node? Chain(Node y, Node x, Node direction) => null;

    protected override double Apply(double x) => Math.Round(x);
}

/// <summary>Whether the sign is minus, that of −0 and of a NaN too.</summary>
internal sealed record SignBitOp : PredicateOp
{
    protected override bool Holds(double x) => double.IsNegative(x);
}

internal sealed record SqrtOp : UnaryOp
{
    internal override bool KeepsFinite => false;

    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, Ops.Reciprocal(y + y));

    protected override double Apply(double x) => Math.Sqrt(x);
}

internal sealed record ReciprocalOp : UnaryOp
{
    internal override bool KeepsFinite => false;

    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, -(y * y));

    protected override double Apply(double x) => 1 / x;
}

/// <summary>The same number in another dtype: float to integer truncates toward zero and saturates, to bool tests for non-zero.</summary>
internal sealed record CastOp(DType To) : ElementwiseOp
{
    public override bool IsDifferentiable => To.IsFloat();

    protected override DType InferDType(TypeContext context) => To;

    protected override Node? Chain(Node node, int input, Node direction) =>
        node.Inputs[0].DType.IsFloat() ? Ops.Cast(direction, direction.DType == To ? node.Inputs[0].DType : To) : null;

    protected override double Real(TensorValue[] x, int i) => x[0].Reals[i];

    protected override long Integer(TensorValue[] x, int i) => x[0].Integers[i];

    protected override long Predicate(TensorValue[] x, int i) => To switch
    {
        DType.Bool => x[0].Reals[i] != 0 ? 1 : 0,
        DType.Int32 => (int)x[0].Reals[i],
        DType.Int64 => (long)x[0].Reals[i],
        _ => throw DTypes.Unexpected(To),
    };
}
