using GraphCompiler.Rewriting;
using static GraphCompiler.Differentiation.Slopes;

namespace GraphCompiler.Operations;

internal sealed record AddOp : BinaryOp
{
    protected override Node Chain(Node node, int input, Node direction) => direction;

    protected override double Apply(double a, double b) => a + b;

    protected override long Apply(long a, long b) => unchecked(a + b);
}

internal sealed record SubOp : BinaryOp
{
    protected override Node Chain(Node node, int input, Node direction) => input == 0 ? direction : -direction;

    protected override double Apply(double a, double b) => a - b;

    protected override long Apply(long a, long b) => unchecked(a - b);
}

internal sealed record MulOp : BinaryOp
{
    protected override Node Chain(Node node, int input, Node direction) => Scale(direction, node.Inputs[1 - input]);

    public override double[]? BoundErrors(RoundingErrors errors) => errors.Fused();

    protected override double Apply(double a, double b) => a * b;

    protected override long Apply(long a, long b) => unchecked(a * b);
}

/// <summary>The quotient; of integers it rounds toward negative infinity, and x / 0 is 0.</summary>
internal sealed record DivOp : BinaryOp
{
    internal override bool KeepsFinite => false;

    protected override Node Chain(Node node, int input, Node direction)
    {
        Node b = node.Inputs[1];
        return input == 0 ? Scale(direction, Ops.Reciprocal(b)) : Scale(direction, -(node / b));
    }

    protected override double Apply(double a, double b) => a / b;

    protected override long Apply(long a, long b) => b switch
    {
        0 => 0,
        -1 => unchecked(-a),
        _ => (a / b) - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0),
    };
}

/// <summary>a to the power b, as C's pow; integers by repeated multiplication, negative exponents give 0 except for bases 1 and −1.</summary>
internal sealed record PowOp : BinaryOp
{
    internal override bool KeepsFinite => false;

    protected override Node? Chain(Node node, int input, Node direction)
    {
        Node a = node.Inputs[0];
        Node b = node.Inputs[1];
        if (input == 0 && Splat.Value(b) is { } exponent)
        {
            return exponent switch
            {
                0 => null,
                1 => direction,
                2 => Scale(direction, a + a),
                _ => Ops.ScaleCotangent(direction, b * Ops.Pow(a, b - 1)),
            };
        }

        if (input == 0)
        {
            // x^0 has slope 0 everywhere, at 0 too, where b·a^(b−1) would be 0·∞.
            Node slope = Ops.Where(Ops.Equal(b, 0), Ops.ZerosLike(a), b * Ops.Pow(a, b - 1));
            return Ops.ScaleCotangent(direction, slope);
        }

        Node zeroBase = Ops.LogicalAnd(Ops.Equal(a, 0), Ops.GreaterEqual(b, 0));
        return Ops.ScaleCotangent(direction, Ops.Where(zeroBase, Ops.ZerosLike(a), node * Ops.Log(a)));
    }

    public override double[]? BoundErrors(RoundingErrors errors) => errors.Fused();

    protected override double Apply(double a, double b) => Math.Pow(a, b);

    protected override long Apply(long a, long b)
    {
        if (b < 0)
        {
            return a == 1 ? 1 : a == -1 ? (b % 2 == 0 ? 1 : -1) : 0;
        }

        long result = 1;
        for (; b > 0; b >>= 1, a = unchecked(a * a))
        {
            result = (b & 1) == 1 ? unchecked(result * a) : result;
        }

        return result;
    }
}

/// <summary>The rest of a division that truncates, with the sign of a: C's fmod.</summary>
internal sealed record FModOp : BinaryOp
{
    internal override bool KeepsFinite => false;

    protected override bool TakesIntegers => false;

    protected override Node Chain(Node node, int input, Node direction) =>
        input == 0 ? direction : -Scale(direction, Ops.Trunc(node.Inputs[0] / node.Inputs[1]));

    protected override double Apply(double a, double b) => a % b;
}

/// <summary>The angle of the point (b, a), from −π to π.</summary>
internal sealed record Atan2Op : BinaryOp
{
    protected override bool TakesIntegers => false;

