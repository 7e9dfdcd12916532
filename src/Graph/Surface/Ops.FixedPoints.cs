using GraphCompiler.Differentiation;
using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>Fixed points and roots, whose gradients are those of the functions that they define. What they mean is in docs/semantics.md.</summary>
public static partial class Ops
{
    private const string Same = "the dtype and shape that it takes";

    /// <summary>
    /// The x with f(x) = x, found by putting f(x) in the place of x: <c>FixedPoint(x => Cos(x), Constant(1.0)).Value</c>. The function is called once, on a placeholder, and
    /// may use nodes from outside. Gradients flow to those by the implicit function theorem, whose linear system is solved by such a search, too: x̄ + (∂f/∂x)ᵀw = w, and
    /// θ̄ = (∂f/∂θ)ᵀw. No step is kept, and derivatives of any order are there in both modes. Gradients where the search has failed mean nothing.
    /// </summary>
    /// <param name="function">f, of x's type to its type; near the fixed point it must shrink distances, or nearly so where steps are combined.</param>
    /// <param name="start">What x is at first: floats of any shape. No gradient flows to it.</param>
    /// <param name="tolerance">The search ends where no element changes by more than this times 1 + the largest magnitude; null for the ¾th power of the dtype's unit, 2·10⁻¹² in float64 and 6·10⁻⁶ in float32.</param>
    /// <param name="maxSteps">How many steps there are at most.</param>
    /// <param name="memory">How many steps are combined (Anderson, 1965; Walker and Ni, 2011): a few make slow searches fast. 0 for plain iteration.</param>
    /// <returns>x; whether the search has ended well (bool, []), which it has not where the steps were too few or something was not finite; the steps (int64, []).</returns>
    /// <exception cref="ShapeException">f gives another shape than it takes.</exception>
    /// <exception cref="DTypeException">x is no float, or f gives another dtype.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The tolerance or the memory is below 0, or there is no step.</exception>
    public static (Node Value, Node Converged, Node Steps) FixedPoint(Func<Node, Node> function, Node start, double? tolerance = null, int maxSteps = 1000, int memory = 0)
    {
        Closure step = Searched("FixedPoint", function, start);
        return memory < 0
            ? throw InvariantText.OutOfRange(nameof(memory), memory, "FixedPoint: the number of steps that are combined is not below 0.")
            : Found(RootFinding.FixedPoint("FixedPoint", step.Body, start, step.Captured, SearchLimits.Of("FixedPoint", start.DType, tolerance, maxSteps), memory));
    }

    /// <summary>
    /// The x with g(x) = 0, by Newton's method from a start near it, with parts of steps that would make g's largest magnitude larger:
    /// <c>FindRoot(x => x * x - 2, Constant(1.0)).Value</c>. A vector is a system of equations, and further axes
    /// before it are systems of their own, each of which has its own steps; Jacobians are made by forward mode. The function is called once, on a placeholder, and may use nodes from
    /// outside. Gradients flow to those by the implicit function theorem: θ̄ = −(∂g/∂θ)ᵀ(∂g/∂x)⁻ᵀx̄, to any order in both modes; a Jacobian that is singular at the root is an error then.
    /// Gradients where the search has failed mean nothing.
    /// </summary>
    /// <param name="function">g, of x's type to its type; systems of a batch must not depend on each other.</param>
    /// <param name="start">What x is at first: floats, [] or […, N]. No gradient flows to it.</param>
    /// <param name="tolerance">A system is solved after a step of which no element is more than this times 1 + the largest magnitude; null for the ¾th power of the dtype's unit.</param>
    /// <param name="maxSteps">How many steps there are at most.</param>
    /// <returns>x; whether each system was solved (bool, […]), which it was not where the steps were too few or one was not finite; the steps of each (int64, […]).</returns>
    /// <exception cref="ShapeException">g gives another shape than it takes.</exception>
    /// <exception cref="DTypeException">x is no float, or g gives another dtype.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The tolerance is below 0, or there is no step.</exception>
    public static (Node Value, Node Converged, Node Steps) FindRoot(Func<Node, Node> function, Node start, double? tolerance = null, int maxSteps = 100)
    {
        if (NotNull(start).Rank == 0)
        {
            ArgumentNullException.ThrowIfNull(function);
            (Node value, Node converged, Node steps) = FindRoot(x => Unsqueeze(RequireType("FindRoot", function(Squeeze(x, 0)), start.Type, Same), 0), Unsqueeze(start, 0), tolerance, maxSteps);
            return (Squeeze(value, 0), converged, steps);
        }

        Closure residual = Searched("FindRoot", function, start);
        return Found(RootFinding.Newton(residual.Body, start, residual.Captured, SearchLimits.Of("FindRoot", start.DType, tolerance, maxSteps)));
    }

    /// <summary>
    /// The roots of functions of one variable, one for each element, between ends where the signs differ: by bisection, and by inverse quadratic interpolation where that is sure to
    /// be better (Chandrupatla, A new hybrid quadratic/bisection algorithm, 1997). The function is called once, on a placeholder, and may use nodes from outside. Gradients flow to those by
    /// the implicit function theorem: θ̄ = −(∂g/∂θ)ᵀ(x̄ / g′(x)), to any order in both modes.
    /// </summary>
    /// <param name="function">g, element by element.</param>
    /// <param name="lower">One end of each interval: floats. No gradient flows to it.</param>
    /// <param name="upper">The other ends, of the same dtype; the shapes broadcast.</param>
    /// <param name="tolerance">A root is found where its interval is no longer than twice this times 1 + |x|; null for four units of the dtype.</param>
    /// <param name="maxSteps">How many steps there are at most.</param>
    /// <returns>x; whether each root was found (bool), which it was not where the ends have the same sign; the steps of each (int64).</returns>
    /// <exception cref="ShapeException">g gives another shape than it takes, or the ends do not broadcast.</exception>
    /// <exception cref="DTypeException">The ends are no floats, or g gives another dtype.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The tolerance is below 0, or there is no step.</exception>
    public static (Node Value, Node Converged, Node Steps) Bisect(Func<Node, Node> function, Node lower, Node upper, double? tolerance = null, int maxSteps = 200)
    {
        Node[] ends = Broadcasting.Together("Bisect", RequireFloat("Bisect", lower), NotNull(upper));
        Closure residual = Searched("Bisect", function, ends[0]);
        SearchLimits limits = SearchLimits.Of("Bisect", lower.DType, tolerance ?? (4 * lower.DType.Row().Epsilon), maxSteps);
        return Found(RootFinding.Chandrupatla(residual.Body, ends[0], ends[1], residual.Captured, limits));
    }

    /// <summary>A function of what is searched, which gives the same type.</summary>
    private static Closure Searched(string op, Func<Node, Node> function, Node start)
    {
        ArgumentNullException.ThrowIfNull(function);
        return FunctionDerivatives.Close(op, [(RequireFloat(op, start).Type, "x")], p => [RequireType(op, function(p[0]), start.Type, Same)]);
    }

    /// <summary>What a function that a user gave has made, if it is what was wanted.</summary>
    private static Node RequireType(string op, Node result, NodeType type, string wanted)
    {
        if (result is null)
        {
            throw new GraphException($"{op}: the function returned null; it gives {wanted}.");
        }

        string message = $"{op}: the function gives {result.Type}, not {type}; it gives {wanted}.";
        return result.DType != type.DType ? throw new DTypeException(message)
            : result.Shape != type.Shape ? throw new ShapeException(message)
            : result;
    }

    private static (Node Value, Node Converged, Node Steps) Found(NodeList results) => (results[0], results[1], results[2]);
}
