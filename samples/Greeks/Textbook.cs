using GraphCompiler;
using static GraphCompiler.Ops;

namespace Greeks;

/// <summary>Derivatives as textbooks have them (Haug 2007), by hand: what those of the graph are held against.</summary>
internal static class Textbook
{
    /// <summary>A call's price, its derivatives in spot, rate, dividend, maturity and volatility, gamma and vanna, [8].</summary>
    public static Node Call(Market market, double strike, Node volatility)
    {
        (Node spot, Node rate, Node dividend, Node maturity) = market;
        Node deviation = volatility * Sqrt(maturity);
        Node d1 = (Log(spot / strike) + ((rate - dividend + (volatility.Square() / 2)) * maturity)) / deviation;
        Node d2 = d1 - deviation;
        Node carried = Exp(-dividend * maturity);
        Node discounted = strike * Exp(-rate * maturity);
        Node density = carried * Exp(-d1.Square() / 2) / Math.Sqrt(2 * Math.PI);
        Node delta = carried * NormalCdf(d1);
        Node paid = discounted * NormalCdf(d2);
        return Stack([
            (spot * delta) - paid,
            delta,
            maturity * paid,
            -maturity * spot * delta,
            (spot * density * volatility / (2 * Sqrt(maturity))) + (rate * paid) - (dividend * spot * delta),
            spot * density * Sqrt(maturity),
            density / (spot * deviation),
            -density * d2 / volatility]);
    }

    /// <summary>The same of a call that ends at a barrier H: C(S) − (S/H)ᵖ·C(H²/S) with p = 1 − 2·(r − q)/σ², by the rules of products and chains.</summary>
    public static Node DownAndOut(Market market, double strike, double barrier, Node volatility)
    {
        Node spot = market.Spot;
        Node variance = volatility.Square();
        Node power = 1 - (2 * market.Growth / variance);
        Node slope = 4 * market.Growth / (variance * volatility);       // of the power in σ
        Node logarithm = Log(spot / barrier);
        Node factor = Exp(power * logarithm);
        Node up = power * factor / spot;                                // the factor's derivative in S
        Node mirror = barrier * barrier / spot;
        Node turn = -mirror / spot;                                     // the mirrored spot's
        Node call = Call(market, strike, volatility);
        Node image = Call(market with { Spot = mirror }, strike, volatility);
        Node upTwice = power * (power - 1) * factor / spot.Square();
        Node upSlope = slope * (factor + (power * factor * logarithm)) / spot;
        return call - Stack([
            factor * image[0],
            (up * image[0]) + (factor * turn * image[1]),
            factor * (image[2] - (2 * logarithm / variance * image[0])),
            factor * (image[3] + (2 * logarithm / variance * image[0])),
            factor * image[4],
            factor * (image[5] + (slope * logarithm * image[0])),
            (upTwice * image[0]) + (2 * up * turn * image[1]) + (factor * ((turn.Square() * image[6]) - (2 * turn / spot * image[1]))),
            (upSlope * image[0]) + (up * image[5]) + (factor * turn * ((slope * logarithm * image[1]) + image[7]))]);
    }
}
