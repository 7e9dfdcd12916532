using GraphCompiler;

namespace Greeks;

/// <summary>An option under a model of its asset, and the ways to its price.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Greeks">What derivatives in each parameter are called; the first is in the spot, the fifth in the volatility or the variance.</param>
/// <param name="Parameters">The values of the parameters, a vector.</param>
/// <param name="Price">The price as a formula of the parameters.</param>
/// <param name="Payoffs">What it pays on each of many paths, discounted, as a function of the parameters: its mean is the price.</param>
/// <param name="ByHand">The price, its derivatives in each parameter, gamma and vanna as textbooks have them, [p + 3]; null where they have none.</param>
internal sealed record OptionModel(string Name, string[] Greeks, double[] Parameters, Func<Node, Node> Price, Func<Node, Paths, Node> Payoffs, Func<Node, Node>? ByHand = null)
{
    private const double Strike = 100;
    private const double Barrier = 90;
    private static readonly string[] MarketGreeks = ["delta", "rho", "dividend rho", "∂/∂maturity"];

    /// <summary>The parameters under which Lewis computed prices by Heston's model to 50 digits.</summary>
    public static readonly double[] Lewis = [100, 0.01, 0.02, 1, 0.04, 4, 0.25, 1, -0.5];

    private static readonly double[] Lognormal = [100, 0.05, 0.01, 1, 0.2];

    public static OptionModel European { get; } = new(
        "European call",
        [.. MarketGreeks, "vega"],
        Lognormal,
        p => BlackScholes.Call(Market.Of(p), Strike, p[4]),
        (p, paths) => BlackScholes.Call(p, Strike, paths),
        p => Textbook.Call(Market.Of(p), Strike, p[4]));

    public static OptionModel DownAndOut { get; } = new(
        "down-and-out call",
        [.. MarketGreeks, "vega"],
        Lognormal,
        p => BlackScholes.DownAndOut(Market.Of(p), Strike, Barrier, p[4]),
        (p, paths) => BlackScholes.DownAndOut(p, Strike, Barrier, paths),
        p => Textbook.DownAndOut(Market.Of(p), Strike, Barrier, p[4]));

    public static OptionModel Heston { get; } = new(
        "Heston call",
        [.. MarketGreeks, "∂/∂v₀", "∂/∂κ", "∂/∂θ", "∂/∂ξ", "∂/∂ρ"],
        Lewis,
        p => HestonModel.Call(Market.Of(p), Ops.Constant(Strike), p[4..]),
        (p, paths) => HestonModel.Call(p, Strike, paths));
}
