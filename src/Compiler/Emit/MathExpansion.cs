using GraphCompiler.Loops;
using static GraphCompiler.Loops.BinaryFunction;
using static GraphCompiler.Loops.UnaryFunction;

namespace GraphCompiler.Emit;

/// <summary>
/// Float32 transcendentals as expressions of cheap operations, without tables or branches, so that scalar, 128, 256 and 512-bit code give the same bits.
/// What an expression uses twice is one object: the emitter computes an object once.
/// </summary>
/// <remarks>
/// The polynomials are minimax fits of our own: a Remez exchange in 45 digits on the interval named beside each, then a search among neighbouring floats
/// for the set whose rounded coefficients do best. The error bounds are the largest seen over every float of the range where the function is
/// neither saturated nor equal to its argument.
/// </remarks>
internal static class MathExpansion
{
    /// <summary>
    /// Sine and cosine reduce their argument within this bound, 2^17; beyond it, <see cref="SinLarge"/> and <see cref="CosLarge"/> take over.
    /// </summary>
    internal const float AngleLimit = Routines.VectorMath.AngleLimit;

    // 1.5·2^23: adding it rounds to an integer and leaves that integer in the low bits of the sum.
    private const float Rounder = 12582912f;
    private const float Log2E = 1.442695f;
    private const float Ln2High = 0.6931472f;
    private const float Ln2Low = -1.9046542e-9f;

    /// <summary>
    /// The value of a function at the Float32 <paramref name="x"/>, within 2 ulp everywhere, below 0 <see cref="NormalCdf"/> within 8; null for functions that
    /// are not written out.
    /// </summary>
    /// <exception cref="ArgumentException">x is not Float32.</exception>
    public static LoopValue? Expand(UnaryFunction function, LoopValue x)
    {
        if (x.Type != DType.Float32)
        {
            throw new ArgumentException($"Expansions are for float32, not {x.Type.Display()}.", nameof(x));
        }

        return function switch
        {
            Exp => ExpandExp(x),
            Exp2 => ExpandExp2(x),
            ExpM1 => ExpandExpM1(x),
            Log => ExpandLog(x),
            Log2 => ExpandLog2(x),
            Log10 => ExpandLog10(x),
            Log1P => ExpandLog1P(x),
            Tanh => ExpandTanh(x),
            Sigmoid => ExpandSigmoid(x),
            Sin => ExpandSin(x),
            Cos => ExpandCos(x),
            Erf => ExpandErf(x),
            NormalCdf => ExpandNormalCdf(x),
            _ => null,
        };
    }

    /// <summary>
    /// 4^n·e^r with r = x − 2n·ln 2 in ±ln 2. Multiplying twice by 2^n reaches the subnormals and infinity by ordinary rounding;
    /// the clamp lies just outside of both, and what vanishes is <see cref="ZeroBelow">made 0 before</see>. At most 1.71 ulp.
    /// </summary>
    private static BinaryValue ExpandExp(LoopValue x) => ExpWithin(Max(-104f, Min(89f, x)), x);

    /// <summary>The exponential of what has been clamped.</summary>
    private static BinaryValue ExpWithin(LoopValue clamped, LoopValue x)
    {
        var shifted = Fma(clamped, F(0.5f * Log2E), F(Rounder + 127));
        var n = Subtract(shifted, F(Rounder + 127));
        var r = Fma(n, F(-2 * Ln2Low), Fma(n, F(-2 * Ln2High), clamped));
        var power = Polynomial(r, 0.00019574552f, 0.001409641f, 0.008336291f, 0.041661866f, 0.16666612f, 0.50000024f, 1f, 1f);
        var scale = PowerOfTwo(shifted);
        return Multiply(Multiply(ZeroBelow(-104f, x, power), scale), scale);
    }

