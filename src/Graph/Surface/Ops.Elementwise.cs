using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>−x.</summary>
    /// <param name="x">Numbers.</param>
    public static Node Neg(Node x) => Unary(new NegOp(), x);

    /// <summary>|x|; slope 0 at 0.</summary>
    /// <param name="x">Numbers.</param>
    public static Node Abs(Node x) => Unary(new AbsOp(), x);

    /// <summary>−1, 0 or 1; NaN stays NaN; slope 0.</summary>
    /// <param name="x">Numbers.</param>
    public static Node Sign(Node x) => Unary(new SignOp(), x);

    /// <summary>√x; slope +∞ at 0, NaN below.</summary>
    /// <param name="x">Floats.</param>
    public static Node Sqrt(Node x) => Unary(new SqrtOp(), x);

    /// <summary>1/x.</summary>
    /// <param name="x">Floats.</param>
    public static Node Reciprocal(Node x) => Unary(new ReciprocalOp(), x);

    /// <summary>1/√x.</summary>
    /// <param name="x">Floats.</param>
    public static Node Rsqrt(Node x) => Reciprocal(Sqrt(RequireFloat("Rsqrt", x)));

    /// <summary>x².</summary>
    /// <param name="x">Numbers.</param>
    public static Node Square(Node x) => RequireNumber("Square", x) * x;

    /// <summary>a + b.</summary>
    /// <param name="a">Numbers.</param>
    /// <param name="b">Numbers of the same dtype; the shapes broadcast.</param>
    public static Node Add(Node a, Node b) => Binary(new AddOp(), a, b);

    /// <summary>a − b.</summary>
    /// <param name="a">Numbers.</param>
    /// <param name="b">Numbers of the same dtype; the shapes broadcast.</param>
    public static Node Sub(Node a, Node b) => Binary(new SubOp(), a, b);

    /// <summary>a·b, element by element.</summary>
    /// <param name="a">Numbers.</param>
    /// <param name="b">Numbers of the same dtype; the shapes broadcast.</param>
    public static Node Mul(Node a, Node b) => Binary(new MulOp(), a, b);

    /// <summary>a/b; of integers it rounds toward negative infinity, and x/0 is 0.</summary>
    /// <param name="a">Numbers.</param>
    /// <param name="b">Numbers of the same dtype; the shapes broadcast.</param>
    public static Node Div(Node a, Node b) => Binary(new DivOp(), a, b);

    /// <summary>a to the power b: NaN for a negative base and a fractional exponent; x⁰ is 1 with slope 0; d/db at a = 0 is 0 for b ≥ 0.</summary>
    /// <param name="a">Numbers.</param>
    /// <param name="b">Numbers of the same dtype; the shapes broadcast.</param>
    public static Node Pow(Node a, Node b) => Binary(new PowOp(), a, b);

    /// <summary>a to the power of a number.</summary>
    /// <param name="a">Numbers.</param>
    /// <param name="b">The exponent.</param>
    public static Node Pow(Node a, double b) => Pow(a, Scalar(b, NotNull(a)));

    /// <summary>The larger of two, NaN if either is; at a tie each side gets half of the gradient.</summary>
    /// <param name="a">Numbers.</param>
    /// <param name="b">Numbers of the same dtype; the shapes broadcast.</param>
    public static Node Maximum(Node a, Node b) => Binary(new MaximumOp(), a, b);

    /// <summary>The smaller of two, NaN if either is; at a tie each side gets half of the gradient.</summary>
    /// <param name="a">Numbers.</param>
    /// <param name="b">Numbers of the same dtype; the shapes broadcast.</param>
    public static Node Minimum(Node a, Node b) => Binary(new MinimumOp(), a, b);

    /// <summary>The larger of two, of a number and a NaN the number; at a tie a gets the gradient.</summary>
    /// <param name="a">Numbers.</param>
    /// <param name="b">Numbers of the same dtype; the shapes broadcast.</param>
    public static Node FMax(Node a, Node b) => Where((RequireNumber("FMax", a) >= b) | IsNaN(b), a, b);

    /// <summary>The smaller of two, of a number and a NaN the number; at a tie a gets the gradient.</summary>
    /// <param name="a">Numbers.</param>
    /// <param name="b">Numbers of the same dtype; the shapes broadcast.</param>
    public static Node FMin(Node a, Node b) => Where((RequireNumber("FMin", a) <= b) | IsNaN(b), a, b);

    /// <summary>|a| with the sign of b, that of a zero too; slope ±1 in a, but 0 at a = 0.</summary>
    /// <param name="a">Floats.</param>
    /// <param name="b">Floats of the same dtype; the shapes broadcast.</param>
    public static Node CopySign(Node a, Node b)
    {
        RequireFloat("CopySign", a);
        RequireFloat("CopySign", b);
        Node result = Where(Equal(SignBit(a), SignBit(b)), a, -a);
        return Where(Equal(a, 0), Detach(result), result);
    }

    /// <summary>a + weight·(b − a), exact at both ends.</summary>
    /// <param name="a">Floats: the start, where the weight is 0.</param>
    /// <param name="b">Floats of the same dtype: the end, where the weight is 1.</param>
    /// <param name="weight">Floats of the same dtype; the three shapes broadcast.</param>
    public static Node Lerp(Node a, Node b, Node weight)
    {
        RequireFloat("Lerp", a);
        Node way = b - a;
        return Where(Abs(weight) < 0.5, a + (weight * way), b - (way * (1 - weight)));
    }

    /// <summary>a + weight·(b − a), exact at both ends.</summary>
    /// <param name="a">Floats: the start, where the weight is 0.</param>
    /// <param name="b">Floats of the same dtype: the end, where the weight is 1; the shapes broadcast.</param>
    /// <param name="weight">A number.</param>
    public static Node Lerp(Node a, Node b, double weight) => Lerp(a, b, Scalar(weight, NotNull(a)));

    /// <summary>x + value·a·b.</summary>
    /// <param name="x">Numbers.</param>
    /// <param name="a">Numbers of the same dtype.</param>
    /// <param name="b">Numbers of the same dtype; the three shapes broadcast.</param>
    /// <param name="value">A number.</param>
    public static Node AddCMul(Node x, Node a, Node b, double value = 1) => RequireNumber("AddCMul", x) + (value * (RequireNumber("AddCMul", a) * b));

    /// <summary>x + value·a/b; of integers the quotient rounds toward negative infinity.</summary>
    /// <param name="x">Numbers.</param>
    /// <param name="a">Numbers of the same dtype.</param>
    /// <param name="b">Numbers of the same dtype; the three shapes broadcast.</param>
    /// <param name="value">A number.</param>
    public static Node AddCDiv(Node x, Node a, Node b, double value = 1) => RequireNumber("AddCDiv", x) + (value * (RequireNumber("AddCDiv", a) / b));

    /// <summary>x with NaN and the infinities replaced by numbers; slope 0 there.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="nan">In place of NaN.</param>
    /// <param name="positiveInfinity">In place of +∞; the largest number of the dtype if none is given.</param>
    /// <param name="negativeInfinity">In place of −∞; the smallest number of the dtype if none is given.</param>
    public static Node NaNToNumber(Node x, double nan = 0, double? positiveInfinity = null, double? negativeInfinity = null)
    {
        RequireFloat("NaNToNumber", x);
        double most = x.DType.Row().Largest;
        Node number = Where(IsNaN(x), nan, x);
        number = Where(Equal(x, double.PositiveInfinity), positiveInfinity ?? most, number);
        return Where(Equal(x, double.NegativeInfinity), negativeInfinity ?? -most, number);
    }

    /// <summary>0 below 0, 1 above, and a given value at 0; slope 0 in x.</summary>
    /// <param name="x">Numbers.</param>
    /// <param name="atZero">Numbers of the same dtype; the shapes broadcast.</param>
    public static Node Heaviside(Node x, Node atZero) => Where(Equal(x, 0), atZero, Cast(NotNull(x) > 0, x.DType));

    /// <summary>The same numbers in another dtype: float to integer truncates toward zero and saturates (NaN gives 0), to bool tests for non-zero.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="dtype">The dtype.</param>
    public static Node Cast(Node x, DType dtype) => NotNull(x).DType == dtype ? x : Create(new CastOp(dtype), x);

    /// <summary>A cotangent times a slope that may be infinite: 0 wherever the cotangent is 0, so that no NaN arises from 0·∞.</summary>
    /// <param name="cotangent">Floats.</param>
    /// <param name="slope">Floats of the same dtype; the shapes broadcast.</param>
    public static Node ScaleCotangent(Node cotangent, Node slope) => Binary(new ScaleCotangentOp(), cotangent, slope);

    private static Node Unary(Op op, Node x) => Create(op, NotNull(x));

    private static Node Binary(Op op, Node a, Node b)
    {
        // Before they broadcast, so that the message has the nodes as the user made them.
        if (NotNull(a).DType != NotNull(b).DType)
        {
            new TypeContext(op, [a, b], string.Empty).RequireSameTypes();
        }

        return Create(op, Broadcasting.Together(op.Name, a, b));
    }
}
