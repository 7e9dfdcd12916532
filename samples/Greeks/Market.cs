using GraphCompiler;

namespace Greeks;

/// <summary>What all models depend on: the first numbers of each model's vector of parameters.</summary>
/// <param name="Spot">What the asset costs now.</param>
/// <param name="Rate">The interest rate, continuously compounded, a year.</param>
/// <param name="Dividend">The dividend yield, likewise.</param>
/// <param name="Maturity">Years to the end.</param>
internal sealed record Market(Node Spot, Node Rate, Node Dividend, Node Maturity)
{
    public Node Growth => Rate - Dividend;

    public static Market Of(Node parameters) => new(parameters[0], parameters[1], parameters[2], parameters[3]);
}