    /// <summary>
    /// 2^n·2^d with d = x − n in ±½, by the two halves of n. Exact at whole numbers. At most 0.98 ulp.
    /// </summary>
    private static BinaryValue ExpandExp2(LoopValue x)
    {
        var clamped = Max(-152f, Min(129f, x));
        var n = Unary(Round, clamped);
        var power = Polynomial(Subtract(clamped, n), 0.000154614449f, 0.0013400428f, 0.00961805694f, 0.0555032715f, 0.240226507f, 0.693147182f, 1f);
        var shifted = Fma(n, F(0.5f), F(Rounder + 127));
        var rest = Add(Subtract(n, Subtract(shifted, F(Rounder + 127))), F(Rounder + 127));
        return Multiply(Multiply(ZeroBelow(-152f, x, power), PowerOfTwo(shifted)), PowerOfTwo(rest));
    }

    /// <summary>2h with h = (e^x − 1)/2; numbers too small to be halved exactly are their own results. At most 1.55 ulp.</summary>
    private static SelectValue ExpandExpM1(LoopValue x)
    {
        var h = HalfExpM1(Max(-20f, Min(89f, x)), lowPart: true);
        return new SelectValue(Binary(Less, Unary(Abs, x), F(1e-8f)), x, Add(h, h));
    }

    /// <summary>
    /// With e = e^−|x| and u = e/(1 + e): 1 − u above zero and e − e·u below, where the last rounding is nearly the only one. As e ≤ 1, scaling it by
    /// 2^24 keeps its power of two normal until the last product. At most 1.65 ulp.
    /// </summary>
    private static FmaValue ExpandSigmoid(LoopValue x)
    {
        var magnitude = Unary(Abs, x);
        var a = Min(104f, magnitude);
        var shifted = Fma(a, F(-Log2E), F(Rounder + 127 + 24));
        var n = Subtract(shifted, F(Rounder + 127 + 24));
        var minusR = Fma(n, F(Ln2Low), Fma(n, F(Ln2High), a));
        var power = Polynomial(minusR, 0.0013817188f, -0.008368312f, 0.04166831f, -0.16666526f, 0.49999994f, -1f, 1f);
        power = new SelectValue(Binary(Greater, magnitude, F(104f)), F(0f), power);
        var e = Multiply(Multiply(power, PowerOfTwo(shifted)), F(5.9604645e-8f));
        var minusU = Divide(e, Subtract(F(-1f), e));
        var y = new SelectValue(Binary(Less, x, F(0f)), e, F(1f));
        return Fma(y, minusU, y);
    }

    /// <summary>
    /// With h = (e^2a − 1)/2 at a = |x|: h/(1 + h), written m − m·(m/(1 + h)) at h ≤ 1 and 1 − 1/(1 + h) above, which is the same formula with
    /// m = min(h, 1). The e^r − 1 inside h is formed without its 1, so small arguments lose nothing. At most 1.86 ulp.
    /// </summary>
    private static BitcastValue ExpandTanh(LoopValue x)
    {
        var a = Unary(Abs, x);

        // n is small where the result is not yet 1, so the low part of ln 2 would be lost.
        var h = HalfExpM1(Min(20f, Add(a, a)), lowPart: false);
        var m = Min(1f, h);
        return WithSignOf(x, Fma(m, Divide(m, Subtract(F(-1f), h)), m));
    }

    /// <summary>n·ln 2 + log(1 + f). At most 0.94 ulp.</summary>
    private static SelectValue ExpandLog(LoopValue x)
    {
        var (n, f) = SplitLog(x);
        return WithLogLimits(x, F(0f), Fma(n, F(Ln2High), LogOfOnePlus(f)));
    }

    /// <summary>n + log(1 + f)/ln 2, exact at powers of two. At most 1.5 ulp.</summary>
    private static SelectValue ExpandLog2(LoopValue x)
    {
        var (n, f) = SplitLog(x);
        var log = LogOfOnePlus(f);
        return WithLogLimits(x, F(0f), Fma(log, F(Log2E), Fma(log, F(1.925963e-8f), n)));
    }

