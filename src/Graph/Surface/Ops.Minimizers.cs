using GraphCompiler.Differentiation;
using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>What makes a number or a sum of squares least, with gradients of what was found. What they mean is in docs/semantics.md.</summary>
public static partial class Ops
{
    /// <summary>
    /// The x that makes f least, near a start, by limited-memory BFGS (Nocedal, 1980) with steps that fulfil Wolfe's conditions (Lewis and Overton, 2013):
    /// <c>MinimizeLbfgs(w => Sum(Square(MatMul(a, w) - b)), Zeros([3])).X</c>. The function is called once, on a placeholder, and may use nodes from outside. Gradients flow to
    /// those by the implicit function theorem, of ∂f/∂x = 0: θ̄ = −(∂²f/∂θ∂x)(∂²f/∂x²)⁻¹x̄, by conjugate gradients over products with the Hessian, which must be positive definite at the
    /// minimum; no step is kept, and derivatives of any order are there in both modes. Gradients where the search has failed mean nothing.
    /// </summary>
    /// <param name="function">f, of x to a number of its dtype.</param>
    /// <param name="start">What x is at first: floats of any shape. No gradient flows to it.</param>
    /// <param name="tolerance">The search ends where no element of the gradient is more than this times 1 + |f|; null for the square root of the dtype's unit, 1.5·10⁻⁸ in float64 and 3·10⁻⁴ in float32.</param>
    /// <param name="maxSteps">How many steps there are at most.</param>
    /// <param name="memory">How many of the last steps tell of the curvature.</param>
    /// <returns>x; f there; whether the search has ended well (bool, []), which it has not where the steps were too few or no step made f less; the steps (int64, []).</returns>
    /// <exception cref="ShapeException">f gives a shape.</exception>
    /// <exception cref="DTypeException">x is no float, or f gives another dtype.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The tolerance is below 0, there is no step, or the memory is below 1.</exception>
    public static (Node X, Node Value, Node Converged, Node Steps) MinimizeLbfgs(
        Func<Node, Node> function, Node start, double? tolerance = null, int maxSteps = 1000, int memory = 10)
    {
        ArgumentNullException.ThrowIfNull(function);
        RequireFloat("MinimizeLbfgs", start);
        SearchLimits limits = SearchLimits.Of("MinimizeLbfgs", start.DType, tolerance, maxSteps, power: 0.5);
        if (memory < 1)
        {
            throw InvariantText.OutOfRange(nameof(memory), memory, "MinimizeLbfgs: at least one step is remembered.");
        }

        Closure closed = FunctionDerivatives.Close("MinimizeLbfgs", [(start.Type, "x")], p => [RequireType("MinimizeLbfgs", function(p[0]), new NodeType(start.DType, []), "a number of x's dtype")]);
        NodeList found = Minimizers.Lbfgs(closed.Body, start, closed.Captured, limits, memory);
        return (found[0], closed.Body.Apply([found[0], .. closed.Captured])[0], found[1], found[2]);
    }

    /// <summary>
    /// The x that makes the sum of squares of residuals least, near a start, by the method of Levenberg and Marquardt with the damping of Nielsen, 1999:
    /// <c>LevenbergMarquardt(p => p[0] * Exp(-p[1] * t) - y, start).X</c>. Axes before the last are problems of their own. The function is called once, on a placeholder, and may use nodes
    /// from outside; Jacobians are made by forward mode. Gradients flow to those by the implicit function theorem, with the whole Hessian of the sum, to any order in both modes; one that is
    /// singular is an error then. Gradients where the search has failed mean nothing.
    /// </summary>
    /// <param name="residuals">r, of x to floats of its dtype, […, M]; problems of a batch must not depend on each other.</param>
    /// <param name="start">What x is at first: floats, […, N]. No gradient flows to it.</param>
    /// <param name="tolerance">The search ends where a step has no element of more than this times 1 + the largest magnitude; null for the ¾th power of the dtype's unit.</param>
    /// <param name="maxSteps">How many steps there are at most, those included that made nothing less and were not taken.</param>
    /// <returns>x; half the sum of squares there, […]; whether each search has ended well (bool, […]); the steps of each (int64, […]).</returns>
    /// <exception cref="ShapeException">x is a number, or the residuals are not a vector for each of x.</exception>
    /// <exception cref="DTypeException">x is no float, or the residuals have another dtype.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The tolerance is below 0, or there is no step.</exception>
    public static (Node X, Node Value, Node Converged, Node Steps) LevenbergMarquardt(
        Func<Node, Node> residuals, Node start, double? tolerance = null, int maxSteps = 200)
    {
        ArgumentNullException.ThrowIfNull(residuals);
        RequireFloat("LevenbergMarquardt", start);
        SearchLimits limits = SearchLimits.Of("LevenbergMarquardt", start.DType, tolerance, maxSteps);
        if (start.Rank == 0)
        {
            throw new ShapeException($"LevenbergMarquardt: x is a vector […, N], not {start.Describe()}; Unsqueeze it.");
        }

        Closure closed = FunctionDerivatives.Close("LevenbergMarquardt", [(start.Type, "x")], p =>
        {
            Node r = residuals(p[0]);
            return [RequireType("LevenbergMarquardt", r, new NodeType(start.DType, Shape.Of([.. start.Shape.SkipLast(1), r is { Rank: > 0 } ? r.Shape[^1] : 1])), "a vector for each of x")];
        });
        NodeList found = Minimizers.LevenbergMarquardt(closed.Body, start, closed.Captured, limits);
        Node value = Sum(Square(closed.Body.Apply([found[0], .. closed.Captured])[0]), -1) / 2;
        return (found[0], value, found[1], found[2]);
    }
}
