using System.Globalization;
using GraphCompiler.Differentiation;
using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>How the gradients of a differential equation's solution are computed.</summary>
public enum OdeGradient
{
    /// <summary>By the adjoint equation, solved backward from each time to the one before: nothing of the steps is kept, and errors are those of a solver of the same tolerances. Of any order.</summary>
    Adjoint,

    /// <summary>Through the steps that were taken, whose lengths count as constants: the slopes of the numbers that were computed, at the price of keeping as many steps as are allowed between two times.</summary>
    Steps,
}

public static partial class Ops
{
    /// <summary>
    /// The solution of y′ = f(t, y) at given times, by the method of Dormand and Prince, 1980, of order 5(4), with steps that are chosen by their errors and end at the times:
    /// <c>OdeSolve((t, y) => -k * y, y0, times).Values</c>. Times go up or down. The function is called once, on placeholders, and may use nodes from outside. Gradients flow to those,
    /// to the start and to the times, in both modes.
    /// </summary>
    /// <param name="function">f, given the time (y's dtype, []) and y: the slope, of y's type.</param>
    /// <param name="start">y at the first time: floats of any shape.</param>
    /// <param name="times">The times, [T], of y's dtype, each after the one before or each before it; T is at least 1.</param>
    /// <param name="relative">The error of a step that is allowed, as a part of |y|; null for 10⁻⁶ in float64 and 10⁻⁴ in float32.</param>
    /// <param name="absolute">The error of a step that is allowed beside it; null for a thousandth of <paramref name="relative"/>.</param>
    /// <param name="maxSteps">How many steps there are at most between two times, those included that were too long.</param>
    /// <param name="gradient">How gradients are computed.</param>
    /// <returns>
    /// y at each time, [T, …], the start first; NaN from the first time on that was not reached. Whether all were (bool, []): if not, there must be more steps, or errors be
    /// larger, or the solution ends; where an equation is stiff, steps are short for stability. The steps (int64, []).
    /// </returns>
    /// <exception cref="ShapeException">f gives another shape than y's, or the times are no vector.</exception>
    /// <exception cref="DTypeException">y is no float, or the times or f's slopes have another dtype.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An error that is allowed is not above 0, or there is no step.</exception>
    public static (Node Values, Node Converged, Node Steps) OdeSolve(
        Func<Node, Node, Node> function,
        Node start,
        Node times,
        double? relative = null,
        double? absolute = null,
        int maxSteps = 10000,
        OdeGradient gradient = OdeGradient.Adjoint)
    {
        ArgumentNullException.ThrowIfNull(function);
        (NodeList values, Node converged, Node steps) = OdeSolve((t, y) => [Function.Given("OdeSolve", function(t, y[0]))], [NotNull(start)], times, relative, absolute, maxSteps, gradient);
        return (values[0], converged, steps);
    }

    /// <summary>The solution of a system whose y has several parts, as positions and speeds: <c>OdeSolve((t, y) => [y[1], -k * y[0]], [x0, v0], times)</c>; see the other overload.</summary>
    /// <param name="function">f, given the time and the parts of y: the slope of each part, of its type.</param>
    /// <param name="start">The parts of y at the first time: floats of one dtype and of any shapes.</param>
    /// <param name="times">The times, [T], of y's dtype, each after the one before or each before it; T is at least 1.</param>
    /// <param name="relative">The error of a step that is allowed, as a part of |y|; null for 10⁻⁶ in float64 and 10⁻⁴ in float32.</param>
    /// <param name="absolute">The error of a step that is allowed beside it; null for a thousandth of <paramref name="relative"/>.</param>
    /// <param name="maxSteps">How many steps there are at most between two times, those included that were too long.</param>
    /// <param name="gradient">How gradients are computed.</param>
    /// <returns>Each part at each time, [T, …]; whether all times were reached (bool, []); the steps (int64, []).</returns>
    /// <exception cref="ShapeException">f gives another shape than a part's, or the times are no vector.</exception>
    /// <exception cref="DTypeException">y is no float, or the times or f's slopes have another dtype.</exception>
    /// <exception cref="GraphException">y has no part, or f gives another number of slopes.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An error that is allowed is not above 0, or there is no step.</exception>
    public static (NodeList Values, Node Converged, Node Steps) OdeSolve(
        Func<Node, NodeList, NodeList> function,
        NodeList start,
        Node times,
        double? relative = null,
        double? absolute = null,
        int maxSteps = 10000,
        OdeGradient gradient = OdeGradient.Adjoint)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(start);
        Known("OdeSolve", gradient);
        if (start.Count == 0)
        {
            throw new GraphException("OdeSolve: y has no part.");
        }

        DType dtype = RequireFloat("OdeSolve", start[0]).DType;
        foreach (Node node in start.Append(NotNull(times)))
        {
            if (node.DType != dtype)
            {
                throw new DTypeException($"OdeSolve: y is {dtype.Display()}, and so are all its parts and the times, not {node.DType.Display()}; use Cast. Inputs: {start[0].Describe()}, {node.Describe()}.");
            }
        }

        if (times.Rank != 1)
        {
            throw new ShapeException($"OdeSolve: the times are a vector [T], not {times.Describe()}.");
        }

        double relativeError = Above(relative ?? dtype.OfFloat(1e-4, 1e-6), nameof(relative));
        double absoluteError = Above(absolute ?? (relativeError / 1000), nameof(absolute));
        if (maxSteps < 1)
        {
            throw InvariantText.OutOfRange(nameof(maxSteps), maxSteps, "OdeSolve: there is at least one step.");
        }

        int parts = start.Count;
        Closure slope = FunctionDerivatives.Close("OdeSolve", [(new NodeType(dtype, []), "t"), .. start.Select((n, i) => (n.Type, $"y{i}"))], p =>
        {
            NodeList slopes = function(p[0], p[1..]);
            return slopes?.Count == parts
                ? [.. slopes.Select((s, i) => RequireType("OdeSolve", s, start[i].Type, "the slope of y, of its dtype and shape"))]
                : throw new GraphException($"OdeSolve: y has {InvariantText.Count(parts, "part")}, and the function gives {slopes?.Count.ToString(CultureInfo.InvariantCulture) ?? "null"}; it gives a slope for each.");
        });
        var solver = new DormandPrince(slope.Body, new OdeLimits(relativeError, absoluteError, maxSteps));
        Dim count = times.Shape[0];
        NodeList sequences = [Slice(times, 0, 0, count - 1), Slice(times, 0, 1, count)];
        (NodeList last, NodeList rows) = Scan([.. start, Scalar(0, dtype), Constant(true), Scalar(0L, DType.Int64)], sequences, (carry, ends) =>
        {
            (Node step, Node isSolved, Node steps) = carry[parts..];
            Node to = Where(isSolved, ends[1], ends[0]);
            NodeList next = gradient == OdeGradient.Adjoint
                ? solver.Call(carry[..parts], step, ends[0], to, slope.Captured)
                : solver.Run(carry[..parts], step, ends[0], to, slope.Captured, isBounded: true);
            isSolved &= next[parts + 2];
            return ([.. next[..(parts + 1)], isSolved, steps + next[parts + 1]], [.. next[..parts].Select(y => Where(isSolved, y, double.NaN))]);
        });
        return ([.. start.Zip(rows, (y, all) => Concat([Unsqueeze(y, 0), all], 0))], last[parts + 1], last[parts + 2]);

        static double Above(double error, string name) => error > 0 ? error : throw InvariantText.OutOfRange(name, error, "OdeSolve: an error that is allowed is above 0.");
    }
}