    /// <summary>n·lg 2 + log(1 + f)/ln 10. At most 1.57 ulp.</summary>
    private static SelectValue ExpandLog10(LoopValue x)
    {
        var (n, f) = SplitLog(x);
        var log = LogOfOnePlus(f);
        var low = Fma(n, F(-1.4320989e-8f), Multiply(log, F(-1.010305e-8f)));
        return WithLogLimits(x, F(0f), Fma(n, F(0.30103f), Fma(log, F(0.4342945f), low)));
    }

    /// <summary>
    /// As <see cref="ExpandLog"/> at u = 1 + x, with what that sum rounds away added back to f. At most 1.48 ulp.
    /// </summary>
    private static SelectValue ExpandLog1P(LoopValue x)
    {
        var u = Add(x, F(1f));
        var lost = Subtract(x, Subtract(u, F(1f)));
        var (exponent, bits) = SplitExponent(u);
        var field = Binary(ShiftLeft, exponent, I(23));

        // 2^−n; zero at the top exponents, where what was lost does not matter and the bits would wrap.
        var scale = AsFloat(Binary(Maximum, Binary(BinaryFunction.Subtract, I(0x3F800000), field), I(0)));
        var f = Fma(lost, scale, Subtract(AsFloat(Binary(BinaryFunction.Subtract, bits, field)), F(1f)));
        var result = Fma(new ConvertValue(DType.Float32, exponent), F(Ln2High), LogOfOnePlus(f));
        return WithLogLimits(x, F(-1f), WithSignOf(x, result));
    }

    /// <summary>±sin r with r = |x| − n·π in ±π/2, the quotient's parity deciding the sign. At most 1.71 ulp.</summary>
    private static SelectValue ExpandSin(LoopValue x)
    {
        var a = Unary(Abs, x);
        var shifted = Fma(a, F(0.31830987f), F(Rounder));
        var n = Subtract(shifted, F(Rounder));

        // π in three floats (Cody and Waite); with fma the first difference is exact below AngleLimit.
        var r = Fma(n, F(3.430249e-15f), Fma(n, F(8.742278e-8f), Fma(n, F(-3.1415927f), a)));
        var sign = Binary(Xor, Binary(And, AsInt(x), I(int.MinValue)), Binary(ShiftLeft, AsInt(shifted), I(31)));
        var small = AsFloat(Binary(Xor, AsInt(SinWithinHalfPi(r)), sign));
        return new SelectValue(Binary(Greater, a, F(AngleLimit)), Unary(SinLarge, x), small);
    }

    /// <summary>∓sin r with r = |x| − m·π/2 in ±π/2 for the nearest odd m. At most 1.93 ulp.</summary>
    private static SelectValue ExpandCos(LoopValue x)
    {
        var a = Unary(Abs, x);
        var shifted = Add(Fma(a, F(0.31830987f), F(-0.5f)), F(Rounder));
        var m = Fma(Subtract(shifted, F(Rounder)), F(2f), F(1f));
        var r = Fma(m, F(1.7151245e-15f), Fma(m, F(4.371139e-8f), Fma(m, F(-1.5707964f), a)));

        // Odd multiples 1, 5, 9… of π/2 have the low bit of (m − 1)/2 clear, and there cos falls: the sign is its complement.
        var sign = Binary(ShiftLeft, Unary(Not, AsInt(shifted)), I(31));
        var small = AsFloat(Binary(Xor, AsInt(SinWithinHalfPi(r)), sign));
        return new SelectValue(Binary(Greater, a, F(AngleLimit)), Unary(CosLarge, x), small);
    }

