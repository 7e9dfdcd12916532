using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>eˣ.</summary>
    /// <param name="x">Floats.</param>
    public static Node Exp(Node x) => Unary(new ExpOp(), x);

    /// <summary>2ˣ, exact at whole numbers.</summary>
    /// <param name="x">Floats.</param>
    public static Node Exp2(Node x) => Unary(new Exp2Op(), x);

    /// <summary>eˣ − 1, accurate for small x.</summary>
    /// <param name="x">Floats.</param>
    public static Node ExpM1(Node x) => Unary(new ExpM1Op(), x);

    /// <summary>The natural logarithm: −∞ at 0, NaN below.</summary>
    /// <param name="x">Floats.</param>
    public static Node Log(Node x) => Unary(new LogOp(), x);

    /// <summary>The logarithm to base 2, exact at powers of two: −∞ at 0, NaN below.</summary>
    /// <param name="x">Floats.</param>
    public static Node Log2(Node x) => Unary(new Log2Op(), x);

    /// <summary>The logarithm to base 10: −∞ at 0, NaN below.</summary>
    /// <param name="x">Floats.</param>
    public static Node Log10(Node x) => Unary(new Log10Op(), x);

    /// <summary>log(1 + x), accurate for small x.</summary>
    /// <param name="x">Floats.</param>
    public static Node Log1P(Node x) => Unary(new Log1POp(), x);

    /// <summary>The real cube root, of negative numbers too; slope +∞ at 0.</summary>
    /// <param name="x">Floats.</param>
    public static Node Cbrt(Node x) => Unary(new CbrtOp(), x);

    /// <summary>1/(1 + e⁻ˣ), without overflow.</summary>
    /// <param name="x">Floats.</param>
    public static Node Sigmoid(Node x) => Unary(new SigmoidOp(), x);

    /// <summary>The hyperbolic sine.</summary>
    /// <param name="x">Floats.</param>
    public static Node Sinh(Node x) => Unary(new SinhOp(), x);

    /// <summary>The hyperbolic cosine.</summary>
    /// <param name="x">Floats.</param>
    public static Node Cosh(Node x) => Unary(new CoshOp(), x);

    /// <summary>The hyperbolic tangent.</summary>
    /// <param name="x">Floats.</param>
    public static Node Tanh(Node x) => Unary(new TanhOp(), x);

    /// <summary>The inverse of the hyperbolic sine.</summary>
    /// <param name="x">Floats.</param>
    public static Node Asinh(Node x) => Unary(new AsinhOp(), x);

    /// <summary>The inverse of the hyperbolic cosine: NaN below 1, slope +∞ there.</summary>
    /// <param name="x">Floats.</param>
    public static Node Acosh(Node x) => Unary(new AcoshOp(), x);

    /// <summary>The inverse of the hyperbolic tangent: ±∞ at ±1, NaN beyond.</summary>
    /// <param name="x">Floats.</param>
    public static Node Atanh(Node x) => Unary(new AtanhOp(), x);

    /// <summary>The sine of radians.</summary>
    /// <param name="x">Floats.</param>
    public static Node Sin(Node x) => Unary(new SinOp(), x);

    /// <summary>The cosine of radians.</summary>
    /// <param name="x">Floats.</param>
    public static Node Cos(Node x) => Unary(new CosOp(), x);

    /// <summary>The tangent of radians.</summary>
    /// <param name="x">Floats.</param>
    public static Node Tan(Node x) => Unary(new TanOp(), x);

    /// <summary>The angle whose sine is x, in radians: NaN beyond ±1, slope +∞ there.</summary>
    /// <param name="x">Floats.</param>
    public static Node Asin(Node x) => Unary(new AsinOp(), x);

    /// <summary>The angle whose cosine is x, in radians: NaN beyond ±1, slope −∞ there.</summary>
    /// <param name="x">Floats.</param>
    public static Node Acos(Node x) => Unary(new AcosOp(), x);

    /// <summary>The angle whose tangent is x, in radians.</summary>
    /// <param name="x">Floats.</param>
    public static Node Atan(Node x) => Unary(new AtanOp(), x);

    /// <summary>The angle of the point (b, a), from −π to π: the angle whose tangent is a/b, in the quadrant that the signs tell.</summary>
    /// <param name="a">Floats.</param>
    /// <param name="b">Floats of the same dtype; the shapes broadcast.</param>
    public static Node Atan2(Node a, Node b) => Binary(new Atan2Op(), a, b);

    /// <summary>Degrees as radians: x·π/180.</summary>
    /// <param name="x">Floats.</param>
    public static Node Deg2Rad(Node x) => RequireFloat("Deg2Rad", x) * (Math.PI / 180);

    /// <summary>Radians as degrees: x·180/π.</summary>
    /// <param name="x">Floats.</param>
    public static Node Rad2Deg(Node x) => RequireFloat("Rad2Deg", x) * (180 / Math.PI);

    /// <summary>The error function, 2/√π ∫₀ˣ e^(−t²) dt.</summary>
    /// <param name="x">Floats.</param>
    public static Node Erf(Node x) => Unary(new ErfOp(), x);

    /// <summary>1 − erf(x), accurate also where it vanishes.</summary>
    /// <param name="x">Floats.</param>
    public static Node Erfc(Node x) => Unary(new ErfcOp(), x);

    /// <summary>The normal distribution function Φ(x) = ½·erfc(−x/√2), accurate also where it vanishes (PyTorch's ndtr).</summary>
    /// <param name="x">Floats.</param>
    public static Node NormalCdf(Node x) => Unary(new NormalCdfOp(), x);

    /// <summary>The inverse of the error function: ±∞ at ±1, NaN beyond.</summary>
    /// <param name="x">Floats.</param>
    public static Node ErfInv(Node x) => Unary(new ErfInvOp(), x);

    /// <summary>log |Γ(x)|: +∞ at 0 and the negative integers.</summary>
    /// <param name="x">Floats.</param>
    public static Node LogGamma(Node x) => Unary(new LogGammaOp(), x);

    /// <summary>The slope of <see cref="LogGamma"/>: ∓∞ at ±0, NaN at the negative integers.</summary>
    /// <param name="x">Floats.</param>
    public static Node Digamma(Node x) => Unary(new PolygammaOp(0), RequireFloat("Digamma", x));

    /// <summary>A derivative of <see cref="Digamma"/>: infinite at 0 and the negative integers.</summary>
    /// <param name="order">Which, from 0 to 170.</param>
    /// <param name="x">Floats.</param>
    public static Node Polygamma(int order, Node x)
    {
        return order is >= 0 and <= Routines.GammaFunctions.MostOrder
            ? Unary(new PolygammaOp(order), x)
            : throw InvariantText.OutOfRange(nameof(order), order, $"Polygamma: the order must be in [0, {Routines.GammaFunctions.MostOrder}].");
    }

    /// <summary>
    /// The regularised incomplete gamma function P(a, x) = ∫₀ˣ tᵃ⁻¹e⁻ᵗ dt/Γ(a) (PyTorch's igamma), with slopes in both. NaN where one is below 0, or both are 0
    /// or ∞. A third derivative in a is an error.
    /// </summary>
    /// <param name="a">Floats, at least 0.</param>
    /// <param name="x">Floats of the same dtype, at least 0; the shapes broadcast.</param>
    public static Node RegularizedGammaP(Node a, Node x) => Binary(new IncompleteGammaOp(GammaPart.Lower), a, x);

    /// <summary>
    /// The regularised incomplete gamma function Q(a, x) = 1 − P(a, x), accurate also where it vanishes (PyTorch's igammac), with slopes in both. NaN where one
    /// is below 0, or both are 0 or ∞. A third derivative in a is an error.
    /// </summary>
    /// <param name="a">Floats, at least 0.</param>
    /// <param name="x">Floats of the same dtype, at least 0; the shapes broadcast.</param>
    public static Node RegularizedGammaQ(Node a, Node x) => Binary(new IncompleteGammaOp(GammaPart.Upper), a, x);

    /// <summary>sin(πx)/(πx), and 1 at 0, with its derivatives of every order there.</summary>
    /// <param name="x">Floats.</param>
    public static Node Sinc(Node x)
    {
        // Beside 0 the Taylor series to (πx)^16, whose rest is below an ulp: quotients of small numbers would spoil the derivatives.
        // Elsewhere whole periods are taken off before they are multiplied by π; from 2^53 on every number is a whole one, and the result 0.
        RequireFloat("Sinc", x);
        x = Clamp(x, -1e30, 1e30);
        Node angle = x * Math.PI;
        Node square = angle * angle;
        Node series = OnesLike(x);
        for (int k = 8; k >= 1; k--)
        {
            series = 1 - (square * series / (2 * k * ((2 * k) + 1)));
        }

        return Where(Abs(x) < 0.1, series, Sin((x - (2 * Round(x / 2))) * Math.PI) / angle);
    }

    /// <summary>log(p/(1 − p)), the inverse of <see cref="Sigmoid"/>, accurate at ½ too.</summary>
    /// <param name="p">Floats.</param>
    /// <param name="epsilon">If positive, p is cut to [ε, 1 − ε] first.</param>
    public static Node Logit(Node p, double epsilon = 0)
    {
        RequireFloat("Logit", p);
        return Create(new LogitOp(), epsilon > 0 ? Clamp(p, epsilon, 1 - epsilon) : p);
    }

    /// <summary>log(eᵃ + eᵇ), without overflow; of two equal infinities that infinity, half of whose gradient goes to each.</summary>
    /// <param name="a">Floats.</param>
    /// <param name="b">Floats of the same dtype; the shapes broadcast.</param>
    public static Node LogAddExp(Node a, Node b)
    {
        RequireFloat("LogAddExp", a);
        return Binary(new LogAddExpOp(), a, b);
    }

    /// <summary>log₂(2ᵃ + 2ᵇ), without overflow.</summary>
    /// <param name="a">Floats.</param>
    /// <param name="b">Floats of the same dtype; the shapes broadcast.</param>
    public static Node LogAddExp2(Node a, Node b) => LogAddExp(RequireFloat("LogAddExp2", a) * Math.Log(2), RequireFloat("LogAddExp2", b) * Math.Log(2)) / Math.Log(2);

    /// <summary>√(a² + b²), without overflow; slope 0 at (0, 0).</summary>
    /// <param name="a">Floats.</param>
    /// <param name="b">Floats of the same dtype; the shapes broadcast.</param>
    public static Node Hypot(Node a, Node b)
    {
        RequireFloat("Hypot", a);
        return Binary(new HypotOp(), a, b);
    }

    /// <summary>a·log(b), which is 0 where a is 0, with slope 0 there if b is not positive.</summary>
    /// <param name="a">Floats.</param>
    /// <param name="b">Floats of the same dtype; the shapes broadcast.</param>
    public static Node XLogY(Node a, Node b) => Where(Equal(RequireFloat("XLogY", a), 0) & ((RequireFloat("XLogY", b) <= 0) | Equal(b, double.PositiveInfinity)), 0, a * Log(b));

    /// <summary>a·log(1 + b), which is 0 where a is 0, with slope 0 there if 1 + b is not positive.</summary>
    /// <param name="a">Floats.</param>
    /// <param name="b">Floats of the same dtype; the shapes broadcast.</param>
    public static Node XLog1PY(Node a, Node b) => Where(Equal(RequireFloat("XLog1PY", a), 0) & ((RequireFloat("XLog1PY", b) <= -1) | Equal(b, double.PositiveInfinity)), 0, a * Log1P(b));

    /// <summary>The modified Bessel function of the first kind and order 0.</summary>
    /// <param name="x">Floats.</param>
    public static Node BesselI0(Node x) => Unary(new BesselI0Op(), x);

    /// <summary>The modified Bessel function of the first kind and order 1.</summary>
    /// <param name="x">Floats.</param>
    public static Node BesselI1(Node x) => Unary(new BesselI1Op(), x);
}
