using GraphCompiler.Execution;
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

internal sealed record ExpOp : UnaryOp
{
    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, y);

    protected override double Apply(double x) => Math.Exp(x);
}

internal sealed record LogOp : UnaryOp
{
    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, Ops.Reciprocal(x));

    protected override double Apply(double x) => Math.Log(x);
}

/// <summary>log(1 + x), accurate for small x.</summary>
internal sealed record Log1POp : UnaryOp
{
    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, Ops.Reciprocal(x + 1));

    protected override double Apply(double x) => VectorMath.Log1P(x);
}

internal sealed record SqrtOp : UnaryOp
{
    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, Ops.Reciprocal(y + y));

    protected override double Apply(double x) => Math.Sqrt(x);
}

internal sealed record ReciprocalOp : UnaryOp
{
    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, -(y * y));

    protected override double Apply(double x) => 1 / x;
}

internal sealed record TanhOp : UnaryOp
{
    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, 1 - (y * y));

    protected override double Apply(double x) => Math.Tanh(x);
}

/// <summary>1 / (1 + exp(−x)).</summary>
internal sealed record SigmoidOp : UnaryOp
{
    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, y * (1 - y));

    protected override double Apply(double x) => VectorMath.Sigmoid(x);
}

internal sealed record SinOp : UnaryOp
{
    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, Ops.Cos(x));

    protected override double Apply(double x) => Math.Sin(x);
}

internal sealed record CosOp : UnaryOp
{
    protected override Node Chain(Node y, Node x, Node direction) => -Scale(direction, Ops.Sin(x));

    protected override double Apply(double x) => Math.Cos(x);
}

/// <summary>The error function, 2/√π ∫₀ˣ exp(−t²) dt.</summary>
internal sealed record ErfOp : UnaryOp
{
    private const double TwoOverRootPi = 1.1283791670955126;

    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, TwoOverRootPi * Ops.Exp(-(x * x)));

    protected override double Apply(double x) => VectorMath.Erf(x);
}

internal sealed record NotOp : LogicalOp
{
    protected override bool Holds(bool a, bool b) => !a;
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
        _ => (long)x[0].Reals[i],
    };
}

/// <summary>The same values with no gradient.</summary>
internal sealed record DetachOp : ElementwiseOp
{
    public override bool IsDifferentiable => false;

    protected override DType InferDType(TypeContext context) => context.Inputs[0].DType;

    protected override Node? Chain(Node node, int input, Node direction) => null;

    protected override double Real(TensorValue[] x, int i) => x[0].Reals[i];

    protected override long Integer(TensorValue[] x, int i) => x[0].Integers[i];
}