    /// <summary>
    /// Below 1.1 x + x·P(x²), above it a polynomial about 2.6796875, a point where erf happens to be a float to within 2^−33. At most 1.32 ulp.
    /// </summary>
    private static BitcastValue ExpandErf(LoopValue x)
    {
        var a = Unary(Abs, x);
        var p = Polynomial(
            Multiply(a, a), 7.188014e-5f, -0.00078058004f, 0.005164867f, -0.026841443f, 0.1128329f, -0.376126f, 0.12837917f);

        // Fitted on [1.1, 3.96]; from 3.92 on the nearest float is 1.
        var tail = Polynomial(
            Subtract(Min(3.95f, a), F(2.6796875f)), 9.941324e-7f, -7.2514194e-6f, -3.4494196e-6f, 7.4807656e-5f, -0.00013275341f, -4.2001804e-5f,
            0.00069801026f, -0.0019774493f, 0.0035160286f, -0.004360297f, 0.0038263958f, -0.002301144f, 0.0008587818f, 0.99984914f);
        return WithSignOf(x, new SelectValue(Binary(Less, a, F(1.1f)), Fma(a, p, a), tail));
    }

    /// <summary>
    /// With a = |x| the tail e^(−a²/2)·P(1/(1 + 0.3·a)), and its lack to 1 above 0; what rounding takes from the square is put back. At most 7.05 ulp, below 0.
    /// </summary>
    private static SelectValue ExpandNormalCdf(LoopValue x)
    {
        // From 14.2 on the tail is 0.
        var a = Min(14.5f, Unary(Abs, x));
        var exponent = Multiply(Multiply(a, F(-0.5f)), a);
        var lost = Fma(Multiply(a, F(0.5f)), a, exponent);
        var p = Polynomial(
            Divide(F(1f), Fma(a, F(0.3f), F(1f))), 0.03840739f, -0.16930744f, 0.22895172f, -0.0768396f, 0.14276524f, 0.09458588f, 0.12194526f, 0.11948421f,
            7.3723595e-6f);
        var product = Multiply(ExpWithin(exponent, exponent), p);
        var tail = Subtract(product, Multiply(product, lost));
        return new SelectValue(Binary(Less, x, F(0f)), tail, Subtract(F(1f), tail));
    }

    /// <summary>r + r³·S(r²) for |r| ≤ π/2, with coefficients that give exactly 1 at the end and never more.</summary>
    private static FmaValue SinWithinHalfPi(LoopValue r)
    {
        var z = Multiply(r, r);
        var s = Polynomial(z, -2.383216e-8f, 2.7528004e-6f, -0.00019841026f, 0.008333328f, -0.16666666f);
        return Fma(Multiply(z, r), s, r);
    }

    /// <summary>(e^x − 1)/2 for x from −20 to 89, the e^r − 1 inside formed without its 1.</summary>
    private static FmaValue HalfExpM1(LoopValue x, bool lowPart)
    {
        var shifted = Fma(x, F(Log2E), F(Rounder + 126));
        var n = Subtract(shifted, F(Rounder + 126));
        var r = Fma(n, F(-Ln2High), x);
        r = lowPart ? Fma(n, F(-Ln2Low), r) : r;
        var powerMinusOne = Fma(Multiply(r, r), Polynomial(r, 0.0013882624f, 0.008366808f, 0.0416673f, 0.16666542f, 0.49999997f), r);
        var scale = PowerOfTwo(shifted);
        return Fma(scale, powerMinusOne, Subtract(scale, F(0.5f)));
    }

    /// <summary>n and f with x = 2^n·(1 + f), 1 + f in [√½, √2]. Subnormals are scaled by 2^23 first.</summary>
    private static (LoopValue N, LoopValue F) SplitLog(LoopValue x)
    {
        var subnormal = Binary(Less, x, F(1.1754944e-38f));
        var scaled = new SelectValue(subnormal, Multiply(x, F(8388608f)), x);
        var (exponent, bits) = SplitExponent(scaled);
        var f = Subtract(AsFloat(Binary(BinaryFunction.Subtract, bits, Binary(ShiftLeft, exponent, I(23)))), F(1f));
        return (Add(new ConvertValue(DType.Float32, exponent), new SelectValue(subnormal, F(-23f), F(0f))), f);
    }

