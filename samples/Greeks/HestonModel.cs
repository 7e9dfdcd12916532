using GraphCompiler;
using static GraphCompiler.Ops;

namespace Greeks;

/// <summary>
/// Calls on an asset whose variance is a process of its own (Heston 1993): dS = (r − q)·S dt + √v·S dW, dv = κ·(θ − v) dt + ξ·√v dZ, dW·dZ = ρ dt, with parameters
/// [spot, rate, dividend, maturity, v₀, κ, θ, ξ, ρ].
/// </summary>
internal static class HestonModel
{
    /// <summary>What a call is worth, by an integral over the characteristic function of log S (Lewis 2000).</summary>
    /// <param name="market">Of shape [], or [N] for N calls.</param>
    /// <param name="strikes">Likewise.</param>
    /// <param name="variance">v₀, κ, θ, ξ, ρ.</param>
    /// <param name="step">The distance of two points of the integral.</param>
    /// <param name="points">How many there are.</param>
    /// <remarks>
    /// The integrand is even and analytic in a strip around the real line, so that the trapezoidal rule converges exponentially: with e^(−π/step).
    /// </remarks>
    public static Node Call(Market market, Node strikes, Node variance, double step = 0.05, int points = 800)
    {
        (Node spot, Node time) = (Unsqueeze(market.Spot, -1), Unsqueeze(market.Maturity, -1));
        Node forward = market.Spot * Exp(market.Growth * market.Maturity);
        Node u = Arange(points, start: step / 2, step: step, dtype: DType.Float64);
        Node moneyness = Unsqueeze(Log(forward / strikes), -1);
        ComplexNode phi = Characteristic(u, time, variance);
        Node integrand = ((phi.Real * Cos(u * moneyness)) - (phi.Imaginary * Sin(u * moneyness))) / (u.Square() + 0.25);
        return Exp(-market.Rate * market.Maturity) * (forward - (Sqrt(forward * strikes) * Sum(integrand, -1) * (step / Math.PI)));
    }

    /// <summary>The characteristic function of log(S_T / forward) at u − i/2, in the form without jumps of the logarithm (Albrecher et al. 2007).</summary>
    private static ComplexNode Characteristic(Node u, Node time, Node variance)
    {
        (Node v0, Node kappa, Node theta, Node xi, Node rho) = (variance[0], variance[1], variance[2], variance[3], variance[4]);
        Node square = u.Square() + 0.25;
        var b = new ComplexNode(kappa - (rho * xi / 2), -rho * xi * u);
        ComplexNode d = ComplexNode.Sqrt((b * b) + new ComplexNode(xi.Square() * square, ZerosLike(u)));
        ComplexNode one = new(OnesLike(u), ZerosLike(u));
        ComplexNode difference = one * -square / (b + d);              // (b − d)/ξ², without the cancellation
        ComplexNode g = difference * xi.Square() / (b + d);
        ComplexNode decay = ComplexNode.Exp(d * -time);
        ComplexNode left = one - (g * decay);
        ComplexNode atStart = difference * (one - decay) / left;
        ComplexNode atMean = (difference * time) - (ComplexNode.Log(left / (one - g)) * (2 / xi.Square()));
        return ComplexNode.Exp((atMean * (kappa * theta)) + (atStart * v0));
    }

    /// <summary>
    /// What a call pays on each of many paths, discounted to now. Only the variance is drawn: given it, log S is normal, and what a call is worth is known (Willard 1997). The variance
    /// is split into its drift and its noise, each solved exactly (Ninomiya and Victoir 2008; Alfonsi 2010): of second order, and smooth and positive where ξ² ≤ 4κθ.
    /// </summary>
    public static Node Call(Node parameters, double strike, Paths paths)
    {
        Market market = Market.Of(parameters);
        (Node v0, Node kappa, Node theta, Node xi, Node rho) = (parameters[4], parameters[5], parameters[6], parameters[7], parameters[8]);
        Node step = market.Maturity / paths.Steps;
        Node decay = Exp(-kappa * step / 2);
        Node mean = theta - (xi.Square() / (4 * kappa));
        Node noise = xi * Sqrt(step) / 2;
        NodeList last = Scan([BroadcastTo(v0, [paths.Count]), Zeros([paths.Count], DType.Float64)], Dim.Of(paths.Steps), (carry, _) =>
        {
            Node moved = (Sqrt(mean + ((carry[0] - mean) * decay)) + (noise * paths.Draw())).Square();
            return ([mean + ((moved - mean) * decay), carry[1] + carry[0] + moved], []);
        }).Last;
        Node half = (1 - decay) / kappa;
        Node total = (half * last[1]) + (mean * (market.Maturity - (2 * half * paths.Steps)));      // ∫ v dt
        Node shared = rho * (last[0] - v0 - (kappa * theta * market.Maturity) + (kappa * total)) / xi;     // ρ ∫ √v dZ
        Node spot = market.Spot * Exp(shared - (rho.Square() * total / 2));
        return BlackScholes.Call(market with { Spot = spot }, strike, Sqrt((1 - rho.Square()) * total / market.Maturity));
    }
}
