using static GraphCompiler.Differentiation.Slopes;

namespace GraphCompiler.Operations;

/// <summary>The error function, 2/√π ∫₀ˣ exp(−t²) dt.</summary>
internal sealed record ErfOp : TranscendentalOp
{
    internal const double TwoOverRootPi = 1.1283791670955126;

    internal override bool KeepsFinite => true;

    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, TwoOverRootPi * Ops.Exp(-(x * x)));

    protected override double Apply(double x) => VectorMath.Erf(x);
}

/// <summary>1 − erf(x), accurate where it vanishes.</summary>
internal sealed record ErfcOp : TranscendentalOp
{
    internal override bool KeepsFinite => true;

    protected override Node Chain(Node y, Node x, Node direction) => -Scale(direction, ErfOp.TwoOverRootPi * Ops.Exp(-(x * x)));

    protected override double Apply(double x) => VectorMath.Apply<Functions.Erfc>(x);
}

/// <summary>The normal distribution function, ½·erfc(−x/√2).</summary>
internal sealed record NormalCdfOp : TranscendentalOp
{
    private const double InverseRootTwoPi = 0.3989422804014327;

    internal override bool KeepsFinite => true;

    /// <summary>The normal density.</summary>
    public static Node Density(Node x) => InverseRootTwoPi * Ops.Exp(-0.5 * (x * x));

    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, Density(x));

    protected override double Apply(double x) => VectorMath.Apply<Functions.NormalCdf>(x);
}

/// <summary>The inverse of the error function.</summary>
internal sealed record ErfInvOp : TranscendentalOp
{
    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, 1 / ErfOp.TwoOverRootPi * Ops.Exp(y * y));

    protected override double Apply(double x) => VectorMath.Apply<Functions.ErfInv>(x);
}

/// <summary>log |Γ(x)|.</summary>
internal sealed record LogGammaOp : TranscendentalOp
{
    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, Ops.Digamma(x));

    protected override double Apply(double x) => GammaFunctions.LogGamma(x);
}

/// <summary>The derivative of the digamma function of an order; of order 0 the function itself.</summary>
internal sealed record PolygammaOp(int Order) : TranscendentalOp
{
    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, Node.Create(new PolygammaOp(Order + 1), x));

    protected override double Apply(double x) => GammaFunctions.Polygamma(Order, x);
}

/// <summary>The modified Bessel function of the first kind and order 0.</summary>
internal sealed record BesselI0Op : TranscendentalOp
{
    protected override Node Chain(Node y, Node x, Node direction) => Scale(direction, Ops.BesselI1(x));

    protected override double Apply(double x) => VectorMath.Apply<Functions.BesselI0>(x);
}

/// <summary>The modified Bessel function of the first kind and order 1.</summary>
internal sealed record BesselI1Op : TranscendentalOp
{
    protected override Node Chain(Node y, Node x, Node direction) =>
        Scale(direction, Ops.BesselI0(x) - Ops.Where(Ops.Equal(x, 0), 0.5, y / x));

    protected override double Apply(double x) => VectorMath.Apply<Functions.BesselI1>(x);
}