    protected override Node Chain(Node node, int input, Node direction)
    {
        (Node a, Node b) = (node.Inputs[0], node.Inputs[1]);
        Node radius = Ops.Hypot(a, b);
        return Scale(direction, (input == 0 ? b : -a) / radius / radius);
    }

    protected override double Apply(double a, double b) => Math.Atan2(a, b);
}

/// <summary>The larger of two; NaN if either is; at a tie each side gets half of the gradient.</summary>
internal sealed record MaximumOp : BinaryOp
{
    protected override Node Chain(Node node, int input, Node direction) => ShareAtTie(direction, node.Inputs[input], node.Inputs[1 - input], Ops.Greater);

    protected override double Apply(double a, double b) => Math.Max(a, b);

    protected override long Apply(long a, long b) => Math.Max(a, b);
}

/// <summary>The smaller of two; NaN if either is; at a tie each side gets half of the gradient.</summary>
internal sealed record MinimumOp : BinaryOp
{
    protected override Node Chain(Node node, int input, Node direction) => ShareAtTie(direction, node.Inputs[input], node.Inputs[1 - input], Ops.Less);

    protected override double Apply(double a, double b) => Math.Min(a, b);

    protected override long Apply(long a, long b) => Math.Min(a, b);
}

/// <summary>
/// A cotangent times a slope that may be infinite: 0 wherever the cotangent is 0. Bilinear; it keeps NaN out of branches that were not taken,
/// to any order.
/// </summary>
internal sealed record ScaleCotangentOp : BinaryOp
{
    protected override bool TakesIntegers => false;

    protected override Node Chain(Node node, int input, Node direction) => input == 0
        ? Ops.ScaleCotangent(direction, node.Inputs[1])
        : Ops.ScaleCotangent(node.Inputs[0], direction);

    protected override double Apply(double a, double b) => a == 0 ? 0 : a * b;
}

internal sealed record EqualOp : ComparisonOp
{
    protected override bool Holds(double a, double b) => a == b;

    protected override bool Holds(long a, long b) => a == b;
}

internal sealed record NotEqualOp : ComparisonOp
{
    protected override bool Holds(double a, double b) => a != b;

    protected override bool Holds(long a, long b) => a != b;
}

internal sealed record LessOp : ComparisonOp
{
    protected override bool Holds(double a, double b) => a < b;

    protected override bool Holds(long a, long b) => a < b;
}

internal sealed record LessEqualOp : ComparisonOp
{
    protected override bool Holds(double a, double b) => a <= b;

    protected override bool Holds(long a, long b) => a <= b;
}

internal sealed record GreaterOp : ComparisonOp
{
    protected override bool Holds(double a, double b) => a > b;

    protected override bool Holds(long a, long b) => a > b;
}

internal sealed record GreaterEqualOp : ComparisonOp
{
    protected override bool Holds(double a, double b) => a >= b;

    protected override bool Holds(long a, long b) => a >= b;
}

/// <summary>The second input where the first (bool) holds, else the third. The side that is not selected gets a cotangent of 0.</summary>
internal sealed record WhereOp : ElementwiseOp
{
    protected override DType InferDType(TypeContext context)
    {
        context.RequireBool(0);
        return context.Inputs[1].DType == context.Inputs[2].DType
            ? context.Inputs[1].DType
            : throw context.BadDType($"the branches have different dtypes, {context.Inputs[1].DType.Display()} and {context.Inputs[2].DType.Display()}; nothing is promoted implicitly, use Cast.");
    }

    protected override Node? Chain(Node node, int input, Node direction)
    {
        Node condition = node.Inputs[0];
        Node zero = Ops.ZerosLike(direction);
        return input switch
        {
            0 => null,
            1 => Ops.Where(condition, direction, zero),
            _ => Ops.Where(condition, zero, direction),
        };
    }

    protected override double Real(TensorValue[] x, int i) => x[0].Integers[i] != 0 ? x[1].Reals[i] : x[2].Reals[i];

    protected override long Integer(TensorValue[] x, int i) => x[0].Integers[i] != 0 ? x[1].Integers[i] : x[2].Integers[i];
}
