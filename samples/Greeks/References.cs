using GraphCompiler;
using static GraphCompiler.Ops;

namespace Greeks;

/// <summary>The formulas themselves against what others computed, and against an integral.</summary>
internal static class References
{
    private static readonly double[] Strikes = [80, 90, 100, 110, 120];

    /// <summary>Calls by Heston's model as Alan Lewis computed them to 50 digits (financepress.com/2019/02/15/heston-model-reference-prices).</summary>
    private static readonly double[] LewisCalls = [26.774758743998854, 20.933349000596710, 16.070154917028834, 12.132211516709845, 9.024913483457836];

    /// <summary>How far Heston's prices are from Lewis's.</summary>
    public static double HestonError()
    {
        var parameters = Constant(OptionModel.Lewis);
        using CompiledGraph graph = Compiler.Compile([], HestonModel.Call(Market.Of(parameters), Constant(Strikes), parameters[4..]));
        return graph.Run().GetArray<double>().Zip(LewisCalls, (a, b) => Math.Abs(a - b)).Aggregate(Math.Max);
    }

    /// <summary>
    /// How far the price with a barrier is from the integral of the payoff over the density of paths that were not at the barrier, which is that of all minus that of those mirrored.
    /// </summary>
    public static double BarrierError(double strike, double barrier)
    {
        var market = new Market(Constant(100.0), Constant(0.05), Constant(0.01), Constant(1.0));
        Node volatility = Constant(0.2);
        Node drift = market.Growth - (volatility.Square() / 2);
        Node distance = Log(market.Spot / barrier);
        Node integral = Integrate(
            x =>
            {
                Node mirrored = Exp(-2 * drift * distance / volatility.Square()) * Density(x + (2 * distance));
                return (market.Spot * Exp(x) - strike) * (Density(x) - mirrored);
            },
            Log(strike / market.Spot),
            Constant(3.0),
            absolute: 1e-13).Value;
        Node error = Abs(BlackScholes.DownAndOut(market, strike, barrier, volatility) - (Exp(-market.Rate) * integral));
        using CompiledGraph graph = Compiler.Compile([], error);
        return graph.Run().Scalar<double>();

        // Of the logarithm's normal distribution after a year.
        Node Density(Node x) => Exp(-((x - drift) / volatility).Square() / 2) / (volatility * Math.Sqrt(2 * Math.PI));
    }
}
