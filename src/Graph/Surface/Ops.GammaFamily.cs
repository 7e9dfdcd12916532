using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>
    /// Gamma numbers of a concentration and a rate, anew at each call: their mean is concentration/rate. Gradients flow into both parameters, up to second
    /// ones into the concentration: a number moves with it as if the probability of a smaller one stayed (implicit reparameterisation).
    /// </summary>
    /// <param name="generator">Where the numbers come from.</param>
    /// <param name="concentration">Floats above 0; elsewhere the result is NaN. Of small ones, numbers below the smallest normal number become that.</param>
    /// <param name="rate">Floats of the same dtype, above 0; null for 1.</param>
    /// <param name="shape">The sizes, to which both broadcast; null for what both broadcast to.</param>
    public static Node Gamma(Generator generator, Node concentration, Node? rate = null, Shape? shape = null)
    {
        (Node[] parameters, _) = Parameters("Gamma", shape, rate is null ? [concentration] : [concentration, rate]);
        Node drawn = OfConcentration("Gamma", generator, parameters[0]);
        return rate is null ? drawn : drawn / Positive("Gamma", "rate", parameters[1]);
    }

    /// <summary>Beta numbers, anew at each call: the share of one gamma number in the sum of two. Gradients flow into both parameters.</summary>
    /// <param name="generator">Where the numbers come from.</param>
    /// <param name="a">The concentration at 1, floats above 0.</param>
    /// <param name="b">The concentration at 0, floats of the same dtype above 0.</param>
    /// <param name="shape">The sizes, to which both broadcast; null for what both broadcast to.</param>
    public static Node Beta(Generator generator, Node a, Node b, Shape? shape = null)
    {
        (Node[] parameters, _) = Parameters("Beta", shape, a, b);
        Node first = OfConcentration("Beta", generator, parameters[0]);
        return first / (first + OfConcentration("Beta", generator, parameters[1]));
    }

    /// <summary>Dirichlet numbers, anew at each call: the shares of gamma numbers in their sum along the last axis. Gradients flow into the concentrations.</summary>
    /// <param name="generator">Where the numbers come from.</param>
    /// <param name="concentration">Floats above 0, of at least one axis.</param>
    /// <param name="shape">The sizes, to which the concentrations broadcast; null for their own.</param>
    public static Node Dirichlet(Generator generator, Node concentration, Shape? shape = null)
    {
        (Node[] parameters, _) = Parameters("Dirichlet", shape, concentration);
        Node drawn = OfConcentration("Dirichlet", generator, parameters[0]);
        return drawn.Rank > 0
            ? drawn / Sum(drawn, -1, keepDims: true)
            : throw new ShapeException($"Dirichlet: the concentrations need an axis to share out. Input: {concentration.Describe()}.");
    }

    /// <summary>Chi-square numbers, anew at each call: twice a gamma number of half the degrees of freedom. Gradients flow into these.</summary>
    /// <param name="generator">Where the numbers come from.</param>
    /// <param name="degrees">The degrees of freedom, floats above 0.</param>
    /// <param name="shape">The sizes, to which the degrees broadcast; null for their own.</param>
    public static Node ChiSquare(Generator generator, Node degrees, Shape? shape = null)
    {
        (Node[] parameters, _) = Parameters("ChiSquare", shape, degrees);
        return OfDegrees("ChiSquare", generator, parameters[0]);
    }

    /// <summary>Student's t numbers, anew at each call: a normal number over the root of a chi-square one for each degree of freedom. Gradients flow into these.</summary>
    /// <param name="generator">Where the numbers come from.</param>
    /// <param name="degrees">The degrees of freedom, floats above 0.</param>
    /// <param name="shape">The sizes, to which the degrees broadcast; null for their own.</param>
    public static Node StudentT(Generator generator, Node degrees, Shape? shape = null)
    {
        (Node[] parameters, Shape sizes) = Parameters("StudentT", shape, degrees);
        return Normal(generator, sizes, degrees.DType) * Sqrt(parameters[0] / OfDegrees("StudentT", generator, parameters[0]));
    }

    private static Node OfDegrees(string op, Generator generator, Node degrees) =>
        2 * Standard(generator, 0.5 * Positive(op, "number of degrees of freedom", degrees));

    private static Node OfConcentration(string op, Generator generator, Node concentration) => Standard(generator, Positive(op, "concentration", concentration));

    private static Node Standard(Generator generator, Node concentration)
    {
        ArgumentNullException.ThrowIfNull(generator);
        return Create(new RandomGammaOp(), concentration, RandomStreamOp.Create(generator));
    }
}
