using GraphCompiler.Differentiation;
using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>
    /// The integral of a function of one variable between two ends, finite or infinite, by adaptive rules of Gauss and Kronrod of 15 points (QUADPACK, 1983):
    /// <c>Integrate(x => Exp(-a * x * x), Constant(0f), Constant(float.PositiveInfinity)).Value</c>. An interval is halved where the error is largest until the sum of errors, each the
    /// difference from the rule of 7 points, is small; infinite intervals are bent into finite ones. The function is called once, on a placeholder, and may use nodes from outside. Gradients
    /// flow to those and to the ends by Leibniz' rule, as integrals again, to any order in both modes; none flows to an infinite end.
    /// </summary>
    /// <param name="function">f, given x (of the ends' dtype, []): floats of that dtype and of any shape, integrated side by side over the same intervals.</param>
    /// <param name="lower">The end that x comes from: a float, [].</param>
    /// <param name="upper">The end that it goes to, of the same dtype; below the other, the integral changes its sign.</param>
    /// <param name="relative">The error that is allowed, as a part of the largest element; null for 10⁻⁹ in float64 and 10⁻⁵ in float32.</param>
    /// <param name="absolute">The error that is allowed where that is small; null for the same number.</param>
    /// <param name="maxIntervals">How many intervals there are at most.</param>
    /// <returns>The integral, of f's shape; the largest error of an element, as estimated, []; whether it is as small as is allowed (bool, []).</returns>
    /// <exception cref="ShapeException">An end is no number.</exception>
    /// <exception cref="DTypeException">The ends are no floats, or f gives another dtype.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An error that is allowed is below 0, or there are fewer than two intervals.</exception>
    public static (Node Value, Node Error, Node Converged) Integrate(
        Func<Node, Node> function, Node lower, Node upper, double? relative = null, double? absolute = null, int maxIntervals = 200)
    {
        ArgumentNullException.ThrowIfNull(function);
        RequireFloat("Integrate", lower);
        foreach (Node end in (ReadOnlySpan<Node>)[lower, NotNull(upper)])
        {
            if (end.Rank > 0)
            {
                throw new ShapeException($"Integrate: an end is one number, not {end.Describe()}; to integrate between many, let x go from 0 to 1 and scale it in the function.");
            }

            if (end.DType != lower.DType)
            {
                throw new DTypeException($"Integrate: the ends are {lower.DType.Display()} and {end.DType.Display()}; use Cast. Inputs: {lower.Describe()}, {end.Describe()}.");
            }
        }

        double relativeError = NotNegative(relative ?? lower.DType.OfFloat(1e-5, 1e-9), nameof(relative));
        double absoluteError = NotNegative(absolute ?? relativeError, nameof(absolute));
        if (maxIntervals < 2)
        {
            throw InvariantText.OutOfRange(nameof(maxIntervals), maxIntervals, "Integrate: there are at least two intervals.");
        }

        Closure closed = FunctionDerivatives.Close("Integrate", [(lower.Type, "x")], p =>
        {
            Node y = function(p[0]);
            return [RequireType("Integrate", y, y is null ? p[0].Type : y.Type with { DType = lower.DType }, "floats of x's dtype")];
        });
        NodeList found = new Quadrature(closed.Body, relativeError, absoluteError, maxIntervals).Call(lower, upper, closed.Captured);
        return (found[0], Detach(found[1]), found[2]);

        static double NotNegative(double error, string name) => error >= 0 ? error : throw InvariantText.OutOfRange(name, error, "Integrate: an error that is allowed is not below 0.");
    }
}