    /// <summary>f + f²·Q(f) for f in [√½ − 1, √2 − 1].</summary>
    private static FmaValue LogOfOnePlus(LoopValue f)
    {
        var q = Polynomial(
            f, -0.076633364f, 0.12890635f, -0.13217285f, 0.141828f, -0.16612723f, 0.20002018f, -0.250014f, 0.33333322f, -0.4999999f);
        return Fma(Multiply(f, f), q, f);
    }

    /// <summary>The exponent n that puts x·2^−n in [√½, √2), with the bits of x.</summary>
    private static (LoopValue Exponent, LoopValue Bits) SplitExponent(LoopValue x)
    {
        var bits = AsInt(x);
        const int BitsOfRootHalf = 0x3F3504F3;
        return (Binary(ShiftRight, Binary(BinaryFunction.Subtract, bits, I(BitsOfRootHalf)), I(23)), bits);
    }

    /// <summary>The logarithm's values at and outside the ends of its domain, whose left end is <paramref name="pole"/>.</summary>
    private static SelectValue WithLogLimits(LoopValue x, LoopValue pole, LoopValue result)
    {
        var finite = new SelectValue(Binary(Less, x, F(float.PositiveInfinity)), result, x);
        var outside = new SelectValue(Binary(Equal, x, pole), F(float.NegativeInfinity), F(float.NaN));
        return new SelectValue(Binary(Greater, x, pole), finite, outside);
    }

    /// <summary>2^n from the rounded sum that holds n plus the exponent's bias in its low bits.</summary>
    private static BitcastValue PowerOfTwo(LoopValue shifted) => AsFloat(Binary(ShiftLeft, AsInt(shifted), I(23)));

    /// <summary>
    /// 0 for a factor whose product will vanish anyway: processors take a hundred times as long for a product that rounds to 0 as for one by 0, and
    /// masked scores, which are −∞, are full of them.
    /// </summary>
    private static SelectValue ZeroBelow(float bound, LoopValue x, LoopValue factor) => new(Binary(Less, x, F(bound)), F(0f), factor);

    /// <summary>The sign of x on a value that is not negative, or has x's sign already but for zeros.</summary>
    private static BitcastValue WithSignOf(LoopValue x, LoopValue value) =>
        AsFloat(Binary(Or, AsInt(value), Binary(And, AsInt(x), I(int.MinValue))));

    /// <summary>Horner's rule, the highest power first.</summary>
    private static LoopValue Polynomial(LoopValue x, params ReadOnlySpan<float> coefficients)
    {
        LoopValue sum = F(coefficients[0]);
        foreach (var coefficient in coefficients[1..])
        {
            sum = Fma(sum, x, F(coefficient));
        }

        return sum;
    }

    private static Literal F(float value) => Literal.Of(value);

    private static Literal I(int value) => Literal.Of(value);

    private static UnaryValue Unary(UnaryFunction function, LoopValue x) => new(function, x);

    private static BinaryValue Binary(BinaryFunction function, LoopValue x, LoopValue y) => new(function, x, y);

    private static BinaryValue Add(LoopValue x, LoopValue y) => new(BinaryFunction.Add, x, y);

    private static BinaryValue Subtract(LoopValue x, LoopValue y) => new(BinaryFunction.Subtract, x, y);

    private static BinaryValue Multiply(LoopValue x, LoopValue y) => new(BinaryFunction.Multiply, x, y);

    private static BinaryValue Divide(LoopValue x, LoopValue y) => new(BinaryFunction.Divide, x, y);

    // The literal comes first: x86's max and min return their second operand at NaN, so x's NaN survives them without a fix-up.
    private static BinaryValue Max(float bound, LoopValue x) => new(Maximum, F(bound), x);

    private static BinaryValue Min(float bound, LoopValue x) => new(Minimum, F(bound), x);

    private static FmaValue Fma(LoopValue x, LoopValue y, LoopValue z) => new(x, y, z);

    private static BitcastValue AsInt(LoopValue x) => new(DType.Int32, x);

    private static BitcastValue AsFloat(LoopValue x) => new(DType.Float32, x);
}
