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

    /// <summary>eˣ.</summary>
    /// <param name="x">Floats.</param>
    public static Node Exp(Node x) => Unary(new ExpOp(), x);

    /// <summary>The natural logarithm: −∞ at 0, NaN below.</summary>
    /// <param name="x">Floats.</param>
    public static Node Log(Node x) => Unary(new LogOp(), x);

    /// <summary>log(1 + x), accurate for small x.</summary>
    /// <param name="x">Floats.</param>
    public static Node Log1P(Node x) => Unary(new Log1POp(), x);

    /// <summary>√x; slope +∞ at 0, NaN below.</summary>
    /// <param name="x">Floats.</param>
    public static Node Sqrt(Node x) => Unary(new SqrtOp(), x);

    /// <summary>1/x.</summary>
    /// <param name="x">Floats.</param>
    public static Node Reciprocal(Node x) => Unary(new ReciprocalOp(), x);

    /// <summary>1/√x.</summary>
    /// <param name="x">Floats.</param>
    public static Node Rsqrt(Node x) => Reciprocal(Sqrt(x));

    /// <summary>x².</summary>
    /// <param name="x">Numbers.</param>
    public static Node Square(Node x) => NotNull(x) * x;

    /// <summary>The hyperbolic tangent.</summary>
    /// <param name="x">Floats.</param>
    public static Node Tanh(Node x) => Unary(new TanhOp(), x);

    /// <summary>1/(1 + e⁻ˣ), without overflow.</summary>
    /// <param name="x">Floats.</param>
    public static Node Sigmoid(Node x) => Unary(new SigmoidOp(), x);

    /// <summary>The sine of radians.</summary>
    /// <param name="x">Floats.</param>
    public static Node Sin(Node x) => Unary(new SinOp(), x);

    /// <summary>The cosine of radians.</summary>
    /// <param name="x">Floats.</param>
    public static Node Cos(Node x) => Unary(new CosOp(), x);

    /// <summary>The error function, 2/√π ∫₀ˣ e^(−t²) dt.</summary>
    /// <param name="x">Floats.</param>
    public static Node Erf(Node x) => Unary(new ErfOp(), x);

    /// <summary>The largest integer not above x; slope 0.</summary>
    /// <param name="x">Floats.</param>
    public static Node Floor(Node x) => Unary(new FloorOp(), x);

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
    public static Node Pow(Node a, double b) => Pow(a, Scalar(b, NotNull(a).DType));

    /// <summary>The larger of two, NaN if either is; at a tie each side gets half of the gradient.</summary>
    /// <param name="a">Numbers.</param>
    /// <param name="b">Numbers of the same dtype; the shapes broadcast.</param>
    public static Node Maximum(Node a, Node b) => Binary(new MaximumOp(), a, b);

    /// <summary>The smaller of two, NaN if either is; at a tie each side gets half of the gradient.</summary>
    /// <param name="a">Numbers.</param>
    /// <param name="b">Numbers of the same dtype; the shapes broadcast.</param>
    public static Node Minimum(Node a, Node b) => Binary(new MinimumOp(), a, b);

    /// <summary>a = b; a NaN equals nothing.</summary>
    /// <param name="a">Any values.</param>
    /// <param name="b">Values of the same dtype; the shapes broadcast.</param>
    public static Node Equal(Node a, Node b) => Binary(new EqualOp(), a, b);

    /// <summary>a = b; a NaN equals nothing.</summary>
    /// <param name="a">Any values.</param>
    /// <param name="b">A number.</param>
    public static Node Equal(Node a, double b) => Equal(a, Scalar(b, NotNull(a).DType));

    /// <summary>a ≠ b; a NaN differs from everything.</summary>
    /// <param name="a">Any values.</param>
    /// <param name="b">Values of the same dtype; the shapes broadcast.</param>
    public static Node NotEqual(Node a, Node b) => Binary(new NotEqualOp(), a, b);

    /// <summary>a ≠ b; a NaN differs from everything.</summary>
    /// <param name="a">Any values.</param>
    /// <param name="b">A number.</param>
    public static Node NotEqual(Node a, double b) => NotEqual(a, Scalar(b, NotNull(a).DType));

    /// <summary>a &lt; b; false with NaN.</summary>
    /// <param name="a">Any values.</param>
    /// <param name="b">Values of the same dtype; the shapes broadcast.</param>
    public static Node Less(Node a, Node b) => Binary(new LessOp(), a, b);

    /// <summary>a ≤ b; false with NaN.</summary>
    /// <param name="a">Any values.</param>
    /// <param name="b">Values of the same dtype; the shapes broadcast.</param>
    public static Node LessEqual(Node a, Node b) => Binary(new LessEqualOp(), a, b);

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
    public static Node GreaterEqual(Node a, double b) => GreaterEqual(a, Scalar(b, NotNull(a).DType));

    /// <summary>a and b.</summary>
    /// <param name="a">Bools.</param>
    /// <param name="b">Bools; the shapes broadcast.</param>
    public static Node LogicalAnd(Node a, Node b) => Binary(new AndOp(), a, b);

    /// <summary>a or b.</summary>
    /// <param name="a">Bools.</param>
    /// <param name="b">Bools; the shapes broadcast.</param>
    public static Node LogicalOr(Node a, Node b) => Binary(new OrOp(), a, b);

    /// <summary>Either a or b, not both.</summary>
    /// <param name="a">Bools.</param>
    /// <param name="b">Bools; the shapes broadcast.</param>
    public static Node LogicalXor(Node a, Node b) => Binary(new XorOp(), a, b);

    /// <summary>Not x.</summary>
    /// <param name="x">Bools.</param>
    public static Node LogicalNot(Node x) => Unary(new NotOp(), x);

    /// <summary>
    /// a where the condition holds, else b. The side that is not selected gets a gradient of 0, also where its slope is infinite: there PyTorch
    /// gives NaN.
    /// </summary>
    /// <param name="condition">Bools.</param>
    /// <param name="a">Values.</param>
    /// <param name="b">Values of the same dtype; the three shapes broadcast.</param>
    public static Node Where(Node condition, Node a, Node b) =>
        Node.Create(new WhereOp(), Broadcasting.Together("Where", NotNull(condition), NotNull(a), NotNull(b)));

    /// <summary>a where the condition holds, else a number.</summary>
    /// <param name="condition">Bools.</param>
    /// <param name="a">Values.</param>
    /// <param name="b">The number.</param>
    public static Node Where(Node condition, Node a, double b) => Where(condition, a, Scalar(b, NotNull(a).DType));

    /// <summary>The same numbers in another dtype: float to integer truncates toward zero and saturates (NaN gives 0), to bool tests for non-zero.</summary>
    /// <param name="x">Any values.</param>
    /// <param name="dtype">The dtype.</param>
    public static Node Cast(Node x, DType dtype) => NotNull(x).DType == dtype ? x : Node.Create(new CastOp(dtype), x);

    /// <summary>A cotangent times a slope that may be infinite: 0 wherever the cotangent is 0, so that no NaN arises from 0·∞.</summary>
    /// <param name="cotangent">Floats.</param>
    /// <param name="slope">Floats of the same dtype; the shapes broadcast.</param>
    public static Node ScaleCotangent(Node cotangent, Node slope) => Binary(new ScaleCotangentOp(), cotangent, slope);

    private static Node Unary(Op op, Node x) => Node.Create(op, NotNull(x));

    private static Node Binary(Op op, Node a, Node b) => Node.Create(op, Broadcasting.Together(op.Name, NotNull(a), NotNull(b)));
}
