using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>a = b; a NaN equals nothing.</summary>
    /// <param name="a">Any values.</param>
    /// <param name="b">Values of the same dtype; the shapes broadcast.</param>
    public static Node Equal(Node a, Node b) => Binary(new EqualOp(), a, b);

    /// <summary>a = b; a NaN equals nothing.</summary>
    /// <param name="a">Any values.</param>
    /// <param name="b">A number.</param>
    public static Node Equal(Node a, double b) => Equal(a, Scalar(b, NotNull(a)));

    /// <summary>a ≠ b; a NaN differs from everything.</summary>
    /// <param name="a">Any values.</param>
    /// <param name="b">Values of the same dtype; the shapes broadcast.</param>
    public static Node NotEqual(Node a, Node b) => Binary(new NotEqualOp(), a, b);

    /// <summary>a ≠ b; a NaN differs from everything.</summary>
    /// <param name="a">Any values.</param>
    /// <param name="b">A number.</param>
    public static Node NotEqual(Node a, double b) => NotEqual(a, Scalar(b, NotNull(a)));

    /// <summary>a &lt; b; false with NaN.</summary>
    /// <param name="a">Any values.</param>
    /// <param name="b">Values of the same dtype; the shapes broadcast.</param>
    public static Node Less(Node a, Node b) => Binary(new LessOp(), a, b);

    /// <summary>a ≤ b; false with NaN.</summary>
    /// <param name="a">Any values.</param>
    /// <param name="b">Values of the same dtype; the shapes broadcast.</param>
    public static Node LessEqual(Node a, Node b) => Binary(new LessEqualOp(), a, b);

    /// <summary>a &lt; b; false with NaN.</summary>
    /// <param name="a">Any values.</param>
    /// <param name="b">A number.</param>
    public static Node Less(Node a, double b) => Less(a, Scalar(b, NotNull(a)));

    /// <summary>a ≤ b; false with NaN.</summary>
    /// <param name="a">Any values.</param>
    /// <param name="b">A number.</param>
    public static Node LessEqual(Node a, double b) => LessEqual(a, Scalar(b, NotNull(a)));

    /// <summary>a &gt; b; false with NaN.</summary>
    /// <param name="a">Any values.</param>
    /// <param name="b">A number.</param>
    public static Node Greater(Node a, double b) => Greater(a, Scalar(b, NotNull(a)));

    /// <summary>a &gt; b; false with NaN.</summary>
    /// <param name="a">Any values.</param>
    /// <param name="b">Values of the same dtype; the shapes broadcast.</param>
    public static Node Greater(Node a, Node b) => Binary(new GreaterOp(), a, b);

    /// <summary>a ≥ b; false with NaN.</summary>
    /// <param name="a">Any values.</param>
    /// <param name="b">Values of the same dtype; the shapes broadcast.</param>
    public static Node GreaterEqual(Node a, Node b) => Binary(new GreaterEqualOp(), a, b);

    /// <summary>a ≥ b; false with NaN.</summary>
    /// <param name="a">Any values.</param>
    /// <param name="b">A number.</param>
    public static Node GreaterEqual(Node a, double b) => GreaterEqual(a, Scalar(b, NotNull(a)));

    /// <summary>a and b.</summary>
    /// <param name="a">Bools.</param>
    /// <param name="b">Bools; the shapes broadcast.</param>
    public static Node LogicalAnd(Node a, Node b) => Logical(new AndOp(), a, b);

    /// <summary>a or b.</summary>
    /// <param name="a">Bools.</param>
    /// <param name="b">Bools; the shapes broadcast.</param>
    public static Node LogicalOr(Node a, Node b) => Logical(new OrOp(), a, b);

    /// <summary>Either a or b, not both.</summary>
    /// <param name="a">Bools.</param>
    /// <param name="b">Bools; the shapes broadcast.</param>
    public static Node LogicalXor(Node a, Node b) => Logical(new XorOp(), a, b);

    /// <summary>Not x.</summary>
    /// <param name="x">Bools.</param>
    public static Node LogicalNot(Node x) => Logical(new NotOp(), x);

    /// <summary>The and of each pair of bits.</summary>
    /// <param name="a">Bools or integers.</param>
    /// <param name="b">Values of the same dtype; the shapes broadcast.</param>
    public static Node BitwiseAnd(Node a, Node b) => Binary(new AndOp(), a, b);

    /// <summary>The or of each pair of bits.</summary>
    /// <param name="a">Bools or integers.</param>
    /// <param name="b">Values of the same dtype; the shapes broadcast.</param>
    public static Node BitwiseOr(Node a, Node b) => Binary(new OrOp(), a, b);

    /// <summary>The exclusive or of each pair of bits.</summary>
    /// <param name="a">Bools or integers.</param>
    /// <param name="b">Values of the same dtype; the shapes broadcast.</param>
    public static Node BitwiseXor(Node a, Node b) => Binary(new XorOp(), a, b);

    /// <summary>Every bit turned over: not x for bools, −x − 1 for integers.</summary>
    /// <param name="x">Bools or integers.</param>
    public static Node BitwiseNot(Node x) => Unary(new NotOp(), x);

    /// <summary>x·2ⁿ, wrapping; 0 where n is negative or as large as the dtype is wide.</summary>
    /// <param name="x">Integers.</param>
    /// <param name="count">n, integers of the same dtype; the shapes broadcast.</param>
    public static Node ShiftLeft(Node x, Node count) => Binary(new ShiftLeftOp(), x, count);

    /// <summary>x/2ⁿ rounded down; 0 or −1, the sign, where n is negative or as large as the dtype is wide.</summary>
    /// <param name="x">Integers.</param>
    /// <param name="count">n, integers of the same dtype; the shapes broadcast.</param>
    public static Node ShiftRight(Node x, Node count) => Binary(new ShiftRightOp(), x, count);

    /// <summary>Whether x is no number; false for integers.</summary>
    /// <param name="x">Numbers.</param>
    public static Node IsNaN(Node x)
    {
        RequireNumber("IsNaN", x);
        return x.DType.IsFloat() ? NotEqual(x, x) : BroadcastTo(Constant(false), x.Shape);
    }

    /// <summary>Whether x is +∞ or −∞; false for integers.</summary>
    /// <param name="x">Numbers.</param>
    public static Node IsInfinity(Node x)
    {
        RequireNumber("IsInfinity", x);
        return x.DType.IsFloat() ? Equal(Abs(x), double.PositiveInfinity) : BroadcastTo(Constant(false), x.Shape);
    }

    /// <summary>Whether x is neither infinite nor NaN; true for integers.</summary>
    /// <param name="x">Numbers.</param>
    public static Node IsFinite(Node x)
    {
        RequireNumber("IsFinite", x);
        return x.DType.IsFloat() ? Abs(x) < double.PositiveInfinity : BroadcastTo(Constant(true), x.Shape);
    }

    /// <summary>Whether x has a minus sign, as −0 has too.</summary>
    /// <param name="x">Floats.</param>
    public static Node SignBit(Node x) => Unary(new SignBitOp(), x);

    /// <summary>Whether |a − b| ≤ absolute + relative·|b|, or both are the same infinity.</summary>
    /// <param name="a">Floats.</param>
    /// <param name="b">Floats of the same dtype; the shapes broadcast.</param>
    /// <param name="relative">How far they may be apart, as a part of |b|.</param>
    /// <param name="absolute">How far they may be apart.</param>
    /// <param name="equalNaN">Whether NaN is close to NaN.</param>
    public static Node IsClose(Node a, Node b, double relative = 1e-5, double absolute = 1e-8, bool equalNaN = false)
    {
        RequireFloat("IsClose", a);
        Node close = Equal(a, b) | (IsFinite(b) & (Abs(a - b) <= (relative * Abs(b)) + absolute));
        return equalNaN ? close | (IsNaN(a) & IsNaN(b)) : close;
    }

    /// <summary>
    /// a where the condition holds, else b. The side that is not selected gets a gradient of 0, also where its slope is infinite: there PyTorch
    /// gives NaN.
    /// </summary>
    /// <param name="condition">Bools.</param>
    /// <param name="a">Values.</param>
    /// <param name="b">Values of the same dtype; the three shapes broadcast.</param>
    public static Node Where(Node condition, Node a, Node b) =>
        Create(new WhereOp(), Broadcasting.Together("Where", NotNull(condition), NotNull(a), NotNull(b)));

    /// <summary>a where the condition holds, else a number.</summary>
    /// <param name="condition">Bools.</param>
    /// <param name="a">Values.</param>
    /// <param name="b">The number.</param>
    public static Node Where(Node condition, Node a, double b) => Where(condition, a, Scalar(b, NotNull(a)));

    /// <summary>A number where the condition holds, else b.</summary>
    /// <param name="condition">Bools.</param>
    /// <param name="a">The number.</param>
    /// <param name="b">Values.</param>
    public static Node Where(Node condition, double a, Node b) => Where(condition, Scalar(a, NotNull(b)), b);

    private static Node Logical(Op op, params ReadOnlySpan<Node> inputs)
    {
        for (int i = 0; i < inputs.Length; i++)
        {
            if (NotNull(inputs[i]).DType != DType.Bool)
            {
                throw new DTypeException($"{op.Name}: input {i} must be bool, not {inputs[i].DType.Display()}; compare, for example NotEqual(x, 0). Input: {inputs[i].Describe()}.");
            }
        }

        return Create(op, Broadcasting.Together(op.Name, inputs));
    }
}
