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

/// <summary>Which of the functions of an incomplete gamma integral.</summary>
internal enum GammaPart
{
    /// <summary>P, from 0 on.</summary>
    Lower,

    /// <summary>Q, up to infinity.</summary>
    Upper,

    /// <summary>What is integrated, the slope of P in x.</summary>
    Density,
}

/// <summary>The regularised incomplete gamma functions of a and x, and their density.</summary>
internal sealed record IncompleteGammaOp(GammaPart Part) : BinaryOp
{
    public override string Name => Part switch { GammaPart.Lower => "RegularizedGammaP", GammaPart.Upper => "RegularizedGammaQ", _ => "GammaDensity" };

    internal override bool KeepsFinite => false;

    protected override bool TakesIntegers => false;

    protected override Node Chain(Node node, int input, Node direction)
    {
        (Node a, Node x) = (node.Inputs[0], node.Inputs[1]);
        if (Part == GammaPart.Density)
        {
            return Scale(direction, node * (input == 0 ? Ops.Log(x) - Ops.Digamma(a) : ((a - 1) / x) - 1));
        }

        // While the probability stays, x moves with a by GammaSlope; at both ends it is the same for every a.
        Node density = Node.Create(new IncompleteGammaOp(GammaPart.Density), a, x);
        Node slope = input == 1 ? density : Ops.Where(Ops.Equal(x, 0) | Ops.IsInfinity(x), 0, -density * Node.Create(new GammaSlopeOp(1), a, x));
        return Scale(direction, Part == GammaPart.Lower ? slope : -slope);
    }

    protected override double Apply(double a, double b) => Part switch
    {
        GammaPart.Lower => IncompleteGamma.Lower(a, b),
        GammaPart.Upper => IncompleteGamma.Upper(a, b),
        _ => IncompleteGamma.Density(a, b),
    };
}
