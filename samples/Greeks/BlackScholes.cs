using GraphCompiler;
using static GraphCompiler.Ops;

namespace Greeks;

/// <summary>Options on an asset of constant volatility σ, dS = (r − q)·S dt + σ·S dW, with parameters [spot, rate, dividend, maturity, volatility].</summary>
internal static class BlackScholes
{
    /// <summary>What a call is worth (Black and Scholes 1973, Merton 1973).</summary>
    public static Node Call(Market market, double strike, Node volatility)
    {
        Node deviation = volatility * Sqrt(market.Maturity);
        Node d1 = ((Log(market.Spot / strike) + (market.Growth * market.Maturity)) / deviation) + (deviation / 2);
        return (market.Spot * Exp(-market.Dividend * market.Maturity) * NormalCdf(d1))
            - (strike * Exp(-market.Rate * market.Maturity) * NormalCdf(d1 - deviation));
    }

    /// <summary>What a call is worth that ends where the asset falls to a barrier below the strike (Merton 1973; Reiner and Rubinstein 1991).</summary>
    public static Node DownAndOut(Market market, double strike, double barrier, Node volatility)
    {
        Node power = 1 - (2 * market.Growth / volatility.Square());
        Node mirrored = Call(market with { Spot = barrier * barrier / market.Spot }, strike, volatility);
        return Call(market, strike, volatility) - (Exp(power * Log(market.Spot / barrier)) * mirrored);
    }

    /// <summary>
    /// What a call pays on each of many paths, discounted to now. The last step is not drawn but its expectation taken, which is a call of one step: it has all derivatives,
    /// where a payoff has a kink and a second derivative by paths would be 0.
    /// </summary>
    public static Node Call(Node parameters, double strike, Paths paths)
    {
        (Market market, Node volatility) = (Market.Of(parameters), parameters[4]);
        Node step = market.Maturity / paths.Steps;
        Node drift = (market.Growth - (volatility.Square() / 2)) * step;
        Node noise = volatility * Sqrt(step);
        Node logarithm = Scan(Zeros([paths.Count], DType.Float64), Dim.Of(paths.Steps - 1), (x, _) => x + drift + (noise * paths.Draw())).Last;
        return Discounted(market, step, paths, last => Call(last with { Spot = market.Spot * Exp(logarithm) }, strike, volatility));
    }

    /// <summary>
    /// The same of a call that ends at a barrier. Between two points of a path the probability of not having been at the barrier is known (the Brownian bridge), and their
    /// product takes the place of the question whether it was, which has no useful derivative. It falls to 0 as a square towards the barrier, so that second derivatives are right, too.
    /// </summary>
    public static Node DownAndOut(Node parameters, double strike, double barrier, Paths paths)
    {
        (Market market, Node volatility) = (Market.Of(parameters), parameters[4]);
        Node step = market.Maturity / paths.Steps;
        Node drift = (market.Growth - (volatility.Square() / 2)) * step;
        Node noise = volatility * Sqrt(step);
        Node start = BroadcastTo(Log(market.Spot / barrier), [paths.Count]);
        NodeList last = Scan([start, Ones([paths.Count], DType.Float64)], Dim.Of(paths.Steps - 1), (carry, _) =>
        {
            Node next = ClampMin(carry[0] + drift + (noise * paths.Draw()), 0);
            return ([next, carry[1] * -ExpM1(-2 * carry[0] * next / noise.Square())], []);
        }).Last;
        return Discounted(market, step, paths, one => last[1] * DownAndOut(one with { Spot = barrier * Exp(last[0]) }, strike, barrier, volatility));
    }

    /// <summary>What is worth so much one step before the end, now.</summary>
    private static Node Discounted(Market market, Node step, Paths paths, Func<Market, Node> lastStep) =>
        Exp(-market.Rate * step * (paths.Steps - 1)) * lastStep(market with { Maturity = step });
}
